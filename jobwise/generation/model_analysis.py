"""A model's part in reading a posting: it points at requirements that the rules have missed.

It can only point: what it quotes must stand in the posting, the skills in a quote are found by the vocabulary, and what
the rules found stays as it is. So neither a model nor a posting that talks to it can put anything in.
"""

import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from jobwise.generation.inputs import Posting
from jobwise.generation.model_calls import STRING, items, json_object, list_schema, object_schema
from jobwise.generation.prompts import fenced, prompt
from jobwise.jobs import cues
from jobwise.jobs.analysis import MAX_QUOTE, MAX_REQUIREMENTS, NOTHING_FOUND
from jobwise.jobs.requirements import Importance, JobAnalysis, Requirement, RequirementKind
from jobwise.jobs.vocabulary import vocabulary
from jobwise.llm.types import Request, Schema
from jobwise.profiles.redaction import Redacted, Redaction, unmarked

_MOST_TOKENS = 4_000
_MOST_ADDED = 15
_LONGEST_TEXT = 24_000
_SHORTEST_QUOTE = 3

_SCHEMA = Schema(
    "posting_requirements",
    object_schema(
        requirements=list_schema(
            object_schema(
                quote=STRING,
                kind={"type": "string", "enum": [kind.value for kind in RequirementKind]},
                importance={"type": "string", "enum": [level.value for level in Importance]},
            )
        )
    ),
)


class _Found(BaseModel):
    quote: str
    kind: RequirementKind
    importance: Importance


def question(posting: Posting, analysis: JobAnalysis, redaction: Redaction) -> Request:
    """What a model is asked about a posting; `analysis` is what the rules have found in it."""
    data = {
        "title": redaction.text(posting.title),
        "posting": redaction.text(posting.text)[:_LONGEST_TEXT],
        "found": [redaction.text(requirement.quote) for requirement in analysis.requirements],
    }
    return Request("analyze", prompt("analyze").text, fenced(data), _MOST_TOKENS, _SCHEMA, temperature=0.0)


def merged(analysis: JobAnalysis, posting: Posting, answer: str, redaction: Redaction) -> JobAnalysis | None:
    """The rules' analysis with what a model has added; None where the answer is not one.

    `redaction` is that of the question: models quote what they have seen.
    """
    said = json_object(answer)
    if not isinstance(said.get("requirements"), list):
        return None
    added = list(_added(items(said["requirements"], _Found), posting.text, analysis, redaction.of(posting.text)))
    terms = dict.fromkeys(term for requirement in added for term in requirement.terms)
    return analysis.model_copy(
        update={
            "requirements": (*analysis.requirements, *added),
            "keywords": tuple(dict.fromkeys((*analysis.keywords, *terms))),
            "warnings": tuple(warning for warning in analysis.warnings if not added or warning != NOTHING_FOUND),
        }
    )


def _added(found: Iterable[_Found], text: str, analysis: JobAnalysis, seen: Redacted) -> Iterator[Requirement]:
    taken = [span for requirement in analysis.requirements if (span := _place(requirement.quote, text))]
    number = len(analysis.requirements)
    for one in list(found)[:_MOST_ADDED]:
        place = _place(one.quote, seen.text)
        span = seen.origin(*place) if place else None
        if span is None or any(start < span[1] and span[0] < end for start, end in taken):
            continue
        quote = text[slice(*span)]
        too_much = number >= MAX_REQUIREMENTS or len(quote) > MAX_QUOTE
        if too_much or cues.TO_A_MACHINE.search(_sentence_around(text, span)):
            continue
        taken.append(span)
        number += 1
        terms = tuple(dict.fromkeys(mention.term for mention in vocabulary().find(quote)))
        yield Requirement(
            id=f"r{number}",
            quote=quote,
            kind=one.kind,
            importance=one.importance,
            terms=terms,
            years=cues.years_in(quote),
        )


def _place(quote: str, text: str) -> tuple[int, int] | None:
    """Where a quote stands in a text, whatever the spaces; None where it does not."""
    words = quote.split()
    if not _SHORTEST_QUOTE <= len(unmarked(" ".join(words))) <= MAX_QUOTE:
        return None
    found = re.search(r"\s+".join(map(re.escape, words)), text)
    return found.span() if found else None


def _sentence_around(text: str, span: tuple[int, int]) -> str:
    """The line that a quote is a part of: what talks to a program does so in the whole of it."""
    start = text.rfind("\n", 0, span[0]) + 1
    end = text.find("\n", span[1])
    return text[start : end if end >= 0 else len(text)]
