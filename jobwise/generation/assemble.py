"""Documents from a profile and a ledger: structure is copied by id, only what the ledger changes reads differently.

The same ledger gives the same document, so a decision on one change is a new assembly without it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from jobwise.documents.content import (
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
from jobwise.generation import ledger
from jobwise.generation.contact import contact_lines
from jobwise.generation.facts import Dated, squeeze
from jobwise.generation.phrases import phrases_for
from jobwise.generation.types import Change, Tone
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import (
    Education,
    Experience,
    ExperienceKind,
    Highlight,
    HonorKind,
    ProfileContent,
    Project,
)
from jobwise.profiles.dates import PartialDate


def assemble_resume(
    profile: ProfileContent, changes: Iterable[Change], fact_scores: Mapping[UUID, float], language: str
) -> ResumeContent:
    """The résumé that the profile and the ledger make together.

    `fact_scores` decide what the page fit may drop first.
    """
    values = {change.path: change.value for change in changes}
    kinds = [SectionKind(line) for line in _value(profile, values, ledger.SECTIONS).splitlines()]
    build = _Builder(profile, values, language)
    sections = [section for kind in kinds if (section := build.section(kind))]
    return ResumeContent(
        language=language,
        name=profile.name,
        headline=_value(profile, values, ledger.HEADLINE),
        contact=contact_lines(profile.contact),
        summary=_value(profile, values, ledger.SUMMARY),
        sections=_ranked(sections, fact_scores),
    )


def assemble_letter(
    profile: ProfileContent, changes: Iterable[Change], analysis: JobAnalysis, language: str, tone: Tone, today: date
) -> LetterContent:
    """The letter of the ledger's paragraphs. Addresses, date, subject and courtesies are set here, not by a writer."""
    held = tuple(changes)
    phrases = phrases_for(language)
    numbers = {number: change for change in held if (number := ledger.paragraph_number(change.path)) is not None}
    return LetterContent(
        language=language,
        name=profile.name,
        headline=_value(profile, {change.path: change.value for change in held}, ledger.HEADLINE),
        contact=contact_lines(profile.contact),
        date=PartialDate(today.isoformat()),
        recipient=tuple(line for line in (analysis.company, analysis.location) if line),
        subject=phrases.subject(analysis.title),
        salutation=phrases.salutation,
        paragraphs=tuple(
            LetterParagraph(text=change.value, fact_ids=change.evidence_ids) for _, change in sorted(numbers.items())
        ),
        closing=phrases.closings[tone],
        signature=profile.name,
    )


def _value(profile: ProfileContent, values: Mapping[str, str], path: str) -> str:
    return values[path] if path in values else ledger.original_of(profile, path) or ""


class _Builder:
    """Builds the sections of one résumé."""

    def __init__(self, profile: ProfileContent, values: Mapping[str, str], language: str) -> None:
        self._profile = profile
        self._values = values
        self._phrases = phrases_for(language)

    def section(self, kind: SectionKind) -> Section | None:
        """The section of a kind; None where the profile has nothing for it."""
        filled = _SECTIONS[kind](self)
        return filled if filled.entries or filled.groups or filled.items else None

    def posts(self, section: SectionKind, kind: ExperienceKind) -> Section:
        """Jobs or voluntary posts."""
        posts = [post for post in self._profile.experiences if post.kind is kind]
        return Section(kind=section, entries=tuple(self._post(post) for post in posts))

    def projects(self) -> Section:
        """Projects."""
        entries = [self._project(project) for project in self._profile.projects]
        return Section(kind=SectionKind.PROJECTS, entries=tuple(entries))

    def education(self) -> Section:
        """Degrees and courses of study."""
        entries = [self._education(education) for education in self._profile.education]
        return Section(kind=SectionKind.EDUCATION, entries=tuple(entries))

    def skills(self) -> Section:
        """Groups of skills; neighbouring skills without a group share one line."""
        rows = {ledger.skill_line(skill.name, skill.keywords): skill for skill in self._profile.skills}
        original = ledger.original_of(self._profile, ledger.SKILLS) or ""
        groups: list[SkillGroup] = []
        for line in _value(self._profile, self._values, ledger.SKILLS).splitlines():
            found = ledger.items_of_line(line, original)
            if not found:
                continue
            skill = rows[found[0]]
            name, items = (squeeze(skill.name), found[1]) if skill.keywords else ("", (squeeze(skill.name),))
            if not name and groups and not groups[-1].name:
                groups[-1] = groups[-1].model_copy(update={"items": (*groups[-1].items, *items)})
            else:
                groups.append(SkillGroup(fact_id=skill.id, name=name, items=items))
        return Section(kind=SectionKind.SKILLS, groups=tuple(groups))

    def certifications(self) -> Section:
        """Certificates and licences."""
        items = [
            Item(fact_id=own.id, text=own.name, detail=own.issuer, date=own.date, url=own.url)
            for own in self._profile.certifications
        ]
        return Section(kind=SectionKind.CERTIFICATIONS, items=tuple(items))

    def languages(self) -> Section:
        """Spoken languages."""
        items = [Item(fact_id=own.id, text=own.name, detail=own.fluency) for own in self._profile.languages]
        return Section(kind=SectionKind.LANGUAGES, items=tuple(items))

    def honors(self, section: SectionKind, kind: HonorKind) -> Section:
        """Awards or publications."""
        items = [
            Item(fact_id=own.id, text=own.title, detail=own.issuer, date=own.date, url=own.url)
            for own in self._profile.honors
            if own.kind is kind
        ]
        return Section(kind=section, items=tuple(items))

    def _post(self, post: Experience) -> Entry:
        return Entry(
            fact_id=post.id,
            title=post.title or post.employer,
            organization=post.employer if post.title else "",
            location=post.location,
            url=post.url,
            span=_span(post),
            note=squeeze(post.description),
            lines=(*_own_line(post.id, post.summary, post.highlights), *self._lines(post)),
        )

    def _project(self, project: Project) -> Entry:
        return Entry(
            fact_id=project.id,
            title=project.name,
            organization=project.organization,
            url=project.url,
            span=_span(project),
            note=squeeze(project.role),
            lines=(*_own_line(project.id, project.description, project.highlights), *self._lines(project)),
        )

    def _education(self, education: Education) -> Entry:
        degree = degree_line(education)
        lines = [Line(text=squeeze(own.text), fact_id=own.id) for own in education.highlights]
        if education.courses:
            lines.append(Line(text=self._phrases.courses.format(", ".join(education.courses)), fact_id=education.id))
        return Entry(
            fact_id=education.id,
            title=degree or education.institution,
            organization=education.institution if degree else "",
            location=education.location,
            url=education.url,
            span=_span(education),
            note=self._phrases.grade.format(education.score) if education.score else "",
            lines=tuple(lines),
        )

    def _lines(self, entry: Experience | Project) -> list[Line]:
        """The highlights of an entry in the ledger's order and words."""
        left = list(entry.highlights)
        chosen: list[Highlight] = []
        for text in _value(self._profile, self._values, ledger.order_path(entry)).splitlines():
            own = next((highlight for highlight in left if squeeze(highlight.text) == text), None)
            if own:
                left.remove(own)
                chosen.append(own)
        return [
            Line(text=self._values.get(ledger.wording_path(own.id), squeeze(own.text)), fact_id=own.id)
            for own in chosen
            if own.text.strip()
        ]


_SECTIONS: dict[SectionKind, Callable[[_Builder], Section]] = {
    SectionKind.EXPERIENCE: lambda build: build.posts(SectionKind.EXPERIENCE, ExperienceKind.WORK),
    SectionKind.PROJECTS: lambda build: build.projects(),
    SectionKind.EDUCATION: lambda build: build.education(),
    SectionKind.SKILLS: lambda build: build.skills(),
    SectionKind.CERTIFICATIONS: lambda build: build.certifications(),
    SectionKind.LANGUAGES: lambda build: build.languages(),
    SectionKind.VOLUNTEERING: lambda build: build.posts(SectionKind.VOLUNTEERING, ExperienceKind.VOLUNTEER),
    SectionKind.AWARDS: lambda build: build.honors(SectionKind.AWARDS, HonorKind.AWARD),
    SectionKind.PUBLICATIONS: lambda build: build.honors(SectionKind.PUBLICATIONS, HonorKind.PUBLICATION),
}


def degree_line(education: Education) -> str:
    """Degree and field in the person's own words."""
    if education.area and education.area.lower() in education.degree.lower():
        return education.degree
    return ", ".join(part for part in (education.degree, education.area) if part)


def _span(entry: Dated) -> Span:
    return Span(start=entry.start, end=entry.end, current=bool(entry.start and not entry.end))


def _own_line(entry_id: UUID, text: str, highlights: Sequence[Highlight]) -> list[Line]:
    """What an entry says about itself, unless a highlight says the same."""
    own = squeeze(text)
    return [Line(text=own, fact_id=entry_id)] if own and own not in {squeeze(line.text) for line in highlights} else []


def _ranked(sections: Sequence[Section], fact_scores: Mapping[UUID, float]) -> tuple[Section, ...]:
    """Number the lines for the page fit: the best of each entry is 0 and stays, the others follow by relevance."""
    entries = [entry for section in sections for entry in section.entries]
    best = {entry.fact_id: _best_line(entry, fact_scores) for entry in entries if entry.lines}
    others = [
        (-fact_scores.get(line.fact_id, 0.0), order, position)
        for order, entry in enumerate(entries)
        for position, line in enumerate(entry.lines)
        if position != best[entry.fact_id]
    ]
    ranks = {(order, position): rank for rank, (_, order, position) in enumerate(sorted(others), 1)}
    order_of = {entry.fact_id: order for order, entry in enumerate(entries)}

    def number(entry: Entry) -> Entry:
        lines = (
            line.model_copy(update={"rank": ranks.get((order_of[entry.fact_id], position), 0)})
            for position, line in enumerate(entry.lines)
        )
        return entry.model_copy(update={"lines": tuple(lines)})

    return tuple(
        section.model_copy(update={"entries": tuple(number(entry) for entry in section.entries)})
        for section in sections
    )


def _best_line(entry: Entry, fact_scores: Mapping[UUID, float]) -> int:
    # An achievement says more than the entry's own description, which may only stand in where there is none.
    achievements = [position for position, line in enumerate(entry.lines) if line.fact_id != entry.fact_id]
    return max(
        achievements or [0], key=lambda position: (fact_scores.get(entry.lines[position].fact_id, 0.0), -position)
    )
