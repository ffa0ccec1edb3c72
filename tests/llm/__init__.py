"""Model calls against a real local server."""
