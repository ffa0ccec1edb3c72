"""What a letter is made of: the person's entries with their achievements, the most relevant first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from jobwise.generation.credentials import language_codes
from jobwise.generation.facts import named_terms, skills_of, squeeze, terms_in
from jobwise.generation.prose import language_of, sentences, words
from jobwise.generation.types import MatchReport, Strength
from jobwise.generation.weighing import stems, terms_of_posting
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.vocabulary import Mention, TermKind, vocabulary
from jobwise.profiles.content import Experience, ExperienceKind, ProfileContent, Project

# Methods and fields of knowledge that are named after somebody or something.
#: Characters. A letter has one page: a paragraph pasted into a highlight is for the résumé.
_LONGEST_TEXT = 500
_PROPER = words(
    "Scrum Kanban Kaizen Montessori English German French Spanish Italian Dutch American British European Union "
    "Basel Solvency "
    "Bayesian Monte Carlo Markov Gaussian Fourier Kalman Six Sigma Agile Lean Python Java Excel Google Microsoft Gantt"
)


@dataclass(frozen=True)
class Achievement:
    """One thing worth telling. `terms` are those of it that the posting names."""

    fact_id: UUID
    text: str
    score: float
    terms: frozenset[str]


@dataclass(frozen=True)
class Chapter:
    """An entry of the profile with its achievements, best first. `surfaces` are its terms as the person writes them."""

    entry: Experience | Project
    achievements: tuple[Achievement, ...]
    surfaces: dict[str, str]
    score: float

    @property
    def current(self) -> bool:
        """Whether it goes on."""
        return bool(self.entry.start and not self.entry.end)


def chapters_of(profile: ProfileContent, analysis: JobAnalysis, report: MatchReport) -> list[Chapter]:
    """All entries, the most relevant first; of equals, work before projects."""
    wanted = terms_of_posting(analysis)
    entries: list[Experience | Project] = [*profile.experiences, *profile.projects]
    chapters = [_chapter(entry, report, wanted) for entry in entries]
    return sorted(chapters, key=lambda chapter: -chapter.score)


def _chapter(entry: Experience | Project, report: MatchReport, wanted: tuple[str, ...]) -> Chapter:
    achievements = sorted(_achievements(entry, report, frozenset(wanted)), key=lambda item: -item.score)
    surfaces = _surfaces(entry, wanted)
    weight = 1.0 if isinstance(entry, Project) or entry.kind is ExperienceKind.VOLUNTEER else 1.3
    recency = 0.3 if not entry.end and entry.start else 0.0
    score = weight * (sum(item.score for item in achievements[:3]) + 0.5 * len(surfaces) + recency)
    return Chapter(entry, tuple(achievements), surfaces, score)


def _achievements(entry: Experience | Project, report: MatchReport, wanted: frozenset[str]) -> Iterator[Achievement]:
    for highlight in entry.highlights:
        text = squeeze(highlight.text)
        if len(text) <= _LONGEST_TEXT and (len(text.split()) >= 3 or not text.isascii()):
            score = report.fact_scores.get(highlight.id, 0.0)
            yield Achievement(highlight.id, text, score, wanted.intersection(terms_in(text)))
    if not entry.highlights and isinstance(entry, Experience):
        # Who lists no highlights often tells them in the post's summary.
        for sentence in [each for each in sentences(entry.summary) if len(each) <= _LONGEST_TEXT][:3]:
            terms = wanted.intersection(terms_in(sentence))
            yield Achievement(entry.id, sentence, report.fact_scores.get(entry.id, 0.0) * 0.5 + len(terms), terms)


def _surfaces(entry: Experience | Project, wanted: tuple[str, ...]) -> dict[str, str]:
    """The posting's terms that an entry names, the most important first, each as it is written in running text."""
    own: dict[str, str] = {}
    names = entry.skills if isinstance(entry, Experience) else entry.keywords
    for name in names:
        if len(terms := named_terms([name])) == 1:
            own.setdefault(terms[0], inline(name, kind_of(terms[0])))
    for text in (line.text for line in entry.highlights):
        for mention in vocabulary().find(text):
            own.setdefault(mention.term, _running(mention, text))
    return {term: own[term] for term in wanted if own.get(term) and is_worth_naming(term)}


def _running(mention: Mention, text: str) -> str:
    """A mention as running text; "" where a single everyday word (`dashboard`) would not read as the skill it shows.

    Outside English, a word behind another capitalised one is taken for a part of a longer name ("Lean Construction").
    """
    if mention.kind in (TermKind.TOOL, TermKind.CERTIFICATION):
        return mention.surface
    if language_of(text) not in ("en", ""):
        return "" if re.search(r"[A-ZÄÖÜ]\w+[ -]$", text[: mention.start]) else mention.surface
    bent = (
        mention.surface.isalpha() and mention.surface[1:].islower() and mention.surface.lower() != mention.term.lower()
    )
    return "" if bent else inline(mention.surface, mention.kind)


def says_already(title: str, term: str) -> bool:
    """Whether a title says a term: an accountant need not be told to know accounting."""
    own, said = stems(term), stems(title)
    return bool(own) and all(any(word.startswith(part[:6]) for word in said) for part in own)


def is_worth_naming(term: str) -> bool:
    """Whether a term says something in a list: soft skills and languages need an example, not a name."""
    return kind_of(term) is not TermKind.SOFT and not language_codes(term)


def listed_surfaces(report: MatchReport, analysis: JobAnalysis) -> dict[str, str]:
    """The posting's terms among the listed skills, as the person writes them."""
    own: dict[str, str] = {}
    for name in report.ranked_skills:
        for term in named_terms([name]):
            own.setdefault(term, inline(name, kind_of(term)))
    return {term: own[term] for term in terms_of_posting(analysis) if term in own and is_worth_naming(term)}


def skill_ids(profile: ProfileContent, terms: frozenset[str]) -> tuple[UUID, ...]:
    """The rows of the skills list that name any of the terms."""
    return tuple(
        skill.id for skill in profile.skills if terms.intersection(named_terms([skill.name, *skills_of(skill)]))
    )


def inline(surface: str, kind: TermKind | None) -> str:
    """A term inside an English sentence: names of things stay, other words lose the capitals of a heading."""
    text = squeeze(surface)
    has_abbreviation = any(len(word) > 1 and word.isupper() for word in text.split(" "))
    if kind in (None, TermKind.TOOL, TermKind.CERTIFICATION) or has_abbreviation or not text.isascii():
        return text
    return " ".join(_plain(word) for word in text.split(" "))


def _plain(word: str) -> str:
    is_heading = word[:1].isupper() and word[1:] == word[1:].lower() and len(word) > 1
    return word.lower() if is_heading and word not in _PROPER else word


def kind_of(term: str) -> TermKind | None:
    """What sort of thing a canonical term names."""
    return _KINDS.get(term) or _KINDS.setdefault(term, _look_up(term))


_KINDS: dict[str, TermKind | None] = {}


def _look_up(term: str) -> TermKind | None:
    if not _KINDS:
        _KINDS.update({entry.name: entry.kind for entry in vocabulary().terms()})
    return _KINDS.get(term)


def requirement_ids(analysis: JobAnalysis, report: MatchReport, fact_ids: frozenset[UUID]) -> tuple[str, ...]:
    """The requirements that any of the facts answers."""
    return tuple(
        found.requirement_id
        for found in report.requirements
        if found.strength is not Strength.MISSING and any(item.fact_id in fact_ids for item in found.evidence)
    )


def surfaces_shown(chapters: list[Chapter]) -> dict[str, tuple[str, tuple[UUID, ...]]]:
    """The posting's terms that the entries show: as the person writes them, and the entries that show them."""
    order: dict[str, tuple[str, tuple[UUID, ...]]] = {}
    for chapter in chapters:
        for term, text in chapter.surfaces.items():
            known = order.get(term, (text, ()))
            order[term] = (known[0], (*known[1], chapter.entry.id))
    return order
