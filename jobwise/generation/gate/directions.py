"""Which way something went: "reduced errors" does not bear out "increased errors", though all else is the same.

Only what is plain is read: a word that says up or down, and the noun that it is said of. "Improved" says neither.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jobwise.generation.gate.nouns import FUNCTION_WORDS, kin
from jobwise.generation.prose import words
from jobwise.generation.weighing import stem

_UP = words(
    "increase increases increased increasing raise raises raised raising grow grows grew grown growing boost boosts "
    "boosted boosting rise rises rose risen expand expands expanded expanding double doubles doubled doubling triple "
    "triples tripled tripling quadrupled multiplied lengthen lengthened extend extended extending widened heightened "
    "erhöhte erhöht erhöhten erhöhung steigerte steigerten gesteigert steigerung vergrößerte vergrößert verlängerte "
    "verlängert verdoppelte verdoppelt verdreifachte verdreifacht "
    "augmenté augmentait doublé accru aumenté aumentó aumentado incrementé incrementó duplicó duplicado aumentato "
    "raddoppiato aumentei verhoogde verhoogd verdubbelde"
)
_DOWN = words(
    "reduce reduces reduced reducing reduction decrease decreases decreased decreasing cut cuts cutting lower lowers "
    "lowered lowering shorten shortens shortened shortening halve halves halved halving shrink shrinks shrank "
    "shrinking trim trims trimmed trimming slash slashed slashing minimise minimised minimize minimized drop drops "
    "dropped dropping fall falls fell fallen decline declined "
    "senkte senkten gesenkt senkung reduzierte reduzierten reduziert reduzierung verringerte verringerten verringert "
    "verringerung verkürzte verkürzten verkürzt verkürzung halbierte halbiert minimierte minimiert "
    "réduit réduisait diminué raccourci reducí redujo reducido disminuyó ridotto diminuito reduzi reduziu reduzido "
    "verminderde verminderd verlaagde verlaagd halveerde"
)
# "The number of errors" is about errors, and so is "the error rate".
_MEASURES = words(
    "number amount rate rates level levels volume share count total average figure percentage frequency "
    "zahl anzahl quote rate menge anteil nombre taux número tasa numero tasso aantal"
)
_OF = words("of in for von der des bei de du des del dos di van")
_SENTENCE_PART = re.compile(r"[,;:–—()]|\s(?:and|while|whereas|but|und|während|aber|et|y|e|en)\s")
_WORD = re.compile(r"[^\W\d_]\w*(?:[-'’]\w+)*|\d[\d.,]*%?")
_MOST_WORDS = 8


@dataclass(frozen=True)
class Direction:
    """That something went up or down; `word` says so, `thing` is the stem of what it is said of."""

    is_up: bool
    word: str
    thing: str


def reversed_in(text: str, sources: Iterable[str]) -> Iterator[str]:
    """The words of a text by which something goes the other way than in all of the sources that say where it goes."""
    claimed = directions(text)
    if not claimed:
        return
    said = [direction for source in sources for direction in directions(source)]
    for claim in claimed:
        ways = {direction.is_up for direction in said if _same(direction.thing, claim.thing)}
        if ways == {not claim.is_up}:
            yield claim.word


@lru_cache(maxsize=16_384)
def directions(text: str) -> tuple[Direction, ...]:
    """What a text says to have gone up or down."""
    return tuple(_directions(text))


def _directions(text: str) -> Iterator[Direction]:
    for part in _SENTENCE_PART.split(text):
        tokens = [token.lower() for token in _WORD.findall(part)]
        for position, token in enumerate(tokens):
            if token not in _UP and token not in _DOWN:
                continue
            thing = _head(tokens[position + 1 :]) or _subject(tokens[:position])
            if thing:
                yield Direction(token in _UP, token, stem(thing))


def _head(after: list[str]) -> str:
    """The noun that a verb is followed by: the last word before a preposition, a number or the end."""
    phrase = list(after[:_MOST_WORDS])
    if phrase and phrase[0] in _OF:
        phrase = phrase[1:]
    found: list[str] = []
    while phrase:
        word = phrase.pop(0)
        if word in _OF and found and set(found) <= _MEASURES:
            found = []
        elif word in FUNCTION_WORDS and found:
            break
        elif _is_noun(word):
            found.append(word)
        elif found or word[0].isdigit():
            break
    return _without_measure(found)


def _subject(before: list[str]) -> str:
    """The noun before a verb that has nothing behind it: "errors fell by 20%", "die Fehler um 20 % gesenkt"."""
    found: list[str] = []
    for word in before[-_MOST_WORDS:]:
        if word[0].isdigit() or word in ("um", "by"):
            break
        if _is_noun(word):
            found.append(word)
    return _without_measure(found)


def _is_noun(word: str) -> bool:
    return len(word) > 2 and not word[0].isdigit() and word not in FUNCTION_WORDS and word not in _UP | _DOWN


def _without_measure(found: list[str]) -> str:
    while len(found) > 1 and found[-1] in _MEASURES:
        found = found[:-1]
    return found[-1] if found else ""


def _same(one: str, other: str) -> bool:
    return bool(kin([one]) & kin([other]))
