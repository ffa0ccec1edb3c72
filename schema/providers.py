"""The providers of models, for the staff: how they are doing, and a test question to one of them."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from jobwise.errors import FieldError
from jobwise.errors import ValidationFailed as NotValid
from jobwise.llm import checks
from jobwise.llm.breaker import Position
from jobwise.llm.errors import ErrorKind
from jobwise.llm.router import opened
from jobwise.llm.types import Caller
from schema.context import Info
from schema.enums import describe
from schema.errors import ValidationFailed
from schema.execution import TIMEOUT_SECONDS

#: A test is broken off before its operation is, so that somebody hears of a provider that never answers.
_SECONDS = TIMEOUT_SECONDS - 5

describe(
    Position,
    "BreakerPosition",
    "Whether calls go to a model just now.",
    CLOSED="All calls go through.",
    OPEN="It has failed: calls go to the next one of the chain.",
    HALF_OPEN="One call goes through; the others follow when it has gone well.",
)


@strawberry.type(description="A model of the settings, and how it has been doing for 24 hours.")
class Provider:
    """One link of the chains."""

    provider: str = strawberry.field(description="Such as openai.")
    model: str = strawberry.field(description="The model's name.")
    breaker: Position = strawberry.field(description="Whether calls go there just now, as all workers see it.")
    open_until: datetime | None = strawberry.field(description="When the next call may go there; null unless OPEN.")
    failures: int = strawberry.field(description="Failures since the last success.")
    reason: str | None = strawberry.field(description="The last of these failures, in the provider's words.")
    calls: int = strawberry.field(description="Calls in 24 hours.")
    error_rate: float | None = strawberry.field(description="Share of failed calls, 0 to 1; null without any call.")
    latency_p50_ms: int | None = strawberry.field(
        description="Half of the answers took no longer, in milliseconds; null without any answer."
    )
    latency_p95_ms: int | None = strawberry.field(description="95 % of the answers took no longer, in milliseconds.")
    cost: float | None = strawberry.field(description="Spent in 24 hours, in US dollars; null where no price is known.")

    @classmethod
    def of(cls, report: checks.LinkReport) -> "Provider":
        """From the product's own."""
        values = {**vars(report), "breaker": report.position, "reason": report.reason or None}
        del values["position"]
        return cls(**{**values, "cost": None if report.cost is None else float(report.cost)})


@strawberry.input(description="A model of the settings.")
class TestProviderInput:
    """Input of `testProvider`."""

    provider: str = strawberry.field(description="Such as openai.")
    model: str = strawberry.field(description="The model's name, as in the settings.")


@strawberry.type(
    description="What a test question has shown. What could not be found out is null, and so is what makes no sense "
    "for a model that makes vectors of texts."
)
class TestProviderSuccess:
    """Result of `testProvider`, also when the provider has failed."""

    is_good: bool = strawberry.field(description="Whether documents can be written with it, or vectors made.")
    is_reachable: bool = strawberry.field(description="Whether anybody answers at its address.")
    key_is_valid: bool | None = strawberry.field(description="Whether it accepts the key.")
    model_is_known: bool | None = strawberry.field(description="Whether it has this model.")
    follows_schema: bool | None = strawberry.field(
        description="Whether the answer has the form that was asked for; null for vectors."
    )
    streams: bool | None = strawberry.field(description="Whether the answer came piece by piece; null for vectors.")
    first_token_ms: int | None = strawberry.field(
        description="Until its first word, in milliseconds; null for vectors."
    )
    latency_ms: int | None = strawberry.field(description="Until the end of the answer, in milliseconds.")
    price_is_known: bool = strawberry.field(description="Whether calls can be priced, and spending limits hold for it.")
    warnings: list[str] = strawberry.field(description="What is odd about it.")
    error_kind: ErrorKind | None = strawberry.field(description="How it failed; null unless it did.")
    error: str | None = strawberry.field(description="The failure in the provider's own words; null unless it failed.")

    @classmethod
    def of(cls, found: checks.Check) -> "TestProviderSuccess":
        """From the product's own."""
        return cls(
            is_good=found.is_good,
            is_reachable=found.is_reachable,
            key_is_valid=found.key_is_valid,
            model_is_known=found.model_is_known,
            follows_schema=found.follows_schema,
            streams=found.streams,
            first_token_ms=found.first_token_ms,
            latency_ms=found.latency_ms,
            price_is_known=found.price_is_known,
            warnings=list(found.warnings),
            error_kind=found.error.kind if found.error else None,
            error=found.error.message if found.error else None,
        )


TestProviderResult = Annotated[
    TestProviderSuccess | ValidationFailed,
    strawberry.union("TestProviderResult", description="What `testProvider` answers."),
]


@strawberry.type
class ProviderQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="The models of the settings and how they are doing. Only for the staff.")
    async def providers(self, info: Info) -> list[Provider]:
        """In the order of the settings, the one for vectors last; empty where no model is named."""
        info.context.require_staff()
        return [Provider.of(report) for report in await checks.reports(info.context.settings)]


@strawberry.type
class ProviderMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(
        description="Put a test question to a model, or two short texts to the one for vectors; it costs a few tokens. "
        f"One that has not answered within {_SECONDS:g} seconds has failed with TIMEOUT. Only for the staff."
    )
    async def test_provider(
        self, info: Info, input: Annotated[TestProviderInput, strawberry.argument(description="Which one.")]
    ) -> TestProviderResult:
        """A model that answers is asked again by all workers at once, however it had failed before."""
        info.context.require_staff()
        settings, link = info.context.settings, (input.provider, input.model)
        caller = Caller(info.context.viewer.user_id)
        async with opened(settings) as router:
            if router and link in settings.model_links():
                ask_once = partial(router.ask_once, link)
                found = await checks.check(*link, lambda request, heard: ask_once(request, caller, heard), _SECONDS)
            elif router and router.embedding and link == settings.embedding_link():
                embed = partial(router.embed, router.embedding, caller=caller, always=True)
                found = await checks.check_vectors(*link, embed, _SECONDS)
            else:
                named = ", ".join(filter(None, [*map(":".join, settings.model_links()), settings.embedding_model()]))
                raise NotValid([FieldError("model", f"The settings name no such model. There: {named or 'none'}.")])
        return TestProviderSuccess.of(found)
