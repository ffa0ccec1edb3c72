"""The words that documents add to a person's own: headings, "Present", month names and date formats, by language."""

import json
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from jobwise.documents.content import PaperSize, Span
from jobwise.profiles.dates import PartialDate


class Labels(BaseModel):
    """One language's words. A new language is one more object in labels.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    present: str
    months: tuple[str, ...]
    long_months: tuple[str, ...]
    month_year: str
    year: str = "{year}"
    long_date: str
    long_date_letter: str = ""
    long_month_year: str = ""
    first_day: str = "1"
    subject: str
    resume: str
    letter: str
    headings: dict[str, str]

    def date(self, date: PartialDate) -> str:
        """A month as résumés show it, such as "Jan 2020", or the year alone."""
        if date.month is None:
            return self.year.format(year=date.year)
        return self.month_year.format(month=self.months[date.month - 1], year=date.year)

    def span(self, span: Span) -> str:
        """ "Jan 2020 – Present"; what is not known is left out."""
        start = self.date(span.start) if span.start else ""
        end = self.present if span.current else self.date(span.end) if span.end else ""
        return " – ".join(part for part in dict.fromkeys((start, end)) if part)

    def long(self, date: PartialDate, paper: PaperSize) -> str:
        """A letter's date written out. US letter paper takes the order of its readers where the language has one."""
        if date.month is None:
            return self.year.format(year=date.year)
        month = self.long_months[date.month - 1]
        if len(date) < len("YYYY-MM-DD"):
            return (self.long_month_year or self.month_year).format(month=month, year=date.year)
        pattern = self.long_date_letter if paper is PaperSize.LETTER and self.long_date_letter else self.long_date
        day = int(date[8:])
        return pattern.format(day=self.first_day if day == 1 else day, month=month, year=date.year)


@lru_cache(maxsize=1)
def _all() -> dict[str, Labels]:
    data = json.loads((Path(__file__).parent / "labels.json").read_text(encoding="utf-8"))
    return {language: Labels.model_validate(labels) for language, labels in data.items()}


def languages() -> tuple[str, ...]:
    """The languages that have labels, as ISO 639-1 codes."""
    return tuple(_all())


def labels(language: str) -> Labels:
    """The labels of a language (`de`, `de-AT`), or English where there are none."""
    return _all().get(language.split("-")[0].lower()) or _all()["en"]
