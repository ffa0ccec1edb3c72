"""Postings: capture, requirement analysis, search and saved jobs."""
