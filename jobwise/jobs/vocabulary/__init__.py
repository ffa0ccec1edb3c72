"""The skill vocabulary: which names of tools, methods, knowledge, certificates and soft skills a text mentions.

`text` turns text into comparable words, `terms` reads the names from `data/<field>.tsv`, `guards` decides about names
that are also everyday words, and `matcher` walks a text once. `relations/` says which term shows another and which are
neighbours.
"""

from jobwise.jobs.vocabulary.matcher import Mention, Vocabulary, vocabulary
from jobwise.jobs.vocabulary.terms import Term, TermKind

__all__ = ["Mention", "Term", "TermKind", "Vocabulary", "vocabulary"]
