"""How the configured models are doing: one test question to one of them, and what the last day's calls say of all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from jobwise.config import Settings
from jobwise.infra import db
from jobwise.llm import prices
from jobwise.llm.breaker import Breakers, Position, State, breaker_of
from jobwise.llm.deployments import embedding_link, links
from jobwise.llm.embedding import Vector
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Completion, Finish, Link, Request, Schema, Texts, Transcript, Usage

Answer = TypeVar("Answer")

# Enough for several pieces of a stream, and for a model that thinks before.
_TOKENS = 1_000
TEST_REQUEST = Request(
    "probe",
    "You answer in JSON and follow the schema.",
    "Write the numbers from one to twenty as English words, in order.",
    _TOKENS,
    Schema(
        "numbers",
        {
            "type": "object",
            "properties": {"words": {"type": "array", "items": {"type": "string"}}},
            "required": ["words"],
            "additionalProperties": False,
        },
    ),
)
TEST_TEXTS = Texts(("A baker bakes bread.", "Somebody keeps sheep."))
# What the provider must have accepted before it says so.
_KEY_WAS_READ = frozenset(
    {ErrorKind.QUOTA, ErrorKind.RATE_LIMIT, ErrorKind.CONTEXT_TOO_LONG, ErrorKind.REFUSED, ErrorKind.UNKNOWN_MODEL}
)
_UNREACHABLE = frozenset({ErrorKind.CONNECTION, ErrorKind.TIMEOUT})


@dataclass(frozen=True)
class Check:
    """What a test question has shown; None where it could not be found out, or makes no sense for such a model.

    Times are in milliseconds. `dimensions` is how many numbers its vectors have.
    """

    provider: str
    model: str
    is_reachable: bool
    key_is_valid: bool | None
    model_is_known: bool | None
    price_is_known: bool
    latency_ms: int | None
    error: ProviderError | None
    follows_schema: bool | None = None
    streams: bool | None = None
    first_token_ms: int | None = None
    dimensions: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether documents can be written with it, or vectors made."""
        return self.error is None and self.follows_schema is not False


@dataclass
class _Stopwatch:
    began: float = field(default_factory=time.monotonic)
    pieces: list[float] = field(default_factory=list)

    def heard(self, _text: str) -> None:
        self.pieces.append(time.monotonic())

    def milliseconds(self, at: float) -> int:
        return round((at - self.began) * 1000)


async def check(
    provider: str,
    model: str,
    ask: Callable[[Request, Transcript], Awaitable[Completion]],
    seconds: float | None = None,
) -> Check:
    """Put the test question, and wait so long for the answer, or as long as `ask` does.

    `ask` makes one attempt; what it raises beside ProviderError goes on to the caller.
    """
    watch = _Stopwatch()
    completion, error = await _outcome(ask(TEST_REQUEST, Transcript(watch.heard)), seconds)
    found = await _found(provider, model, watch, error, Usage(1, 1))
    if watch.pieces:
        found = replace(found, first_token_ms=watch.milliseconds(watch.pieces[0]))
    if completion is None:
        return found
    follows, streams = not completion.problems, len(watch.pieces) > 1
    return replace(found, follows_schema=follows, streams=streams, warnings=_warnings(completion))


async def check_vectors(
    provider: str, model: str, embed: Callable[[Texts], Awaitable[list[Vector]]], seconds: float | None = None
) -> Check:
    """The same for a model that makes vectors: those of two short texts."""
    watch = _Stopwatch()
    vectors, error = await _outcome(embed(TEST_TEXTS), seconds)
    found = await _found(provider, model, watch, error, Usage(1))
    return replace(found, dimensions=len(vectors[0]) if vectors else None)


async def _outcome(
    attempt: Awaitable[Answer], seconds: float | None
) -> tuple[Answer, None] | tuple[None, ProviderError]:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await attempt, None
    except TimeoutError:
        if not limit.expired():
            raise
        return None, ProviderError(ErrorKind.TIMEOUT, f"no whole answer within {seconds:g} s")
    except ProviderError as error:
        return None, error


async def _found(provider: str, model: str, watch: _Stopwatch, error: ProviderError | None, priced: Usage) -> Check:
    latency = None if error else watch.milliseconds(time.monotonic())
    kind, has_answered = error.kind if error else None, bool(watch.pieces or not error)
    await prices.load()
    return Check(
        provider,
        model,
        is_reachable=has_answered or kind not in _UNREACHABLE,
        key_is_valid=_known(has_answered or kind in _KEY_WAS_READ, kind is ErrorKind.AUTH),
        model_is_known=_known(has_answered, kind is ErrorKind.UNKNOWN_MODEL),
        price_is_known=prices.cost(provider, model, priced) is not None,
        latency_ms=latency,
        error=error,
    )


def _warnings(completion: Completion) -> tuple[str, ...]:
    cut = (f"The answer was cut off after {completion.usage.output} tokens.",)
    return (*completion.warnings, *(cut if completion.finish is Finish.LENGTH else ()))


def _known(yes: bool, no: bool) -> bool | None:
    return None if yes == no else yes


@dataclass(frozen=True)
class LinkReport:
    """How a link has been doing for a day. Percentiles are of completed calls, in milliseconds.

    `error_rate` is the share of failed calls among those that came to an end without us; None without any.
    `cost` is in US dollars, None where a price is not known.
    """

    provider: str
    model: str
    position: Position
    failures: int
    open_until: datetime | None
    reason: str
    calls: int
    error_rate: float | None
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    cost: Decimal | None


async def reports(settings: Settings) -> list[LinkReport]:
    """All configured links, in the order of the settings; the one for vectors is the last."""
    vectors = embedding_link(settings)
    found = (*links(settings), *([vectors] if vectors else []))
    now, states = await Breakers(settings.llm_call_seconds).look([breaker_of(link) for link in found])
    rows = {(row["provider"], row["model"]): row for row in await _last_day()}
    return [
        _report(link, state, now, rows.get((link.deployment.name, link.model)) or {})
        for link, state in zip(found, states, strict=True)
    ]


def _report(link: Link, state: State, now: float, row: dict[str, Any]) -> LinkReport:
    position = state.position(now)
    return LinkReport(
        link.deployment.name,
        link.model,
        position,
        state.failures,
        datetime.fromtimestamp(state.open_until, UTC) if position is Position.OPEN else None,
        f"{state.kind}: {state.message}" if state.kind else "",
        row.get("calls", 0),
        row.get("error_rate"),
        row.get("p50"),
        row.get("p95"),
        row["cost"] if row else Decimal(0),
    )


async def _last_day() -> list[dict[str, Any]]:
    return await db.fetch_all(
        """
        select provider, model, count(*) as calls,
               (count(*) filter (where outcome = 'FAILED'))::float
                   / nullif(count(*) filter (where outcome in ('FAILED', 'COMPLETED')), 0) as error_rate,
               round(percentile_cont(0.5) within group (order by latency_ms)
                   filter (where outcome = 'COMPLETED'))::int as p50,
               round(percentile_cont(0.95) within group (order by latency_ms)
                   filter (where outcome = 'COMPLETED'))::int as p95,
               case when count(*) = count(price) then sum(price) end as cost
          from (select *, case outcome when 'RESERVED' then reserved_cost else cost end as price
                  from llm_calls where created_at > now() - interval '24 hours') calls
         group by provider, model
        """
    )
