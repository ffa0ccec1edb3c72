"""Documents in the API."""
