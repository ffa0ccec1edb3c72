"""Finds a person's names in a text, however they are written there: case, accents, order and a genitive aside."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

_SPLIT = re.compile(r"[\s,;()]+")
_FEWEST_LETTERS = 2
#: Shorter ones are parts of too many other words to be looked for inside of addresses.
_FEWEST_INSIDE = 4
#: So many parts of a name are looked for in pairs as well.
_MOST_PAIRED = 6
_NO_NAMES = """
al am and bin da de del della den der des di do dos du e el ibn la le les lo of san st ten ter the und van vom von y
zu zum zur dr jr sr ii iii iv mr mrs ms prof phd mba
"""
#: Names that are words as well: only with a capital letter is one of them taken for the name.
_WORDS_TOO = """
analyst archer art baker ball banks barber bell best bill bishop black bond bridge brook brooks brown bush butler
carpenter carter case cash chance chase church clay cliff coach cole cook cooper cross daily dale dawn day dean
developer drew drive driver duke east engineer ernst faith farmer fields fisher fleet fleming flowers ford forest
foster fox frank frost fuchs gardener gene glass gold good grace grant gray green grey gross groß guy hall hand harper
hart haus heath herr hill holmes holz hope hunt hunter iris jack jahn joy judge kaiser key king klein koch koenig
kraft kranz krieg kurz lamb land lane lang lange law little long love major marine mark marshal martin mason may mayer
mayor meister miles mill miller mills moon moore more neu noble north nurse page painter palmer park parks pastor
pearl perry piper plumber pool pope porter post potter power powers price prince proctor queen ray read reed rich
richter ring rios rivers rob robin rock rose roth sage sales sanders sawyer schmied schnell schwarz self service sharp
shepherd short silver singer sky small smart smith snow sommer song south spring star stark steel stein stern stone
street strong summer swan tailor taylor teacher temple towers trainer trust turner vogel wade walker wall ward waters
webb weber wells west white will winter wise wolf wood woods wright young zimmer
"""
_PARTICLES = frozenset(_NO_NAMES.split())
_WORDS = frozenset(_WORDS_TOO.split())
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"})
_FOLDED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "’": "'", "‘": "'"}
)
# Begun at the start of a word and never twice.
_LABEL = r"(?:[^\W_]|-)++"
_HOST_OR_HANDLE = re.compile(rf"(?<![\w-])(?:@?_*+{_LABEL}(?:[._]++{_LABEL})++(?:/[\w/.~%?&=#-]*+)?|@[\w-]++)")


@dataclass(frozen=True)
class Folded:
    """A text without case and accents; `origins` says for each of its characters, and its end, where it comes from."""

    text: str
    origins: range | list[int]

    def found(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """Where in the original a pattern of folded words is found."""
        return (self.origin(found) for found in pattern.finditer(self.text))

    def origin(self, found: re.Match[str]) -> tuple[int, int]:
        """Where in the original something found comes from."""
        return self.origins[found.start()], self.origins[found.end()]


def fold(text: str) -> Folded:
    """The text as it is compared."""
    if text.isascii():
        return Folded(text.lower(), range(len(text) + 1))
    pieces, origins = [], []
    for place, letter in enumerate(text):
        plain = letter.lower() if letter.isascii() else _plain(letter)
        pieces.append(plain)
        origins += [place] * len(plain)
    return Folded("".join(pieces), [*origins, len(text)])


class Names:
    """What one person is called."""

    def __init__(self, name: str) -> None:
        forms = {part: _forms(part) for part in _parts(name)}
        every = [form for found in forms.values() for form in found]
        sure = [form for form in every if _is_sure(form)]
        self._sure = _words([*sure, *_pairs(list(forms.values())[:_MOST_PAIRED])])
        self._careful = _words([form for form in every if not _is_sure(form)])
        inside = [re.escape(form) for form in sure if len(form) >= _FEWEST_INSIDE]
        self._inside = re.compile("|".join(inside)) if inside else None

    def find(self, folded: Folded, text: str) -> Iterator[tuple[int, int]]:
        """Where names stand in a text."""
        if self._sure:
            yield from folded.found(self._sure)
        if self._careful:
            yield from (span for span in folded.found(self._careful) if not text[span[0]].islower())

    def find_addresses(self, folded: Folded) -> Iterator[tuple[int, int]]:
        """Where hosts, handles and file names stand that have a name in them."""
        if self._inside is None or not self._inside.search(folded.text):
            return
        for found in _HOST_OR_HANDLE.finditer(folded.text):
            if self._inside.search(found.group()):
                yield folded.origin(found)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not _is_unseen(letter)).casefold().translate(_FOLDED)


def _is_unseen(letter: str) -> bool:
    """Accents, and soft hyphens and joiners, which can stand in the middle of a name."""
    return bool(unicodedata.combining(letter)) or unicodedata.category(letter) == "Cf"


def _parts(name: str) -> Iterator[str]:
    for word in _SPLIT.split(name):
        for part in (word, *re.split(r"[-.'’]", word)):
            bare = part.strip(".-'’")
            if len(bare) >= _FEWEST_LETTERS and _plain(bare) not in _PARTICLES:
                yield bare


def _forms(part: str) -> list[str]:
    """A part as it is and in one word, with umlauts written out, and with those written out as letters without dots."""
    plain, written_out = _plain(part), _plain(part.translate(_UMLAUTS))
    without_dots = re.sub(r"(?<=[aou])e", "", plain)
    # Of a short name, too little is left: Doe is not "do".
    ways = (plain, written_out, *([without_dots] if len(without_dots) >= _FEWEST_INSIDE else []))
    return list(dict.fromkeys((*ways, *(re.sub(r"[-.'’]", "", way) for way in ways))))


def _is_sure(form: str) -> bool:
    """Whether a word is a name even where it is written small."""
    return form not in _WORDS and (len(form) > _FEWEST_LETTERS + 1 or not form.isascii())


def _pairs(forms: Sequence[list[str]]) -> Iterator[str]:
    """Two parts of a name in one word, or an initial with another part."""
    for first, last in permutations(forms, 2):
        if first[0] not in last[0] and last[0] not in first[0]:
            yield from (one + other for one in first for other in last)
            yield from (first[0][0] + other for other in last if len(other) >= _FEWEST_INSIDE)


def _words(forms: Iterable[str]) -> re.Pattern[str] | None:
    """Finds words, with a genitive; scripts without case have no spaces between words either."""
    cased = sorted({re.escape(form) for form in forms if form.upper() != form}, key=len, reverse=True)
    caseless = sorted({re.escape(form) for form in forms if form.upper() == form}, key=len, reverse=True)
    patterns = [rf"(?<![^\W_])(?:{'|'.join(cased)})(?:['’]?s)?(?![^\W_])"] if cased else []
    return re.compile("|".join([*patterns, *caseless])) if patterns or caseless else None
