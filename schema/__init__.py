"""The GraphQL API: one module per feature. Resolvers translate; the rules live in `jobwise`."""
