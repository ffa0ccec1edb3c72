"""Reading the finished PDF as an applicant tracking system would, and holding what it says against what was meant.

The text comes from PDFium, which shares no code with the layout engine: it sees the order of the file, not of our
template. Spaces and line ends are ignored throughout, since every extractor sets them differently.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

import pypdfium2
from pydantic import BaseModel, ConfigDict, Field

from jobwise.documents.content import DocumentContent, Entry, Item, LetterContent, PaperSize, ResumeContent, Section
from jobwise.documents.markup import contact_rows, shown_url
from jobwise.documents.templates.labels import Labels, labels

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


class ProblemKind(StrEnum):
    """What a reader of the file would miss or take wrongly."""

    LOST = "LOST"
    ORDER = "ORDER"
    CONTACT = "CONTACT"
    HEADING = "HEADING"
    DATE = "DATE"


class Problem(BaseModel):
    """One thing that does not read back, with the text concerned."""

    model_config = ConfigDict(frozen=True)

    kind: ProblemKind
    text: str


class ReadBack(BaseModel):
    """What was read. `recall` is the share of the document's lines found, `order` of those in their place."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(repr=False)
    problems: tuple[Problem, ...] = ()
    recall: float = Field(ge=0, le=1)
    order: float = Field(ge=0, le=1)
    dates: int = Field(default=0, description="Dates that the document has, for a share of those with a problem.")
    headings: int = Field(default=0, description="Headings that the document has.")

    @property
    def ok(self) -> bool:
        """Whether everything reads back, in order."""
        return not self.problems

    def count(self, kind: ProblemKind) -> int:
        """How many problems of a kind there are."""
        return sum(problem.kind is kind for problem in self.problems)


class _Unit(BaseModel):
    """A text that must be found. `tied` units follow the last one that is not, in any order among themselves."""

    text: str
    kind: ProblemKind = ProblemKind.LOST
    tied: bool = False

    @property
    def floats(self) -> bool:
        """A date at the right edge is a column of its own to some readers: it may come anywhere after its title."""
        return self.kind is ProblemKind.DATE


def extract_text(data: bytes) -> str:
    """The text of a PDF, page after page, as PDFium extracts it."""
    with pypdfium2.PdfDocument(data) as document:
        return "\n".join(_page_text(document, index) for index in range(len(document)))


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    page = document[index].get_textpage()
    # PDFium marks a hyphen at a line's end with U+0002 and takes it for hyphenation; ours are all the text's own.
    return str(page.get_text_bounded()).replace("\r\n", "\n").replace("\x02", "-")


def read_back(data: bytes, content: DocumentContent, paper: PaperSize) -> ReadBack:
    """Read a PDF and compare it with the content that it was made of."""
    return compare(extract_text(data), content, paper)


def compare(text: str, content: DocumentContent, paper: PaperSize) -> ReadBack:
    """Compare an extracted text with the content."""
    words = labels(content.language)
    units = [unit for unit in _units(content, words, paper) if squash(unit.text)]
    problems, lost, misplaced = _walk(squash(text), units)
    problems += _contact_problems(text, content) + _heading_problems(text, units)
    return ReadBack(
        text=text,
        problems=tuple(problems),
        recall=1 - lost / len(units),
        order=1 - misplaced / max(len(units) - lost, 1),
        dates=sum(unit.kind is ProblemKind.DATE for unit in units),
        headings=sum(unit.kind is ProblemKind.HEADING for unit in units),
    )


def squash(text: str) -> str:
    """The text without spaces, case and compatibility forms."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _walk(found: str, units: Sequence[_Unit]) -> tuple[list[Problem], int, int]:
    """Look for one unit after the other. The first place after the last unit is never beyond the true one."""
    problems: list[Problem] = []
    cursor = furthest = lost = 0
    for unit in units:
        wanted = squash(unit.text)
        if not unit.tied:
            cursor = furthest
        at = found.find(wanted, cursor)
        if at >= 0:
            furthest = furthest if unit.floats else max(furthest, at + len(wanted))
        elif wanted in found:
            problems.append(Problem(kind=ProblemKind.ORDER, text=unit.text))
        else:
            lost += 1
            problems.append(Problem(kind=unit.kind, text=unit.text))
    return problems, lost, sum(problem.kind is ProblemKind.ORDER for problem in problems)


def _contact_problems(text: str, content: DocumentContent) -> list[Problem]:
    """An e-mail address must be one for any program that looks for one, not only for us who know it."""
    seen = set(_EMAIL.findall(text))
    return [
        Problem(kind=ProblemKind.CONTACT, text=line.text)
        for line in content.contact
        if line.kind == "email" and line.text not in seen
    ]


def _heading_problems(text: str, units: Sequence[_Unit]) -> list[Problem]:
    """A heading that does not stand on a line of its own is not taken for one."""
    lines = {squash(line) for line in text.splitlines()}
    headings = [unit.text for unit in units if unit.kind is ProblemKind.HEADING]
    joined = (heading for heading in headings if squash(heading) not in lines and squash(heading) in squash(text))
    return [Problem(kind=ProblemKind.HEADING, text=heading) for heading in joined]


def _units(content: DocumentContent, words: Labels, paper: PaperSize) -> Iterator[_Unit]:
    yield _Unit(text=content.name)
    for row in contact_rows(content.contact):
        yield from (_Unit(text=line.text, kind=ProblemKind.CONTACT) for line in row)
    yield _Unit(text=content.headline)
    if isinstance(content, LetterContent):
        yield from _letter_units(content, words, paper)
        return
    yield from _resume_units(content, words)


def _resume_units(content: ResumeContent, words: Labels) -> Iterator[_Unit]:
    if content.summary:
        yield _Unit(text=words.headings["SUMMARY"], kind=ProblemKind.HEADING)
        yield _Unit(text=content.summary)
    for section in content.sections:
        if section.entries or section.groups or section.items:
            yield _Unit(text=words.headings[section.kind.value], kind=ProblemKind.HEADING)
            yield from _section_units(section, words)


def _section_units(section: Section, words: Labels) -> Iterator[_Unit]:
    for entry in section.entries:
        yield from _entry_units(entry, words)
    for group in section.groups:
        yield _Unit(text=group.name)
        yield _Unit(text=", ".join(group.items))
    for item in section.items:
        yield from _item_units(item, words)


def _entry_units(entry: Entry, words: Labels) -> Iterator[_Unit]:
    yield _Unit(text=entry.title)
    # Designs differ in where they put place and dates; between the title and the first bullet any order is fine.
    details = (entry.organization, entry.location, shown_url(entry.url), entry.note)
    yield from (_Unit(text=text, tied=bool(index)) for index, text in enumerate(filter(None, details)))
    yield _Unit(text=words.span(entry.span), kind=ProblemKind.DATE, tied=any(details))
    yield from (_Unit(text=line.text) for line in entry.lines)


def _item_units(item: Item, words: Labels) -> Iterator[_Unit]:
    yield _Unit(text=item.text)
    details = (item.detail, shown_url(item.url))
    yield from (_Unit(text=text, tied=bool(index)) for index, text in enumerate(filter(None, details)))
    if item.date:
        yield _Unit(text=words.date(item.date), kind=ProblemKind.DATE, tied=any(details))


def _letter_units(content: LetterContent, words: Labels, paper: PaperSize) -> Iterator[_Unit]:
    yield from (_Unit(text=line) for line in content.recipient)
    yield _Unit(text=words.long(content.date, paper), kind=ProblemKind.DATE)
    yield from (_Unit(text=text) for text in (content.subject, content.salutation))
    yield from (_Unit(text=paragraph.text) for paragraph in content.paragraphs)
    yield from (_Unit(text=text) for text in (content.closing, content.signature))
