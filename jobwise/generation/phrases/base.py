"""What every language must be able to say in a letter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobwise.generation.types import Tone

_LEGAL_FORM = re.compile(
    r",?\s+(?:e\.\s?V\.|e\.\s?K\.|Inc\.|Ltd\.|Corp\.|Co\.|L\.P\.|S\.\s?A\.|B\.\s?V\.|N\.\s?V\.|S\.\s?r\.\s?l\.)$"
)


def inline_title(title: str) -> str:
    """A posting's title for running text: without the quotes around it, and not shouting."""
    bare = title.strip().strip("\"“”'")
    if not bare.isupper() or " " not in bare:
        return bare
    small = {"AND", "OF", "FOR", "THE", "IN", "AT", "TO", "ON"}
    return " ".join(
        word.lower() if word in small else word if len(word.strip(",.()")) <= 3 else word.capitalize()
        for word in bare.split()
    )


def ended(sentence: str) -> str:
    """The sentence with one point at its end, also where its last word brings its own (`Inc.`, `e. V.`)."""
    return re.sub(r"\.{2}$", ".", sentence)


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """One language's frames. `{}` or named braces are filled with the person's or the posting's own words.

    `place_*` say where somebody worked and are put into `{place}` of the other frames; `quote` tells an achievement
    whose
    grammar we do not bend: the words stand as they are.
    """

    language: str
    conjunction: str
    """Between the last two items of a list, with its spaces."""
    separator: str = ", "

    subject_with_title: str
    subject_plain: str
    salutation: str
    closings: dict[Tone, str]
    courses: str
    grade: str

    apply_both: str
    apply_title: str
    apply_company: str
    apply_neither: str

    place_both: str
    place_title: str
    place_employer: str
    place_freelance: str
    place_project: str

    involves_now: str
    involves_then: str
    skills_include: str
    career_now: str
    career_then: str
    studied: str
    studying: str
    about_project: str

    quote: str
    quote_again: str
    quote_earlier: str
    earlier: str

    degree: str
    certifications: str
    languages_spoken: str
    enclosed: str
    summary_terms: str
    summary_years: str
    farewells: dict[Tone, str]

    def subject(self, title: str) -> str:
        """The letter's subject line."""
        shown = inline_title(title)
        return self.subject_with_title.format(title=shown) if shown else self.subject_plain

    def application(self, title: str, company: str) -> str:
        """The sentence that says what is applied for, with as much as is known."""
        title = inline_title(title)
        # A legal form with a point would end the sentence in the eyes of whoever reads on.
        company = _LEGAL_FORM.sub("", company)
        if title and company:
            return ended(self.apply_both.format(title=title, company=company))
        if title:
            return ended(self.apply_title.format(title=title))
        return ended(self.apply_company.format(company=company)) if company else self.apply_neither

    def place(self, title: str, employer: str) -> str:
        """Where somebody worked; "" where neither position nor employer is known."""
        if title and employer:
            return self.place_both.format(title=title, employer=employer)
        if title:
            return self.place_title.format(title=title)
        return self.place_employer.format(employer=employer) if employer else ""

    def listing(self, items: Sequence[str]) -> str:
        """Items as running text: `a`, `a and b`, `a, b and c`."""
        if len(items) < 2:
            return "".join(items)
        return f"{self.separator.join(items[:-1])}{self.conjunction}{items[-1]}"
