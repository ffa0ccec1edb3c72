import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import pytest

from jobwise.generation import leases, queries
from jobwise.generation.leases import Lease, Leases
from jobwise.generation.queries import Claim, LeaseLost
from jobwise.infra import db
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order

LEASE = timedelta(seconds=30)
CLAIM = Claim(uuid4(), uuid4(), token=1, attempt=1, max_attempts=5, spent_seconds=0.0, inputs={})


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _deaf_to_the_first() -> None:
    """As a library is that swallows a cancellation."""
    try:
        await _for_ever()
    except asyncio.CancelledError:
        await _for_ever()


async def _begun(work: "asyncio.Task[None]") -> "asyncio.Task[None]":
    await asyncio.sleep(0)
    return work


async def test_no_model_is_asked_any_more_once_the_work_was_stopped_whoever_has_swallowed_that() -> None:
    work = await _begun(asyncio.create_task(_deaf_to_the_first()))
    lease = Lease(CLAIM, work, fence=20)
    lease.guard()

    lease.stop_work()

    with pytest.raises(LeaseLost):
        lease.guard()
    await leases.cancelled(work)


async def test_work_has_time_to_settle_and_is_cancelled_again_when_that_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = await _begun(asyncio.create_task(_deaf_to_the_first()))
    lease = Lease(CLAIM, work, fence=20)

    for _ in range(3):
        lease.stop_work()
        await asyncio.sleep(0)
    assert not work.done()

    monkeypatch.setattr(leases, "_SETTLING_SECONDS", 0.0)
    lease.stop_work()
    await asyncio.wait([work], timeout=30)
    assert work.cancelled()


async def test_a_worker_that_has_no_time_left_ends_also_what_swallows_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "_SETTLING_SECONDS", 0.01)
    work = await _begun(asyncio.create_task(_deaf_to_the_first()))

    await asyncio.wait_for(leases.cancelled(work), 30)

    assert work.cancelled()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock that goes on in its sleep")
async def test_a_lease_is_in_doubt_after_the_machine_has_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    work = asyncio.create_task(_for_ever())
    lease = Lease(CLAIM, work, fence=20)
    read = time.clock_gettime

    def after_a_minute_of_sleep(clock: int) -> float:
        return read(clock) + (60 if clock == time.CLOCK_BOOTTIME else 0)

    monkeypatch.setattr(time, "clock_gettime", after_a_minute_of_sleep)

    assert lease.in_doubt
    await leases.cancelled(work)


@pytest.mark.usefixtures("database")
async def test_a_worker_that_claims_its_own_generation_anew_stops_the_old_work_and_keeps_the_new() -> None:
    await an_order(await a_viewer())
    held = Leases(LEASE)
    first = await queries.claim("a worker", LEASE, 10)
    await db.fetch_all("update generations set lease_until = now() - interval '1 second'")
    second = await queries.claim("a worker", LEASE, 10)
    assert first
    assert second
    old, new = asyncio.create_task(_for_ever()), asyncio.create_task(_for_ever())

    with held.hold(first, old), held.hold(second, new) as lease:
        await asyncio.wait([old], timeout=30)
        before = lease.extended
        await held._extend(list(held._held.values()))
        await held._look()

    assert old.cancelled()
    assert lease.extended > before
    lease.guard()
    await leases.cancelled(new)
