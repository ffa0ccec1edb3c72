"""An auditor of finished files that shares nothing with the fact gate but the skill vocabulary.

It reads the text of a PDF and the person's own JSON Resume file, and lists every number, skill and name in the one that
is not in the other. Names of the posting may stand in a letter, which says what is applied for.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobwise.documents.templates.labels import labels, languages
from jobwise.jobs.vocabulary import vocabulary

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![.!?:•\n] )(?<!^)\b[A-ZÄÖÜ][\w&'’.-]*\w", re.MULTILINE)
# Words that our own sentences and headings begin with or hold, in no case a fact.
_COURTESIES = frozenset(Path(__file__).with_name("courtesies.txt").read_text("utf-8").split())


@dataclass(frozen=True)
class Ungrounded:
    """What a file says that the person's file does not."""

    numbers: tuple[str, ...]
    skills: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.numbers) + len(self.skills) + len(self.names)


def ungrounded(text: str, resume: dict[str, Any], frame: tuple[str, ...] = ()) -> Ungrounded:
    """Hold a PDF's text against the JSON Resume file. `frame` are the posting's names and the letter's date."""
    own = json.dumps(resume, ensure_ascii=False)
    for words in sorted(filter(None, frame), key=len, reverse=True):
        text = re.sub(r"\W+".join(map(re.escape, re.findall(r"\w+", words))), " ", text, flags=re.IGNORECASE)
    # Chinese and Japanese have no spaces: a Latin name ends where their letters begin.
    text, own = (re.sub(r"[\u3040-\u30ff\u3400-\u9fff]+", " ", each) for each in (text, own))
    return Ungrounded(
        numbers=tuple(sorted(set(_NUMBER.findall(text)) - _numbers(own))),
        skills=tuple(sorted(_skills(text, resume, own))),
        names=tuple(sorted(name for name in _names(text) - _known_words() if name.casefold() not in _words(own))),
    )


def _numbers(own: str) -> set[str]:
    """Numbers as they stand there, and those of dates without a leading zero."""
    found = set(_NUMBER.findall(own))
    return found | {number.lstrip("0") for number in found} | set(re.findall(r"\d+", own))


def _words(own: str) -> set[str]:
    folded = own.casefold()
    return set(re.findall(r"[\w&'’.-]*\w", folded)) | set(re.findall(r"\w+", folded))


def _skills(text: str, resume: dict[str, Any], own: str) -> set[str]:
    """Terms that the person's file neither has nor implies; everyday words may read as a name in the new line only."""
    known, folded = _terms_of(resume), " ".join(own.casefold().split())
    mentions = vocabulary().find(text)
    return {
        mention.term
        for mention in mentions
        if mention.term not in known and " ".join(mention.surface.casefold().split()) not in folded
    }


def _terms(text: str) -> set[str]:
    return {mention.term for mention in vocabulary().find(text)}


def _terms_of(resume: dict[str, Any]) -> set[str]:
    terms = set()
    for value in _strings(resume):
        terms |= _terms(value)
        if canonical := vocabulary().canonical(value):
            terms.add(canonical)
    return terms | {implied for term in terms for implied in vocabulary().implies(term)}


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [str(value)] if value is not None else []


def _names(text: str) -> set[str]:
    return set(_NAME.findall(text))


def _known_words() -> set[str]:
    """Headings, months and what else our designs say, in every language that they know."""
    words = {word for language in languages() for word in re.findall(r"\w+", str(labels(language)))}
    return words | {word.capitalize() for word in words} | {word.upper() for word in words} | _COURTESIES
