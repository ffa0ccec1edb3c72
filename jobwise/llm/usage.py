"""What was used of models, added up from the ledger of calls."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from jobwise.infra import db
from jobwise.llm.models import LlmCall, Outcome


@dataclass(frozen=True)
class Used:
    """Calls, tokens and US dollars. `cost` is None where any price is not known.

    `estimated` where a provider has not told what a call used, or it has not ended.
    """

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    estimated: bool = False


_COUNTERS = tuple(field.name for field in fields(Used) if field.name not in ("cost", "estimated"))


def total(parts: Iterable[Used]) -> Used:
    """All of them together."""
    found = Used()
    for part in parts:
        counters = {name: getattr(found, name) + getattr(part, name) for name in _COUNTERS}
        cost = None if found.cost is None or part.cost is None else found.cost + part.cost
        found = replace(found, **counters, cost=cost, estimated=found.estimated or part.estimated)
    return found


def by_provider(calls: Iterable[LlmCall]) -> dict[str, Used]:
    """Calls added up by provider, in the order of the providers' names."""
    parts: dict[str, list[Used]] = {}
    for call in calls:
        parts.setdefault(call.provider, []).append(_used(call))
    return {provider: total(parts[provider]) for provider in sorted(parts)}


def cost_of(call: LlmCall) -> Decimal | None:
    """What a call has cost, or may still cost while it goes on; None where the price is not known."""
    return call.reserved_cost if call.outcome == Outcome.RESERVED else call.cost


def _used(call: LlmCall) -> Used:
    return Used(
        calls=1,
        input_tokens=call.input_tokens,
        cached_tokens=call.cached_tokens,
        reasoning_tokens=call.reasoning_tokens,
        output_tokens=call.output_tokens,
        cost=cost_of(call),
        estimated=call.estimated,
    )


def month_began() -> datetime:
    """When this month began, in UTC: what spending limits count from."""
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


async def of_person(user_id: UUID, since: datetime) -> dict[str, Used]:
    """What models have used for a person since then, by provider."""
    rows = await db.fetch_all(
        """
        select provider, count(*) as calls, sum(input_tokens) as input_tokens, sum(cached_tokens) as cached_tokens,
               sum(reasoning_tokens) as reasoning_tokens, sum(output_tokens) as output_tokens,
               case when count(*) = count(price) then sum(price) end as cost, bool_or(estimated) as estimated
          from (select *, case outcome when 'RESERVED' then reserved_cost else cost end as price
                  from llm_calls where user_id = $1 and created_at >= $2) calls
         group by provider order by provider
        """,
        user_id,
        since,
    )
    return {str(row["provider"]): _of_row(row) for row in rows}


def _of_row(row: dict[str, Any]) -> Used:
    return Used(**{name: row[name] for name in (field.name for field in fields(Used))})
