"""What a résumé and a letter say, as clients see it. The shapes are those of `jobwise.documents.content`."""

from typing import Annotated

import strawberry

from jobwise.documents import content
from jobwise.profiles.dates import PartialDate
from schema.enums import describe

describe(
    content.DocumentKind,
    "DocumentKind",
    "What a generation can make.",
    RESUME="A résumé.",
    COVER_LETTER="A cover letter of one page.",
)
describe(content.PaperSize, "PaperSize", "Paper of the PDF.", A4="210 by 297 mm.", LETTER="8.5 by 11 inches.")
describe(
    content.SectionKind,
    "SectionKind",
    "The sections of a résumé.",
    EXPERIENCE="Jobs.",
    PROJECTS="Projects.",
    EDUCATION="Degrees and courses of study.",
    SKILLS="Skills.",
    CERTIFICATIONS="Certificates and licences.",
    LANGUAGES="Spoken languages.",
    VOLUNTEERING="Voluntary posts.",
    AWARDS="Awards.",
    PUBLICATIONS="Publications.",
)


@strawberry.type(description="One way to reach the person.")
class ContactLine:
    """Part of a document's head."""

    kind: str = strawberry.field(description="`email`, `phone`, `place` or `link`.")
    text: str = strawberry.field(description="What is printed.")
    href: str = strawberry.field(description="What it links to; empty for a place.")


@strawberry.type(description="A bullet or sentence, with the part of the profile that it comes from.")
class DocumentLine:
    """Part of an entry."""

    text: str = strawberry.field(description="The words.")
    fact_id: strawberry.ID = strawberry.field(description="Id of the profile's highlight that it comes from.")
    rank: int = strawberry.field(
        description="0 is the most relevant to the posting; the page fit drops the highest first."
    )


@strawberry.type(description="A stretch of time.")
class Span:
    """Part of an entry."""

    start: PartialDate | None = strawberry.field(description="When it began.")
    end: PartialDate | None = strawberry.field(description="When it ended.")
    current: bool = strawberry.field(description="Whether it goes on.")


@strawberry.type(description="A dated item: a job, a degree, a project, a voluntary post.")
class DocumentEntry:
    """Copied from the profile; only its lines are chosen and worded."""

    fact_id: strawberry.ID = strawberry.field(description="Id of the part of the profile that it comes from.")
    title: str = strawberry.field(description="Position, degree or project name.")
    organization: str = strawberry.field(description="Employer or school.")
    location: str = strawberry.field(description="Where.")
    url: str = strawberry.field(description="Its web page.")
    span: Span = strawberry.field(description="When.")
    note: str = strawberry.field(description="One line below the head, such as a grade.")
    lines: list[DocumentLine] = strawberry.field(description="What is said about it.")


@strawberry.type(description="Skills shown on one line.")
class SkillGroup:
    """Part of a section."""

    fact_id: strawberry.ID = strawberry.field(description="Id of the part of the profile that it comes from.")
    name: str = strawberry.field(description="Of the group; empty for a plain list.")
    items: list[str] = strawberry.field(description="The skills.")


@strawberry.type(description="A one-line item: a certificate, a language, an award, a publication.")
class DocumentItem:
    """Part of a section."""

    fact_id: strawberry.ID = strawberry.field(description="Id of the part of the profile that it comes from.")
    text: str = strawberry.field(description="The item.")
    detail: str = strawberry.field(description="Issuer, fluency or publisher.")
    date: PartialDate | None = strawberry.field(description="When.")
    url: str = strawberry.field(description="Its web page.")


@strawberry.type(description="A section of a résumé. The list that belongs to its kind is filled.")
class Section:
    """Part of a résumé."""

    kind: content.SectionKind = strawberry.field(description="Which section it is.")
    entries: list[DocumentEntry] = strawberry.field(description="Dated items.")
    groups: list[SkillGroup] = strawberry.field(description="Groups of skills.")
    items: list[DocumentItem] = strawberry.field(description="One-line items.")


@strawberry.type(description="What a résumé says.")
class ResumeContent:
    """Structure is the profile's; the headline, summary and lines are chosen for the posting."""

    language: str = strawberry.field(description="ISO 639-1 code; decides headings and month names.")
    name: str = strawberry.field(description="The person's name.")
    headline: str = strawberry.field(description="The line below the name.")
    contact: list[ContactLine] = strawberry.field(description="How to reach the person.")
    summary: str = strawberry.field(description="A few sentences.")
    sections: list[Section] = strawberry.field(description="In the order in which they are shown.")


@strawberry.type(description="A paragraph, with the parts of the profile that its claims rest on.")
class LetterParagraph:
    """Part of a letter."""

    text: str = strawberry.field(description="The words.")
    fact_ids: list[strawberry.ID] = strawberry.field(
        description="Parts of the profile that it rests on; none for courtesies."
    )


@strawberry.type(description="What a cover letter says.")
class LetterContent:
    """One page."""

    language: str = strawberry.field(description="ISO 639-1 code.")
    name: str = strawberry.field(description="The person's name.")
    headline: str = strawberry.field(description="The line below the name.")
    contact: list[ContactLine] = strawberry.field(description="How to reach the person.")
    date: PartialDate = strawberry.field(description="Of the letter.")
    recipient: list[str] = strawberry.field(description="Address lines.")
    subject: str = strawberry.field(description="The subject line.")
    salutation: str = strawberry.field(description="The greeting.")
    paragraphs: list[LetterParagraph] = strawberry.field(description="The body.")
    closing: str = strawberry.field(description="The words above the signature.")
    signature: str = strawberry.field(description="The name below them.")


DocumentContent = Annotated[
    ResumeContent | LetterContent, strawberry.union("DocumentContent", description="What a document says, by its kind.")
]


def of(plain: content.DocumentContent) -> ResumeContent | LetterContent:
    """The GraphQL object of a document's content."""
    values = dict(plain)
    del values["kind"]
    values["contact"] = [ContactLine(**dict(line)) for line in plain.contact]
    if isinstance(plain, content.ResumeContent):
        values["sections"] = [_section(section) for section in plain.sections]
        return ResumeContent(**values)
    values["paragraphs"] = [
        LetterParagraph(text=paragraph.text, fact_ids=[strawberry.ID(str(fact)) for fact in paragraph.fact_ids])
        for paragraph in plain.paragraphs
    ]
    return LetterContent(**values)


def _section(section: content.Section) -> Section:
    return Section(
        kind=section.kind,
        entries=[_entry(entry) for entry in section.entries],
        groups=[
            SkillGroup(**{**dict(group), "fact_id": strawberry.ID(str(group.fact_id))}) for group in section.groups
        ],
        items=[DocumentItem(**{**dict(item), "fact_id": strawberry.ID(str(item.fact_id))}) for item in section.items],
    )


def _entry(entry: content.Entry) -> DocumentEntry:
    lines = [
        DocumentLine(text=line.text, fact_id=strawberry.ID(str(line.fact_id)), rank=line.rank) for line in entry.lines
    ]
    values = {
        **dict(entry),
        "fact_id": strawberry.ID(str(entry.fact_id)),
        "span": Span(**dict(entry.span)),
        "lines": lines,
    }
    return DocumentEntry(**values)
