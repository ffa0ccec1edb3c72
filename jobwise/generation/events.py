"""A generation's progress, followed: from a cursor through what was, then live; nothing is missed or repeated."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

from jobwise.generation import queries
from jobwise.generation.models import Event, Generation, Status
from jobwise.infra import events

#: A lost wake-up delays an event by at most this long.
_POLL_SECONDS = 2.0

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


def topic(generation_id: UUID) -> str:
    """What is published after each commit that adds an event."""
    return f"generation:{generation_id}"


async def announce(generation_id: UUID, user_id: UUID) -> None:
    """Wake the followers of a generation and of its person. Call it after the commit."""
    await events.publish(topic(generation_id))


async def follow(generation_id: UUID, after: int = 0) -> AsyncIterator[Event]:
    """Events with a sequence number above `after`, in order, until the generation has ended.

    The caller has checked that the viewer may see the generation. The flag is attached before the rows are read, so
    nothing that is committed in between can be missed.
    """
    with events.listener.subscribe(topic(generation_id)) as flag:
        while True:
            flag.clear()
            ended = await _has_ended(generation_id)
            while batch := await queries.events_after(generation_id, after):
                for event in batch:
                    yield event
                    after = event.seq
                if batch[-1].status in ENDED:
                    return
            if ended:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(flag.wait(), _POLL_SECONDS)


async def _has_ended(generation_id: UUID) -> bool:
    """Read before the events, so that the last one is not overlooked. True also for a generation that was deleted."""
    generation = await Generation.get_or_none(id=generation_id).only("id", "status")
    return generation is None or generation.status in ENDED
