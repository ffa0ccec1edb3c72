"""Dates as résumé files write them, read without guessing.

`2020-03-15T00:00:00Z`, `2020/03`, `03/2020`, `15.03.2020`, `March 2020`, `Mar 15, 2020`, `2018年4月` and
`present` are certain. Of `04/05/2020` and `Spring 2020` only the year is. Of anything else, nothing is.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobwise.profiles.dates import PartialDate

_MONTHS = (
    "january jan januar jänner januari janvier janv enero ene gennaio gen janeiro styczeń",
    "february feb februar februari février févr fév febrero febbraio fevereiro fev luty",
    "march mar märz mrz maart mrt mars marzo março marzec",
    "april apr avril avr abril abr aprile kwiecień",
    "may mai mei mayo maggio mag maio maj",
    "june jun juni juin junio giugno giu junho czerwiec",
    "july jul juli juillet juil julio luglio lug julho lipiec",
    "august aug augustus août agosto ago sierpień",
    "september sep sept septembre septiembre settembre setembro set wrzesień",
    "october oct oktober okt octobre octubre ottobre ott outubro out październik",
    "november nov novembre noviembre novembro listopad",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudzień",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_PRESENT_WORDS = (
    "present|presently|current|currently|now|today|ongoing|to date|till date|until now|to present|heute|bis heute|"
    "aktuell|jetzt|laufend|présent|actuel|actuellement|aujourd'hui|en cours|presente|actual|actualidad|hoy|oggi|"
    "attuale|in corso|atual|atualmente|heden|huidig|nu|obecnie|現在|现在|至今|目前"
)
_PRESENT = frozenset(_PRESENT_WORDS.split("|"))
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d{1,2}:\d{2}.*)?", re.DOTALL)
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(?:(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日일])?)?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_BETWEEN = re.compile(r"\s+(?:-|to|until|bis|à|al?)\s+|\s*[–—]\s*|(?<=\d{4})-(?=\d{4}(?!\d))", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_ABOUT_WORDS = (
    "spring summer autumn fall winter q quarter early mid late c ca circa about approx expected anticipated "
    "graduation class year frühling frühjahr sommer herbst anfang mitte ende etwa quartal printemps été automne hiver "
    "primavera verano otoño invierno estate autunno inverno"
)
_ABOUT = frozenset(_ABOUT_WORDS.split())
_ORDINAL = frozenset({"st", "nd", "rd", "th", "of", "de", "den", "du"})


@dataclass(frozen=True)
class ReadDate:
    """What could be read. `certain` is False where only a part of what was written could be; `present`: it goes on."""

    value: PartialDate | None = None
    present: bool = False
    certain: bool = True

    @property
    def readable(self) -> bool:
        """Whether anything could be read."""
        return self.present or self.value is not None


UNREADABLE = ReadDate(certain=False)


def read_date(raw: object) -> ReadDate:
    """Read a date from a text, a year as a number, or an object with year and month; else UNREADABLE."""
    if isinstance(raw, Mapping):
        return _from_parts(raw)
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return UNREADABLE
    text = " ".join(str(raw).split())[:80]
    if text.casefold().strip(" .()") in _PRESENT:
        return ReadDate(present=True)
    return _from_numbers(text) or _from_words(text)


def read_period(raw: object) -> tuple[ReadDate, ReadDate]:
    """Read start and end from one text such as `2018 – 2020` or `Jan 2019 to present`; else both are UNREADABLE."""
    sides = _BETWEEN.split(raw.strip()[:80]) if isinstance(raw, str) else []
    if len(sides) != 2:
        return UNREADABLE, UNREADABLE
    start, end = read_date(sides[0]), read_date(sides[1])
    if not (start.value and end.readable):
        return UNREADABLE, UNREADABLE
    return start, end


def _from_parts(parts: Mapping[str, Any]) -> ReadDate:
    year, month, day = (parts.get(name) for name in ("year", "month", "day"))
    if isinstance(month, str) and not month.isdigit():
        month = _MONTH.get(month.casefold().rstrip("."))
    try:
        return _date(int(year or 0), int(month) if month else None, int(day) if day else None)
    except (TypeError, ValueError):
        return UNREADABLE


def _from_numbers(text: str) -> ReadDate | None:
    if match := _ISO.fullmatch(text) or _CJK.fullmatch(text):
        year, month, day = (int(part) if part else None for part in match.groups())
        return _date(year or 0, month, day)
    if match := _MONTH_YEAR.fullmatch(text):
        return _date(int(match[2]), int(match[1]), None)
    if match := _DAY_MONTH_YEAR.fullmatch(text):
        return _day_or_month_first(int(match[1]), int(match[3]), int(match[4]), dotted=match[2] == ".")
    return None


def _day_or_month_first(first: int, second: int, year: int, *, dotted: bool) -> ReadDate:
    # Dots are written day first; slashes and dashes both ways, so that both numbers up to 12 leave the month open.
    if dotted or first > 12 or first == second:
        return _date(year, second, first)
    if second > 12:
        return _date(year, first, second)
    return _only_year(year)


def _from_words(text: str) -> ReadDate:
    words = [word for word in _WORDS.findall(text.casefold()) if word not in _ORDINAL]
    months = [_MONTH[word] for word in words if word in _MONTH]
    years = _YEAR.findall(text)
    if len(years) != 1:
        return UNREADABLE
    rest = [word for word in words if word not in _MONTH and word != years[0]]
    if len(months) == 1 and not rest:
        return _date(int(years[0]), months[0], None)
    if len(months) == 1 and len(rest) == 1 and rest[0].isdigit():
        return _date(int(years[0]), months[0], int(rest[0]))
    # "Before 2020" says something else than the year: only words that leave it standing are passed over.
    return _only_year(int(years[0])) if rest and all(word in _ABOUT or word in "1234" for word in rest) else UNREADABLE


def _only_year(year: int) -> ReadDate:
    return ReadDate(_date(year, None, None).value, certain=False)


def _date(year: int, month: int | None, day: int | None) -> ReadDate:
    if not 1900 <= year <= 2100 or (month is not None and not 1 <= month <= 12):
        return UNREADABLE
    if month is None:
        return ReadDate(PartialDate(f"{year:04d}"))
    if day is not None and not 1 <= day <= monthrange(year, month)[1]:
        return ReadDate(PartialDate(f"{year:04d}-{month:02d}"), certain=False)
    return ReadDate(PartialDate(f"{year:04d}-{month:02d}" + (f"-{day:02d}" if day is not None else "")))
