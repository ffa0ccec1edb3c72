import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from jobwise.documents.content import DocumentKind
from jobwise.generation import events, queries
from jobwise.generation.events import Progress
from jobwise.generation.models import EventType, Status
from jobwise.generation.types import Stage
from jobwise.infra import db, redis_client
from jobwise.infra import events as wake_ups
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

    seen, _ = await asyncio.wait_for(asyncio.gather(_all(generation_id), _work(generation_id)), 30)

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

    assert await asyncio.wait_for(_all(generation_id, after=13), 30) == []


async def test_events_come_also_when_every_wake_up_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(await a_viewer())
    monkeypatch.setattr(events, "_POLL_SECONDS", 0.05)

    async def lose(*_: str) -> None:
        """Redis is away."""

    monkeypatch.setattr(wake_ups, "publish", lose)
    seen, _ = await asyncio.wait_for(asyncio.gather(_all(generation_id), _work(generation_id)), 30)

    assert [event.position for event in seen] == list(range(1, 14))


async def test_followers_at_the_same_place_cost_one_read_and_those_elsewhere_are_in_the_same_statement(
    counted: list[str],
) -> None:
    viewer = await a_viewer()
    orders = [await an_order(viewer) for _ in range(20)]

    async with _following(*(events.follow(order) for order in orders for _ in range(10))) as seen:
        await _until(lambda: all(len(one) == 1 for one in seen))

    assert len(counted) <= 4


async def test_a_follower_that_takes_nothing_is_read_for_up_to_a_limit_and_misses_nothing() -> None:
    generation_id = await an_order(await a_viewer())
    await _add_events(generation_id, 500)
    slow = events.follow(generation_id)

    first = await anext(slow)
    (follower,) = events._generations._followers[generation_id]
    await _announced(generation_id)
    waiting = len(follower.waiting)
    rest = [await anext(slow) for _ in range(500)]
    await slow.aclose()

    assert waiting < 100
    assert [event.position for event in [first, *rest]] == list(range(1, 502))


async def test_a_lost_wake_up_is_made_up_for_also_while_others_come_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = await a_viewer()
    quiet, busy = await an_order(viewer), await an_order(viewer)
    monkeypatch.setattr(events, "_POLL_SECONDS", 0.05)
    async with _following(events.follow(quiet), events.follow(busy)) as (seen, _):
        await _until(lambda: len(seen) == 1)
        await _add_events(quiet, 1)
        async with asyncio.timeout(30):
            while len(seen) == 1:
                events._generations._mark(busy)
                await asyncio.sleep(0)

    assert [event.position for event in seen] == [1, 2]


async def test_a_person_sees_what_happens_to_all_their_generations_and_to_nobody_elses() -> None:
    viewer, other = await a_viewer(), await a_viewer()
    begun = await events.newest(viewer.user_id)
    async with _following(events.follow_person(viewer.user_id, begun)) as (seen,):
        first = await an_order(viewer)
        await _work(first)
        await _work(await an_order(other))
        second = await an_order(viewer)
        await _work(second)
        await _until(lambda: len(seen) == 26)

    assert [event.position for event in seen] == list(range(1, 27))
    assert [event.generation_id for event in seen] == [first] * 13 + [second] * 13


async def test_a_person_who_comes_back_goes_on_behind_their_cursor() -> None:
    viewer = await a_viewer()
    await _work(await an_order(viewer))

    async with _following(events.follow_person(viewer.user_id, 9)) as (seen,):
        await _until(lambda: len(seen) == 4)

    assert [event.position for event in seen] == [10, 11, 12, 13]


async def test_old_events_are_removed_and_old_cursors_are_told_how_it_is_now() -> None:
    viewer = await a_viewer()
    old, kept = await an_order(viewer), await an_order(viewer)
    await _work(old)
    await db.fetch_all("update generations set finished_at = finished_at - interval '31 days' where id = $1", old)
    await db.fetch_all("update generation_events set created_at = created_at - interval '31 days'")
    removed = await events.prune()

    assert removed == 13
    assert [(e.type, e.position, e.status) for e in await _all(old, 3)] == [(EventType.RESYNC, 13, Status.COMPLETED)]
    assert await _all(old, 13) == []
    async with _following(events.follow_person(viewer.user_id, 3), events.follow(kept)) as (person, one):
        await _until(lambda: len(person) == 1 and len(one) == 1)
    assert (person[0].type, person[0].position) == (EventType.RESYNC, 14)
    assert (person[0].generation_id, person[0].status) == (kept, Status.QUEUED)
    assert one[0].type is EventType.ACCEPTED


async def test_a_cursor_from_a_future_that_a_restored_database_does_not_know_is_told_how_it_is_now() -> None:
    viewer = await a_viewer()
    generation_id = await an_order(viewer)

    async with _following(events.follow(generation_id, 99), events.follow_person(viewer.user_id, 99)) as seen:
        await _until(lambda: all(seen))
        await _work(generation_id)
        await _until(lambda: all(len(one) == 13 for one in seen))

    for one in seen:
        assert [event.type for event in one[:2]] == [EventType.RESYNC, EventType.STARTED]
        assert [event.position for event in one] == list(range(1, 14))


async def test_a_follower_of_a_deleted_generation_comes_to_an_end() -> None:
    generation_id = await an_order(await a_viewer())
    async with _following(events.follow(generation_id)) as (seen,):
        await _until(lambda: len(seen) == 1)
        await db.fetch_all("delete from generations where id = $1", generation_id)
        assert await asyncio.wait_for(_all(generation_id), 30) == []


async def test_followers_hear_that_a_document_began_anew_also_when_the_old_text_is_still_on_its_way() -> None:
    generation_id = await an_order(await a_viewer())
    async with _following(events.follow(generation_id)) as (seen,):
        await _until(lambda: len(seen) == 1)
        while len(seen) == 1:
            events.tell_delta(generation_id, DocumentKind.COVER_LETTER, "Dear read")
            events.tell_delta(generation_id, DocumentKind.COVER_LETTER, "Dear", restart=True)
            events.tell_delta(generation_id, DocumentKind.COVER_LETTER, " friend")
            await asyncio.sleep(0.05)

    assert (seen[1].delta, seen[1].restart) == ("Dear friend", True)


async def test_a_slow_follower_hears_later_that_a_document_began_anew() -> None:
    generation_id = await an_order(await a_viewer())
    topic = f"generation:{generation_id}"
    followed = events.follow(generation_id)
    assert (await anext(followed)).type is EventType.ACCEPTED
    # It reads nothing more for a while, so that there is no room for words.
    (hear,) = wake_ups.listener._hearers[topic]
    for _ in range(30):
        hear("COVER_LETTER", "word ")
    hear("COVER_LETTER", "\fnew ")
    heard = [await anext(followed) for _ in range(25)]
    hear("COVER_LETTER", "text")
    after = await anext(followed)
    await followed.aclose()

    assert not any(event.restart for event in heard)
    assert (after.delta, after.restart) == ("text", True)


async def test_text_reaches_the_followers_of_its_generation_with_the_cursor_of_the_last_event() -> None:
    viewer = await a_viewer()
    generation_id, other = await an_order(viewer), await an_order(viewer)
    followed = events.follow(generation_id), events.follow(other), events.follow_person(viewer.user_id, 0)
    async with _following(*followed) as (seen, of_other, of_person):
        await _until(lambda: len(seen) == 1 and len(of_other) == 1 and len(of_person) == 2)
        while len(seen) == 1:
            # Lost as long as Redis does not know yet who listens.
            events.tell_delta(generation_id, DocumentKind.COVER_LETTER, "Dear ")
            events.tell_delta(generation_id, DocumentKind.COVER_LETTER, "reader")
            await asyncio.sleep(0.05)

    delta = seen[1]
    assert (delta.type, delta.document, delta.position) == (EventType.DELTA, DocumentKind.COVER_LETTER, 1)
    assert (delta.delta or "").startswith("Dear reader")
    assert (len(of_other), len(of_person)) == (1, 2)


async def test_followers_wait_while_the_database_is_away_and_then_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(await a_viewer())
    really, failures = db.fetch_all, 0

    async def away(sql: str, *arguments: Any) -> list[dict[str, Any]]:
        nonlocal failures
        if "unnest" in sql and failures < 2:
            failures += 1
            raise db.DatabaseUnavailable
        return await really(sql, *arguments)

    monkeypatch.setattr(db, "fetch_all", away)
    async with _following(events.follow(generation_id)) as (seen,):
        await _until(lambda: len(seen) == 1)

    assert failures == 2


async def test_what_only_a_later_version_has_a_name_for_is_told_as_something_to_read_anew_and_harms_nobody() -> None:
    newer, other = await an_order(await a_viewer()), await an_order(await a_viewer())
    for number, values in enumerate(("'STAGE_STARTED', 'REVIEW', 'RUNNING'", "'PRAISED', 'WRITE', 'RUNNING'"), 2):
        await db.fetch_all(
            f"""
            insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
            values ($1, {number}, {values}, 5, 'As it is called there', now())
            """,
            newer,
        )
    await db.fetch_all("update generations set last_seq = 3, stage = 'REVIEW' where id = $1", newer)

    async with aclosing(events.follow(newer)) as following:
        told = [await asyncio.wait_for(anext(following), 30) for _ in range(3)]
        follower = next(iter(events._generations._followers[newer]))
        follower.hear("PORTFOLIO", "what the next version writes")
        async with aclosing(events.follow(other)) as theirs:
            first = await asyncio.wait_for(anext(theirs), 30)

    assert [(each.position, each.type.value, each.stage) for each in told] == [
        (1, "ACCEPTED", None),
        (2, "RESYNC", None),
        (3, "RESYNC", Stage.WRITE),
    ]
    assert first.type is EventType.ACCEPTED
    assert not follower.waiting


async def test_an_error_that_does_not_pass_reaches_the_follower(monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(await a_viewer())
    monkeypatch.setattr(events._generations, "_heads_sql", "select nonsense from nowhere where $1 = $2 and $3")

    with pytest.raises(db.OperationalError):
        await asyncio.wait_for(_all(generation_id), 30)


async def test_nothing_is_read_any_more_when_the_last_follower_is_gone() -> None:
    async with _following(events.follow(await an_order(await a_viewer()))) as (seen,):
        await _until(lambda: len(seen) == 1)

    assert events._generations._reader is None
    assert not events._generations._followers


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent by way of `fetch_all` to look for news."""
    statements: list[str] = []
    really = db.fetch_all

    async def counting(sql: str, *arguments: Any) -> list[dict[str, Any]]:
        if "unnest" in sql:
            statements.append(sql)
        return await really(sql, *arguments)

    monkeypatch.setattr(db, "fetch_all", counting)
    return statements


@asynccontextmanager
async def _following(*followed: AsyncGenerator[Progress, None]) -> AsyncIterator[list[list[Progress]]]:
    """What each of these followers has seen so far; they stop after the block."""
    seen: list[list[Progress]] = [[] for _ in followed]

    async def collect(one: AsyncGenerator[Progress, None], into: list[Progress]) -> None:
        async with aclosing(one):
            async for event in one:
                into.append(event)  # noqa: PERF401 (others look at it meanwhile)

    tasks = [asyncio.create_task(collect(one, into)) for one, into in zip(followed, seen, strict=True)]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (what is waited for has no flag)
            await asyncio.sleep(0.01)


async def _add_events(generation_id: UUID, count: int) -> None:
    await db.fetch_all(
        """
        with g as (update generations set last_seq = last_seq + $2::int where id = $1 returning *)
        insert into generation_events (generation_id, seq, type, status, progress, message, created_at)
        select g.id, g.last_seq - $2::int + n, 'STAGE_STARTED', g.status, 0, '', now()
          from g, generate_series(1, $2::int) as n
        """,
        generation_id, count,
    )  # fmt: skip


async def _announced(generation_id: UUID) -> None:
    """Announce, and give the reader the time to come by."""
    for _ in range(5):
        await events.announce(generation_id, generation_id)
        await asyncio.sleep(0.02)
