"""What a model is told: the facts under short ids, the posting's requirements, and a plain draft. No name, no contact.

Short ids (f1, f2, ...) cost few tokens and are copied without mistakes.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from jobwise.documents.content import DocumentKind
from jobwise.generation import builtin_writer, ledger
from jobwise.generation.facts import facts_of
from jobwise.generation.prose import prose_language
from jobwise.generation.redaction import Redaction
from jobwise.generation.types import Change, Fact, FactKind, MatchReport, Options, Strength
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent

_MOST_HIGHLIGHTS = 40
_MOST_FACTS = 100
_MOST_REQUIREMENTS = 25
_LONGEST_TEXT = 600
_LONGEST_QUOTE = 240
_LONGEST_WISH = 1_000


class Brief:
    """The material of one generation, as models see it."""

    def __init__(
        self, profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, options: Options, today: date
    ) -> None:
        self.profile = profile
        self._analysis = analysis
        self._report = report
        self._options = options
        self._redaction = Redaction(profile)
        told = [*(post.highlights for post in profile.experiences), *(one.highlights for one in profile.projects)]
        rewordable = {line.id for lines in told for line in lines}
        chosen = _chosen(facts_of(profile, today), report)
        self._facts = {f"f{number}": fact for number, fact in enumerate(chosen, 1)}
        self._ids = {fact.id: short for short, fact in self._facts.items()}
        self._rewordable = {
            short
            for short, fact in self._facts.items()
            if fact.id in rewordable and not self.is_private(self._redaction.text(fact.text))
        }

    def fact(self, short_id: str) -> Fact | None:
        """The fact that a model means; None where it means none."""
        return self._facts.get(short_id.strip().lower())

    def rewordable(self, short_id: str) -> Fact | None:
        """The highlight that may be worded anew; None for anything else."""
        return self.fact(short_id) if short_id.strip().lower() in self._rewordable else None

    def is_private(self, text: str) -> bool:
        """Whether a model repeats a mark that stands for what it was not told."""
        return self._redaction.is_marked(text)

    def resume(self, own: Sequence[Change]) -> dict[str, Any]:
        """For the résumé; `own` are the built-in writer's changes, whose summary is the draft."""
        summary = next((change.value for change in own if change.path == ledger.SUMMARY), self.profile.summary)
        return {
            **self._common(prose_language(self.profile)),
            "draft": {"summary": self._redaction.text(summary)},
        }

    def letter(self, own: Sequence[Change]) -> dict[str, Any]:
        """For the letter; `own` are the built-in writer's changes, whose paragraphs are the draft."""
        voice = builtin_writer.voice_for(self.profile, self._options)
        paragraphs = [change for change in own if change.document is DocumentKind.COVER_LETTER]
        return {
            **self._common(voice.phrases.language),
            "tone": self._options.tone.value.lower(),
            "draft": {
                "paragraphs": [
                    {"text": self._redaction.text(change.value), "evidence": self._short(change.evidence_ids)}
                    for change in paragraphs
                ]
            },
        }

    def _common(self, language: str) -> dict[str, Any]:
        strengths = {found.requirement_id: found for found in self._report.requirements}
        requirements = [
            {
                "id": requirement.id,
                "importance": requirement.importance.value.lower(),
                "quote": self._redaction.text(requirement.quote)[:_LONGEST_QUOTE],
                "shown_by": self._short(
                    evidence.fact_id
                    for evidence in (strengths[requirement.id].evidence if requirement.id in strengths else ())
                    if evidence.strength is not Strength.MISSING
                ),
            }
            for requirement in self._analysis.requirements[:_MOST_REQUIREMENTS]
        ]
        return {
            "language": language,
            "posting": {
                "title": self._redaction.text(self._analysis.title),
                "company": self._redaction.text(self._analysis.company),
                "requirements": requirements,
            },
            "facts": [self._told(short, fact) for short, fact in self._facts.items()],
            "wishes": self._redaction.text(self._options.instructions)[:_LONGEST_WISH],
        }

    def _told(self, short: str, fact: Fact) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": short,
            "kind": fact.kind.value,
            "text": self._redaction.text(fact.text)[:_LONGEST_TEXT],
        }
        if fact.parent_id in self._ids:
            told["of"] = self._ids[fact.parent_id]
        if short in self._rewordable and len(fact.text) <= _LONGEST_TEXT:
            told["may_reword"] = True
        return told

    def _short(self, fact_ids: Iterable[UUID]) -> list[str]:
        return [self._ids[fact_id] for fact_id in fact_ids if fact_id in self._ids]


def _chosen(facts: Sequence[Fact], report: MatchReport) -> list[Fact]:
    """The facts in the profile's order; of very many highlights, the most relevant."""
    highlights = [fact for fact in facts if fact.kind is FactKind.HIGHLIGHT]
    highlights.sort(key=lambda fact: -report.fact_scores.get(fact.id, 0.0))
    left_out = {fact.id for fact in highlights[_MOST_HIGHLIGHTS:]}
    return [fact for fact in facts if fact.id not in left_out][:_MOST_FACTS]
