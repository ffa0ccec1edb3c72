"""Vectors by which postings are ranked for a profile. Knows no feature: it is given terms, not postings."""
