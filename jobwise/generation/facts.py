"""A profile as a list of facts: every statement with its id, the terms it names, and how long and long ago it was.

Matching weighs facts, writers cite them, the fact gate looks claims up in them.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from uuid import NAMESPACE_OID, UUID, uuid5

from jobwise.generation.types import Fact, FactKind
from jobwise.jobs.vocabulary import vocabulary
from jobwise.profiles.content import Education, Experience, ExperienceKind, Highlight, ProfileContent, Project, Skill
from jobwise.profiles.dates import PartialDate

HEADLINE_ID = uuid5(NAMESPACE_OID, "jobwise:headline")
SUMMARY_ID = uuid5(NAMESPACE_OID, "jobwise:summary")
"""The headline and the summary have no row of their own, so their facts go by these fixed ids."""

Dated = Experience | Education | Project


def facts_of(profile: ProfileContent, today: date) -> list[Fact]:
    """Every fact of the profile, in the profile's order: parents before their highlights."""
    return [
        *_head_facts(profile),
        *(fact for experience in profile.experiences for fact in _experience_facts(experience, today)),
        *(fact for education in profile.education for fact in _education_facts(education, today)),
        *(fact for project in profile.projects for fact in _project_facts(project, today)),
        *_list_facts(profile),
    ]


def terms_in(text: str) -> tuple[str, ...]:
    """The vocabulary terms that a text names, in order, each once."""
    return _terms_in(text)


def named_terms(names: Iterable[str]) -> tuple[str, ...]:
    """The terms of a list of names. A name that stands alone is believed without context, unlike one in a sentence."""
    return tuple(dict.fromkeys(term for name in names for term in _terms_of_name(name)))


def skill_names(skill: Skill) -> tuple[str, ...]:
    """The skills of a row: its keywords, or its own name where it has none."""
    return skill.keywords or ((skill.name,) if skill.name else ())


def skills_of(skill: Skill) -> tuple[str, ...]:
    """The names in a row that are skills: of "jQuery: still useful for old sites" the name, of a group its keywords."""
    known = vocabulary().canonical
    if skill.keywords and known(skill.name) and not any(known(keyword) for keyword in skill.keywords):
        return (skill.name,)
    return skill_names(skill)


def years_worked(experiences: Iterable[Experience], today: date) -> float:
    """Years of paid work, overlaps counted once. Undated posts count nothing."""
    spans = sorted(
        span
        for experience in experiences
        if experience.kind is ExperienceKind.WORK and (span := months_of(experience.start, experience.end, today))
    )
    total, reached = 0, 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return round(total / 12, 1)


def months_of(start: PartialDate | None, end: PartialDate | None, today: date) -> tuple[int, int] | None:
    """A dated entry as months since year 0, the end excluded; without an end it lasts until today.

    None without a start.
    """
    if start is None:
        return None
    now = today.year * 12 + today.month
    if end is None:
        return start.months, max(start.months, now)
    inclusive = 1 if end.month else 0
    return start.months, max(start.months + 1, min(end.months + inclusive, now))


def squeeze(text: str) -> str:
    """The text on one line, with single spaces."""
    return " ".join(text.split())


@lru_cache(maxsize=16_384)
def _terms_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.term for mention in vocabulary().find(text)))


@lru_cache(maxsize=16_384)
def _terms_of_name(name: str) -> tuple[str, ...]:
    whole = vocabulary().canonical(name)
    return (whole,) if whole else _terms_in(name)


def _head_facts(profile: ProfileContent) -> Iterator[Fact]:
    if profile.headline:
        yield Fact(id=HEADLINE_ID, kind=FactKind.HEADLINE, text=profile.headline, terms=terms_in(profile.headline))
    if profile.summary:
        yield Fact(id=SUMMARY_ID, kind=FactKind.SUMMARY, text=squeeze(profile.summary), terms=terms_in(profile.summary))


def _experience_facts(experience: Experience, today: date) -> Iterator[Fact]:
    # What the employer does (`description`) is no evidence of what the person did there.
    terms = (*terms_in(experience.title), *terms_in(experience.summary), *named_terms(experience.skills))
    text = ", ".join(part for part in (experience.title, experience.employer) if part)
    parent = _dated(experience, FactKind.EXPERIENCE, text, terms, today)
    yield parent
    yield from _highlight_facts(experience.highlights, parent)


def _education_facts(education: Education, today: date) -> Iterator[Fact]:
    degree = " in ".join(part for part in (education.degree, education.area) if part)
    text = ", ".join(part for part in (degree, education.institution) if part)
    terms = (*terms_in(education.degree), *named_terms([education.area, *education.courses]))
    parent = _dated(education, FactKind.EDUCATION, text, terms, today)
    yield parent
    yield from _highlight_facts(education.highlights, parent)


def _project_facts(project: Project, today: date) -> Iterator[Fact]:
    terms = (
        *terms_in(project.name),
        *terms_in(project.description),
        *terms_in(project.role),
        *named_terms(project.keywords),
    )
    text = ": ".join(part for part in (project.name, squeeze(project.description)) if part)
    parent = _dated(project, FactKind.PROJECT, text, terms, today)
    yield parent
    yield from _highlight_facts(project.highlights, parent)


def _list_facts(profile: ProfileContent) -> Iterator[Fact]:
    for skill in profile.skills:
        names = skill_names(skill)
        text = f"{skill.name}: {', '.join(names)}" if skill.keywords and skill.name else ", ".join(names)
        yield Fact(id=skill.id, kind=FactKind.SKILL, text=text, terms=named_terms([skill.name, *skills_of(skill)]))
    for certification in profile.certifications:
        text = ", ".join(part for part in (certification.name, certification.issuer) if part)
        yield _fact(certification.id, FactKind.CERTIFICATION, text, named_terms([certification.name]))
    for language in profile.languages:
        text = f"{language.name} ({language.fluency})" if language.fluency else language.name
        yield _fact(language.id, FactKind.LANGUAGE, text)
    for honor in profile.honors:
        text = ", ".join(part for part in (honor.title, honor.issuer) if part)
        yield _fact(honor.id, FactKind.HONOR, text, (*terms_in(honor.title), *terms_in(honor.summary)))


def _fact(id_: UUID, kind: FactKind, text: str, terms: Iterable[str] = ()) -> Fact:
    return Fact(id=id_, kind=kind, text=text, terms=tuple(dict.fromkeys(terms)))


def _dated(entry: Dated, kind: FactKind, text: str, terms: Iterable[str], today: date) -> Fact:
    span = months_of(entry.start, entry.end, today)
    now = today.year * 12 + today.month
    return Fact(
        id=entry.id,
        kind=kind,
        text=text,
        terms=tuple(dict.fromkeys(terms)),
        years=round((span[1] - span[0]) / 12, 2) if span else 0.0,
        ended_years_ago=round(max(0, now - span[1]) / 12, 2) if span and entry.end else 0.0,
    )


def _highlight_facts(highlights: Iterable[Highlight], parent: Fact) -> Iterator[Fact]:
    for highlight in highlights:
        yield Fact(
            id=highlight.id,
            kind=FactKind.HIGHLIGHT,
            text=squeeze(highlight.text),
            terms=terms_in(highlight.text),
            parent_id=parent.id,
            years=parent.years,
            ended_years_ago=parent.ended_years_ago,
        )
