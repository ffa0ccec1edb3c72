"""Generations in the API."""
