"""Reads a model's answers, leniently, into lines of the change ledger.

Whatever is no valid proposal is left out, so that other words stand there, and kept as a problem that can be told to
the model.
"""

import re
from collections.abc import Container, Iterable, Iterator
from uuid import UUID

from pydantic import BaseModel

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.builtin_writer.material import requirement_ids
from jobwise.generation.facts import HEADLINE_ID, SUMMARY_ID, squeeze
from jobwise.generation.model_brief import Brief
from jobwise.generation.model_calls import STRING, items, json_object, list_schema, object_schema
from jobwise.generation.plain_text import objection, plain
from jobwise.generation.types import Change, MatchReport, Operation, Transform
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.types import Completion, Finish, Schema
from jobwise.profiles.content import Experience, Project

_MOST_PARAGRAPHS = 5
_LONGEST_PARAGRAPH = 1_500
_LONGEST_SUMMARY = 1_200
_LONGEST_HEADLINE = 120
_MOST_PROBLEMS = 10
# Courtesies that the letter already has around its paragraphs.
_FRAME = re.compile(
    r"^(?:dear|hello|hi|sehr geehrte|liebe|guten tag|madame|monsieur|estimad|gentile|geachte|caro|prezad|拝啓)\b"
    r"[^.!?]{0,60}[,:!]?$"
    r"|^(?:(?:yours )?sincerely|(?:kind|best|warm) regards|yours \w+|mit freundlichen grüßen|cordialement|atentamente"
    r"|cordiali saluti|met vriendelijke groet|atenciosamente|敬具)[,.]?$",
    re.IGNORECASE,
)

_TEXT = object_schema(text=STRING, evidence=list_schema(STRING))
_PARTS = {
    "headline": _TEXT,
    "summary": _TEXT,
    "highlights": list_schema(object_schema(id=STRING, text=STRING)),
    "orders": list_schema(object_schema(entry=STRING, highlights=list_schema(STRING))),
}
LETTER = Schema("letter_paragraphs", object_schema(paragraphs=list_schema(_TEXT)))
LETTER_REPAIR = Schema(
    "letter_repairs",
    object_schema(
        paragraphs=list_schema(object_schema(number={"type": "integer"}, text=STRING, evidence=list_schema(STRING)))
    ),
)


def resume_schema(parts: Iterable[str]) -> Schema:
    """What an answer about these parts of a résumé must look like."""
    return Schema("resume_changes", object_schema(**{part: _PARTS[part] for part in parts}))


class _Text(BaseModel):
    text: str = ""
    evidence: list[str] = []
    number: int = -1


class _Wording(BaseModel):
    id: str
    text: str


class _Order(BaseModel):
    entry: str
    highlights: list[str]


class Answers:
    """Reads the answers to one brief."""

    def __init__(self, brief: Brief, analysis: JobAnalysis, report: MatchReport) -> None:
        self._brief = brief
        self._analysis = analysis
        self._report = report
        self._told = brief.told()

    def read(
        self, kind: DocumentKind, completion: Completion, parts: Container[str]
    ) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """The valid changes of an answer, and what is wrong with the rest, in sentences for the model.

        What is not among the parts that were asked for is passed over.
        """
        problems = list(completion.problems)
        if completion.finish is Finish.LENGTH:
            problems.append("The answer was cut off, because it was too long. Say less.")
        said = {part: value for part, value in json_object(completion.text).items() if part in parts}
        if not said:
            problems.append("The answer is no JSON object that follows the schema.")
        changes = tuple(self._changes(kind, said, problems))
        return changes, tuple(problems[:_MOST_PROBLEMS])

    def paragraphs_by_number(self, completion: Completion) -> dict[int, tuple[str, tuple[UUID, ...]]]:
        """A repaired letter's paragraphs, counted from 0, each with its evidence."""
        found = items(json_object(completion.text).get("paragraphs"), _Text)
        texts = {each.number: (self._usable(each.text, _LONGEST_PARAGRAPH, []), each.evidence) for each in found}
        return {number: (text, self._evidence(evidence)) for number, (text, evidence) in texts.items() if text}

    def _changes(self, kind: DocumentKind, said: dict[str, object], problems: list[str]) -> Iterator[Change]:
        if kind is DocumentKind.RESUME:
            yield from self._head(ledger.HEADLINE, said.get("headline"), _LONGEST_HEADLINE, HEADLINE_ID, problems)
            yield from self._head(ledger.SUMMARY, said.get("summary"), _LONGEST_SUMMARY, SUMMARY_ID, problems)
            yield from self._wordings(items(said.get("highlights"), _Wording), problems)
            yield from self._orders(items(said.get("orders"), _Order))
        elif said:
            yield from self._paragraphs(items(said.get("paragraphs"), _Text), problems)

    def _head(self, path: str, said: object, longest: int, own_id: UUID, problems: list[str]) -> Iterator[Change]:
        proposed = next(iter(items([said], _Text)), None)
        text = self._usable(proposed.text, longest, problems) if proposed else ""
        original = ledger.original_of(self._brief.profile, path) or ""
        if not proposed or not text or text == original:
            return
        evidence = self._evidence(proposed.evidence) or ((own_id,) if original else ())
        if not evidence:
            problems.append(f"“{text[:60]}” names no fact as evidence.")
            return
        operation = Operation.REPLACE if original else Operation.ADD
        reason = "Worded by a model for this posting, from the facts named as evidence."
        yield self._change(DocumentKind.RESUME, path, operation, text, reason, evidence, Transform.SYNTHESIZE)

    def _wordings(self, wordings: Iterable[_Wording], problems: list[str]) -> Iterator[Change]:
        seen: set[UUID] = set()
        for wording in wordings:
            fact = self._brief.rewordable(wording.id)
            if fact is None:
                problems.append(f"“{wording.id[:20]}” is not the id of a fact with `may_reword`.")
                continue
            text = self._usable(wording.text, 2 * len(fact.text) + 80, problems)
            if text and text != squeeze(fact.text) and fact.id not in seen:
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

    def _paragraphs(self, paragraphs: Iterable[_Text], problems: list[str]) -> Iterator[Change]:
        """All of a letter or nothing of it: paragraphs of two writers do not make one letter."""
        found = [
            (text, self._evidence(paragraph.evidence))
            for paragraph in paragraphs
            if (text := self._usable(paragraph.text, _LONGEST_PARAGRAPH, problems)) and not _FRAME.match(text)
        ][:_MOST_PARAGRAPHS]
        if len(found) < 2 or not any(evidence for _, evidence in found):
            problems.append("A letter needs two paragraphs at least, and evidence for what they say.")
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

    def _usable(self, text: str, longest: int, problems: list[str]) -> str:
        one_line = plain(text[: 4 * longest + 80])
        if len(one_line) > longest:
            problems.append(f"“{one_line[:60]}…” is longer than {longest} characters.")
        elif self._brief.is_private(one_line):
            problems.append(
                "A mark such as [name] stands for what must not be written, and so are names and addresses."
            )
        elif why := objection(one_line, self._told):
            problems.append(f"“{one_line[:60]}…” {why}.")
        else:
            return one_line
        return ""

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
