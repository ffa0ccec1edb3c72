import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.errors import ErrorCode
from jobwise.generation import pipeline, queries
from jobwise.generation.models import Checkpoint, Event, Generation, Status
from jobwise.generation.queries import Claim, Due, Kept, LeaseLost
from jobwise.generation.types import Stage
from jobwise.infra import db
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order

pytestmark = pytest.mark.usefixtures("database")

LEASE = timedelta(seconds=30)


async def _claimed(cap: int = 10) -> Claim:
    claim = await queries.claim("a worker", LEASE, cap)
    assert claim is not None
    return claim


async def _let_the_lease_expire(generation_id: UUID) -> None:
    await db.fetch_all("update generations set lease_until = now() - interval '1 second' where id = $1", generation_id)


async def _events(generation_id: UUID) -> list[tuple[int, str]]:
    return [(event.seq, event.type.value) for event in await Event.filter(generation_id=generation_id).order_by("seq")]


async def test_two_workers_never_claim_the_same_generation() -> None:
    viewer = await a_viewer()
    orders = {await an_order(viewer) for _ in range(5)}

    claims = await asyncio.gather(*(queries.claim(f"worker {n}", LEASE, 10) for n in range(8)))

    assert {claim.id for claim in claims if claim} == orders
    assert sum(claim is None for claim in claims) == 3


async def test_no_more_generations_of_one_person_run_at_a_time_than_the_cap() -> None:
    viewer = await a_viewer()
    for _ in range(3):
        await an_order(viewer)

    claims = await asyncio.gather(*(queries.claim("a worker", LEASE, 2) for _ in range(3)))

    assert sum(claim is not None for claim in claims) == 2


async def test_a_person_with_one_order_comes_before_the_second_of_a_person_with_many() -> None:
    busy, other = await a_viewer(), await a_viewer()
    for _ in range(3):
        await an_order(busy)
    single = await an_order(other)

    claimed = [(await _claimed()).id for _ in range(2)]

    assert single in claimed


async def test_an_expired_lease_is_taken_over_and_its_old_holder_can_write_no_more() -> None:
    generation_id = await an_order(await a_viewer())
    zombie = await _claimed()
    await _let_the_lease_expire(generation_id)
    heir = await _claimed()

    assert heir.token > zombie.token
    for write in (
        queries.start_stage(zombie, Stage.ANALYZE, 4, None, ""),
        queries.save_checkpoint(zombie, Stage.ANALYZE, "h", {}, 0.1, 15, ""),
        queries.save_step(zombie, "REPAIR", "h", {}),
        queries.finish(zombie, Status.COMPLETED, ""),
        queries.finish(zombie, Status.CANCELLED, ""),
        queries.release(zombie, timedelta(), "", keep_attempt=False),
    ):
        with pytest.raises(LeaseLost):
            await write
    assert await queries.extend_leases([zombie, heir], [1.0, 2.0], LEASE) == {heir.key} == {(generation_id, 2)}
    assert await queries.ended_leases([zombie, heir]) == {zombie.key}

    row = await Generation.get(id=generation_id)
    assert (row.status, row.token, row.spent_seconds) == (Status.RUNNING, heir.token, 2.0)
    assert await Checkpoint.all().count() == 0


async def test_a_checkpoint_saved_twice_counts_once() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()

    for _ in range(2):
        await queries.save_checkpoint(claim, Stage.MATCH, "hash", {"score": 1}, 0.1, 25, "done", ["told"])

    assert await queries.checkpoints(generation_id) == {("MATCH", "hash"): Kept({"score": 1}, ["told"])}
    assert await _events(generation_id) == [(1, "ACCEPTED"), (2, "STARTED"), (3, "STAGE_COMPLETED")]


async def test_what_is_left_is_told_by_what_generations_of_the_same_kind_took() -> None:
    for factor in (1, 3):
        await an_order(await a_viewer())
        claim = await _claimed()
        for stage in Stage:
            await queries.save_checkpoint(claim, stage, "hash", {}, float(factor), 50, "done")
    await db.fetch_all(
        "update generation_checkpoints set output_tokens = 100 where stage = 'WRITE' and generation_id = $1", claim.id
    )
    usual = pipeline.UsualTimes()

    assert await usual.left(list(Stage), with_models=False) == len(Stage)
    assert await usual.left(list(Stage), with_models=True) == 3 * len(Stage)
    assert await usual.left([], with_models=True) == 0.0


async def test_a_completed_stage_tells_what_is_left_after_it() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()
    await queries.start_stage(claim, Stage.WRITE, 30, 9.0, "Writing")

    await queries.save_checkpoint(claim, Stage.WRITE, "hash", {}, 0.1, 60, "Written", eta=2.5)

    told = await db.fetch_all("select eta_seconds as eta from generation_events where seq > 2 order by seq")
    assert [row["eta"] for row in told] == [9.0, 2.5]
    assert (await Generation.get(id=generation_id)).eta_seconds == 2.5


async def test_a_graceful_release_gives_the_attempt_back_but_never_the_token() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()

    await queries.release(claim, timedelta(), "Handed on", keep_attempt=False)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.attempt, row.token) == (Status.QUEUED, 0, 1)
    assert (await _claimed()).token == 2


async def test_what_is_released_for_later_is_not_claimed_before() -> None:
    await an_order(await a_viewer())
    await queries.release(await _claimed(), timedelta(minutes=1), "Later", keep_attempt=True)

    assert await queries.claim("a worker", LEASE, 10) is None
    assert await queries.due() == Due(0, None)


async def test_what_waits_is_cancelled_at_once() -> None:
    viewer = await a_viewer()
    generation_id = await an_order(viewer)

    assert await queries.request_cancel(generation_id, viewer.user_id)

    assert (await Generation.get(id=generation_id)).status is Status.CANCELLED
    assert await _events(generation_id) == [(1, "ACCEPTED"), (2, "CANCELLED")]
    assert not await queries.request_cancel(generation_id, viewer.user_id)
    assert await queries.claim("a worker", LEASE, 10) is None


async def test_nobody_can_cancel_what_belongs_to_another() -> None:
    generation_id = await an_order(await a_viewer())

    assert not await queries.request_cancel(generation_id, (await a_viewer()).user_id)
    assert (await Generation.get(id=generation_id)).status is Status.QUEUED


async def test_what_runs_is_cancelled_at_once_and_its_worker_can_write_no_more() -> None:
    viewer = await a_viewer()
    generation_id = await an_order(viewer)
    claim = await _claimed()

    assert await queries.request_cancel(generation_id, viewer.user_id)

    assert not await queries.request_cancel(generation_id, viewer.user_id)
    assert await queries.ended_leases([claim]) == {claim.key}
    assert await queries.extend_leases([claim], [1.0], LEASE) == set()
    for write in (
        queries.release(claim, timedelta(), "", keep_attempt=True),
        queries.start_stage(claim, Stage.ANALYZE, 4, None, ""),
        queries.save_step(claim, "REPAIR", "h", {}),
        queries.save_checkpoint(claim, Stage.ANALYZE, "h", {}, 0.1, 15, ""),
        queries.finish(claim, Status.COMPLETED, "done"),
        queries.finish(claim, Status.FAILED, "no", code=ErrorCode.INTERNAL),
        queries.finish(claim, Status.CANCELLED, "Cancelled"),
    ):
        with pytest.raises(LeaseLost):
            await write
    row = await Generation.get(id=generation_id)
    assert (row.status, row.lease_until, row.worker) == (Status.CANCELLED, None, None)
    assert await _events(generation_id) == [(1, "ACCEPTED"), (2, "STARTED"), (3, "CANCELLED")]
    assert await Checkpoint.all().count() == 0


async def test_a_wish_to_cancel_stops_the_next_stage_and_cannot_be_overtaken_by_completion() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()
    # As APIs of the first version do, which leave the end to the worker.
    await db.fetch_all("update generations set cancel_requested_at = now()")

    assert await queries.ended_leases([claim]) == {claim.key}
    for write in (
        queries.release(claim, timedelta(), "", keep_attempt=True),
        queries.start_stage(claim, Stage.ANALYZE, 4, None, ""),
        queries.finish(claim, Status.COMPLETED, "done"),
        queries.finish(claim, Status.FAILED, "no", code=ErrorCode.INTERNAL),
    ):
        with pytest.raises(LeaseLost):
            await write
    await queries.finish(claim, Status.CANCELLED, "Cancelled")

    assert (await Generation.get(id=generation_id)).status is Status.CANCELLED


async def test_nothing_ends_as_cancelled_that_nobody_cancelled() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()

    with pytest.raises(LeaseLost):
        await queries.finish(claim, Status.CANCELLED, "Cancelled")

    assert (await Generation.get(id=generation_id)).status is Status.RUNNING


async def test_a_generation_that_killed_its_workers_too_often_fails_and_says_so() -> None:
    generation_id = await an_order(await a_viewer())
    for _ in range(5):
        await _claimed()
        await _let_the_lease_expire(generation_id)

    assert await queries.claim("a worker", LEASE, 10) is None
    reaped = await queries.reap()
    assert reaped
    assert reaped.id == generation_id
    assert await queries.reap() is None

    row = await Generation.get(id=generation_id)
    assert (row.status, row.error_code) == (Status.FAILED, "WORKER_LOST")
    assert "retry it" in (row.error_message or "")
    assert (await _events(generation_id))[-1] == (7, "FAILED")


async def test_events_are_numbered_without_gaps_whoever_writes_at_the_same_time() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()

    await asyncio.gather(*(queries.save_checkpoint(claim, Stage.WRITE, str(n), {}, 0.1, 30, "") for n in range(20)))

    assert [seq for seq, _ in await _events(generation_id)] == list(range(1, 23))


async def test_the_beginning_of_a_stage_that_is_said_twice_is_one_event() -> None:
    generation_id = await an_order(await a_viewer())
    claim = await _claimed()

    for _ in range(2):
        await queries.start_stage(claim, Stage.WRITE, 30, None, "Writing")
    await _let_the_lease_expire(generation_id)
    await queries.start_stage(await _claimed(), Stage.WRITE, 30, None, "Writing")

    names = [name for _, name in await _events(generation_id)]
    assert names == ["ACCEPTED", "STARTED", "STAGE_STARTED", "STARTED", "STAGE_STARTED"]


async def test_somebody_new_waits_for_one_generation_at_most_however_much_another_has_waiting() -> None:
    busy = await a_viewer()
    for _ in range(40):
        await an_order(busy)
    # As it is after hours in which the workers were slower than one generation in each turn's time.
    await db.fetch_all("update generations set vt = vt - interval '1 day'")
    for _ in range(3):
        await _claimed(cap=100)
    single = await an_order(await a_viewer())

    claimed = [(await _claimed(cap=100)).id for _ in range(2)]

    assert single in claimed


async def test_what_is_due_is_counted_and_the_end_of_the_next_lease_is_known() -> None:
    running = await an_order(await a_viewer())
    await _claimed()
    await an_order(await a_viewer())

    ahead = await queries.due()
    await _let_the_lease_expire(running)

    assert ahead.now == 1
    assert ahead.next_lease_ends_in is not None
    assert 29 < ahead.next_lease_ends_in <= 30
    assert await queries.due() == Due(2, None)


async def test_people_who_have_many_waiting_take_turns() -> None:
    people = [await a_viewer() for _ in range(3)]
    for viewer in people:
        for _ in range(3):
            await an_order(viewer)

    order = [(await _claimed()).user_id for _ in range(9)]

    assert [len(set(order[n : n + 3])) for n in (0, 3, 6)] == [3, 3, 3]


async def test_crashes_before_a_checkpoint_no_longer_count_after_it() -> None:
    generation_id = await an_order(await a_viewer())
    for _ in range(3):
        claim = await _claimed()
        await _let_the_lease_expire(generation_id)
    claim = await _claimed()
    assert claim.attempt == 4

    await queries.save_checkpoint(claim, Stage.ANALYZE, "hash", {}, 0.1, 15, "done")

    assert (await Generation.get(id=generation_id)).attempt == 1


async def test_what_keeps_crashing_is_run_by_a_worker_that_has_nothing_else_of_its_kind() -> None:
    suspects = [await an_order(await a_viewer()) for _ in range(2)]
    await db.fetch_all("update generations set attempt = 3, token = 3")

    first = await queries.claim("one", LEASE, 10)
    assert first
    assert await queries.claim("one", LEASE, 10) is None
    second = await queries.claim("two", LEASE, 10)

    assert second
    assert {first.id, second.id} == set(suspects)


async def test_only_what_failed_or_was_cancelled_is_retried_and_only_by_its_owner() -> None:
    viewer, stranger = await a_viewer(), await a_viewer()
    generation_id = await an_order(viewer)
    assert not await queries.requeue(generation_id, viewer.user_id)
    await queries.request_cancel(generation_id, viewer.user_id)

    assert not await queries.requeue(generation_id, stranger.user_id)
    assert await queries.requeue(generation_id, viewer.user_id)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.cancel_requested_at, row.finished_at) == (Status.QUEUED, None, None)
    assert [name for _, name in await _events(generation_id)] == ["ACCEPTED", "CANCELLED", "RETRIED"]
    assert await queries.ordered_within(viewer.user_id, timedelta(hours=1)) == 2


@asynccontextmanager
async def _frozen(viewer: Viewer) -> AsyncIterator[None]:
    """A process stands still in a transaction in which it has written something about this person."""
    written, thawed = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            await db.fetch_all(
                "update generation_event_counters set last_seq = last_seq where user_id = $1", viewer.user_id
            )
            await db.may_stand_still()
            written.set()
            await thawed.wait()

    process = asyncio.create_task(write())
    await written.wait()
    try:
        yield
    finally:
        thawed.set()
        await process


async def test_a_claim_waits_for_nobody_and_passes_over_those_whose_rows_are_locked() -> None:
    stuck, other = await a_viewer(), await a_viewer()
    await an_order(stuck)
    await an_order(other)

    async with _frozen(stuck):
        claims = [await queries.claim("a worker", LEASE, 10) for _ in range(2)]
    assert [claim and claim.user_id for claim in claims] == [other.user_id, None]
    assert (await _claimed()).user_id == stuck.user_id

    await db.fetch_all("update generations set lease_until = now() - interval '1 second'")
    async with _frozen(stuck):
        claims = [await queries.claim("a worker", LEASE, 10) for _ in range(2)]
    assert [claim and claim.user_id for claim in claims] == [other.user_id, None]


async def test_what_is_ended_for_its_dead_workers_waits_for_nobody_else() -> None:
    stuck, other = await a_viewer(), await a_viewer()
    for viewer in (stuck, other):
        await an_order(viewer)
        await _claimed()
    await db.fetch_all("update generations set attempt = max_attempts, lease_until = now() - interval '1 second'")

    async with _frozen(stuck):
        reaped = [await queries.reap() for _ in range(2)]

    assert [each and each.user_id for each in reaped] == [other.user_id, None]


async def test_events_of_a_person_are_numbered_in_the_order_of_commits_over_all_generations() -> None:
    viewer = await a_viewer()
    await asyncio.gather(*(an_order(viewer) for _ in range(5)))
    claims = [await _claimed() for _ in range(5)]

    await asyncio.gather(*(queries.start_stage(claim, Stage.WRITE, 30, None, "") for claim in claims))

    events = await Event.filter(user_id=viewer.user_id).order_by("user_seq")
    assert [event.user_seq for event in events] == list(range(1, 16))
