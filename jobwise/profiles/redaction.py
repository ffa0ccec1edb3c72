"""Keeps what identifies a person out of texts that leave for a model: names, contact details, links."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobwise.profiles import telephone
from jobwise.profiles.content import ProfileContent

_NAME = "[name]"
_CONTACT = "[contact]"
_MARKS = re.compile(r"\[(?:name|contact)\]")
_SCHEME = re.compile(r"^[a-z]+://(?:www\.)?", re.IGNORECASE)
_ANYBODYS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\b(?:https?://|www\.)\S+"
    r"|\b(?:[\w-]+\.)+(?:com|org|net|io|dev|me|app|co|de|eu|uk|ch|at|fr|nl|es|it)/[\w/.~-]+"  # a link without scheme
)


@dataclass(frozen=True)
class Redacted:
    """A text as it may leave; `spans` says where in the original its marks stand for something, in order."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original a part of this text comes from; marks count whole."""
        return self._before(start, is_end=False), self._before(end, is_end=True)

    def _before(self, position: int, *, is_end: bool) -> int:
        """The original's position for one of this text's."""
        for begins, ends, mark in self.spans:
            if position <= begins if is_end else position < begins:
                break
            if position < begins + len(mark):
                return ends if is_end else begins
            position += ends - begins - len(mark)
        return position


class Redaction:
    """What must not leave, for one profile."""

    def __init__(self, profile: ProfileContent) -> None:
        details = sorted(set(_details(profile)), key=len, reverse=True)
        written = {profile.name, *_names(profile.name)}
        names = sorted(written | {name.upper() for name in written}, key=len, reverse=True)
        self._details = _any_of(details, re.IGNORECASE)
        self._telephone = telephone.any_format_of(profile.contact.phone)
        self._names = _any_of(names, re.NOFLAG)

    def text(self, text: str) -> str:
        """The text with marks in the place of what identifies somebody."""
        return self.of(text).text

    def of(self, text: str) -> Redacted:
        """The same, with where the marks come from."""
        spans = tuple(_joined(self._found(text)))
        ends = [0, *(end for _, end, _ in spans)]
        pieces = [f"{text[last:start]}{mark}" for last, (start, _, mark) in zip(ends, spans, strict=False)]
        return Redacted("".join([*pieces, text[ends[-1] :]]), spans)

    def is_marked(self, text: str) -> bool:
        """Whether something was taken out of a text."""
        return bool(_MARKS.search(text))

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        for pattern, mark in (
            (_ANYBODYS, _CONTACT),
            (self._details, _CONTACT),
            (self._telephone, _CONTACT),
            (self._names, _NAME),
        ):
            yield from ((*found.span(), mark) for found in (pattern.finditer(text) if pattern else ()))
        yield from ((*span, _CONTACT) for span in telephone.numbers(text))


def unmarked(text: str) -> str:
    """What is left of a text without its marks."""
    return _MARKS.sub("", text)


def _joined(found: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """In order; what overlaps is one."""
    start, end, mark = 0, 0, ""
    for each in sorted(found, key=lambda each: (each[0], -each[1])):
        if mark and each[0] < end:
            end = max(end, each[1])
            continue
        if mark:
            yield start, end, mark
        start, end, mark = each
    if mark:
        yield start, end, mark


def _names(name: str) -> Iterator[str]:
    # Initials and particles ("J.", "de") are words of many sentences.
    yield from (part for part in re.split(r"[\s,]+", name) if len(part) > 2 or (part and not part.isascii()))


def _details(profile: ProfileContent) -> Iterator[str]:
    contact = profile.contact
    links = [contact.url, *(link.url for link in contact.links)]
    texts = [
        contact.email,
        contact.phone,
        contact.address,
        contact.postal_code,
        *links,
        *(_SCHEME.sub("", link).rstrip("/") for link in links),
        *(link.username for link in contact.links),
    ]
    yield from (text.strip() for text in texts if len(text.strip()) > 3)


def _any_of(texts: list[str], flags: re.RegexFlag) -> re.Pattern[str] | None:
    found = [re.escape(text) for text in texts if text]
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", flags) if found else None
