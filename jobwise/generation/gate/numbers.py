"""Numbers of a text as kind and value, so that they compare whatever way they are written.

`35 %`, `35 percent` and `thirty-five per cent` are one number; `$35M` is another; `1,200` and `1.200` are the same
count.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from jobwise.generation.gate.number_words import FACTORS, FRACTIONS, HEDGES, VAGUE, VALUES, WORD_NUMBER, Hedge


class NumberKind(StrEnum):
    """What a number counts."""

    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    TIME = "time"
    FACTOR = "factor"
    ORDINAL = "ordinal"
    VAGUE = "vague"


@dataclass(frozen=True)
class Number:
    """A number where it stands. `values` are its possible readings; times are in seconds, millions are written out."""

    kind: NumberKind
    values: frozenset[float]
    start: int
    end: int
    text: str
    at_least: bool = False
    hedge: Hedge | None = None
    currency: str = ""

    def supported_by(self, other: "Number") -> bool:
        """Whether a source that says `other` makes this one true: the same, or rounded with a word that says so."""
        if self.kind is NumberKind.VAGUE:
            # "Thousands" is true of anything from a thousand to a million.
            size = min(self.values)
            if other.kind is self.kind:
                return other.values == self.values
            return other.kind is NumberKind.COUNT and any(size <= value < size * 1_000 for value in other.values)
        if self.kind is not other.kind or (self.currency and other.currency and self.currency != other.currency):
            return False
        if any(_close(own, theirs) for own in self.values for theirs in other.values):
            return not self.at_least or other.at_least or (self.hedge is None and other.hedge is Hedge.OVER)
        return any(_rounds(self, own, theirs) for own in self.values for theirs in other.values)


_MULTIPLIERS = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "千": 1e3, "万": 1e4,
    "億": 1e8, "lakh": 1e5, "m": 1e6, "mm": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "millions": 1e6,
    "mio": 1e6, "millionen": 1e6, "millones": 1e6, "millón": 1e6, "milioni": 1e6, "milhões": 1e6,
    "miljoen": 1e6, "crore": 1e7, "b": 1e9, "bn": 1e9, "billion": 1e9, "mrd": 1e9, "milliarden": 1e9,
    "milliards": 1e9, "miliardi": 1e9, "miljard": 1e9,
}  # fmt: skip
_SECONDS = {
    "ms|msec|millisecond|milliseconds|millisekunden": 0.001,
    "s|sec|secs|second|seconds|sekunde|sekunden|secondes?|segundos?|secondi|秒": 1,
    "min|mins|minute|minutes|minuten|minutos?|minuti|minuto|分": 60,
    "h|hr|hrs|hour|hours|stunde|stunden|heures?|horas?|ore|uur|時間": 3_600,
    "d|day|days|tag|tage|tagen|jours?|días?|dias?|giorni|giorno|dagen|dag|日": 86_400,
    "week|weeks|woche|wochen|semaines?|semanas?|settimane|settimana|weken|週間": 604_800,
    "month|months|monat|monate|monaten|mois|mes|meses|mesi|mese|maanden|maand|か月|ヶ月": 2_628_000,
    "year|years|yr|yrs|jahr|jahre|jahren|ans|années?|años?|anos?|anni|anno|jaar|年": 31_536_000,
}
_UNITS = {
    unit: seconds
    for units, seconds in _SECONDS.items()
    for unit in re.sub(r"\|?(\w+)\?", r"|\1", units).split("|")
    if unit
}
_UNITS |= {
    "seconde": 1,
    "secondes": 1,
    "heure": 3_600,
    "jour": 86_400,
    "semaine": 604_800,
    "semana": 604_800,
    "hora": 3_600,
}
_UNITS |= {
    "año": 31_536_000,
    "ano": 31_536_000,
    "année": 31_536_000,
    "années": 31_536_000,
    "día": 86_400,
    "dia": 86_400,
}
_PERCENT = r"%|％|(?:percent|per\s?cent|prozent|pour\s?cent|por\s?ciento|por\s?cento|per\s?cento|procent)\b"
_CURRENCY = r"US\$|[$€£¥₹]|euros?\b|dollars?\b|pounds?\b|(?:USD|EUR|GBP|CHF)\b|円"
_DIGITS = r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d{1,3}(?: \d{3})+(?![\d])|\d+(?:[.,]\d+)?"


def _either(words: Iterable[str]) -> str:
    """A pattern for any of the words. Chinese characters end where they end; a Latin word must not go on."""
    ordered = sorted(words, key=len, reverse=True)
    latin = "|".join(re.escape(word) for word in ordered if word[0] < "\u3000")
    other = "|".join(word for word in ordered if word[0] >= "\u3000")
    return rf"(?:(?:{latin})(?![^\W\d_])|{other})"


_SCALE = _either(_MULTIPLIERS)
_TIME = _either(_UNITS)
_NUMBER = re.compile(
    rf"(?<![\w.,#])(?<![A-Za-zÀ-ž][-/.])(?P<before>(?:{_CURRENCY})\s?)?(?:(?P<digits>{_DIGITS})|(?P<word>{WORD_NUMBER}))"
    rf"(?P<rest>(?:\s?[-–]?\s?(?P<scale>{_SCALE})\.?)?(?P<plus>\+)?"
    rf"(?:\s?(?P<percent>{_PERCENT})|\s?(?P<after>{_CURRENCY})|(?P<ordinal>st|nd|rd|th)\b|(?P<factor>x|×|-?fold)\b"
    rf"|[\s\u00a0-]?(?P<time>{_TIME}))?)",
    re.IGNORECASE,
)
_SIGN = re.compile(r"(?<!\w)[^\W\x00-\x7f](?!\w)")
_RANGE = re.compile(r"^\s?(?:-|–|—|to|bis|à|a|and|or|und|oder|y|e|of|von|out of)\s?$", re.IGNORECASE)
_HEDGE = re.compile(rf"(?:^|[\s(])(?P<hedge>{'|'.join(HEDGES)})\s(?:(?:a|an|the|of)\s)?$", re.IGNORECASE)
_FRACTION = re.compile(rf"\b(?:{'|'.join(FRACTIONS)})\b", re.IGNORECASE)
_FACTOR = re.compile(rf"\b(?:{'|'.join(FACTORS)})\b", re.IGNORECASE)
_VAGUE = re.compile(rf"\b(?:{'|'.join(VAGUE)})\b", re.IGNORECASE)


@lru_cache(maxsize=8_192)
def numbers_in(text: str) -> tuple[Number, ...]:
    """The numbers of a text in order. Numbers inside names (`OAuth2`, `p99`, `COVID-19`) are names, not numbers."""
    plain = _ascii_digits(text)
    found = [number for match in _NUMBER.finditer(plain) if (number := _number(plain, match))]
    if not text.isascii():
        found += _signs(text)
    taken = [(number.start, number.end) for number in found]
    for pattern, kind, table in (
        (_FRACTION, NumberKind.PERCENT, FRACTIONS),
        (_FACTOR, NumberKind.FACTOR, FACTORS),
        (_VAGUE, NumberKind.VAGUE, VAGUE),
    ):
        for match in pattern.finditer(plain):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                value = next(value for words, value in table.items() if re.fullmatch(words, match[0], re.IGNORECASE))
                found.append(Number(kind, frozenset({value}), match.start(), match.end(), match[0]))
    return _with_shared_units(plain, sorted(found, key=lambda number: number.start))


def _ascii_digits(text: str) -> str:
    """The text with digits of any script as 0 to 9; as long as before."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() or not char.isdecimal() else str(unicodedata.digit(char)) for char in text)


def _signs(text: str) -> list[Number]:
    """Numbers that are one sign standing alone, such as ½, Ⅻ or 三. Digits of any script are not among them."""
    found = []
    for sign in _SIGN.finditer(text):
        value = unicodedata.numeric(sign[0], None)
        if value is not None and not sign[0].isdecimal():
            kind, value = (NumberKind.PERCENT, 100 * value) if 0 < value < 1 else (NumberKind.COUNT, value)
            found.append(Number(kind, frozenset({value}), sign.start(), sign.end(), sign[0]))
    return found


def _number(text: str, match: re.Match[str]) -> Number | None:
    end = match.end()
    if match[0].startswith("24") and text[end : end + 2] == "/7":
        return None
    if (
        match["digits"]
        and end < len(text)
        and text[end].isalpha()
        and text[end].isascii()
        and not match["rest"].strip()
    ):
        return None  # A name such as 2FA or 3D.
    values = _readings(match["digits"]) if match["digits"] else frozenset({_word_value(match["word"])})
    if scale := (match["scale"] or "").lower():
        scaled = frozenset(value * _MULTIPLIERS[scale] for value in values)
        # A bare small "m" may be metres or minutes as well as millions.
        is_open = match["scale"] == "m" and not match["before"] and not match["after"]
        values = scaled | values if is_open else scaled
    kind = NumberKind.COUNT
    if match["percent"]:
        kind = NumberKind.PERCENT
    elif match["before"] or match["after"]:
        kind = NumberKind.MONEY
    elif match["ordinal"]:
        kind = NumberKind.ORDINAL
    elif match["factor"]:
        kind = NumberKind.FACTOR
    elif match["time"] and not (match["time"] == "年" and min(values) > 1_900):
        kind = NumberKind.TIME
        values = frozenset(value * _UNITS[match["time"].lower()] for value in values)
    hedge = _hedge_before(text[: match.start()])
    if (
        kind is NumberKind.TIME
        and hedge is Hedge.OVER
        and re.search(r"\b(?:over|über)\s(?:the\s)?$", text[: match.start()], re.IGNORECASE)
    ):
        hedge = None  # "Over three years" says during, not more than.
    at_least = bool(match["plus"]) or hedge is Hedge.OVER
    currency = _currency_of(match["before"] or match["after"] or "")
    return Number(kind, values, match.start(), end, match[0].strip(), at_least, hedge, currency)


def _currency_of(sign: str) -> str:
    known = {"$": "USD", "us$": "USD", "dollar": "USD", "€": "EUR", "euro": "EUR", "£": "GBP", "pound": "GBP"}
    bare = sign.strip().lower().removesuffix("s")
    return known.get(bare, bare.upper())


def _readings(digits: str) -> frozenset[float]:
    """The values that digits with separators may have: `1.200` is a thousand and two hundred, or one and a fifth."""
    compact = re.sub(r"[\s'’\u00a0\u202f]", "", digits)
    separators = re.findall(r"[.,]", compact)
    if not separators:
        return frozenset({float(compact)})
    last = max(compact.rfind("."), compact.rfind(","))
    as_decimal = float(re.sub(r"[.,]", "", compact[:last]) + "." + compact[last + 1 :])
    grouped = float(re.sub(r"[.,]", "", compact))
    if len(set(separators)) == 2:
        return frozenset({as_decimal})
    if len(separators) > 1:
        return frozenset({grouped})
    return frozenset({as_decimal, grouped}) if len(compact) - last == 4 and last <= 3 else frozenset({as_decimal})


def _word_value(phrase: str) -> float:
    total = current = 0.0
    for word in re.split(r"[\s-]+", phrase.lower()):
        if word in {"and", "a", "und", "y", "et", "e", "en"}:
            continue
        value = VALUES[word]
        if value >= 1_000:
            total, current = total + max(current, 1) * value, 0.0
        elif value == 100:
            current = max(current, 1) * 100
        else:
            current += value
    return total + current


def _hedge_before(before: str) -> Hedge | None:
    found = _HEDGE.search(f" {before[-24:]}")
    if not found:
        return None
    return next(hedge for words, hedge in HEDGES.items() if re.fullmatch(words, found["hedge"], re.IGNORECASE))


def _with_shared_units(text: str, found: list[Number]) -> tuple[Number, ...]:
    """In `from 22 to 7 minutes` the first number counts minutes as well."""
    measured = (NumberKind.PERCENT, NumberKind.MONEY, NumberKind.TIME)
    for position in range(len(found) - 2, -1, -1):
        first, second = found[position], found[position + 1]
        joined = _RANGE.match(text[first.end : second.start])
        if joined and first.kind is NumberKind.MONEY and second.kind is NumberKind.COUNT:
            scale = _scale_of(second)
            found[position] = replace(first, values=first.values | {value * scale for value in first.values})
            found[position + 1] = replace(second, kind=NumberKind.MONEY, currency=first.currency)
        if joined and first.kind is NumberKind.COUNT and second.kind in measured:
            factor = _factor_of(second) if second.kind is NumberKind.TIME else 1.0
            values = frozenset(value * factor for value in first.values)
            found[position] = replace(first, kind=second.kind, values=values | first.values)
    return tuple(found)


def _scale_of(number: Number) -> float:
    scale = re.search(rf"({_SCALE})\W*$", number.text, re.IGNORECASE)
    return _MULTIPLIERS[scale[1].lower()] if scale else 1.0


def _factor_of(time: Number) -> float:
    unit = re.search(rf"({_TIME})$", time.text, re.IGNORECASE)
    return _UNITS[unit[1].lower()] if unit else 1.0


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(abs(one), abs(other), 1e-9) + 1e-9 or _same_fraction(one, other)


def _same_fraction(one: float, other: float) -> bool:
    # A third is written as 33, 33.3 or 33 1/3 percent.
    near = any(abs(one - fraction) < 0.8 and abs(other - fraction) < 0.8 for fraction in (100 / 3, 200 / 3))
    return near and (one % 1 > 0.2 or other % 1 > 0.2)


def _rounds(claim: Number, own: float, theirs: float) -> bool:
    if claim.hedge is Hedge.OVER:
        return 0.8 * theirs <= own < theirs
    if claim.hedge is Hedge.UNDER:
        return theirs < own <= 1.1 * theirs
    return claim.hedge is Hedge.ABOUT and abs(own - theirs) <= 0.1 * theirs
