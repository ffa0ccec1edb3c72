"""What can be printed: characters without a glyph are taken out of the text with a warning, never shown as boxes.

Letters are kept where any font has them; only where a text would lose its every letter is the document refused, since a
name or a bullet must not vanish.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from jobwise.documents import fonts
from jobwise.errors import ErrorCode, JobWiseError

_Model = TypeVar("_Model", bound=BaseModel)
# Japanese kana, Hangul, and the rest of what only the large fonts have (Han, CJK punctuation, full-width forms).
_KANA = range(0x3040, 0x3100)
_HANGUL = (range(0xAC00, 0xD7B0), range(0x1100, 0x1200), range(0x3130, 0x3190))
_CJK = (
    range(0x2E80, 0xA4D0),
    range(0xF900, 0xFB00),
    range(0xFE30, 0xFE50),
    range(0xFF00, 0xFFF0),
    range(0x20000, 0x32000),
)
_BY_LANGUAGE = {"ja": "Noto Sans JP", "ko": "Noto Sans KR", "zh": "Noto Sans SC"}
# Unseen marks that pasted text brings along: they print nothing and join or split words for a parser.
_UNSEEN = frozenset({0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0x200E, 0x2010), *range(0x202A, 0x202F)})
_VARIATION = range(0xFE00, 0xFE10)


class UnprintableText(JobWiseError):
    """Some of the text is in a script that the PDF's fonts do not have: write it in Latin letters too."""

    code = ErrorCode.RENDERING_FAILED


@dataclass
class Typesetting:
    """The fonts for one document and what had to be left out of it."""

    families: tuple[str, ...]
    available: frozenset[int]
    dropped: dict[str, None] = field(default_factory=dict)

    def clean(self, text: str) -> str:
        """The text as it can be printed: composed, without control characters, one space between words.

        Raises UnprintableText where no letter of it would remain.
        """
        composed = unicodedata.normalize("NFC", text)
        kept = "".join(filter(None, map(self._printable, composed)))
        if _has_letters(composed) and not _has_letters(kept):
            raise UnprintableText(f"The PDF's fonts have no letters for “{text[:60]}”: write it in Latin letters too.")
        return " ".join(kept.split())

    def _printable(self, character: str) -> str:
        code = ord(character)
        if character.isspace():
            return " "
        if code in _UNSEEN or code in _VARIATION or unicodedata.category(character) == "Cc":
            return ""
        if code in self.available:
            return character
        self.dropped[character] = None
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for people if anything was left out."""
        if not self.dropped:
            return ()
        return (f"Left out of the PDF because no font has them: {' '.join(self.dropped)}",)


def _has_letters(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def typesetting(texts: Iterable[str], language: str, family: str) -> Typesetting:
    """The fonts that a document needs: `family`, the Latin fallbacks, and a CJK font only where a text asks for one.

    The CJK fonts are ten times the size of the others, so they must not burden every document.
    """
    codes = {ord(character) for text in texts for character in text}
    families = dict.fromkeys((family, *fonts.LATIN_FALLBACKS))
    if any(code in block for code in codes for block in (*_CJK, *_HANGUL)):
        families.update(dict.fromkeys(_cjk_families(codes, language)))
    available = frozenset().union(*(fonts.characters(name) for name in families))
    return Typesetting(tuple(families), available)


def _cjk_families(codes: set[int], language: str) -> list[str]:
    """All CJK families, the one that draws Han as the document's readers write it first."""
    first = _BY_LANGUAGE.get(language)
    if first is None and any(code in _KANA for code in codes):
        first = "Noto Sans JP"
    if first is None and any(code in block for code in codes for block in _HANGUL):
        first = "Noto Sans KR"
    return list(dict.fromkeys((first or "Noto Sans SC", *fonts.CJK_FAMILIES)))


def texts_of(content: BaseModel) -> Iterable[str]:
    """Every string in the content, however deep."""
    for value in dict(content).values():
        yield from _strings(value)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from texts_of(value)
    elif isinstance(value, tuple):
        for part in value:
            yield from _strings(part)


def cleaned(content: _Model, setting: Typesetting) -> _Model:
    """The content with every text as it can be printed. Ids, dates, kinds and links stay as they are."""
    return content.model_copy(
        update={name: _cleaned(value, setting) for name, value in dict(content).items() if name not in _RAW}
    )


_RAW = frozenset({"kind", "language", "href", "url", "fact_id", "date", "span"})


def _cleaned(value: object, setting: Typesetting) -> object:
    if isinstance(value, str):
        return setting.clean(value)
    if isinstance(value, BaseModel):
        return cleaned(value, setting)
    if isinstance(value, tuple):
        return tuple(_cleaned(part, setting) for part in value)
    return value
