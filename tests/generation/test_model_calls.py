"""Generations whose documents a model writes: what they cost, and what survives when something breaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.documents.models import Document, DocumentVersion
from jobwise.documents.renderer import Renderer
from jobwise.generation import pipeline, queries, service
from jobwise.generation.leases import Leases
from jobwise.generation.models import Checkpoint, Generation, Status
from jobwise.generation.pipeline import Tools
from jobwise.generation.queries import LeaseLost
from jobwise.infra import db, redis_client
from jobwise.infra import events as wake_ups
from jobwise.infra.storage import Storage
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.router import opened
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

_SLOW = Script(default=Behaviour(stream_seconds=30))


@dataclass(frozen=True)
class Bench:
    """A worker's tools, the provider that its router asks, and somebody who orders."""

    tools: Tools
    provider: Provider
    viewer: Viewer

    async def work(self) -> None:
        """Claim the next generation and work on it until it ends."""
        claim = await queries.claim("a worker", self.tools.leases.length, 10)
        assert claim is not None
        await pipeline.run(claim, self.tools)


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(1) as pool:
        yield pool


@pytest.fixture
async def bench(database: str, redis_url: str, renderer: Renderer, tmp_path: Path) -> AsyncIterator[Bench]:
    redis_client.connect(redis_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis_client.close)
        await stack.enter_async_context(wake_ups.listening())
        leases = Leases(timedelta(seconds=30))
        await stack.enter_async_context(leases.kept())
        provider = await stack.enter_async_context(running())
        settings = Settings(
            llm_chain="openai:writer,builtin",
            openai_base_url=provider.url,
            openai_api_key="any",
            llm_first_token_seconds=0.5,
        )
        router = await stack.enter_async_context(opened(settings))
        tools = Tools("a worker", renderer, Storage(tmp_path), leases, most_seconds=900, router=router)
        yield Bench(tools, provider, await a_viewer())


async def _row(generation_id: UUID) -> Generation:
    return await Generation.get(id=generation_id)


async def test_a_generation_says_who_wrote_it_and_its_ledger_equals_the_bill(bench: Bench) -> None:
    generation_id = await an_order(bench.viewer)

    await bench.work()

    row = await _row(generation_id)
    assert row.status is Status.COMPLETED
    assert [author["model"] for author in row.result["authors"]] == ["writer", "writer"]
    calls = {str(call.id): call for call in await LlmCall.filter(generation_id=generation_id)}
    billed = {call.client_request_id: call for call in bench.provider.calls}
    assert {id_: (call.input_tokens, call.output_tokens) for id_, call in calls.items()} == {
        id_: (call.input_tokens, call.output_tokens) for id_, call in billed.items()
    }
    assert {(call.stage, call.user_id) for call in calls.values()} == {("WRITE", bench.viewer.user_id)}
    checkpoint = await Checkpoint.get(generation_id=generation_id, stage="WRITE")
    assert checkpoint.input_tokens == sum(call.input_tokens for call in calls.values())
    assert checkpoint.output_tokens == sum(call.output_tokens for call in calls.values())
    versions = await DocumentVersion.all()
    assert any("a model" in change["reason"] for version in versions for change in version.changes)
    assert not any(version.refused for version in versions)


async def test_a_resumed_generation_does_not_ask_the_model_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(bench.viewer)

    async def lost(*_: object, **__: object) -> None:
        raise LeaseLost

    with monkeypatch.context() as patch:
        patch.setattr(queries, "finish", lost)
        await bench.work()
    await db.fetch_all("update generations set lease_until = now() - interval '1 second'")
    await bench.work()

    assert (await _row(generation_id)).status is Status.COMPLETED
    assert len(bench.provider.calls) == 2


async def test_a_cancelled_generation_breaks_its_calls_off_within_a_second_and_settles_them(bench: Bench) -> None:
    bench.provider.follow(_SLOW)
    generation_id = await an_order(bench.viewer)
    work = asyncio.create_task(bench.work())
    await bench.provider.streaming(calls=2)

    began = time.monotonic()
    await service.cancel(bench.viewer, generation_id)
    await work
    await bench.provider.idle()

    assert time.monotonic() - began < 1
    assert (await _row(generation_id)).status is Status.CANCELLED
    calls = await LlmCall.all()
    assert [(call.outcome, call.estimated) for call in calls] == [(Outcome.CANCELLED, True)] * 2
    assert {call.outcome for call in bench.provider.calls} == {"aborted"}


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(fault="hang"),
        Behaviour(fault="cut", after_tokens=40),
        Behaviour(fault="status", status=529),
        Behaviour(fault="refusal"),
        Behaviour(fault="length"),
        Behaviour(text="no JSON"),
    ],
    ids=lambda behaviour: str(behaviour.fault),
)
async def test_the_built_in_writer_finishes_what_no_model_can(bench: Bench, behaviour: Behaviour) -> None:
    bench.provider.follow(Script(default=behaviour))
    generation_id = await an_order(bench.viewer)

    await bench.work()

    row = await _row(generation_id)
    assert row.status is Status.COMPLETED
    assert [author["provider"] for author in row.result["authors"]] == ["builtin", "builtin"]
    assert await Document.filter(generation_id=generation_id).count() == 2
    assert len(bench.provider.calls) == await LlmCall.all().count() == 2
    assert not await LlmCall.exists(outcome=Outcome.RESERVED)


async def test_a_worker_that_is_stopped_breaks_its_calls_off_and_hands_the_generation_back(bench: Bench) -> None:
    bench.provider.follow(_SLOW)
    generation_id = await an_order(bench.viewer)
    work = asyncio.create_task(bench.work())
    await bench.provider.streaming(calls=2)

    work.cancel()
    await asyncio.wait([work])

    assert work.cancelled()
    assert (await _row(generation_id)).status is Status.QUEUED
    assert await LlmCall.filter(outcome=Outcome.CANCELLED).count() == 2
