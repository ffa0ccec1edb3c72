"""Which terms show others, which are neighbours, and what tells a term from an everyday word."""
