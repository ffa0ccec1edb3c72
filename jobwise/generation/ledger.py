"""The change ledger: what may be changed, what stood there before, and which of the changes hold.

A path names a place in the documents. Anything that is not a known path (an employer, a title, a date, a contact
detail) cannot be changed at all: that is how identity stays out of every writer's reach.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from jobwise.documents.content import DocumentKind, SectionKind
from jobwise.generation.facts import Dated, squeeze
from jobwise.generation.types import Change, CitedChange, Fact, Operation, Transform
from jobwise.jobs.requirements import Requirement
from jobwise.profiles.content import Experience, ExperienceKind, Highlight, HonorKind, ProfileContent, Project, Skill

HEADLINE = "resume.headline"
SUMMARY = "resume.summary"
SKILLS = "resume.skills"
SECTIONS = "resume.sections"
_PARAGRAPH = re.compile(r"^letter\.paragraphs\.(\d{1,2})$")
_ORDER = re.compile(r"^resume\.(experiences|projects)\.([0-9a-f-]{36})\.highlights$")
_WORDING = re.compile(r"^resume\.highlights\.([0-9a-f-]{36})$")
_MOST_PARAGRAPHS = 6
_LONGEST_VALUE = 4_000


def order_path(entry: Experience | Project) -> str:
    """The path of an entry's highlights: their order and choice."""
    return f"resume.{'experiences' if isinstance(entry, Experience) else 'projects'}.{entry.id}.highlights"


def wording_path(highlight_id: UUID) -> str:
    """The path of one highlight's words."""
    return f"resume.highlights.{highlight_id}"


def paragraph_path(number: int) -> str:
    """The path of a letter's paragraph, counted from 0."""
    return f"letter.paragraphs.{number}"


def paragraph_number(path: str) -> int | None:
    """Which paragraph of the letter a path names; None for any other path."""
    found = _PARAGRAPH.match(path)
    return int(found[1]) if found else None


def original_of(profile: ProfileContent, path: str) -> str | None:
    """The profile's own words at a path; "" where there are none yet (a letter), None where the path leads nowhere."""
    if path == HEADLINE:
        return squeeze(profile.headline)
    if path == SUMMARY:
        return squeeze(profile.summary)
    if path == SKILLS:
        return "\n".join(skill_lines(profile.skills))
    if path == SECTIONS:
        return "\n".join(natural_sections(profile))
    if (number := paragraph_number(path)) is not None:
        return "" if number < _MOST_PARAGRAPHS else None
    if found := _ORDER.match(path):
        entries: Sequence[Experience | Project] = profile.experiences if found[1] == "experiences" else profile.projects
        entry = next((entry for entry in entries if str(entry.id) == found[2]), None)
        return "\n".join(squeeze(highlight.text) for highlight in entry.highlights) if entry else None
    if found := _WORDING.match(path):
        return next((squeeze(line.text) for line in all_highlights(profile) if str(line.id) == found[1]), None)
    return None


def all_highlights(profile: ProfileContent) -> list[Highlight]:
    """The highlights of all entries, in the profile's order."""
    entries: list[Dated] = [*profile.experiences, *profile.education, *profile.projects]
    return [highlight for entry in entries for highlight in entry.highlights]


def skill_lines(skills: Iterable[Skill]) -> list[str]:
    """Skills as the ledger writes them: a group a line, `Backend: Go, PostgreSQL`; others stand alone."""
    return [skill_line(skill.name, skill.keywords) for skill in skills if skill.name or skill.keywords]


def skill_line(name: str, items: Sequence[str]) -> str:
    """One group of skills as a line of the ledger."""
    return f"{squeeze(name)}: {', '.join(map(squeeze, items))}" if name and items else squeeze(name) or ", ".join(items)


def natural_sections(profile: ProfileContent) -> list[SectionKind]:
    """The sections that a profile fills, in the order in which a résumé usually has them."""
    kinds = {experience.kind for experience in profile.experiences}
    honors = {honor.kind for honor in profile.honors}
    filled = {
        SectionKind.EXPERIENCE: ExperienceKind.WORK in kinds,
        SectionKind.PROJECTS: bool(profile.projects),
        SectionKind.EDUCATION: bool(profile.education),
        SectionKind.SKILLS: bool(skill_lines(profile.skills)),
        SectionKind.CERTIFICATIONS: bool(profile.certifications),
        SectionKind.LANGUAGES: bool(profile.languages),
        SectionKind.VOLUNTEERING: ExperienceKind.VOLUNTEER in kinds,
        SectionKind.AWARDS: HonorKind.AWARD in honors,
        SectionKind.PUBLICATIONS: HonorKind.PUBLICATION in honors,
    }
    return [kind for kind, is_filled in filled.items() if is_filled]


def refusal(
    change: Change, profile: ProfileContent, fact_ids: Collection[UUID], requirement_ids: Collection[str]
) -> str:
    """Why a change cannot stand in the ledger, in a sentence for people; "" where it can.

    This looks at form alone: the path is one that may change, the original is what the profile says there, the evidence
    exists, lists are a choice of what was there. Whether the words are true is the fact gate's business.
    """
    original = original_of(profile, change.path)
    if original is None:
        return f"{change.path} is no place in the documents that may be changed."
    if change.path.split(".")[0] != ("resume" if change.document is DocumentKind.RESUME else "letter"):
        return f"{change.path} does not belong to this document."
    if squeeze(change.original) != squeeze(original):
        return "The original does not match what the profile says there."
    if unknown := [id_ for id_ in change.evidence_ids if id_ not in fact_ids]:
        return f"Its evidence {unknown[0]} is not in the profile."
    if unknown_ids := [id_ for id_ in change.requirement_ids if id_ not in requirement_ids]:
        return f"The posting has no requirement {unknown_ids[0]}."
    if len(change.value) > _LONGEST_VALUE:
        return f"It is longer than {_LONGEST_VALUE} characters."
    if change.transform in (Transform.SYNTHESIZE, Transform.QUANTIFY) and not change.evidence_ids and original:
        return "It says something new without naming the facts it rests on."
    return _list_refusal(change, original)


def _list_refusal(change: Change, original: str) -> str:
    if _ORDER.match(change.path) or change.path == SECTIONS:
        extra = Counter(_lines(change.value)) - Counter(_lines(original))
        if extra:
            return f"“{next(iter(extra))}” is not among what the profile has there."
        if not _lines(change.value):
            return "It would leave nothing there."
    if change.path == SKILLS and (odd := [line for line in _lines(change.value) if not items_of_line(line, original)]):
        return f"“{odd[0]}” is not made of the profile's skills."
    if change.op is not Operation.REMOVE and not change.value.strip():
        return "It says nothing."
    return ""


def items_of_line(line: str, original: str) -> tuple[str, tuple[str, ...]] | None:
    """A line of a skills change as its group's original line and the items chosen from it; None if it is none.

    Names may contain commas themselves (`AWS (EC2, S3)`), so items are recognised from the original, longest first.
    """
    for own in _lines(original):
        name, colon, rest = own.partition(": ")
        if not colon and line == own:
            return own, (own,)
        if colon and line.startswith(f"{name}: "):
            return (own, tuple(chosen)) if (chosen := _choose(line[len(name) + 2 :], rest)) else None
    return None


def _choose(text: str, original: str) -> list[str]:
    """The comma-separated parts of `text`, if all of them are parts of `original`; else nothing."""
    left = Counter(split_items(original))
    parts = split_items(text)
    return parts if not Counter(parts) - left else []


def split_items(text: str) -> list[str]:
    """Items at the commas outside parentheses."""
    return [item.strip() for item in re.split(r", (?![^()]*\))", text) if item.strip()]


def _lines(text: str) -> list[str]:
    return [squeeze(line) for line in text.splitlines() if line.strip()]


def effective(
    changes: Iterable[Change], rejected: Collection[str] = (), edited: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    """The changes that hold after the person's decisions: without the rejected, with the edited in their new words."""
    edits = edited or {}
    return tuple(
        change.model_copy(update={"value": edits[change.id]}) if change.id in edits else change
        for change in changes
        if change.id not in rejected
    )


def numbered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes with ids c1, c2, ... in their order."""
    return tuple(change.model_copy(update={"id": f"c{number}"}) for number, change in enumerate(changes, 1))


def cited(
    changes: Iterable[Change], facts: Iterable[Fact], requirements: Iterable[Requirement]
) -> tuple[CitedChange, ...]:
    """The changes with what they name of these facts and requirements."""
    stated = {fact.id: fact for fact in facts}
    asked = {requirement.id: requirement for requirement in requirements}
    return tuple(
        CitedChange(
            **dict(change),
            evidence=tuple(stated[key] for key in change.evidence_ids if key in stated),
            requirements=tuple(asked[key] for key in change.requirement_ids if key in asked),
        )
        for change in changes
    )
