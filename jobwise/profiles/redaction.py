"""Keeps what identifies a person out of texts that leave for a model: names, contact details, links."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from jobwise.profiles import telephone
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.names import Names, fold

_NAME = "[name]"
_CONTACT = "[contact]"
_SHORTEST_DETAIL = 4
_HAS_DIGIT = re.compile(r"\d")
_MARKS = re.compile(r"\[(?:name|contact)\]")
_SCHEME = re.compile(r"^[a-z]+://(?:www\.)?", re.IGNORECASE)
# Begun at the start of a word and never twice: a posting of dots and dashes must not take minutes.
_ANYBODYS = re.compile(
    r"(?<![\w.+-])[\w.+-]++ ?(?:[@＠]|[(\[](?:at|@)[)\]]) ?[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\b(?i:https?://|www\.)\S+"
    # A link without scheme; in small letters, unlike ASP.NET.
    r"|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|biz|io|dev|app|me|co|ai|ly|gg|tv|to|is|xyz|page|site|online"
    r"|tech|blog|link|de|eu|uk|ie|ch|at|fr|be|nl|es|pt|it|pl|cz|se|no|dk|fi|us|ca|br|in|jp|cn|au|nz)/[\w/.~-]+"
)
_STREET = re.compile(r"\b(.{2,}?)[ -]?(?:stra(?:ss|ß)e|str\.?|street|st\.?)(?=\W|$)", re.IGNORECASE)


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
        self._details = _any_of(sorted(set(_details(profile)), key=len, reverse=True))
        self._telephone = telephone.any_format_of(profile.contact.phone)
        self._names = Names(profile.name)

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
        folded = fold(text)
        contacts = (
            (found.span() for found in _ANYBODYS.finditer(text)),
            telephone.numbers(text),
            (found.span() for found in (self._telephone.finditer(text) if self._telephone else ())),
            folded.found(self._details) if self._details else (),
            self._names.find_addresses(folded),
        )
        yield from ((*span, _CONTACT) for span in chain.from_iterable(contacts))
        yield from ((*span, _NAME) for span in self._names.find(folded, text))


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


def _details(profile: ProfileContent) -> Iterator[str]:
    """Patterns of what is in the contact details, in folded letters."""
    contact = profile.contact
    links = [contact.url, *(link.url for link in contact.links)]
    exact = [
        contact.email,
        contact.phone,
        contact.postal_code,
        *links,
        *(_SCHEME.sub("", link).rstrip("/") for link in links),
        *(link.username for link in contact.links),
    ]
    yield from (re.escape(fold(text.strip()).text) for text in exact if len(text.strip()) >= _SHORTEST_DETAIL)
    # Of an address, the lines and parts with a number: the town's name alone is a word of many sentences.
    parts = [contact.address, *re.split(r"[,;\n]", contact.address)]
    yield from (
        _place(part.strip()) for part in parts if len(part.strip()) >= _SHORTEST_DETAIL and _HAS_DIGIT.search(part)
    )


def _place(address: str) -> str:
    """The pattern of an address, with the usual short forms of its street."""
    street = _STREET.match(address)
    if street is None:
        return _spaced(address)
    return rf"{_spaced(street[1])}[ -]?(?:strasse|str\.?|street|st\.?){_spaced(address[street.end() :])}"


def _spaced(text: str) -> str:
    return r"\s+".join(map(re.escape, fold(text).text.split(" ")))


def _any_of(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)") if patterns else None
