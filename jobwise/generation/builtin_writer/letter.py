"""The built-in writer's letter: what is applied for, the closest work, further evidence, a courteous end.

Claims are the person's own achievements; the frames around them claim nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.builtin_writer.clauses import main_sentence
from jobwise.generation.builtin_writer.material import (
    Achievement,
    Chapter,
    chapters_of,
    kind_of,
    listed_surfaces,
    requirement_ids,
    says_already,
    skill_ids,
)
from jobwise.generation.builtin_writer.narration import Position, Telling, tell
from jobwise.generation.builtin_writer.qualifications import credential_sentences, study_sentence
from jobwise.generation.facts import squeeze
from jobwise.generation.phrases import Phrases
from jobwise.generation.types import Change, MatchReport, Operation, Options, Tone, Transform
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.vocabulary import TermKind
from jobwise.profiles.content import Experience, ExperienceKind, ProfileContent

_LONGEST_SENTENCE = 50
_FREELANCE = (
    "freelance",
    "self-employed",
    "self employed",
    "independent",
    "freiberuflich",
    "selbstständig",
    "selbständig",
)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the letter and the facts it rests on."""

    text: str
    fact_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Voice:
    """How this letter speaks: the phrases, and whether the person's prose is in their language and may be quoted."""

    phrases: Phrases
    quotes: bool
    tone: Tone


def letter_changes(
    profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, options: Options, voice: Voice, today: date
) -> list[Change]:
    """The letter's paragraphs as additions to the ledger."""
    author = _Author(profile, analysis, report, voice, today)
    changes = []
    for number, paragraph in enumerate(author.paragraphs()):
        ids = tuple(dict.fromkeys(id_ for sentence in paragraph for id_ in sentence.fact_ids))
        separator = "" if voice.phrases.language == "ja" else " "
        changes.append(
            Change(
                id="",
                document=DocumentKind.COVER_LETTER,
                path=ledger.paragraph_path(number),
                op=Operation.ADD,
                value=separator.join(sentence.text for sentence in paragraph),
                reason=_REASONS[min(number, 2)] if ids else "A courtesy; it claims nothing.",
                evidence_ids=ids,
                requirement_ids=requirement_ids(analysis, report, frozenset(ids)),
                transform=Transform.SYNTHESIZE if number == 0 else Transform.REFRAME,
            )
        )
    return changes


_REASONS = (
    "Says what you apply for and where your profile meets it most closely.",
    "Your own achievements that come closest to what the posting asks for.",
    "Further evidence from your profile for the posting's requirements.",
)


class _Author:
    def __init__(
        self, profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, voice: Voice, today: date
    ) -> None:
        self._profile = profile
        self._analysis = analysis
        self._report = report
        self._voice = voice
        self._phrases = voice.phrases
        self._today = today
        self._chapters = chapters_of(profile, analysis, report)

    def paragraphs(self) -> list[list[Sentence]]:
        """Three or four paragraphs, each a list of sentences."""
        connection, connected = self._connection()
        application = Sentence(self._phrases.application(self._analysis.title, self._analysis.company))
        main, further = self._told(connected)
        credentials = [
            Sentence(text, ids)
            for text, ids in credential_sentences(
                self._profile, self._analysis, self._report, self._phrases, self._today
            )
        ]
        further += [
            sentence for sentence in credentials if sentence.fact_ids not in {item.fact_ids for item in connection}
        ]
        if not main and not further:
            further = [Sentence(self._phrases.enclosed)]
        farewell = Sentence(self._phrases.farewells[self._voice.tone])
        return [part for part in ([application, *connection], main, further, [farewell]) if part]

    def _connection(self) -> tuple[list[Sentence], Chapter | None]:
        """The one strongest link between the person and the posting, and the entry it speaks of."""
        asked = {term for requirement in self._analysis.requirements for term in requirement.terms}
        jobs = [chapter for chapter in self._chapters if isinstance(chapter.entry, Experience)]
        shown = [(chapter, self._telling_terms(chapter, asked)) for chapter in jobs]
        # Of equals, what the person does now is the stronger link.
        weighed = {id(chapter): min(len(terms), 3) + chapter.current + _is_work(chapter) for chapter, terms in shown}
        best = max(shown, key=lambda pair: (bool(pair[1]) * weighed[id(pair[0])], pair[0].score), default=None)
        skills = listed_surfaces(self._report, self._analysis)
        listed = {term: text for term, text in skills.items() if term in asked and self._may_name(term, text)}
        if best and len(best[1]) >= min(2, len(listed)) and best[1]:
            chapter, terms = best
            frame = self._phrases.involves_now if chapter.current else self._phrases.involves_then
            text = frame.format(place=self._place(chapter), terms=self._phrases.listing(terms[:3]))
            return [Sentence(text, (chapter.entry.id,))], chapter
        if listed:
            text = self._phrases.skills_include.format(terms=self._phrases.listing(list(listed.values())[:4]))
            return [Sentence(text, skill_ids(self._profile, frozenset(list(listed)[:4])))], None
        return self._career(jobs)

    def _telling_terms(self, chapter: Chapter, asked: set[str]) -> list[str]:
        """The asked-for terms of an entry, save those that the position's title says already."""
        title = chapter.entry.title if isinstance(chapter.entry, Experience) else chapter.entry.role
        found = {
            term: text
            for term, text in chapter.surfaces.items()
            if term in asked and self._may_name(term, text) and not says_already(title, text)
        }
        names = {TermKind.TOOL, TermKind.CERTIFICATION}
        # One everyday word alone ("teaching") is too thin a link to open a letter with.
        is_thin = len(found) == 1 and all(
            kind_of(term) not in names and " " not in text for term, text in found.items()
        )
        return [] if is_thin else list(found.values())

    def _may_name(self, term: str, text: str) -> bool:
        """Outside English, a term that is no name is named only in the posting's own language."""
        is_name = kind_of(term) in (TermKind.TOOL, TermKind.CERTIFICATION)
        return (
            self._phrases.language == "en"
            or is_name
            or any(text in quote.quote for quote in self._analysis.requirements)
        )

    def _career(self, jobs: Sequence[Chapter]) -> tuple[list[Sentence], Chapter | None]:
        """Where the posting and the profile share no named skill: what the person does or has studied."""
        worked = [chapter for chapter in jobs if _is_work(chapter) and self._place(chapter)]
        if worked:
            latest = max(worked, key=lambda chapter: (chapter.current, chapter.entry.end or chapter.entry.start or ""))
            frame = self._phrases.career_now if latest.current else self._phrases.career_then
            return [Sentence(frame.format(place=self._place(latest)), (latest.entry.id,))], latest
        study = study_sentence(self._profile, self._phrases, self._today)
        return ([Sentence(*study)] if study else []), None

    def _told(self, connected: Chapter | None) -> tuple[list[Sentence], list[Sentence]]:
        """The closest entry's achievements, and those of the next entry."""
        if not self._voice.quotes:
            return [], []
        telling = sorted((chapter for chapter in self._chapters if chapter.achievements), key=self._is_awkward)
        if not telling:
            return self._projects_described(), []
        main = next((chapter for chapter in telling if chapter is connected), None) or self._best_to_tell(telling)
        others = [chapter for chapter in telling if chapter is not main]
        most = 1 if self._voice.tone is Tone.CONCISE else 2
        if self._is_awkward(main):
            # One quotation is enough for a letter.
            others = [chapter for chapter in others if not self._is_awkward(chapter)]
        first = self._tell(main, most, brief=main is connected, after=None)
        second = self._tell(others[0], most if others[0].score > 2 else 1, brief=False, after=main) if others else []
        return first, second

    def _tell(self, chapter: Chapter, most: int, *, brief: bool, after: Chapter | None) -> list[Sentence]:
        """The achievements of an entry that are most relevant and can be told in a natural sentence."""
        place = self._place(chapter, brief=brief)
        first = Position.EARLIER if after and _is_earlier(chapter, after) else Position.FIRST
        told = [(self._telling(item, place, first, chapter), item) for item in chapter.achievements]
        chosen = sorted(told, key=lambda pair: -_worth(*pair))[:most]
        sentences: list[Sentence] = []
        for telling, item in chosen:
            if not sentences:
                sentences.append(Sentence(telling.text, (item.fact_id, chapter.entry.id)))
            elif telling.kind == chosen[0][0].kind:
                # A second one is told only if it is as natural as the first.
                again = self._telling(item, place, Position.AGAIN, chapter)
                sentences.append(Sentence(again.text, (item.fact_id, chapter.entry.id)))
        return sentences

    def _best_to_tell(self, telling: Sequence[Chapter]) -> Chapter:
        """Paid work before a project that is only a little more relevant; a quotation only if there is nothing else."""
        return max(telling, key=lambda one: (not self._is_awkward(one), one.score * (2.0 if _is_work(one) else 1.0)))

    def _is_awkward(self, chapter: Chapter) -> bool:
        """Whether nothing of an entry can be told but by quoting it, in a language whose grammar we otherwise bend."""
        if self._phrases.language not in ("en", "de", "ja"):
            return False
        place = self._place(chapter)
        return all(self._telling(item, place, Position.FIRST, chapter).quoted for item in chapter.achievements)

    def _telling(self, item: Achievement, place: str, position: Position, chapter: Chapter) -> Telling:
        project = "" if isinstance(chapter.entry, Experience) else squeeze(chapter.entry.name)
        return tell(self._phrases, item.text, place, position, current=chapter.current, project=project)

    def _projects_described(self) -> list[Sentence]:
        described = [project for project in self._profile.projects if project.name and project.description]
        return [
            Sentence(
                self._phrases.about_project.format(
                    name=project.name, description=f"{main_sentence(project.description)}."
                ),
                (project.id,),
            )
            for project in described[:2]
        ]

    def _place(self, chapter: Chapter, *, brief: bool = False) -> str:
        entry = chapter.entry
        if not isinstance(entry, Experience):
            return self._phrases.place_project.format(name=entry.name) if entry.name else ""
        if entry.employer.lower().startswith(_FREELANCE) and len(entry.employer.split()) < 3:
            return self._phrases.place_freelance
        title = inline_title(entry.title)
        return self._phrases.place("" if brief and entry.employer else title, squeeze(entry.employer))


def inline_title(title: str) -> str:
    """A title inside a sentence: without what a comma or a parenthesis adds to it."""
    return squeeze(title).split(",")[0].split(" (")[0].strip()


def _is_work(chapter: Chapter) -> bool:
    return isinstance(chapter.entry, Experience) and chapter.entry.kind is ExperienceKind.WORK


def _is_earlier(chapter: Chapter, other: Chapter) -> bool:
    both_work = isinstance(chapter.entry, Experience) and isinstance(other.entry, Experience)
    return both_work and bool(chapter.entry.end and other.entry.start and chapter.entry.end <= other.entry.start)


def _worth(telling: Telling, item: Achievement) -> float:
    """Relevance, less what makes a sentence awkward: a quotation, or too many words."""
    return item.score - 1.0 * telling.quoted - 1.5 * (len(telling.text.split()) > _LONGEST_SENTENCE)
