"""The leases of one worker: extended together, given up when they are lost, cancelled or in doubt.

Two statements serve all generations of a worker, however many: one extends the leases a few times in each lease, one
looks twice a second (at once when somebody cancels) for those that must stop. PostgreSQL's clock alone judges a lease;
a worker's own clock only tells it to stop in time when it cannot ask. That clock goes on while the machine sleeps.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog

from jobwise.generation import queries
from jobwise.generation.queries import Claim, Key, LeaseLost
from jobwise.infra import events

_LOOK_SECONDS = 0.5
_BEATS_PER_LEASE = 5
#: Without being extended for this share of its length, a lease is given up, before another worker may begin.
_FENCE = 0.7
#: Who is cancelled has this long to settle what it was at. Then it is cancelled again: a library may have swallowed it.
_SETTLING_SECONDS = 4.0
_CANCELLATIONS = "cancellations"

# time.monotonic() stands still while Linux is suspended; where this clock is not known, the other one goes on.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

log = structlog.get_logger(__name__)


async def announce_cancellation() -> None:
    """Make all workers look at once. Call it after the commit."""
    await events.publish(_CANCELLATIONS)


async def cancelled(work: "asyncio.Task[Any]") -> None:
    """Cancel a task for as long as it takes, and wait for its end."""
    while not work.done():
        work.cancel()
        await asyncio.wait([work], timeout=_SETTLING_SECONDS)


def _now() -> float:
    return time.clock_gettime(_CLOCK)


class Lease:
    """One generation's lease and the task that works under it."""

    def __init__(self, claim: Claim, work: "asyncio.Task[Any]", fence: float) -> None:
        self.claim = claim
        self._work = work
        self._fence = fence
        self._cancelled_at: float | None = None
        self.extended = _now()

    @property
    def in_doubt(self) -> bool:
        """Whether it has not been extended for so long that another worker may soon have the generation.

        True at once for a process that was stopped and continued, and for one whose machine slept: this clock went on.
        """
        return _now() - self.extended > self._fence

    def guard(self) -> None:
        """Raise LeaseLost when this worker may no longer work on the generation."""
        if self._cancelled_at is not None or self.in_doubt:
            raise LeaseLost

    def stop_work(self) -> None:
        """Cancel the task: it may take a moment to settle what it was at, and finds out from the row why.

        Called again and again, it is patient for as long as that may take.
        """
        if self._cancelled_at is None or _now() - self._cancelled_at > _SETTLING_SECONDS:
            self._cancelled_at = _now()
            self._work.cancel()


class Leases:
    """All leases that a worker holds. Run `kept` around the work."""

    def __init__(self, length: timedelta) -> None:
        self.length = length
        self._held: dict[Key, Lease] = {}

    @contextmanager
    def hold(self, claim: Claim, work: "asyncio.Task[Any]") -> Iterator[Lease]:
        """Keep the claim's lease for as long as the block lasts; `work` is cancelled when it ends before."""
        for other in self._held.values():
            if other.claim.id == claim.id:
                # This worker has claimed what it took for its own: that lease had ended unseen.
                other.stop_work()
        lease = Lease(claim, work, _FENCE * self.length.total_seconds())
        self._held[claim.key] = lease
        try:
            yield lease
        finally:
            self._held.pop(claim.key, None)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look after the leases in the background."""
        tasks = [asyncio.create_task(self._extend_forever()), asyncio.create_task(self._look_forever())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _extend_forever(self) -> None:
        while True:
            await asyncio.sleep(self.length.total_seconds() / _BEATS_PER_LEASE)
            if self._held:
                await self._extend(list(self._held.values()))

    async def _extend(self, held: list[Lease]) -> None:
        asked = _now()
        seconds = [asked - lease.extended for lease in held]
        try:
            async with asyncio.timeout(self.length.total_seconds() / _BEATS_PER_LEASE):
                extended = await queries.extend_leases([lease.claim for lease in held], seconds, self.length)
        except Exception as error:
            # Whatever it is, the leases run out on this clock too, and the work stops in time.
            log.warning("leases_not_extended", error=repr(error))
            return
        for lease in held:
            if lease.claim.key in extended:
                lease.extended = asked
            else:
                lease.stop_work()

    async def _look_forever(self) -> None:
        with events.listener.subscribe(_CANCELLATIONS) as cancelled:
            while True:
                cancelled.clear()
                await self._look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(cancelled.wait(), _LOOK_SECONDS)

    async def _look(self) -> None:
        held = dict(self._held)
        if not held:
            return
        ended: set[Key] = set()
        try:
            # A server that hangs must not keep us from seeing that the leases are in doubt.
            async with asyncio.timeout(self.length.total_seconds() / 10):
                ended = await queries.ended_leases([lease.claim for lease in held.values()])
        except Exception as error:
            log.warning("leases_not_looked_at", error=repr(error))
        for key, lease in held.items():
            if key in ended or lease.in_doubt:
                lease.stop_work()
