"""What of a model's text can stand in a document: one line of plain letters."""

import re
import unicodedata

from jobwise.generation.facts import squeeze
from jobwise.jobs import cues

# What cannot be seen, is nobody's letter, or turns the direction of reading; PostgreSQL and PDF refuse some of it.
_NO_LETTERS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_EMPHASIS = re.compile(r"(?<!\w)(\*\*|__|\*|`)(?=\S)([^*_`]+)(?<=\S)\1(?!\.?\w)")
_BULLET = re.compile(r"^(?:[-*•–]|#{1,6}) +")
# Of tags, those that people know: List<T> is none.
_MARKUP = re.compile(
    r"</?(?:(?-i:[abiups])|em|strong|br|div|span|script|style|img|iframe|object|h[1-6]|[uo]l|li|code|pre|table|t[rdh]|svg"
    r"|font|link|meta|html|body|data|system|user|assistant)\b[^<>]*>"
    r"|\]\(\s*\S+\s*\)|```|&(?:[a-z]{2,8}|#\d{1,6});",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w.]*\w)")


def plain(text: str) -> str:
    """The text on one line, without what cannot be seen and without Markdown's bullets and emphasis."""
    letters = text if text.isprintable() else "".join(map(_letter, text))
    return _EMPHASIS.sub(r"\2", _BULLET.sub("", squeeze(letters)))


def objection(text: str, told: str) -> str:
    """Why a plain text cannot stand in a document, for the model; "" where it can.

    `told` is all that the model was told, in small letters: an address may be named that stands there.
    """
    if _MARKUP.search(text):
        return "holds markup: write plain text"
    if cues.TO_A_MACHINE.search(text):
        return "talks to a program: write about the person"
    if address := next((found for found in _ADDRESS.findall(text) if found.lower() not in told), ""):
        return f"names {address[:60]}, which is nowhere in what you were told"
    return ""


def _letter(letter: str) -> str:
    if letter.isspace() or letter == "\u200b":
        return " "
    return "" if unicodedata.category(letter) in _NO_LETTERS else letter
