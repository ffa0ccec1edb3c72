"""Asks a model, once for each document, for other words in the place of those that the fact gate has refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.model_answers import LETTER_REPAIR, Answers
from jobwise.generation.model_brief import HEADLINE, HIGHLIGHTS, SUMMARY, Brief
from jobwise.generation.model_calls import Model, together
from jobwise.generation.model_writer import asked_again, letter_request, parts_of, resume_request
from jobwise.generation.notices import put_right
from jobwise.generation.types import Change, MatchReport, Repairs
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.types import Completion, Request

# What holds is wanted, not what is new.
_TEMPERATURE = 0.0
_PARTS = {ledger.HEADLINE: HEADLINE, ledger.SUMMARY: SUMMARY}


@dataclass(frozen=True)
class Refusal:
    """A model's change that does not hold, and why, in sentences."""

    change: Change
    why: tuple[str, ...]


async def repairs(
    brief: Brief,
    refused: Sequence[Refusal],
    letter: Sequence[Change],
    model: Model,
    analysis: JobAnalysis,
    report: MatchReport,
) -> Repairs:
    """Changes that a model gives instead, with the ids of those they replace; those for which it gives none, not.

    `letter` is the letter as it is. Raises what `model.caller.guard` raises.
    """
    answers = Answers(brief, analysis, report)
    resume = [one for one in refused if one.change.document is DocumentKind.RESUME]
    paragraphs = [one for one in refused if one.change.document is DocumentKind.COVER_LETTER]
    calls = []
    if asked := _resume_question(brief, resume):
        calls.append(_resume(asked, resume, answers, model))
    if paragraphs:
        calls.append(_letter(_letter_question(brief, paragraphs, letter), paragraphs, answers, model))
    return Repairs(changes=tuple(change for changes in await together(calls) for change in changes))


def _resume_question(brief: Brief, refused: Sequence[Refusal]) -> Request | None:
    """About the refused parts alone. Orders are not worded, so there is nothing to repair in them."""
    places = {one.change.id: _place(one.change, brief) for one in refused}
    named = [one for one in refused if places[one.change.id]]
    if not named:
        return None
    give = [places[one.change.id] for one in named]
    highlights = [place for place in give if place not in (HEADLINE, SUMMARY)]
    parts = [part for part in (HEADLINE, SUMMARY) if part in give] + ([HIGHLIGHTS] if highlights else [])
    findings = [brief.refused(places[one.change.id], one.change.value, one.why) for one in named]
    request = asked_again(resume_request(brief.resume((), parts, highlights)), findings, give)
    return replace(request, temperature=_TEMPERATURE)


def _letter_question(brief: Brief, refused: Sequence[Refusal], letter: Sequence[Change]) -> Request:
    """About the refused paragraphs; the whole letter is told, so that they fit."""
    give = [f"paragraph {ledger.paragraph_number(one.change.path)}" for one in refused]
    findings = [brief.refused(place, one.change.value, one.why) for place, one in zip(give, refused, strict=True)]
    request = asked_again(letter_request(brief.letter(letter)), findings, give)
    return replace(request, schema=LETTER_REPAIR, temperature=_TEMPERATURE)


def _place(change: Change, brief: Brief) -> str:
    known = _PARTS.get(change.path)
    if known:
        return known
    is_wording = len(change.evidence_ids) == 1 and change.path == ledger.wording_path(change.evidence_ids[0])
    return brief.short_id(change.evidence_ids[0]) if is_wording else ""


async def _resume(request: Request, refused: Sequence[Refusal], answers: Answers, model: Model) -> list[Change]:
    completion = await model.ask(request, put_right(DocumentKind.RESUME))
    if completion is None:
        return []
    changes, _ = answers.read(DocumentKind.RESUME, completion, parts_of(request))
    given = {change.path: change for change in changes}
    found = [
        given[one.change.path].model_copy(update={"id": one.change.id}) for one in refused if one.change.path in given
    ]
    if not found:
        model.not_usable(put_right(DocumentKind.RESUME))
    return found


async def _letter(request: Request, refused: Sequence[Refusal], answers: Answers, model: Model) -> list[Change]:
    completion = await model.ask(request, put_right(DocumentKind.COVER_LETTER))
    if completion is None:
        return []
    found = list(_paragraphs(completion, refused, answers))
    if not found:
        model.not_usable(put_right(DocumentKind.COVER_LETTER))
    return found


def _paragraphs(completion: Completion, refused: Iterable[Refusal], answers: Answers) -> Iterator[Change]:
    given = answers.paragraphs_by_number(completion)
    for one in refused:
        number = ledger.paragraph_number(one.change.path)
        if number in given:
            text, evidence = given[number]
            yield one.change.model_copy(update={"value": text, "evidence_ids": evidence})
