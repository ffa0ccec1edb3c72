"""What a résumé and a letter say, apart from how they look.

Every line carries the id of the profile fact that it comes from, so that a document can always show its evidence. The
content is complete and final: formats (PDF, text, JSON) only lay it out. Structure (employers, titles, dates, degrees,
certificates, contact details) is copied from the profile by id and never written by a model.
"""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from jobwise.profiles.dates import PartialDate


class DocumentKind(StrEnum):
    """What a generation can make."""

    RESUME = "RESUME"
    COVER_LETTER = "COVER_LETTER"


class PaperSize(StrEnum):
    """Paper of the PDF."""

    A4 = "A4"
    LETTER = "LETTER"


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ContactLine(_Content):
    """One way to reach the person. `href` is empty for a place."""

    kind: Literal["email", "phone", "place", "link"]
    text: str
    href: str = ""


class Line(_Content):
    """A bullet or sentence. `fact_id` names the profile's highlight; `rank` 0 is the most relevant to the posting.

    The page fit drops lines of the highest rank first, and never one of rank 0.
    """

    text: str
    fact_id: UUID
    rank: int = 0


class Span(_Content):
    """A stretch of time. `current` is shown as "Present" in the document's language; an unknown end stays empty."""

    start: PartialDate | None = None
    end: PartialDate | None = None
    current: bool = False


class Entry(_Content):
    """A dated item: a job, a degree, a project, a voluntary post.

    `title` is the bold first line (position, degree, project name), `organization` the employer or school.
    """

    fact_id: UUID
    title: str
    organization: str = ""
    location: str = ""
    url: str = ""
    span: Span = Span()
    note: str = Field(default="", description="One line below the head: a grade, a role, a short description.")
    lines: tuple[Line, ...] = ()


class SkillGroup(_Content):
    """Skills shown on one line. `name` is empty for a plain list."""

    fact_id: UUID
    name: str = ""
    items: tuple[str, ...]


class Item(_Content):
    """A one-line item: a certificate, a language, an award, a publication."""

    fact_id: UUID
    text: str
    detail: str = Field(default="", description="Issuer, fluency or publisher.")
    date: PartialDate | None = None
    url: str = ""


class SectionKind(StrEnum):
    """The sections of a résumé, each under a heading that applicant tracking systems know."""

    EXPERIENCE = "EXPERIENCE"
    PROJECTS = "PROJECTS"
    EDUCATION = "EDUCATION"
    SKILLS = "SKILLS"
    CERTIFICATIONS = "CERTIFICATIONS"
    LANGUAGES = "LANGUAGES"
    VOLUNTEERING = "VOLUNTEERING"
    AWARDS = "AWARDS"
    PUBLICATIONS = "PUBLICATIONS"


class Section(_Content):
    """One section. Exactly the list that belongs to its kind is filled."""

    kind: SectionKind
    entries: tuple[Entry, ...] = ()
    groups: tuple[SkillGroup, ...] = ()
    items: tuple[Item, ...] = ()


class ResumeContent(_Content):
    """A résumé. `language` decides headings and month names, not the person's own words."""

    kind: Literal[DocumentKind.RESUME] = DocumentKind.RESUME
    language: str = "en"
    name: str
    headline: str = ""
    contact: tuple[ContactLine, ...] = ()
    summary: str = ""
    sections: tuple[Section, ...] = ()


class LetterParagraph(_Content):
    """A paragraph and the facts that its claims rest on (none for a courtesy such as the closing sentence)."""

    text: str
    fact_ids: tuple[UUID, ...] = ()


class LetterContent(_Content):
    """A cover letter of one page. `date` is written out in the letter's language by the format."""

    kind: Literal[DocumentKind.COVER_LETTER] = DocumentKind.COVER_LETTER
    language: str = "en"
    name: str
    headline: str = ""
    contact: tuple[ContactLine, ...] = ()
    date: PartialDate
    recipient: tuple[str, ...] = Field(default=(), description="Address lines: team or person, company, place.")
    subject: str = ""
    salutation: str
    paragraphs: tuple[LetterParagraph, ...]
    closing: str
    signature: str


DocumentContent = ResumeContent | LetterContent
