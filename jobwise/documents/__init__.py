"""Résumés and cover letters as documents: content, templates, formats, page fit, score."""
