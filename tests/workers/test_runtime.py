import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.documents.renderer import Renderer
from jobwise.generation import queries
from jobwise.generation.leases import Leases
from jobwise.generation.models import Event, Generation, Status
from jobwise.generation.pipeline import Tools
from jobwise.infra import db, events, queue, redis_client
from jobwise.infra.storage import Storage
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order
from workers.runtime import Runner, answering_rings, sweeping
from workers.settings import runner_of

GRACE = 5.0


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(2) as pool:
        yield pool


@pytest.fixture
async def tools(database: str, redis_url: str, renderer: Renderer, tmp_path: Path) -> AsyncIterator[Tools]:
    redis_client.connect(redis_url)
    leases = Leases(timedelta(seconds=30))
    async with events.listening(), leases.kept():
        yield Tools("a worker", renderer, Storage(tmp_path), leases, most_seconds=900)
    await redis_client.close()


@pytest.fixture
async def viewer(database: str) -> Viewer:
    return await a_viewer()


async def _until(status: Status, *generations: UUID, seconds: float = 60) -> None:
    """Look until all of them are there."""
    async with asyncio.timeout(seconds):
        while await Generation.filter(id__in=generations, status=status).count() < len(generations):  # noqa: ASYNC110 (rows)
            await asyncio.sleep(0.02)


async def test_a_ring_is_enough_for_everything_that_waits(tools: Tools, viewer: Viewer) -> None:
    orders = [await an_order(viewer) for _ in range(3)]
    runner = Runner(tools, slots=2, cap=10)

    async with answering_rings(runner, 2):
        work = asyncio.create_task(runner.run(GRACE))
        # The first look found them all; these two are found by one ring.
        await _until(Status.COMPLETED, *orders)
        later = [await an_order(viewer) for _ in range(2)]
        assert await queue.ring()
        await _until(Status.COMPLETED, *later)
        runner.stop()
        await work


async def test_a_worker_without_a_free_slot_leaves_rings_to_others(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        busy.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    await an_order(viewer)
    runner = Runner(tools, slots=1, cap=10)
    async with answering_rings(runner, 1):
        work = asyncio.create_task(runner.run(0.0))
        await busy.wait()
        await queue.ring()
        # Ten times the interval at which a worker with room looks for rings.
        await asyncio.sleep(0.5)
        assert await queue.waiting_rings() == 1
        runner.stop()
        await work


async def test_stale_and_doubled_rings_do_nothing(tools: Tools, viewer: Viewer) -> None:
    runner = Runner(tools, slots=2, cap=10)
    await queue.ring(30)
    generation_id = await an_order(viewer)

    async with answering_rings(runner, 2):
        work = asyncio.create_task(runner.run(GRACE))
        await _until(Status.COMPLETED, generation_id)
        runner.stop()
        await work

    assert await Event.filter(generation_id=generation_id, type="STARTED").count() == 1


async def test_the_sweep_finds_what_nobody_rang_for(tools: Tools, viewer: Viewer) -> None:
    runner = Runner(tools, slots=2, cap=10)

    async with sweeping(runner):
        work = asyncio.create_task(runner.run(GRACE))
        generation_id = await an_order(viewer)
        await _until(Status.COMPLETED, generation_id)
        runner.stop()
        await work

    assert await Event.filter(generation_id=generation_id, type="STARTED").count() == 1


async def test_the_sweep_ends_what_was_cancelled_after_its_worker_died(tools: Tools, viewer: Viewer) -> None:
    generation_id = await an_order(viewer)
    assert await queries.claim("a dead worker", timedelta(seconds=30), 10)
    # As APIs of the first version do, which leave the end to the worker.
    await db.fetch_all("update generations set cancel_requested_at = now(), lease_until = now()")

    async with sweeping(Runner(tools, slots=1, cap=10)):
        await _until(Status.CANCELLED, generation_id)


async def test_a_stopped_worker_hands_back_what_does_not_end_in_time_and_rings_for_it(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendering = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        rendering.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    generation_id = await an_order(viewer)
    runner = Runner(tools, slots=1, cap=10)
    work = asyncio.create_task(runner.run(0.1))
    await rendering.wait()
    runner.stop()
    await work

    row = await Generation.get(id=generation_id)
    assert (row.status, row.attempt, row.worker) == (Status.QUEUED, 0, None)
    assert await queue.waiting_rings() == 1


async def test_workers_with_one_slot_each_run_several_generations_of_one_person_at_a_time(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBWISE_WORKER_CONCURRENCY", "1")
    monkeypatch.setenv("JOBWISE_RUNNING_PER_PERSON", "2")
    rendering: set[str] = set()
    are_both_there = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        rendering.update(str(row.id) for row in await Generation.filter(status=Status.RUNNING))
        if len(rendering) == 2:
            are_both_there.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    for _ in range(3):
        await an_order(viewer)
    runners = [runner_of(Settings(), tools) for _ in range(3)]
    work = [asyncio.create_task(runner.run(0.0)) for runner in runners]
    async with asyncio.timeout(30):
        await are_both_there.wait()
    assert [runner.room for runner in runners].count(0) == 2

    for runner in runners:
        runner.stop()
    await asyncio.gather(*work)


async def test_what_a_claim_passed_over_is_asked_for_once_more_without_a_ring(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    real, passed_over = queries.claim, [None]

    async def locked_at_first(*given: Any) -> Any:
        return passed_over.pop() if passed_over else await real(*given)

    monkeypatch.setattr(queries, "claim", locked_at_first)
    runner = Runner(tools, slots=1, cap=10)
    work = asyncio.create_task(runner.run(GRACE))
    await _until(Status.COMPLETED, generation_id)
    runner.stop()
    await work

    assert passed_over == []


async def test_no_more_generations_run_than_there_are_slots(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = most = 0
    real = tools.renderer.render

    async def counted(*given: Any, **more: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await real(*given, **more)
        finally:
            running -= 1

    monkeypatch.setattr(tools.renderer, "render", counted)
    orders = [await an_order(viewer) for _ in range(5)]
    runner = Runner(tools, slots=2, cap=10)
    work = asyncio.create_task(runner.run(GRACE))
    await _until(Status.COMPLETED, *orders)
    runner.stop()
    await work

    # Résumé and letter of two generations.
    assert most == 4
