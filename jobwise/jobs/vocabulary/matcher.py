"""Finding terms in a text: one walk over its words, the longest name first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jobwise.jobs.vocabulary.guards import Candidate, Context
from jobwise.jobs.vocabulary.terms import Name, Term, TermKind, read_groups, read_names, read_refused, read_table
from jobwise.jobs.vocabulary.text import Words, key_of, words_of


@dataclass(frozen=True, slots=True)
class Mention:
    """A term named in a text: `text[start:end] == surface`."""

    term: str
    start: int
    end: int
    surface: str
    kind: TermKind


class Vocabulary:
    """The terms, and how they hang together. Built once; immutable; safe to share between threads."""

    def __init__(self) -> None:
        self._names: dict[str, Name | None] = {**read_names()}
        self._terms: dict[str, Term] = {name.term.name: name.term for name in self._names.values() if name}
        # A refused phrase is walked like a name, so the longest wins: it hides the name inside it.
        for phrase in read_refused():
            self._names.setdefault(phrase, None)
        self._longest: dict[str, int] = {}
        for key in self._names:
            words = key.replace("/", " ").split(" ")
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))
        self._related = _neighbours(read_groups("related.tsv"))
        self._implies = _closure(read_table("implies.tsv"))

    def find(self, text: str) -> list[Mention]:
        """Every term that the text names, in order of position, without overlaps. Addresses are not looked into."""
        words = words_of(text, self._names)
        context = Context(text, words, list(self._candidates(words)))
        return [
            _mention(text, words, candidate)
            for index, candidate in enumerate(context.candidates)
            if context.believes(index)
        ]

    def canonical(self, name: str) -> str | None:
        """The term that goes by this name, however it is written; None where there is none."""
        found = self._names.get(key_of(name.strip()))
        return found.term.name if found else None

    def related(self, term: str) -> frozenset[str]:
        """Terms whose practice carries over to this one: PostgreSQL and MySQL, Tableau and Power BI."""
        return self._related.get(term, frozenset())

    def implies(self, term: str) -> frozenset[str]:
        """Terms that whoever has this one has shown as well: Django shows Python."""
        return self._implies.get(term, frozenset())

    def terms(self) -> list[Term]:
        """All terms, in no particular order."""
        return list(self._terms.values())

    def _candidates(self, words: Words) -> Iterator[Candidate]:
        position, count = 0, len(words.normal)
        while position < count:
            longest = self._longest.get(words.normal[position])
            taken = 1
            if longest:
                for end, key in reversed(_keys_from(words, position, longest)):
                    if key in self._names:
                        taken, name = end - position, self._names[key]
                        if name:
                            yield Candidate(name, position, end)
                        break
            position += taken


def _keys_from(words: Words, first: int, longest: int) -> list[tuple[int, str]]:
    """The keys of one, two, ... words from here on, each with the word after it, as far as they are joined."""
    key = words.normal[first]
    keys = [(first + 1, key)]
    for position in range(first + 1, first + longest):
        join = words.joins[position - 1]
        if not join:
            break
        key = f"{key}{join}{words.normal[position]}"
        keys.append((position + 1, key))
    return keys


def _mention(text: str, words: Words, candidate: Candidate) -> Mention:
    start, end = words.starts[candidate.first], words.ends[candidate.last - 1]
    term = candidate.name.term
    return Mention(term.name, start, end, text[start:end], term.kind)


def _neighbours(groups: Iterator[tuple[str, ...]]) -> dict[str, frozenset[str]]:
    related: dict[str, set[str]] = {}
    for group in groups:
        for term in group:
            related.setdefault(term, set()).update(group)
    return {term: frozenset(others - {term}) for term, others in related.items()}


def _closure(direct: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """What each term implies, and what that implies in turn."""
    closed: dict[str, frozenset[str]] = {}
    for term in direct:
        reached: set[str] = set()
        open_ends = [term]
        while open_ends:
            fresh = direct.get(open_ends.pop(), frozenset()) - reached
            reached |= fresh
            open_ends += fresh
        closed[term] = frozenset(reached - {term})
    return closed


@cache
def vocabulary() -> Vocabulary:
    """The one vocabulary of the process, loaded at first use."""
    return Vocabulary()
