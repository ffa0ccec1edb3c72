"""Proof by what others wrote: the vendors' own clients against our server, and our requests against their types."""
