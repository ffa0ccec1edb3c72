"""Measurements of what was promised about size and speed; each is a command that prints a table."""
