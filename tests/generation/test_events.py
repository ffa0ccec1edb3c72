import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from jobwise.generation import events, queries
from jobwise.generation.events import Progress
from jobwise.generation.models import Status
from jobwise.generation.types import Stage
from jobwise.infra import events as wake_ups
from jobwise.infra import redis_client
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order

LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
async def _listening(database: str, redis_url: str) -> AsyncIterator[None]:
    redis_client.connect(redis_url)
    async with wake_ups.listening():
        yield
    await redis_client.close()


async def _work(generation_id: UUID) -> None:
    """All that happens to a generation, announced as a worker would."""
    claim = await queries.claim("a worker", LEASE, 10)
    assert claim is not None
    for stage in Stage:
        await queries.start_stage(claim, stage, 10, None, "begins")
        await events.announce(generation_id, claim.user_id)
        await queries.save_checkpoint(claim, stage, "hash", {}, 0.0, 20, "done")
        await events.announce(generation_id, claim.user_id)
    await queries.finish(claim, Status.COMPLETED, "Ready")
    await events.announce(generation_id, claim.user_id)


async def _all(generation_id: UUID, after: int = 0) -> list[Progress]:
    return [event async for event in events.follow(generation_id, after)]


async def test_a_follower_sees_every_event_once_and_in_order_and_then_the_end() -> None:
    generation_id = await an_order(await a_viewer())

    seen, _ = await asyncio.wait_for(asyncio.gather(_all(generation_id), _work(generation_id)), 20)

    assert [event.position for event in seen] == list(range(1, 14))
    assert seen[-1].status is Status.COMPLETED


async def test_a_follower_that_comes_back_misses_nothing_and_sees_nothing_twice() -> None:
    generation_id = await an_order(await a_viewer())
    first: list[Progress] = []

    async def cut_at_half_way() -> None:
        async for event in events.follow(generation_id):
            first.append(event)
            if len(first) == 6:
                return

    await asyncio.gather(cut_at_half_way(), _work(generation_id))
    rest = await _all(generation_id, after=first[-1].position)

    assert [event.position for event in [*first, *rest]] == list(range(1, 14))


async def test_following_from_the_last_event_ends_at_once() -> None:
    generation_id = await an_order(await a_viewer())
    await _work(generation_id)

    assert await asyncio.wait_for(_all(generation_id, after=13), 5) == []


async def test_events_come_also_when_every_wake_up_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(await a_viewer())
    monkeypatch.setattr(events, "_POLL_SECONDS", 0.05)

    async def lose(*_: str) -> None:
        """Redis is away."""

    monkeypatch.setattr(wake_ups, "publish", lose)
    seen, _ = await asyncio.wait_for(asyncio.gather(_all(generation_id), _work(generation_id)), 20)

    assert [event.position for event in seen] == list(range(1, 14))
