"""What a model is told: the facts under short ids, the posting's requirements, and a plain draft. No name, no contact.

Short ids (f1, f2, ...) cost few tokens and are copied without mistakes.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from jobwise.documents.content import DocumentKind
from jobwise.generation import builtin_writer, ledger
from jobwise.generation.facts import facts_of
from jobwise.generation.prose import prose_language
from jobwise.generation.types import Change, Fact, FactKind, MatchReport, Options, Strength
from jobwise.jobs.requirements import JobAnalysis, Requirement
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.redaction import Redaction

#: What a model may propose for a résumé, in the order in which people read it.
HEADLINE, SUMMARY, HIGHLIGHTS, ORDERS = RESUME_PARTS = ("headline", "summary", "highlights", "orders")

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
        self._matches = {found.requirement_id: found for found in report.requirements}
        self._options = options
        self._redaction = Redaction(profile)
        told = [*(post.highlights for post in profile.experiences), *(one.highlights for one in profile.projects)]
        rewordable = {line.id for lines in told for line in lines}
        chosen = _chosen(facts_of(profile, today), report)
        self._facts = {f"f{number}": fact for number, fact in enumerate(chosen, 1)}
        self._ids = {fact.id: short for short, fact in self._facts.items()}
        self._rewordable = {
            short for short, fact in self._facts.items() if fact.id in rewordable and not self.is_private(fact.text)
        }

    def fact(self, short_id: str) -> Fact | None:
        """The fact that a model means; None where it means none."""
        return self._facts.get(short_id.strip().lower())

    def rewordable(self, short_id: str) -> Fact | None:
        """The highlight that may be worded anew; None for anything else."""
        return self.fact(short_id) if short_id.strip().lower() in self._rewordable else None

    def short_id(self, fact_id: UUID) -> str:
        """The fact's id in prompts; "" for one that models are not told of."""
        return self._ids.get(fact_id, "")

    def is_private(self, text: str) -> bool:
        """Whether a model writes of what it was not told, or repeats a mark that stands for it."""
        return self._redaction.is_marked(self._redaction.text(text))

    def told(self) -> str:
        """All that a model may name, in small letters."""
        facts = [fact.text for fact in self._facts.values()]
        asked = [requirement.quote for requirement in self._analysis.requirements]
        return "\n".join([*facts, *asked, self._analysis.title, self._analysis.company]).lower()

    def batches(self, most: int) -> list[list[str]]:
        """The short ids of what may be worded anew, in fair parts of about `most` highlights; entries stay whole."""
        rewordable = [short for short in self._facts if short in self._rewordable]
        fair = math.ceil(len(rewordable) / max(1, math.ceil(len(rewordable) / most)))
        found: list[list[str]] = []
        for short in rewordable:
            is_new_entry = not found or self._facts[found[-1][-1]].parent_id != self._facts[short].parent_id
            if is_new_entry and (not found or len(found[-1]) >= fair):
                found.append([])
            found[-1].append(short)
        return found

    def resume(
        self, own: Sequence[Change], parts: Sequence[str] = RESUME_PARTS, reword: Collection[str] | None = None
    ) -> dict[str, Any]:
        """For `parts` of the résumé; `own` are the built-in writer's changes, whose summary is the draft.

        `reword` names the highlights that may be worded anew, None all of them. Where nothing else is to be written,
        no other facts are told than these and the entries they belong to.
        """
        wanted = self._rewordable if reword is None else self._rewordable.intersection(reword)
        told = self._with_entries(wanted) if tuple(parts) == (HIGHLIGHTS,) else set(self._facts)
        data = {"parts": list(parts), **self._common(prose_language(self.profile), told, wanted)}
        if SUMMARY in parts:
            summary = next((change.value for change in own if change.path == ledger.SUMMARY), self.profile.summary)
            data["draft"] = {"summary": self._redaction.text(summary)}
        return data

    def letter(self, own: Sequence[Change]) -> dict[str, Any]:
        """For the letter; `own` are the built-in writer's changes, whose paragraphs are the draft."""
        voice = builtin_writer.voice_for(self.profile, self._options)
        paragraphs = [change for change in own if change.document is DocumentKind.COVER_LETTER]
        return {
            **self._common(voice.phrases.language, set(self._facts)),
            "tone": self._options.tone.value.lower(),
            "draft": {
                "paragraphs": [
                    {"text": self._redaction.text(change.value), "evidence": self._short(change.evidence_ids)}
                    for change in paragraphs
                ]
            },
        }

    def refused(self, place: str, said: str, why: Iterable[str]) -> dict[str, Any]:
        """What a model is told of words of its own that do not hold."""
        return {"place": place, "said": self._redaction.text(said), "why": [self._redaction.text(one) for one in why]}

    def _with_entries(self, shorts: Collection[str]) -> set[str]:
        parents = (self._facts[short].parent_id for short in shorts)
        return {*shorts, *(self._ids[parent] for parent in parents if parent in self._ids)}

    def _common(self, language: str, told: Collection[str], reword: Collection[str] = ()) -> dict[str, Any]:
        requirements = [self._requirement(requirement, told) for requirement in self._analysis.requirements]
        # Of some facts alone, only what they answer matters.
        relevant = [each for each in requirements if each["shown_by"] or len(told) == len(self._facts)]
        return {
            "language": language,
            "posting": {
                "title": self._redaction.text(self._analysis.title),
                "company": self._redaction.text(self._analysis.company),
                "requirements": relevant[:_MOST_REQUIREMENTS],
            },
            "facts": [self._told(short, fact, short in reword) for short, fact in self._facts.items() if short in told],
            "wishes": self._redaction.text(self._options.instructions)[:_LONGEST_WISH],
        }

    def _requirement(self, requirement: Requirement, told: Collection[str]) -> dict[str, Any]:
        found = self._matches.get(requirement.id)
        evidence = (one.fact_id for one in (found.evidence if found else ()) if one.strength is not Strength.MISSING)
        return {
            "id": requirement.id,
            "importance": requirement.importance.value.lower(),
            "quote": self._redaction.text(requirement.quote)[:_LONGEST_QUOTE],
            "shown_by": [short for short in self._short(evidence) if short in told],
        }

    def _told(self, short: str, fact: Fact, may_reword: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": short,
            "kind": fact.kind.value,
            "text": self._redaction.text(fact.text)[:_LONGEST_TEXT],
        }
        if fact.parent_id in self._ids:
            told["of"] = self._ids[fact.parent_id]
        if may_reword and len(fact.text) <= _LONGEST_TEXT:
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
