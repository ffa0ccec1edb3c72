"""Documents to render: one believable résumé and letter, and small parts to build odd ones of."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from jobwise.documents.content import (
    ContactLine,
    Entry,
    Item,
    LetterContent,
    LetterParagraph,
    Line,
    ResumeContent,
    Section,
    SectionKind,
    SkillGroup,
    Span,
)
from jobwise.profiles.dates import PartialDate

CREATED = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CONTACT = (
    ContactLine(kind="email", text="ines.brandt@example.com", href="mailto:ines.brandt@example.com"),
    ContactLine(kind="phone", text="+49 30 5550 1234", href="tel:+493055501234"),
    ContactLine(kind="place", text="Berlin, Germany"),
    ContactLine(kind="link", text="ines-brandt.example.com", href="https://ines-brandt.example.com"),
    ContactLine(
        kind="link", text="linkedin.example.com/in/ines-brandt", href="https://linkedin.example.com/in/ines-brandt"
    ),
)


def uid(number: int) -> UUID:
    """An id that a test can name."""
    return UUID(int=number)


def lines(*texts: str, ranks: tuple[int, ...] | None = None) -> tuple[Line, ...]:
    """Bullets; their rank is their place unless given."""
    return tuple(
        Line(text=text, fact_id=uuid4(), rank=ranks[index] if ranks else index) for index, text in enumerate(texts)
    )


def job(title: str, employer: str, *bullets: Line, start: str = "2019-03", end: str | None = "2022-08") -> Entry:
    """A job with a place and dates; without an end it goes on."""
    span = Span(start=PartialDate(start), end=PartialDate(end) if end else None, current=end is None)
    return Entry(fact_id=uuid4(), title=title, organization=employer, location="Berlin", span=span, lines=bullets)


def resume(**changes: object) -> ResumeContent:
    """A résumé of one page and a bit with every kind of section."""
    return _RESUME.model_copy(update=changes)


def experience(*jobs: Entry) -> Section:
    """A section of jobs."""
    return Section(kind=SectionKind.EXPERIENCE, entries=jobs)


def long_resume(jobs: int = 8, bullets: int = 8) -> ResumeContent:
    """A résumé of several pages. The rank of a bullet is its place in its job; the first of each is rank 0."""
    text = (
        "Moved the nightly settlement run number {} to a streaming design and halved the time that clients wait for it"
    )
    return resume(
        sections=(
            experience(
                *(
                    job(f"Engineer {n}", f"Employer {n}", *lines(*(text.format(f"{n}.{b}") for b in range(bullets))))
                    for n in range(jobs)
                )
            ),
        )
    )


def letter(*paragraphs: str, **changes: object) -> LetterContent:
    """A cover letter."""
    content = LetterContent(
        name="Ines Brandt",
        headline="Platform Engineer",
        contact=CONTACT,
        date=PartialDate("2026-11-21"),
        recipient=("Hiring team", "Havelwerk Energie GmbH", "Potsdam"),
        subject="Application: Platform Engineer",
        salutation="Dear hiring team,",
        paragraphs=tuple(
            LetterParagraph(text=text) for text in paragraphs or ("I would like to join you.", "Let us talk.")
        ),
        closing="Kind regards,",
        signature="Ines Brandt",
    )
    return content.model_copy(update=changes)


_RESUME = ResumeContent(
    name="Ines Brandt",
    headline="Platform Engineer",
    contact=CONTACT,
    summary="Platform engineer with nine years of work on event-driven systems in energy and finance.",
    sections=(
        experience(
            job(
                "Senior Platform Engineer",
                "Spreelicht Energie",
                *lines(
                    "Cut the monthly cloud bill by 31% by right-sizing 40 databases",
                    "Built a self-service pipeline that 12 teams use for 90 releases a week",
                    "Introduced contract tests; failed releases fell from 14 to 3 a month",
                ),
                start="2022-09",
                end=None,
            ),
            job(
                "Backend Engineer",
                "Kontorhaus Software",
                *lines("Moved 23 services to Kubernetes", "Wrote the on-call handbook used by five teams"),
            ),
        ),
        Section(
            kind=SectionKind.EDUCATION,
            entries=(
                Entry(
                    fact_id=uuid4(),
                    title="Master of Science, Computer Science",
                    organization="Technische Universität Berlin",
                    span=Span(start=PartialDate("2014-10"), end=PartialDate("2016-09")),
                    note="1.3",
                ),
            ),
        ),
        Section(
            kind=SectionKind.SKILLS,
            groups=(
                SkillGroup(fact_id=uuid4(), name="Languages", items=("Python", "Go", "SQL")),
                SkillGroup(fact_id=uuid4(), items=("Kafka", "PostgreSQL")),
            ),
        ),
        Section(
            kind=SectionKind.CERTIFICATIONS,
            items=(
                Item(
                    fact_id=uuid4(),
                    text="Certified Kubernetes Administrator",
                    detail="CNCF",
                    date=PartialDate("2023-05"),
                ),
            ),
        ),
        Section(
            kind=SectionKind.LANGUAGES,
            items=(
                Item(fact_id=uuid4(), text="German", detail="Native"),
                Item(fact_id=uuid4(), text="English", detail="Fluent"),
            ),
        ),
    ),
)
