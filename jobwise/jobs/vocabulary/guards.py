"""When a name that is also an everyday word is believed: "Go", "R", "Excel", "Word", "Spring", "Lean", ...

A guarded name must pass its rule (`terms.Rule`: `case`, `tech` or `listed`). What counts as a cue ("proficient in")
stands in `relations/cues.tsv`; phrases in which such a word means something else ("go to market", "excel at", "Series
C", "Spring 2026") stand in `relations/refused.tsv`.
"""

import re
from dataclasses import dataclass

from jobwise.jobs.vocabulary.terms import Name, Rule, TermKind, read_table
from jobwise.jobs.vocabulary.text import Words

_CUES = read_table("cues.tsv")
_CONJUNCTIONS = frozenset(("and", "or", "und", "oder", "and/or", "plus", "et"))
_SEPARATOR = re.compile(r"[,;/|•·:(\n+]| [-–—] ")
_SENTENCE_END = re.compile(r"[.!?;]\s|\n")
_SENTENCE_REACH = 8  # candidates to either side; more would judge a word by a distant part of a list


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name found at the words `first` to `last` (not included), not yet judged."""

    name: Name
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Context:
    """A text with everything found in it, for judging each candidate by what stands around it."""

    text: str
    words: Words
    candidates: list[Candidate]

    def believes(self, index: int) -> bool:
        """Whether the candidate at this index is meant as the term."""
        candidate = self.candidates[index]
        rule = candidate.name.rule
        if rule is None or self._is_all_there_is(candidate):
            return True
        if self._surface(candidate) != candidate.name.spelling:
            return self._stands_among_tools(index)
        if rule is Rule.CASE:
            return True
        return (
            self._has_cue(candidate)
            or any(self._neighbours(index))
            or (rule is Rule.TECH and self._sentence_is_of_its_field(index))
        )

    def _surface(self, candidate: Candidate) -> str:
        return self.text[self.words.starts[candidate.first] : self.words.ends[candidate.last - 1]]

    def _between(self, left: int, right: int) -> str:
        return self.text[self.words.ends[left] : self.words.starts[right]]

    def _is_all_there_is(self, candidate: Candidate) -> bool:
        return candidate.first == 0 and candidate.last == len(self.words.normal)

    def _has_cue(self, candidate: Candidate) -> bool:
        normal, joins = self.words.normal, self.words.joins
        before = normal[max(0, candidate.first - 2) : candidate.first]
        after = normal[candidate.last] if joins[candidate.last - 1] == " " else ""
        return after in _CUES["after"] or any(" ".join(before[-n:]) in _CUES["before"] for n in (1, 2))

    def _neighbours(self, index: int) -> tuple[Candidate | None, Candidate | None]:
        """The terms next to this one in an enumeration, to the left and to the right."""
        candidate = self.candidates[index]
        left = self.candidates[index - 1] if index else None
        right = self.candidates[index + 1] if index + 1 < len(self.candidates) else None
        return (
            left if left and self._is_enumerated(left.last, candidate.first) else None,
            right if right and self._is_enumerated(candidate.last, right.first) else None,
        )

    def _is_enumerated(self, end: int, start: int) -> bool:
        """Whether the words `end` to `start` are nothing but what stands between two items of a list."""
        if any(word not in _CONJUNCTIONS for word in self.words.normal[end:start]):
            return False
        gap = self._between(end - 1, start)
        return start > end or (bool(_SEPARATOR.search(gap)) and "." not in gap)

    def _stands_among_tools(self, index: int) -> bool:
        """For names spelled otherwise ("go", "EXCEL"): an item by itself, next to a tool that needs no guard."""
        candidate, words = self.candidates[index], self.words
        opened = candidate.first == 0 or self._is_enumerated(candidate.first, candidate.first)
        closed = candidate.last == len(words.normal) or self._is_enumerated(candidate.last, candidate.last)
        neighbours = (other.name for other in self._neighbours(index) if other)
        return opened and closed and any(name.rule is None and name.term.kind is TermKind.TOOL for name in neighbours)

    def _sentence_is_of_its_field(self, index: int) -> bool:
        candidate = self.candidates[index]
        for step in (-1, 1):
            for distance in range(1, _SENTENCE_REACH + 1):
                position = index + step * distance
                if not 0 <= position < len(self.candidates):
                    break
                other = self.candidates[position]
                first, last = (other, candidate) if step < 0 else (candidate, other)
                if _SENTENCE_END.search(self._between(first.last - 1, last.first)):
                    break
                term = other.name.term
                if other.name.rule is None and (term.kind is TermKind.TOOL or term.field == candidate.name.term.field):
                    return True
        return False
