"""The built-in writer's résumé: the person's own lines, ordered for the posting, each change with its reason."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.builtin_writer.material import (
    chapters_of,
    kind_of,
    requirement_ids,
    says_already,
    surfaces_shown,
)
from jobwise.generation.facts import HEADLINE_ID, SUMMARY_ID, named_terms, skill_names, squeeze, terms_in
from jobwise.generation.phrases import PHRASES
from jobwise.generation.prose import sentences
from jobwise.generation.types import Change, MatchReport, Operation, Transform
from jobwise.generation.weighing import terms_of_posting
from jobwise.jobs.requirements import Importance, JobAnalysis
from jobwise.jobs.vocabulary import TermKind
from jobwise.profiles.content import Experience, ExperienceKind, ProfileContent, Project

_MOST_SENTENCES = 4
_MOST_TERMS = 4
# What a number and recency alone may give a highlight in the match: no relevance to this posting.
_UNRELATED = 0.7
# A sentence that begins so leans on the one before it, so it must not be moved away from it.
_LEANING = re.compile(
    r"^[(“\"]?(?:he|she|they|it|this|these|those|that|also|however|there|then|both|before|after|while|additionally|moreover|"
    r"er|sie|dies\w*|dabei|dort|zudem|außerdem|danach|il|elle|cela|él|ella|esto|além|ele|ela|inoltre|daarnaast|hij|zij)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"^(?:eager|seeking|looking|open to|keen|motivated|interested|aiming|hoping|excited|ready|now|currently seeking|"
    r"i\b|i['’]|my\b|"
    r"suche|auf der suche|offen|interessiert|busco|je cherche|à la recherche|cerco|zoek)\b",
    re.IGNORECASE,
)
_WANTS = {Importance.MUST: "requires", Importance.SHOULD: "asks for", Importance.NICE: "welcomes"}


def resume_changes(
    profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, language: str, today: date
) -> list[Change]:
    """Everything that the tailored résumé says or orders differently from the profile."""
    editor = _Editor(profile, analysis, report, language, today)
    found = [editor.headline(), editor.summary(), *editor.orders(), editor.skills()]
    return [change for change in found if change]


class _Editor:
    def __init__(
        self, profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, language: str, today: date
    ) -> None:
        self._profile = profile
        self._analysis = analysis
        self._report = report
        self._phrases = PHRASES.get(language)
        self._today = today
        self._wanted = terms_of_posting(analysis)

    def headline(self) -> Change | None:
        """Who has no headline goes by the title they hold."""
        jobs = [post for post in self._profile.experiences if post.kind is ExperienceKind.WORK and post.title]
        current = next((post for post in jobs if post.start and not post.end), None)
        if self._profile.headline or not current:
            return None
        return self._change(
            ledger.HEADLINE,
            Operation.ADD,
            squeeze(current.title),
            f"Your profile has no headline, so your current title at {current.employer} stands there.",
            [current.id],
            Transform.VERBATIM,
        )

    def summary(self) -> Change | None:
        """The person's own sentences, the relevant ones kept, and what the posting requires named once."""
        original = squeeze(self._profile.summary)
        own = self._chosen_sentences(sentences(original))
        added, evidence = self._added_sentences(" ".join(own))
        value = " ".join([*own, *added])
        if not value or (not added and own == sentences(original)):
            return None
        reasons = []
        if added:
            reasons.append(
                "Names what you have used that the posting asks for; your profile's entries show each of these."
            )
        if len(own) < len(sentences(original)):
            reasons.append("Leaves out the sentences that say least about this posting.")
        elif own != sentences(original):
            reasons.append("Your own sentences, the most relevant ones first.")
        return self._change(
            ledger.SUMMARY,
            Operation.REPLACE if original else Operation.ADD,
            value,
            " ".join(reasons),
            [*([SUMMARY_ID] if original else []), *evidence],
            Transform.SYNTHESIZE if added else Transform.VERBATIM,
        )

    def orders(self) -> Iterator[Change | None]:
        """The most relevant achievement of each entry first."""
        entries: list[Experience | Project] = [*self._profile.experiences, *self._profile.projects]
        for entry in entries:
            lines = [line for line in entry.highlights if line.text.strip()]
            ordered = sorted(lines, key=lambda line: -self._relevance(line.id))
            if [line.id for line in ordered] != [line.id for line in lines]:
                moved = next(new for new, old in zip(ordered, lines, strict=True) if new.id != old.id)
                yield self._change(
                    ledger.order_path(entry),
                    Operation.MOVE,
                    "\n".join(squeeze(line.text) for line in ordered),
                    self._why_moved(moved.id, squeeze(moved.text)),
                    [moved.id],
                    Transform.VERBATIM,
                )

    def skills(self) -> Change | None:
        """Groups and skills by what the posting asks for; none is added, none is left out."""
        rank = {name: position for position, name in enumerate(self._report.ranked_skills)}
        rows = []
        for skill in self._profile.skills:
            items = [item for item in map(squeeze, skill_names(skill)) if item]
            ordered = sorted(items, key=lambda item: rank.get(item, len(rank)))
            # A keyword that is not a wanted term keeps the person's order.
            hits = [item for item in ordered if self._wanted_terms(item)]
            rest = [item for item in items if item not in hits]
            rows.append((skill, [*hits, *rest], len(hits)))
        rows.sort(key=lambda row: -row[2])
        lines = [
            ledger.skill_line(skill.name, items if skill.keywords else ())
            for skill, items, _ in rows
            if skill.name or items
        ]
        value = "\n".join(line for line in lines if line)
        if value == ledger.original_of(self._profile, ledger.SKILLS) or not value:
            return None
        moved = [item for _, items, hits in rows for item in items[:hits]]
        first = sorted(moved, key=lambda item: rank.get(item, len(rank)))[:3]
        reason = (
            f"Moved up: {_listing(first)}, which the posting names."
            if first
            else "Ordered by what the posting asks for."
        )
        ids = [skill.id for skill, _, hits in rows if hits]
        return self._change(ledger.SKILLS, Operation.MOVE, value, reason, ids, Transform.VERBATIM)

    def _chosen_sentences(self, own: Sequence[str]) -> list[str]:
        if len(own) < 3 or any(_LEANING.match(sentence) for sentence in own[1:]):
            return list(own)
        # The first sentence says who this is; the others follow by how much of the posting they speak of; wishes end
        # it.
        wishes = [sentence for sentence in own[1:] if _WISH.match(sentence)]
        told = [sentence for sentence in own[1:] if sentence not in wishes]
        told.sort(key=lambda sentence: -len(self._wanted_terms(sentence)))
        return [own[0], *told[: max(0, _MOST_SENTENCES - 1 - len(wishes))], *wishes[: _MOST_SENTENCES - 1]]

    def _added_sentences(self, said: str) -> tuple[list[str], list[UUID]]:
        if self._phrases is None:
            return [], []
        added: list[str] = []
        evidence: list[UUID] = []
        title = squeeze(self._profile.headline) or self._latest_title()
        if not said and title and self._report.years >= 2:
            added.append(self._phrases.summary_years.format(title=title, years=int(self._report.years)))
            evidence += [HEADLINE_ID] if self._profile.headline else []
            evidence += [post.id for post in self._profile.experiences if post.start]
        shown = surfaces_shown(chapters_of(self._profile, self._analysis, self._report))
        asked = {term for requirement in self._analysis.requirements for term in requirement.terms}
        named = self._wanted_terms(said)
        # A nurse need not be told to have experience with nursing.
        known = f"{title} {self._latest_title()}"
        unsaid = {
            term: text
            for term, (text, _) in shown.items()
            if term in asked and term not in named and self._may_name(term, text) and not says_already(known, text)
        }
        chosen = list(unsaid)[:_MOST_TERMS]
        if len(chosen) >= 2:
            added.append(
                self._phrases.summary_terms.format(terms=self._phrases.listing([unsaid[term] for term in chosen]))
            )
            evidence += [id_ for term in chosen for id_ in shown[term][1]]
        return added, list(dict.fromkeys(evidence))

    def _may_name(self, term: str, text: str) -> bool:
        is_name = kind_of(term) in (TermKind.TOOL, TermKind.CERTIFICATION)
        is_english = self._phrases is not None and self._phrases.language == "en"
        return is_english or is_name or any(text in quote.quote for quote in self._analysis.requirements)

    def _latest_title(self) -> str:
        jobs = [
            post for post in self._profile.experiences if post.kind is ExperienceKind.WORK and post.title and post.start
        ]
        return squeeze(max(jobs, key=lambda post: post.end or "9999").title) if jobs else ""

    def _wanted_terms(self, text: str) -> set[str]:
        return set(self._wanted).intersection(named_terms([text]))

    def _relevance(self, fact_id: UUID) -> float:
        # Coarse on purpose: a small difference is no reason to shuffle what the person has put in order.
        return round(max(0.0, self._report.fact_scores.get(fact_id, 0.0) - _UNRELATED))

    def _why_moved(self, fact_id: UUID, text: str) -> str:
        terms = [term for term in self._wanted if term in terms_in(text) and kind_of(term) is not TermKind.SOFT][:2]
        for importance, verb in _WANTS.items():
            asked = {term for req in self._analysis.requirements if req.importance is importance for term in req.terms}
            if named := [term for term in terms if term in asked]:
                return f"Moved up: shows {_listing(named)}, which the posting {verb}."
        if terms:
            return f"Moved up: shows {_listing(terms)}, which the posting mentions."
        return "Moved up: says most about what the posting asks for."

    def _change(
        self, path: str, op: Operation, value: str, reason: str, evidence: Sequence[UUID], transform: Transform
    ) -> Change:
        return Change(
            id="",
            document=DocumentKind.RESUME,
            path=path,
            op=op,
            original=ledger.original_of(self._profile, path) or "",
            value=value,
            reason=reason,
            evidence_ids=tuple(evidence),
            requirement_ids=requirement_ids(self._analysis, self._report, frozenset(evidence)),
            transform=transform,
        )


def _listing(items: Sequence[str]) -> str:
    return " and ".join((", ".join(items[:-1]), items[-1])) if len(items) > 1 else "".join(items)
