"""Generations: from a profile and a posting to verified documents."""
