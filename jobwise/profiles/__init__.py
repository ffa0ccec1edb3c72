"""Master profiles, their versions and their importers."""
