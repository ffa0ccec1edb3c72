"""Profiles in the API."""
