"""Readers of foreign résumé formats, one module per format."""
