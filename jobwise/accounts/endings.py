"""Ends of sessions, for those who hold something open in the name of one.

An end is announced to all processes at once. As an announcement may be lost, each process also looks every few seconds,
in one statement for all sessions that are watched in it.
"""

import asyncio
import contextvars
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog

from jobwise.infra import db, events, redis_client

#: A lost announcement lets an ended session read on for at most this long.
LOOK_SECONDS = 5.0

End = Callable[[], None]

log = structlog.get_logger(__name__)


async def announce(user_id: UUID) -> None:
    """Say that some of a person's sessions may have ended. Call it after the commit."""
    if redis_client.is_connected():
        await events.publish(_topic(user_id))


class Watch:
    """The sessions that are watched in one process, and their reader, which runs while there are any."""

    def __init__(self) -> None:
        self._ends: dict[UUID, set[End]] = defaultdict(set)
        self._due: set[UUID] = set()
        self._bell = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    @contextmanager
    def attend(self, user_id: UUID, session_id: UUID, end: End) -> Iterator[None]:
        """Call `end`, which must be quick, when this session of the person is over; perhaps more than once."""

        def wake() -> None:
            self._due.add(session_id)
            self._bell.set()

        with events.listener.attend(_topic(user_id), wake):
            self._ends[session_id].add(end)
            if self._reader is None:
                # In a context of its own: that of the first one's request ends before the reader does.
                self._reader = asyncio.create_task(self._read(), name="sessions", context=contextvars.Context())
            try:
                yield
            finally:
                self._ends[session_id].discard(end)
                if not self._ends[session_id]:
                    del self._ends[session_id]
                if not self._ends:
                    self._reader.cancel()
                    self._reader = None

    async def _read(self) -> None:
        """Look until cancelled: for those that are due at once, for all of them every now and then."""
        now = asyncio.get_running_loop().time
        next_look = now() + LOOK_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_look):
                    await self._bell.wait()
            self._bell.clear()
            due, self._due = self._due & self._ends.keys(), set()
            if now() >= next_look:
                due = set(self._ends)
                next_look = now() + LOOK_SECONDS
            await self._end_those_over(due)

    async def _end_those_over(self, session_ids: set[UUID]) -> None:
        if not session_ids:
            return
        try:
            over = await db.fetch_all(_OVER, list(session_ids))
        except Exception as error:
            # Nothing else depends on this look, and the next one is soon.
            log.warning("sessions_unreadable", error=repr(error))
            return
        for row in over:
            for end in list(self._ends.get(row["id"], ())):
                end()


def _topic(user_id: UUID) -> str:
    return f"sessions:{user_id}"


watch = Watch()

# What is deleted, as with its account, is over as well.
_OVER = """
select w.id from unnest($1::uuid[]) as w (id)
  left join sessions s on s.id = w.id and s.revoked_at is null
 where s.id is null
"""
