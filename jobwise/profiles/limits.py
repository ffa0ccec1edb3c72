"""How much of everything a profile may hold; importers shorten to these, services refuse what exceeds them.

Lengths are in characters and fit the columns of `jobwise.profiles.models`; counts are per profile or per part.
"""

NAME = 200
HEADLINE = 300
SHORT = 300
"""One line: an employer, a title, a place, the name of a project, skill or certificate."""
TINY = 100
"""A word or two: a level, a score, a spoken language, a phone number."""
EMAIL = 254
URL = 2000
SUMMARY = 5000
HIGHLIGHT = 2000

EXPERIENCES = 100
EDUCATION = 50
PROJECTS = 100
SKILLS = 200
CERTIFICATIONS = 100
LANGUAGES = 50
HONORS = 100
INTERESTS = 50
LINKS = 20
HIGHLIGHTS = 50
KEYWORDS = 100

PROFILES = 50
"""Profiles of one account."""
