"""Worker tasks, one module per feature."""
