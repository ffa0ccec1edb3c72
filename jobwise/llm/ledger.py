"""The ledger of model calls: a row before a request is sent, and what it has used after, however it ended.

It is fenced by nothing: a call that a worker made after it was taken for dead has cost money all the same. Before a
call is made, the most that it can cost is reserved, under the ceilings that the settings name.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import structlog

from jobwise.infra import db
from jobwise.llm import prices
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.models import Outcome
from jobwise.llm.types import Caller, Question, Usage, estimated_input

#: No call lasts as long, so whatever is reserved for longer has lost its process.
_LONGEST_CALL = timedelta(minutes=30)
#: A statement is repeated for as long while the database is away.
_PATIENCE_SECONDS = 60.0
#: No call uses more: a hundred times the longest context.
_MOST_TOKENS = 100_000_000
_LONGEST_ID = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reservation:
    """A call that is about to be made."""

    provider: str
    model: str
    id: UUID = field(default_factory=uuid4)
    made_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Ceilings:
    """The most that models may cost, in US dollars; None where there is no limit. Months are those of UTC."""

    generation: Decimal | None = None
    person_month: Decimal | None = None
    month: Decimal | None = None


_REACHED = {
    "GENERATION": "the spending limit for one generation is reached",
    "PERSON_MONTH": "your spending limit for this month is reached",
    "MONTH": "this installation's spending limit for this month is reached",
}


class Ledger:
    """Keeps the ledger."""

    def __init__(self, ceilings: Ceilings | None = None) -> None:
        self._ceilings = ceilings or Ceilings()

    async def reserve(self, reservation: Reservation, caller: Caller, question: Question) -> None:
        """Write down that a call is about to be made, also when the database is away a while.

        Raises: ProviderError(SPENDING) where a ceiling does not allow it; DatabaseUnavailable when the database stays
        away; what `caller.guard` raises. Then the call must not be made.
        """

        async def write() -> str:
            caller.guard()
            return await self._reserve(reservation, caller, question)

        if reached := await db.patiently(write, seconds=_PATIENCE_SECONDS):
            raise ProviderError(ErrorKind.SPENDING, _REACHED[reached])

    async def _reserve(self, reservation: Reservation, caller: Caller, question: Question) -> str:
        """The name of the ceiling that is reached; empty where the call may be made."""
        row = await db.fetch_one(
            "select reserve_llm_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as reached",
            reservation.id,
            caller.user_id,
            caller.generation_id,
            caller.stage,
            reservation.provider,
            reservation.model,
            question.purpose,
            estimated_input(question),
            prices.worst_cost(reservation.provider, reservation.model, question),
            self._ceilings.generation,
            self._ceilings.person_month,
            self._ceilings.month,
        )
        return str(row["reached"]) if row else ""

    async def settle(
        self,
        reservation: Reservation,
        outcome: Outcome,
        usage: Usage,
        *,
        error: ErrorKind | None = None,
        request_id: str = "",
    ) -> None:
        """Write down how a call ended, also when the database is away a while.

        What is told of its use may be anything: where that is an estimate or cannot be believed, the call counts at
        the most that was reserved, or at what is known where that is more.
        """
        latency = round((time.monotonic() - reservation.made_at) * 1000)
        used = _believable(usage)

        async def write() -> None:
            await db.fetch_all(
                """
                update llm_calls
                   set outcome = $2, input_tokens = $3, output_tokens = $4, cached_tokens = $5, reasoning_tokens = $6,
                       estimated = $7, error = $8, request_id = nullif($9, ''), latency_ms = $10,
                       cost = case when $7 then greatest(reserved_cost, $11) else $11 end,
                       settled_at = clock_timestamp()
                 where id = $1
                """,
                reservation.id,
                outcome.value,
                used.input,
                used.output,
                used.cached,
                used.reasoning,
                used.estimated,
                error,
                _printable(request_id),
                latency,
                prices.cost(reservation.provider, reservation.model, used) if used == usage else None,
            )

        try:
            await db.patiently(write, seconds=_PATIENCE_SECONDS)
        except db.CONNECTION_ERRORS as away:
            log.warning("model_call_not_settled", call_id=str(reservation.id), error=repr(away))


def _believable(usage: Usage) -> Usage:
    """What is counted, within what can be; what cannot is an estimate."""
    counts = {name: getattr(usage, name) for name in ("input", "output", "cached", "reasoning")}
    possible = {name: min(max(count, 0), _MOST_TOKENS) for name, count in counts.items()}
    return Usage(**possible, estimated=usage.estimated or possible != counts)


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:_LONGEST_ID]


async def settle_abandoned(older_than: timedelta = _LONGEST_CALL) -> int:
    """Mark the calls whose process died before it could settle them; returns how many. Late settlements still count.

    Nobody knows what they have cost: they count at the most that they can have.
    """
    rows = await db.fetch_all(
        """
        update llm_calls
           set outcome = 'ABANDONED', estimated = true, cost = reserved_cost, settled_at = clock_timestamp()
         where outcome = 'RESERVED' and created_at < now() - $1::interval
        returning id
        """,
        older_than,
    )
    return len(rows)
