"""A model's part in the writing: it proposes wordings and an order. Names, employers, titles, dates are not its own.

Whatever of its answer is no valid proposal is left out, so that the built-in writer's words stand there. Whether what
it says is true is decided later, by the fact gate.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel, ValidationError

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.builtin_writer.material import requirement_ids
from jobwise.generation.facts import HEADLINE_ID, SUMMARY_ID, squeeze
from jobwise.generation.model_brief import Brief
from jobwise.generation.prompts import fenced, prompt
from jobwise.generation.types import Change, MatchReport, Operation, Transform
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.errors import LlmUnavailable
from jobwise.llm.json_prose import ProseReader
from jobwise.llm.router import Router
from jobwise.llm.types import Caller, Completion, Request, Schema
from jobwise.profiles.content import Experience, Project

_MOST_PARAGRAPHS = 5
_LONGEST_PARAGRAPH = 1_500
_LONGEST_SUMMARY = 1_200
_LONGEST_HEADLINE = 120
_RESUME_TOKENS = 6_000
_LETTER_TOKENS = 4_000
# Courtesies that the letter already has around its paragraphs.
_FRAME = re.compile(
    r"^(?:dear|hello|hi|sehr geehrte|liebe|guten tag|madame|monsieur|estimad|gentile|geachte|caro|prezad|拝啓)\b"
    r"[^.!?]{0,60}[,:!]?$"
    r"|^(?:(?:yours )?sincerely|(?:kind|best|warm) regards|yours \w+|mit freundlichen grüßen|cordialement|atentamente"
    r"|cordiali saluti|met vriendelijke groet|atenciosamente|敬具)[,.]?$",
    re.IGNORECASE,
)

log = structlog.get_logger(__name__)


class _Text(BaseModel):
    text: str = ""
    evidence: list[str] = []


class _Wording(BaseModel):
    id: str
    text: str


class _Order(BaseModel):
    entry: str
    highlights: list[str]


Item = TypeVar("Item", bound=BaseModel)


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_STRING = {"type": "string"}
_TEXT = _object(text=_STRING, evidence=_list(_STRING))
_RESUME = Schema(
    "resume_changes",
    _object(
        headline=_TEXT,
        summary=_TEXT,
        highlights=_list(_object(id=_STRING, text=_STRING)),
        orders=_list(_object(entry=_STRING, highlights=_list(_STRING))),
    ),
)
_LETTER = Schema("letter_paragraphs", _object(paragraphs=_list(_TEXT)))


@dataclass(frozen=True)
class Model:
    """The models that may be asked, on whose behalf, and who follows the prose as it comes (document, piece)."""

    router: Router
    caller: Caller
    on_text: Callable[[DocumentKind, str], None] = lambda kind, text: None


@dataclass(frozen=True)
class Proposal:
    """What a model has made of one document; without changes nothing of its answer could be used."""

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

    Raises what `model.caller.guard` raises; then, and when it is cancelled, the other call is broken off as well.
    """
    reader = _Answers(brief, analysis, report)
    asks = {DocumentKind.RESUME: _resume_request, DocumentKind.COVER_LETTER: _letter_request}
    calls = [_ask(asks[kind](brief, own), kind, model) for kind in kinds]
    answers = await _together(calls)
    return [
        Proposal(kind, completion, tuple(reader.changes(kind, completion.text)))
        for kind, completion in zip(kinds, answers, strict=True)
        if completion
    ]


def _resume_request(brief: Brief, own: Sequence[Change]) -> Request:
    return Request("write", prompt("resume").text, fenced(brief.resume(own)), _RESUME_TOKENS, _RESUME)


def _letter_request(brief: Brief, own: Sequence[Change]) -> Request:
    return Request("write", prompt("letter").text, fenced(brief.letter(own)), _LETTER_TOKENS, _LETTER)


async def _ask(request: Request, kind: DocumentKind, model: Model) -> Completion | None:
    prose = ProseReader("text")

    def follow(text: str) -> None:
        if said := prose.feed(text):
            model.on_text(kind, said)

    try:
        return await model.router.complete(request, model.caller, follow)
    except LlmUnavailable as error:
        log.warning("no_model_answered", document=kind.value, error=str(error))
        return None


async def _together(calls: Sequence[Awaitable[Completion | None]]) -> list[Completion | None]:
    """All results. When one fails or the whole is cancelled, the others are cancelled, and waited for: they settle."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Answers:
    """Reads answers, leniently, into lines of the ledger."""

    def __init__(self, brief: Brief, analysis: JobAnalysis, report: MatchReport) -> None:
        self._brief = brief
        self._analysis = analysis
        self._report = report

    def changes(self, kind: DocumentKind, text: str) -> Iterator[Change]:
        """The valid changes of an answer."""
        said = _json_object(text)
        if kind is DocumentKind.RESUME:
            yield from self._head(ledger.HEADLINE, said.get("headline"), _LONGEST_HEADLINE, HEADLINE_ID)
            yield from self._head(ledger.SUMMARY, said.get("summary"), _LONGEST_SUMMARY, SUMMARY_ID)
            yield from self._wordings(_items(said.get("highlights"), _Wording))
            yield from self._orders(_items(said.get("orders"), _Order))
        else:
            yield from self._paragraphs(_items(said.get("paragraphs"), _Text))

    def _head(self, path: str, said: object, longest: int, own_id: UUID) -> Iterator[Change]:
        proposed = next(iter(_items([said], _Text)), None)
        text = self._usable(proposed.text, longest) if proposed else ""
        original = ledger.original_of(self._brief.profile, path) or ""
        if not proposed or not text or text == original:
            return
        evidence = self._evidence(proposed.evidence) or ((own_id,) if original else ())
        if not evidence:
            return
        operation = Operation.REPLACE if original else Operation.ADD
        reason = "Worded by a model for this posting, from the facts named as evidence."
        yield self._change(DocumentKind.RESUME, path, operation, text, reason, evidence, Transform.SYNTHESIZE)

    def _wordings(self, wordings: Iterable[_Wording]) -> Iterator[Change]:
        seen: set[UUID] = set()
        for wording in wordings:
            fact = self._brief.rewordable(wording.id)
            if fact is None or fact.id in seen:
                continue
            text = self._usable(wording.text, 2 * len(fact.text) + 80)
            if text and text != squeeze(fact.text):
                seen.add(fact.id)
                reason = "Your own achievement, worded by a model for this posting."
                path = ledger.wording_path(fact.id)
                yield self._change(
                    DocumentKind.RESUME, path, Operation.REPLACE, text, reason, (fact.id,), Transform.REPHRASE
                )

    def _orders(self, orders: Iterable[_Order]) -> Iterator[Change]:
        profile = self._brief.profile
        every: list[Experience | Project] = [*profile.experiences, *profile.projects]
        entries = {entry.id: entry for entry in every}
        seen: set[UUID] = set()
        for order in orders:
            fact = self._brief.fact(order.entry)
            entry = entries.get(fact.id) if fact else None
            if entry is None or entry.id in seen:
                continue
            named = [found.id for short in order.highlights if (found := self._brief.fact(short))]
            lines = [line for line in entry.highlights if line.text.strip()]
            first = sorted((line for line in lines if line.id in named), key=lambda line: named.index(line.id))
            # What the model has not named stays, behind the others.
            ordered = [*first, *(line for line in lines if line.id not in named)]
            if first and ordered != lines:
                seen.add(entry.id)
                value = "\n".join(squeeze(line.text) for line in ordered)
                yield self._change(
                    DocumentKind.RESUME,
                    ledger.order_path(entry),
                    Operation.MOVE,
                    value,
                    "Put in this order by a model: what says most about the posting comes first.",
                    (first[0].id,),
                    Transform.VERBATIM,
                )

    def _paragraphs(self, paragraphs: Iterable[_Text]) -> Iterator[Change]:
        """All of a letter or nothing of it: paragraphs of two writers do not make one letter."""
        found = [
            (text, self._evidence(paragraph.evidence))
            for paragraph in paragraphs
            if (text := self._usable(paragraph.text, _LONGEST_PARAGRAPH)) and not _FRAME.match(text)
        ][:_MOST_PARAGRAPHS]
        if len(found) < 2 or not any(evidence for _, evidence in found):
            return
        for number, (text, evidence) in enumerate(found):
            yield self._change(
                DocumentKind.COVER_LETTER,
                ledger.paragraph_path(number),
                Operation.ADD,
                text,
                "Written by a model from the facts named as evidence." if evidence else "A courtesy.",
                evidence,
                Transform.SYNTHESIZE if number == 0 else Transform.REFRAME,
            )

    def _usable(self, text: str, longest: int) -> str:
        one_line = squeeze(text)
        return one_line if len(one_line) <= longest and not self._brief.is_private(one_line) else ""

    def _evidence(self, short_ids: Iterable[str]) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(fact.id for short in short_ids if (fact := self._brief.fact(short))))

    def _change(
        self,
        document: DocumentKind,
        path: str,
        operation: Operation,
        value: str,
        reason: str,
        evidence: tuple[UUID, ...],
        transform: Transform,
    ) -> Change:
        return Change(
            id="",
            document=document,
            path=path,
            op=operation,
            original=ledger.original_of(self._brief.profile, path) or "",
            value=value,
            reason=reason,
            evidence_ids=evidence,
            requirement_ids=requirement_ids(self._analysis, self._report, frozenset(evidence)),
            transform=transform,
        )


def _json_object(text: str) -> dict[str, Any]:
    """The object in an answer, also where a model has put words or a fence around it; empty where there is none."""
    for candidate in (text, text[text.find("{") : text.rfind("}") + 1]):
        try:
            found = orjson.loads(candidate)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def _items(values: object, kind: type[Item]) -> list[Item]:
    """Those of the values that have the right shape."""
    found: list[Item] = []
    for value in values if isinstance(values, list) else []:
        try:
            found.append(kind.model_validate(value))
        except ValidationError:
            continue
    return found
