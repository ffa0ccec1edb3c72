"""Text as comparable words: case, spelling, hyphens, dots and slashes no longer matter, positions in the original do.

A name's key and a text's words meet in one form: words in lower case, joined by a space (also for a hyphen, a dot or an
apostrophe) or by a slash. `Node.js`, `node-js` and `Node JS` all read `node js`; `CI/CD` reads `ci/cd`.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# Combining marks and invisible joiners occur inside the words of PDF and web text.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200d\u2060]")
_WORD = re.compile(
    r"(?<![\w.])\.net(?!\w)|&"
    r"|[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad\u200b-\u200d\u2060])*(?:\+\+(?![^\W\d])|\#(?!\w)|\+(?![\w+]))?",
    re.IGNORECASE,
)

# Each alternative starts with its letter, so that the search may skip to it.
_BRITISH = re.compile(
    r"s(?=(?:ations?|ing|ed?|ers?|es)\b)(?<=[a-z]{3}is)|l(?=(?:ing|ed)\b)(?<=ll)"
    r"|u(?=r(?:s|al)?\b)(?<=[a-z]{2}ou)|me(?=s?\b)(?<=programme)"
)
_NAME_JOINT = re.compile(r"[-._'’‑–](?<=[\w+#].)(?:(?=\w)|(?<=-) (?=\w))")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_GERMAN_SUFFIX = re.compile(r"(?<=\w{3})s?kenntniss?e?n?\b")

_LINK = re.compile(
    r"://|\bwww\.|@[\w-]+\.\w"
    r"|\.(?:com|org|io|dev|ai|app|de|ch|eu|uk|fr|edu|gov|info|studio)(?![\w-])(?!\.\w)"
)
_LINK_BOUND = frozenset(" \t\r\n\u00a0()<>[]{},;|\"'")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text: their normal form, where they stand, and what joins each to the next ("" for nothing)."""

    normal: list[str]
    starts: list[int]
    ends: list[int]
    joins: list[str]


def _respell(text: str) -> str:
    """Text in lower case and American spelling, with years alike and `Englischkenntnisse` read as `Englisch`."""
    american = _BRITISH.sub(lambda match: "z" if match[0] == "s" else "", text.casefold())
    if "kenntnis" in american:
        american = _GERMAN_SUFFIX.sub("", american)
    return _YEAR.sub("<year>", american)


@lru_cache(maxsize=65_536)
def _normal(word: str) -> str:
    """The comparable form of one word."""
    if word == "&":
        return "and"
    if not word.isascii():
        word = _INVISIBLE.sub("", unicodedata.normalize("NFC", word))
    return _respell(word)


def key_of(names: str) -> str:
    """The comparable form of a name, or of a whole table of names: `|`, tabs and line breaks stay as they are."""
    text = re.sub(r" ?& ?", " and ", unicodedata.normalize("NFC", names))
    return _respell(_NAME_JOINT.sub(" ", text))


@lru_cache(maxsize=4_096)
def _join(gap: str) -> str:
    """How two words with `gap` between them belong together: " ", "/" or not at all ("")."""
    if gap in {" ", "", "-", "- ", "‑", "–", ".", "_", "'", "’"}:
        return " "
    if gap.strip(" ") == "/":
        return "/"
    wrapped = gap.isspace() or (gap[0] == "-" and gap[1:].isspace() and "\n" in gap)
    return " " if wrapped and gap.count("\n") <= 1 else ""


def words_of(text: str, names: Container[str] = ()) -> Words:
    """Split a text into words, without web and mail addresses, save those whose key is among the names (`draw.io`)."""
    spans = [match.span() for match in _WORD.finditer(text)]
    links = [link for link in _links(text) if key_of(text[slice(*link)].rstrip(".:!?")) not in names]
    if links:
        spans = _outside(spans, links)
    joins = [_join(text[end:start]) for (_, end), (start, _) in pairwise(spans)]
    return Words(
        [_normal(text[start:end]) for start, end in spans],
        [start for start, _ in spans],
        [end for _, end in spans],
        [*joins, ""],
    )


def _links(text: str) -> list[tuple[int, int]]:
    links: list[tuple[int, int]] = []
    for sign in _LINK.finditer(text):
        start, end = sign.span()
        if links and start < links[-1][1]:
            continue
        while start > 0 and text[start - 1] not in _LINK_BOUND:
            start -= 1
        while end < len(text) and text[end] not in _LINK_BOUND:
            end += 1
        links.append((start, end))
    return links


def _outside(spans: list[tuple[int, int]], links: list[tuple[int, int]]) -> list[tuple[int, int]]:
    ends = [end for _, end in links]
    kept = []
    for start, end in spans:
        following = bisect_right(ends, start)
        if following == len(links) or start < links[following][0]:
            kept.append((start, end))
    return kept
