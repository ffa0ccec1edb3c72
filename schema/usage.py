"""What models were used for, and what that cost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from jobwise.llm import usage as plain
from jobwise.llm.errors import ErrorKind
from jobwise.llm.models import LlmCall, Outcome
from schema.enums import describe

describe(
    Outcome,
    "ModelCallOutcome",
    "How a model call ended.",
    RESERVED="It is about to be sent, or under way.",
    COMPLETED="The model has answered.",
    FAILED="The provider has failed or declined; the error says how.",
    CANCELLED="We broke it off.",
    ABANDONED="Its process died; what it used is not known, and it counts at the most that it can have cost.",
)
describe(
    ErrorKind,
    "ModelErrorKind",
    "How a model call failed.",
    AUTH="The key is missing, wrong or may not use this model.",
    QUOTA="Nothing is left to spend at the provider.",
    RATE_LIMIT="Too many calls just then.",
    OVERLOADED="The provider had a fault or too much to do.",
    CONTEXT_TOO_LONG="The prompt is too long for this model.",
    REFUSED="The model or a filter declined to answer.",
    NO_ROOM="The model has thought and said nothing.",
    BAD_REQUEST="The provider did not accept the request.",
    UNKNOWN_MODEL="There is no such model.",
    ADDRESS="What answers at the address of the settings is not the provider.",
    TIMEOUT="The answer did not come in time.",
    CONNECTION="The provider could not be reached.",
    PROTOCOL="The answer broke off or is not what the protocol says.",
    PACED="As many calls a minute as this installation allows itself were made.",
    SPENDING="A spending limit of this installation does not allow it.",
)

_CALLS = "Model calls, repeated ones too."
_INPUT = "Tokens that went in."
_CACHED = "Of these, tokens that the provider had cached."
_REASONING = "Of the tokens that came out, those that the model thought with."
_OUTPUT = "Tokens that came out, what the model thought included."
_COST = "In US dollars; null where a price is not known."
_ESTIMATED = "Whether some of it is an estimate: calls that are under way, were broken off or lost with their process."


@strawberry.type(description="What was used of one provider.")
class ProviderUsage:
    """A part of `Usage`."""

    provider: str = strawberry.field(description="Such as openai.")
    calls: int = strawberry.field(description=_CALLS)
    input_tokens: int = strawberry.field(description=_INPUT)
    cached_tokens: int = strawberry.field(description=_CACHED)
    reasoning_tokens: int = strawberry.field(description=_REASONING)
    output_tokens: int = strawberry.field(description=_OUTPUT)
    cost: float | None = strawberry.field(description=_COST)
    estimated: bool = strawberry.field(description=_ESTIMATED)


@strawberry.type(description="Tokens of models, and what they cost.")
class Usage:
    """Added up over all calls, failed and repeated ones too."""

    calls: int = strawberry.field(description=_CALLS)
    input_tokens: int = strawberry.field(description=_INPUT)
    cached_tokens: int = strawberry.field(description=_CACHED)
    reasoning_tokens: int = strawberry.field(description=_REASONING)
    output_tokens: int = strawberry.field(description=_OUTPUT)
    cost: float | None = strawberry.field(description=_COST)
    estimated: bool = strawberry.field(description=_ESTIMATED)
    by_provider: list[ProviderUsage] = strawberry.field(description="The same for each provider.")

    @classmethod
    def of(cls, parts: Mapping[str, plain.Used]) -> "Usage":
        """From what was used of each provider."""
        of_each = [ProviderUsage(provider=provider, **_values(used)) for provider, used in parts.items()]
        return cls(**_values(plain.total(parts.values())), by_provider=of_each)


def _values(used: plain.Used) -> dict[str, Any]:
    return {**vars(used), "cost": None if used.cost is None else float(used.cost)}


@strawberry.type(description="One call of a model.")
class ModelCall:
    """A line of the ledger."""

    stage: str = strawberry.field(description="The stage that made it, such as WRITE.")
    purpose: str = strawberry.field(description="Such as analyze, write or repair.")
    provider: str = strawberry.field(description="Such as openai.")
    model: str = strawberry.field(description="The model's name.")
    outcome: Outcome = strawberry.field(description="How it ended.")
    error: ErrorKind | None = strawberry.field(description="How it failed; null unless it did.")
    input_tokens: int = strawberry.field(description=_INPUT)
    cached_tokens: int = strawberry.field(description=_CACHED)
    reasoning_tokens: int = strawberry.field(description=_REASONING)
    output_tokens: int = strawberry.field(description=_OUTPUT)
    cost: float | None = strawberry.field(description=_COST)
    estimated: bool = strawberry.field(description="Whether the provider has not told what it used.")
    latency_ms: int | None = strawberry.field(description="From asking to the end, in milliseconds; null before that.")
    request_id: str | None = strawberry.field(description="The provider's own name for it, to ask them about it.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: LlmCall) -> "ModelCall":
        """From the table's row."""
        cost = plain.cost_of(row)
        return cls(
            stage=row.stage,
            purpose=row.purpose,
            provider=row.provider,
            model=row.model,
            outcome=Outcome(row.outcome),
            error=ErrorKind(row.error) if row.error else None,
            input_tokens=row.input_tokens,
            cached_tokens=row.cached_tokens,
            reasoning_tokens=row.reasoning_tokens,
            output_tokens=row.output_tokens,
            cost=None if cost is None else float(cost),
            estimated=row.estimated,
            latency_ms=row.latency_ms,
            request_id=row.request_id,
            created_at=row.created_at,
        )
