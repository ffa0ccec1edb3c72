"""A model provider of our own: a real server whose behaviour tests script, and which keeps a bill."""
