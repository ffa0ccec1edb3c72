"""The terms, one file a field of work; `terms` says how they are written."""
