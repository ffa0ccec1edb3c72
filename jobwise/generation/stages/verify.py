"""The verify stage: nothing ungrounded leaves it. What fails falls back to the profile's own words, and is reported."""

from collections.abc import Iterable, Sequence
from datetime import date

from jobwise.documents.content import DocumentKind
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.generation import builtin_writer, ledger
from jobwise.generation.coverage import coverage_of
from jobwise.generation.fact_gate import FactGate
from jobwise.generation.facts import facts_of
from jobwise.generation.stages.write import draft_of
from jobwise.generation.style import style_findings
from jobwise.generation.types import (
    Change,
    Draft,
    Finding,
    FindingKind,
    MatchReport,
    Options,
    Repairs,
    Severity,
    Verified,
)
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent

_MOST_ROUNDS = 8
_NO_REPAIRS = Repairs()


class UngroundedDocument(JobWiseError):
    """The documents say something that your profile does not, and taking it out did not help. Nothing was delivered."""

    code = ErrorCode.INTERNAL


def verify(
    draft: Draft,
    profile: ProfileContent,
    analysis: JobAnalysis,
    report: MatchReport,
    options: Options,
    today: date,
    repairs: Repairs = _NO_REPAIRS,
) -> Verified:
    """Hold a draft against the profile; take out every change that fails, until nothing is left to object to.

    What fails is first replaced by its repair, if there is one, which is held against the profile as well. A headline
    or highlight then falls back to the profile's own, a summary to the built-in writer's before that; a letter's
    paragraph is left out, and a letter without substance becomes the built-in writer's. The documents are assembled
    anew from the changes that hold, so `draft`'s own contents are not trusted.

    Raises: UngroundedDocument if anything ungrounded should be left, which would be a mistake of ours.
    """
    return _Verification(profile, analysis, report, options, today, repairs).run(draft.changes)


def refusals(
    draft: Draft, profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, options: Options, today: date
) -> list[Finding]:
    """What would be refused of a draft as it is."""
    return _Verification(profile, analysis, report, options, today, _NO_REPAIRS).refusals(draft.changes)


class _Verification:
    def __init__(
        self,
        profile: ProfileContent,
        analysis: JobAnalysis,
        report: MatchReport,
        options: Options,
        today: date,
        repairs: Repairs,
    ) -> None:
        self._profile = profile
        self._analysis = analysis
        self._report = report
        self._options = options
        self._today = today
        self._gate = FactGate(profile, analysis, computed={f"years:{int(report.years)}"} if report.years >= 1 else ())
        self._repairs = {change.id: change for change in repairs.changes}
        self._findings: list[Finding] = []
        self._refused: list[Change] = []

    def refusals(self, changes: Sequence[Change]) -> list[Finding]:
        """The objections of the first round."""
        return self._objections(self._assembled(self._well_formed(changes)))

    def run(self, changes: Sequence[Change]) -> Verified:
        """The rounds of checking and falling back, then what is only reported."""
        held = self._well_formed(changes)
        for _ in range(_MOST_ROUNDS):
            draft = self._assembled(held)
            blocking = self._objections(draft)
            if not blocking:
                return self._verified(draft)
            self._findings += blocking
            held = self._without(held, {finding.path for finding in blocking})
        raise UngroundedDocument

    def _verified(self, draft: Draft) -> Verified:
        return Verified(
            draft=draft,
            refused=tuple(self._refused),
            findings=tuple(dict.fromkeys([*self._findings, *style_findings(draft, self._profile, self._options)])),
            coverage=coverage_of(draft, self._report, self._analysis),
        )

    def _assembled(self, held: Sequence[Change]) -> Draft:
        return draft_of(held, self._profile, self._analysis, self._report, self._options, self._today)

    def _objections(self, draft: Draft) -> list[Finding]:
        found: list[Finding] = []
        if draft.resume:
            found += self._gate.resume(draft.resume)
        if draft.letter:
            found += self._gate.letter(draft.letter)
            if not draft.letter.paragraphs:
                found.append(_empty_letter())
        return found

    def _well_formed(self, changes: Sequence[Change]) -> list[Change]:
        """The changes that the ledger can hold; of two for one place, the first."""
        fact_ids = {fact.id for fact in facts_of(self._profile, self._today)}
        requirement_ids = {requirement.id for requirement in self._analysis.requirements}
        held: dict[str, Change] = {}
        for change in changes:
            reason = ledger.refusal(change, self._profile, fact_ids, requirement_ids)
            if not reason and change.path in held:
                reason = "Another change already stands at this place."
            if reason:
                self._refuse(change, reason)
            else:
                held[change.path] = change
        return list(held.values())

    def _refuse(self, change: Change, reason: str) -> None:
        self._refused.append(change)
        self._findings.append(
            Finding(
                document=change.document,
                path=change.path,
                kind=FindingKind.CONSISTENCY,
                severity=Severity.BLOCK,
                text=change.value[:200],
                message=reason,
            )
        )

    def _without(self, held: Sequence[Change], paths: set[str]) -> list[Change]:
        """The changes without those at the failing paths, or with what stands in for them.

        A letter that loses its substance is written anew.
        """
        self._refused += [change for change in held if change.path in paths]
        after = [self._instead(change) if change.path in paths else change for change in held]
        kept = [change for change in after if change]
        letter = [change for change in kept if change.document is DocumentKind.COVER_LETTER]
        untouched = bool(letter) and len(letter) == _count_letters(held)
        if DocumentKind.COVER_LETTER not in self._options.kinds or untouched:
            return kept
        rest = [change for change in kept if change.document is not DocumentKind.COVER_LETTER]
        has_opening = any(ledger.paragraph_number(change.path) == 0 for change in letter)
        if not has_opening or not any(change.evidence_ids for change in letter[1:]):
            return [*rest, *self._own_letter(avoiding=held)]
        return [*rest, *_renumbered(letter)]

    def _instead(self, change: Change) -> Change | None:
        """What stands in for a refused change: its repair, once; for a summary, the built-in writer's."""
        repaired = self._repairs.pop(change.id, None)
        if repaired and repaired.value != change.value:
            return repaired.model_copy(update={"path": change.path})
        if change.path != ledger.SUMMARY:
            return None
        resume_only = self._options.model_copy(update={"kinds": (DocumentKind.RESUME,)})
        written = builtin_writer.changes_for(self._profile, self._analysis, self._report, resume_only, self._today)
        tried = {refused.value for refused in self._refused}
        own = next((each for each in written if each.path == ledger.SUMMARY and each.value not in tried), None)
        return own and own.model_copy(update={"id": "s1"})

    def _own_letter(self, avoiding: Sequence[Change]) -> list[Change]:
        """The built-in writer's letter; its first and last words alone if that is what has just failed."""
        letter_only = self._options.model_copy(update={"kinds": (DocumentKind.COVER_LETTER,)})
        written = builtin_writer.changes_for(self._profile, self._analysis, self._report, letter_only, self._today)
        tried = {change.value for change in (*avoiding, *self._refused)}
        fresh = [change for change in written if change.value not in tried]
        if len(fresh) < len(written):
            fresh = builtin_writer.courtesies(self._profile, self._options)
        ids = [change.model_copy(update={"id": f"l{number}"}) for number, change in enumerate(fresh, 1)]
        return _renumbered(ids)


def _count_letters(changes: Iterable[Change]) -> int:
    return sum(change.document is DocumentKind.COVER_LETTER for change in changes)


def _renumbered(paragraphs: Sequence[Change]) -> list[Change]:
    ordered = sorted(paragraphs, key=lambda change: ledger.paragraph_number(change.path) or 0)
    return [change.model_copy(update={"path": ledger.paragraph_path(number)}) for number, change in enumerate(ordered)]


def _empty_letter() -> Finding:
    return Finding(
        document=DocumentKind.COVER_LETTER,
        path=ledger.paragraph_path(0),
        kind=FindingKind.CONSISTENCY,
        severity=Severity.BLOCK,
        text="",
        message="The letter says nothing.",
    )
