"""Text from people and files made plain: no invisible characters, no stray whitespace; from files also no HTML."""

import html
import re
import unicodedata

_TAG = re.compile(
    r"</?(a|abbr|article|audio|b|blockquote|body|br|button|center|code|dd|div|dl|dt|em|font|footer|form|h[1-6]|head|header|"
    r"hr|html|i|iframe|img|input|li|link|mark|meta|nav|object|ol|p|pre|s|script|section|small|span|strong|style|sub|sup|svg|"
    r"table|tbody|td|th|thead|title|tr|u|ul|video)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_LINE_TAG = re.compile("blockquote|br|d[dlt]|div|h[1-6]|hr|li|ol|p|pre|section|table|tr|ul")
_HIDDEN_TAGS = frozenset({"script", "style"})
_COMMENT = re.compile(r"<!--[^<>]*-->|<!doctype[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Soft hyphens, zero-width spaces, marks that reverse the reading direction, lone surrogates: nothing of these is meant,
# and PostgreSQL or a PDF chokes on some. The zero-width joiner stays: emoji and Indic scripts need it.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_BULLET = re.compile(r"^(?:[-–—*•‣▪◦●■□➢✓✔·]|\d{1,2}[.)])\s+")

#: Longer texts are cut before they are cleaned, so that a hostile file costs no more than a long one.
_RAW_FACTOR = 4


def clean(raw: str, limit: int, *, lines: bool = False) -> tuple[str, list[str]]:
    """`raw` as plain text of at most `limit` characters, and what had to be changed for that, in words.

    With `lines`, line breaks stay; else the text becomes one line. Whitespace is tidied without mention.
    """
    changes: list[str] = []
    text = raw[: limit * _RAW_FACTOR]
    for words, step in (("HTML was removed", without_html), ("invisible characters were removed", _visible)):
        changed = step(text)
        if changed != text:
            changes.append(words)
        text = changed
    text = tidy(text, lines=lines)
    if len(text) > limit or len(raw) > limit * _RAW_FACTOR:
        changes.append(f"shortened to {limit:,} of {len(raw):,} characters".replace(",", " "))
        text = _cut(text, limit)
    return text, changes


def tidy(text: str, *, lines: bool = False) -> str:
    """`text` without invisible characters and stray whitespace; with `lines`, its line breaks stay."""
    text = _SPACES.sub(" ", _BREAK.sub("\n", unicodedata.normalize("NFC", _visible(text))))
    parts = [line for line in (line.strip() for line in text.split("\n")) if line]
    return ("\n" if lines else " ").join(parts)


def without_html(text: str) -> str:
    """`text` without HTML tags and entities; `List<String>` and `R&D` are not HTML and stay."""
    if "<" not in text and "&" not in text:
        return text
    bare = _without_tags(_COMMENT.sub("", text))
    # Some exports escape their HTML once more.
    return _without_tags(_ENTITY.sub(_entity, bare))


def split_lines(text: str) -> list[str]:
    """The lines of a text without their bullets."""
    return [line for line in (_BULLET.sub("", line.strip()) for line in text.split("\n")) if line]


def split_bullets(text: str) -> list[str]:
    """A text of several bulleted lines as those lines; any other text as one line."""
    lines = text.split("\n")
    if len(lines) > 1 and all(_BULLET.match(line) for line in lines):
        return split_lines(text)
    return [_BULLET.sub("", " ".join(lines))]


def split_terms(text: str) -> list[str]:
    """The terms of an enumeration: `Python, AWS (EC2, S3); Go` are three."""
    terms, start, depth = [], 0, 0
    for place, sign in enumerate(text):
        depth = max(0, depth + (sign in "([") - (sign in ")]"))
        if sign in ";|\n、" or (sign == "," and not depth):
            terms.append(text[start:place])
            start = place + 1
    terms.append(text[start:])
    return [term for term in (_BULLET.sub("", term.strip()) for term in terms) if term]


def _without_tags(text: str) -> str:
    kept: list[str] = []
    place, hidden = 0, ""
    for tag in _TAG.finditer(text):
        name, closing = tag[1].lower(), tag[0][1] == "/"
        if not hidden:
            kept += (
                text[place : tag.start()],
                "\n" if _LINE_TAG.fullmatch(name) else " " if name in ("td", "th") else "",
            )
            hidden = name if name in _HIDDEN_TAGS and not closing else ""
        elif closing and name == hidden:
            hidden = ""
        place = tag.end()
    return "".join((*kept, text[place:]))


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rsplit(None, 1)[0] if " " in head[-60:] else head
    return at_word.rstrip(" ,;:-") + "…"


def storable(value: object) -> object:
    """A JSON value whose texts and keys PostgreSQL can store."""
    if isinstance(value, str):
        return _visible(value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {_visible(str(key)): storable(item) for key, item in value.items()}
    return value
