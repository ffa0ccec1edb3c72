"""A model's part in the writing: it proposes wordings and an order. Names, employers, titles, dates are not its own.

Résumé and letter are asked for at once, and so are the parts of a long résumé. An answer that cannot be used is asked
for once more, with what is wrong with it. Whether what it says is true is decided later, by the fact gate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jobwise.documents.content import DocumentKind
from jobwise.generation.model_answers import LETTER, Answers, resume_schema
from jobwise.generation.model_brief import HEADLINE, HIGHLIGHTS, ORDERS, RESUME_PARTS, SUMMARY, Brief
from jobwise.generation.model_calls import Model, together
from jobwise.generation.notices import written_in_part
from jobwise.generation.prompts import fenced, prompt
from jobwise.generation.telling import Telling
from jobwise.generation.types import Change, MatchReport
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.json_prose import ProseReader
from jobwise.llm.types import Completion, Request

# With as many highlights or fewer, a résumé is written about as fast as a letter is.
_FEW_HIGHLIGHTS = 6
_HIGHLIGHTS_AT_A_TIME = 6
# What is thought counts as well.
_MOST_TOKENS = 4_000


@dataclass(frozen=True)
class Proposal:
    """What a model has made of a document or of a part of it; without changes nothing of its answer could be used."""

    document: DocumentKind
    completion: Completion
    changes: tuple[Change, ...]


async def proposals(
    brief: Brief,
    own: Sequence[Change],
    kinds: Iterable[DocumentKind],
    model: Model,
    analysis: JobAnalysis,
    report: MatchReport,
) -> list[Proposal]:
    """Ask for all documents at once. One for which no model answers has no proposal.

    Raises what `model.caller.guard` raises; then, and when it is cancelled, the other calls are broken off as well.
    """
    answers = Answers(brief, analysis, report)
    calls = []
    for kind in kinds:
        requests = _resume_requests(brief, own) if kind is DocumentKind.RESUME else [_letter_request(brief, own)]
        telling = Telling(partial(model.on_text, kind), len(requests))
        calls += [_Part(kind, part, telling, answers, model).written(request) for part, request in enumerate(requests)]
    return _distinct([proposal for proposal in await together(calls) if proposal])


def _distinct(found: Iterable[Proposal]) -> list[Proposal]:
    """One change for each place: a part may have said something about another one as well."""
    seen: set[str] = set()
    distinct: list[Proposal] = []
    for proposal in found:
        changes = tuple(change for change in proposal.changes if change.path not in seen)
        seen |= {change.path for change in changes}
        distinct.append(replace(proposal, changes=changes))
    return distinct


def asked_again(request: Request, findings: list[dict[str, Any]], give: str | list[str]) -> Request:
    """The same question with what is wrong with its answer; `give` names the places to be given again, or "all".

    It begins like the first one, so that a provider that remembers beginnings charges less for it.
    """
    told = fenced({"give": give, "findings": findings})
    return replace(request, purpose="repair", user=f"{request.user}\n\n{prompt('repair').text}\n\n{told}")


def resume_request(data: dict[str, Any]) -> Request:
    """The question for those parts of a résumé that the data name."""
    return Request("write", prompt("resume").text, fenced(data), _MOST_TOKENS, resume_schema(data["parts"]))


def letter_request(data: dict[str, Any]) -> Request:
    """The question for a letter."""
    return Request("write", prompt("letter").text, fenced(data), _MOST_TOKENS, LETTER)


def parts_of(request: Request) -> frozenset[str]:
    """What an answer to a question may hold."""
    return frozenset(request.schema.body["properties"]) if request.schema else frozenset()


def _resume_requests(brief: Brief, own: Sequence[Change]) -> list[Request]:
    """One call for a short résumé; for a longer one several, so that none takes longer than the letter's."""
    batches = brief.batches(_HIGHLIGHTS_AT_A_TIME)
    if sum(map(len, batches)) <= _FEW_HIGHLIGHTS:
        return [resume_request(brief.resume(own, RESUME_PARTS))]
    head = brief.resume(own, (HEADLINE, SUMMARY, ORDERS), reword=())
    return [resume_request(each) for each in (head, *(brief.resume(own, (HIGHLIGHTS,), batch) for batch in batches))]


def _letter_request(brief: Brief, own: Sequence[Change]) -> Request:
    return letter_request(brief.letter(own))


class _Part:
    """One call for a document or a part of it, and a second one if the first answer cannot be used."""

    def __init__(self, kind: DocumentKind, part: int, telling: Telling, answers: Answers, model: Model) -> None:
        self._kind = kind
        self._part = part
        self._telling = telling
        self._answers = answers
        # What a first answer lacked is told to nobody where the second one is good.
        self._model, self._notices = replace(model, notices=[]), model.notices
        self._has_begun = False

    async def written(self, request: Request) -> Proposal | None:
        """What a model proposes; None where none has answered. What of the telling does not hold is taken back."""
        try:
            proposal, problems = await self._ask(request)
            if problems and not (proposal and proposal.changes):
                self._telling.void(self._part)
                self._model.notices.clear()
                finding = {"place": "all", "said": "", "why": list(problems)}
                proposal, problems = await self._ask(asked_again(request, [finding], "all"))
                if proposal and problems and not proposal.changes:
                    self._model.not_usable(written_in_part(self._kind))
            if not (proposal and proposal.changes):
                self._telling.void(self._part)
            return proposal
        finally:
            self._telling.end(self._part)
            self._notices.extend(self._model.notices)

    async def _ask(self, request: Request) -> tuple[Proposal | None, tuple[str, ...]]:
        prose = ProseReader("text")
        self._has_begun = False

        def follow(text: str) -> None:
            self._has_begun = True
            self._telling.hear(self._part, prose.feed(text))

        completion = await self._model.ask(request, written_in_part(self._kind), follow)
        if completion is None:
            return None, ("The answer broke off.",) if self._has_begun else ()
        changes, problems = self._answers.read(self._kind, completion, parts_of(request))
        return Proposal(self._kind, completion, changes), problems
