"""Keeps what identifies a person out of texts that leave for a model: names, contact details, links."""

import re
from collections.abc import Iterator

from jobwise.profiles.content import ProfileContent

_NAME = "[name]"
_CONTACT = "[contact]"
_MARKS = re.compile(r"\[(?:name|contact)\]")
_SCHEME = re.compile(r"^[a-z]+://(?:www\.)?", re.IGNORECASE)
_ANYBODYS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\b(?:https?://|www\.)\S+"
    r"|\b(?:[\w-]+\.)+(?:com|org|net|io|dev|me|app|co|de|eu|uk|ch|at|fr|nl|es|it)/[\w/.~-]+"  # a link without scheme
    r"|\+\d[\d\s()./-]{6,}\d"  # a phone number
)


class Redaction:
    """What must not leave, for one profile."""

    def __init__(self, profile: ProfileContent) -> None:
        details = sorted(set(_details(profile)), key=len, reverse=True)
        written = {profile.name, *_names(profile.name)}
        names = sorted(written | {name.upper() for name in written}, key=len, reverse=True)
        self._details = _any_of(details, re.IGNORECASE)
        self._names = _any_of(names, re.NOFLAG)

    def text(self, text: str) -> str:
        """The text with marks in the place of what identifies somebody."""
        for pattern, mark in ((_ANYBODYS, _CONTACT), (self._details, _CONTACT), (self._names, _NAME)):
            if pattern:
                text = pattern.sub(mark, text)
        return text

    def is_marked(self, text: str) -> bool:
        """Whether something was taken out of a text."""
        return bool(_MARKS.search(text))


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
