"""Calls for vectors count like all others: in the ledger, under the ceilings, for the breakers and our own pace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from jobwise.config import Settings
from jobwise.llm import prices
from jobwise.llm.breaker import Position
from jobwise.llm.checks import reports
from jobwise.llm.embedding import Vector
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Caller, Texts, Usage
from tests.accounts.people import a_viewer
from tests.llm.asking import most_at_once
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

pytestmark = pytest.mark.usefixtures("database")

_MODEL = "text-embedding-3-small"
_TEXTS = Texts(("Sheep on a hill. " * 50, "Compilers. " * 50))


@dataclass(frozen=True)
class _Scene:
    router: Router
    server: Provider
    settings: Settings

    async def embed(self, caller: Caller | None = None) -> list[Vector]:
        assert self.router.embedding is not None
        return await self.router.embed(self.router.embedding, _TEXTS, caller or Caller())


@asynccontextmanager
async def _scene(play: Script | None = None, **others: Any) -> AsyncIterator[_Scene]:
    async with running(play) as server:
        settings = Settings(embeddings=f"openai:{_MODEL}", openai_base_url=server.url, openai_api_key="a-key", **others)
        async with opened(settings) as router:
            assert router is not None
            yield _Scene(router, server, settings)


async def test_a_model_for_vectors_alone_writes_nothing() -> None:
    async with _scene() as scene:
        assert not any(scene.router.serves(purpose) for purpose in ("analyze", "write", "repair"))


async def test_a_call_is_written_down_with_what_it_used_and_cost_and_for_whom() -> None:
    viewer = await a_viewer()
    async with _scene() as scene:
        await scene.embed(Caller(viewer.user_id, stage="EMBED"))
        (billed,) = scene.server.calls

    (call,) = await LlmCall.all()
    assert (call.user_id, call.generation_id, call.stage, call.purpose) == (viewer.user_id, None, "EMBED", "embed")
    assert (str(call.id), call.request_id) == (billed.client_request_id, billed.id)
    assert (call.outcome, call.input_tokens, call.output_tokens) == (Outcome.COMPLETED, billed.input_tokens, 0)
    assert call.cost == prices.cost("openai", _MODEL, Usage(billed.input_tokens))
    assert call.reserved_cost == prices.worst_cost("openai", _MODEL, _TEXTS)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", _MODEL), ("gemini", "gemini-embedding-001"), ("mistral", "mistral-embed"), ("azure", _MODEL)],
)
def test_prices_of_usual_models_are_known(provider: str, model: str) -> None:
    assert prices.cost(provider, model, Usage(1_000_000))


def test_a_price_that_is_not_known_is_never_taken_for_nothing() -> None:
    assert prices.cost("local", "nomic-embed-text", Usage(1_000_000)) is None


async def test_the_ledger_adds_up_to_the_bill_whatever_happens() -> None:
    faults = [
        Behaviour(fault="status", status=503, share=0.2),
        Behaviour(fault="too_few", share=0.2),
        Behaviour(fault="not_json", share=0.1),
    ]
    async with _scene(Script(seed=4, rules=faults)) as scene:
        asking = [scene.embed() for _ in range(40)]
        answers = await asyncio.gather(*asking, return_exceptions=True)
        bill = {call.client_request_id: call for call in scene.server.calls}

    calls = {str(call.id): call for call in await LlmCall.all()}
    assert set(bill) <= set(calls)
    assert 5 < sum(isinstance(answer, ProviderError) for answer in answers) < 40
    for id_, billed in bill.items():
        charged = 0 if billed.outcome == "refused" else billed.input_tokens
        assert calls[id_].estimated or calls[id_].input_tokens == charged
        assert abs(calls[id_].input_tokens - charged) <= 2
        assert calls[id_].outcome != Outcome.RESERVED


async def test_a_ceiling_keeps_calls_from_being_made() -> None:
    async with _scene(llm_month_dollars=Decimal(0)) as scene:
        with pytest.raises(ProviderError, match="this installation's spending limit") as caught:
            await scene.embed()

        assert (caught.value.kind, scene.server.calls) == (ErrorKind.SPENDING, [])
        # That is no fault of the provider.
        assert await scene.router.can_embed()


async def test_a_provider_that_fails_is_left_alone_and_asked_again_when_it_is_time() -> None:
    limited = Behaviour(fault="status", status=429, code="rate_limit_exceeded", headers={"retry-after": "60"})
    async with _scene(Script(next=[limited])) as scene:
        with pytest.raises(ProviderError, match="RATE_LIMIT"):
            await scene.embed()
        assert not await scene.router.can_embed()
        with pytest.raises(ProviderError, match="left alone for now") as caught:
            await scene.embed()
        assert len(scene.server.calls) == 1

        rest = caught.value.retry_after
        assert rest is not None
        assert 0 < rest <= 60
        # It is time when no rest is left.
        assert scene.router.embedding is not None
        known, name = scene.router.breakers._known, scene.router.embedding.breaker
        known[name] = replace(known[name], open_until=known[name].open_until - 60)
        assert await scene.router.can_embed()
        assert len(await scene.embed()) == 2
    assert await LlmCall.filter(outcome=Outcome.FAILED).count() == 1


async def test_the_link_is_among_those_that_are_reported() -> None:
    wrong = Behaviour(fault="status", status=401, code="invalid_api_key")
    async with _scene(Script(next=[wrong]), llm_chain="openai:gpt-6-luna") as scene:
        with pytest.raises(ProviderError, match="AUTH"):
            await scene.embed()
        (chat, vectors) = await reports(scene.settings)

    assert (chat.model, vectors.model) == ("gpt-6-luna", _MODEL)
    assert vectors.calls == 1


async def test_the_link_that_is_reported_has_the_breaker_that_all_workers_share(shared_redis: str) -> None:
    wrong = Behaviour(fault="status", status=401, code="invalid_api_key")
    async with _scene(Script(next=[wrong])) as scene:
        with pytest.raises(ProviderError, match="AUTH"):
            await scene.embed()
        (vectors,) = await reports(scene.settings)

    assert (vectors.position, vectors.failures) == (Position.OPEN, 1)


async def test_no_more_than_half_of_the_calls_that_are_allowed_in_a_minute_are_for_vectors(shared_redis: str) -> None:
    async with _scene(llm_requests_per_minute=4) as scene:
        for _ in range(2):
            await scene.embed()
        for _ in range(10):
            with pytest.raises(ProviderError, match="at most 2 model calls a minute"):
                await scene.embed()

        assert len(scene.server.calls) == 2
        # Whoever writes may make all that are left, however often vectors were asked for.
        for _ in range(2):
            await scene.router.pacing.count("openai")
        with pytest.raises(ProviderError, match="at most 4 model calls a minute"):
            await scene.router.pacing.count("openai")


async def test_no_more_calls_than_allowed_are_open_at_a_time() -> None:
    async with _scene(Script(default=Behaviour(first_token_seconds=0.05)), llm_concurrency=2) as scene:
        await asyncio.gather(*(scene.embed() for _ in range(6)))
        await scene.server.idle()

    assert most_at_once(scene.server.calls) <= 2
