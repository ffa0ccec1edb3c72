"""How complete a profile is, and what would help most next.

A tailored résumé can only show what the profile holds: points are given for what postings ask for and readers look for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jobwise.profiles.content import Experience, ExperienceKind, ProfileContent, Project

_ENOUGH_SKILLS = 8
_ENOUGH_HIGHLIGHTS = 3
_ENOUGH_SUMMARY = 150
_ENOUGH_EXPERIENCES = 2
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|half|doubled|tripled)\b"
)


@dataclass(frozen=True)
class Advice:
    """One thing to add. `path` is the section or field it belongs to; `points` is what it is worth."""

    path: str
    message: str
    points: int


@dataclass(frozen=True)
class Completeness:
    """`score` from 0 to 100, and what is missing, the most valuable first."""

    score: int
    missing: tuple[Advice, ...]


@dataclass(frozen=True)
class _Criterion:
    path: str
    points: int
    share: float
    advice: str


def completeness(content: ProfileContent) -> Completeness:
    """Measure a profile. Someone without a job yet can reach nearly all points through projects and education."""
    criteria = [*_about_the_person(content), *_about_the_career(content), *_about_the_rest(content)]
    score = round(sum(item.points * item.share for item in criteria))
    missing = [
        Advice(item.path, item.advice, max(1, round(item.points * (1 - item.share))))
        for item in criteria
        if item.share < 1
    ]
    return Completeness(score, tuple(sorted(missing, key=lambda advice: -advice.points)))


def _about_the_person(content: ProfileContent) -> Iterator[_Criterion]:
    contact = content.contact
    yield _Criterion(
        "contact.email", 8, float(bool(contact.email)), "Add an e-mail address: nobody can reply without it."
    )
    yield _Criterion("contact.phone", 4, float(bool(contact.phone)), "Add a phone number.")
    yield _Criterion(
        "contact.city", 3, float(bool(contact.city or contact.region)), "Add the city or region that you work from."
    )
    linked = bool(contact.links or contact.url)
    yield _Criterion("contact.links", 3, float(linked), "Link a public profile or website, such as LinkedIn or GitHub.")
    yield _Criterion("headline", 5, float(bool(content.headline)), "Add a headline: what you are, in a few words.")
    # A text in Chinese or Japanese says as much in a third of the characters.
    letters = len(content.summary.encode()) if not content.summary.isascii() else len(content.summary)
    yield _Criterion(
        "summary", 10, min(1.0, letters / _ENOUGH_SUMMARY), "Write a summary of two or three sentences about your work."
    )


def _about_the_career(content: ProfileContent) -> Iterator[_Criterion]:
    posts = _posts(content)
    entries = len(posts) + len(content.projects)
    yield _Criterion(
        "experiences", 15, min(1.0, entries / _ENOUGH_EXPERIENCES), "Add your jobs, voluntary posts and projects."
    )
    entries_with_lines: tuple[Experience | Project, ...] = (*posts, *content.projects)
    highlights = [line.text for entry in entries_with_lines for line in entry.highlights]
    wanted = _ENOUGH_HIGHLIGHTS * max(1, min(entries, 3))
    thin = [post.employer for post in posts if len(post.highlights) < _ENOUGH_HIGHLIGHTS][:3]
    where = f" at {', '.join(thin)}" if thin else ""
    yield _Criterion(
        "experiences.highlights",
        17,
        min(1.0, len(highlights) / wanted),
        f"Add at least {_ENOUGH_HIGHLIGHTS} highlights to each experience: what you achieved{where}.",
    )
    counted = sum(bool(_NUMBER.search(line.lower())) for line in highlights)
    yield _Criterion(
        "experiences.highlights.numbers",
        8,
        min(1.0, counted / max(1.0, len(highlights) * 0.4)),
        "Say how much: numbers, shares, sizes or times in your highlights.",
    )
    undated = [post.employer for post in posts if post.start is None]
    dated = 1 - len(undated) / len(posts) if posts else float(bool(content.projects))
    yield _Criterion("experiences.start", 4, dated, f"Add dates{f' to {undated[0]}' if undated else ''}.")


def _about_the_rest(content: ProfileContent) -> Iterator[_Criterion]:
    skills = {name.casefold() for skill in content.skills for name in (skill.keywords or (skill.name,))}
    yield _Criterion(
        "skills", 13, min(1.0, len(skills) / _ENOUGH_SKILLS), f"Name at least {_ENOUGH_SKILLS} skills and tools."
    )
    learned = bool(content.education or content.certifications)
    yield _Criterion("education", 7, float(learned), "Add a degree, a course of study or a certificate.")
    yield _Criterion("languages", 3, float(bool(content.languages)), "Add the languages that you speak.")


def _posts(content: ProfileContent) -> list[Experience]:
    return sorted(content.experiences, key=lambda post: post.kind is ExperienceKind.VOLUNTEER)
