"""Positions that a text claims: a title, its rank, or "as a ..."."""

import re
from collections.abc import Iterator

from jobwise.generation.gate.sources import Support, names, word_tokens
from jobwise.generation.prose import words

_NOUNS = (
    "engineer|developer|programmer|architect|manager|director|analyst|scientist|designer|consultant|administrator|officer|lead|leader|"
    "head|president|chief|nurse|teacher|professor|lecturer|researcher|accountant|controller|auditor|lawyer|attorney|paralegal|"
    "specialist|coordinator|supervisor|technician|machinist|executive|representative|strategist|editor|writer|chef|cook|"
    "pharmacist|physician|surgeon|therapist|principal|dean|founder|partner|ceo|cto|cfo|coo|cio|vp|"
    "ingenieur|ingenieurin|entwickler|entwicklerin|architektin|managerin|leiter|leiterin|berater|beraterin|"
    "geschäftsführer|geschäftsführerin|direktor|direktorin|bauleiter|bauleiterin|krankenpfleger|pflegefachkraft|lehrer|lehrerin"
)
_RANKS = (
    "senior|junior|principal|staff|lead|chief|head|executive|managing|vice|deputy|assistant|associate|distinguished|"
    "leitende|leitender"
)
_RANKED = re.compile(rf"\b({_RANKS})\s((?:[\w&/-]+\s){{0,3}}?)({_NOUNS})\b", re.IGNORECASE)
_HEAD_OF = re.compile(r"\b(?:head|director|vice president|vp|president|chief) of ([\w&]+)", re.IGNORECASE)
_AS = re.compile(
    rf"\b(?:as|als|comme|como|come|am|was|been|promoted to|became|hired as|bin|war)\s(?:an?\s|the\s|ein\s|"
    rf"eine\s)?((?:(?!(?:at|for|of|in|on|with|to|and|who|bei|für|im|und)\s)[\w&/+#.-]+\s){{0,4}}(?:{_NOUNS}))\b(?!s)",
    re.IGNORECASE,
)
_EXECUTIVE = re.compile(
    r"\b(?:CEO|CTO|CFO|COO|CIO|CISO|VP|SVP|EVP|Vice President|Chief \w+ Officer|Managing Director)\b"
)
_FILLER = words(
    "a an the of and in for at current former previous first only new my as to such well part member well-known"
)


def title_objection(text: str, support: Support, everything: Support) -> Iterator[tuple[str, str]]:
    """The words of each position that nothing in the sources names, and why."""
    for found in _EXECUTIVE.finditer(text):
        if not set(word_tokens(found[0])) <= everything.words:
            yield found[0], f"“{found[0]}” is no position in your profile."
    for found in (*_RANKED.finditer(text), *_HEAD_OF.finditer(text)):
        if not _stands_together(found[0], everything):
            yield found[0], f"“{found[0]}” is no position in your profile."
    for found in _AS.finditer(text):
        claimed = [word for word in word_tokens(found[1]) if word not in _FILLER]
        said = any(names(source.text, found[0]) for source in support.sources)
        if not said and not any(all(_is_among(word, title.words) for word in claimed) for title in support.titles):
            yield found[1], f"Your profile does not say that you were “{found[1]}” there."


def _is_among(word: str, known: frozenset[str]) -> bool:
    """Whether a title has a word, in whichever gender German gives it."""
    return word in known or f"{word}in" in known or word.removesuffix("in") in known


def _stands_together(phrase: str, everything: Support) -> bool:
    """Whether one statement of the profile has all the words of a title, in this order."""
    pattern = r"\W+(?:\w+\W+){0,2}".join(re.escape(word) for word in word_tokens(phrase))
    return any(re.search(rf"\b{pattern}", source.text, re.IGNORECASE) for source in everything.sources)
