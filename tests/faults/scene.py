"""What scenarios are made of: a site, its people and orders, the faults done to it, and the tally at the end."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.faults.client import BOTH, ENDED, Follower, Order, Person
from tests.faults.harness import Ground, NotInTime, Program, Site, until
from tests.faults.invariants import Tally, compare, examine

_ALL = """
select count(*) as n, count(*) filter (where status in ('COMPLETED', 'FAILED', 'CANCELLED')) as ended from generations
"""
# What the tests run shares the machine with other tests; what was promised is measured in the long form.
_SLACK_SECONDS = {True: 2.0, False: 10.0}
_HANDOVER_SECONDS = {True: 1.0, False: 10.0}
_CANCEL_SECONDS = {True: 1.0, False: 10.0}
_HITS = {signal.SIGKILL: "worker killed", signal.SIGTERM: "worker asked to leave"}


@dataclass(frozen=True)
class _Hit:
    """A worker that was killed or asked to leave: when, and what it was at."""

    at: float
    generations: tuple[UUID, ...]


@dataclass
class Scene:
    """One run of a scenario. `long` runs do more of the same; `amount` is how many generations chaos takes."""

    site: Site
    long: bool
    seed: str
    amount: int
    random: Random
    tally: Tally = field(default_factory=Tally)
    orders: list[Order] = field(default_factory=list)
    followers: list[Follower] = field(default_factory=list)
    #: Whether a worker with room is always there, so that takeovers are held to their promised time.
    has_room: bool = True
    _hits: list[_Hit] = field(default_factory=list)

    async def person(self, title: str = "Data Analyst") -> Person:
        """Somebody new."""
        return await Person(self.site).arrive(title)

    async def order(
        self, person: Person, *, kinds: tuple[str, ...] = BOTH, follow: bool = True, key: str = ""
    ) -> Order:
        """An accepted order, with a subscriber that follows it."""
        order = await person.order(kinds=kinds, key=key)
        self.orders.append(order)
        if follow:
            self.followers.append(Follower(person, order))
        return order

    async def running_on(self, worker: Program) -> list[UUID]:
        """What a worker has claimed."""
        rows = await self.site.rows(
            "select id from generations where status = 'RUNNING' and worker like '%' || $1", f":{worker.pid}"
        )
        return [row["id"] for row in rows]

    async def hit(self, worker: Program, number: int = signal.SIGKILL) -> None:
        """Kill a worker, or ask it to leave, and remember what it was at."""
        generations = await self.running_on(worker)
        self._hits.append(_Hit(worker.signal(number), tuple(generations)))
        self.tally.faults[_HITS[signal.Signals(number)]] += 1

    async def leases_end(self) -> None:
        """In the short form nobody waits for the leases of those that were killed: they are over at once."""
        if not self.long:
            await self.site.rows("update generations set lease_until = now() where status = 'RUNNING'")

    async def cancelled_in_time(self) -> None:
        """Hold all cancellations so far against their promised time: the generation's end, and that of its calls."""
        slowest = await self.site.value(
            """
            select max(extract(epoch from greatest(g.finished_at, c.settled_at) - g.cancel_requested_at))::float8
              from generations g left join llm_calls c on c.generation_id = g.id and c.outcome = 'CANCELLED'
            """
        )
        self.tally.check(slowest <= _CANCEL_SECONDS[self.long], f"cancelling took {slowest:.2f} s")

    async def broke_off(self, order: Order, trap: str) -> None:
        """Wait until the cancelled work that a trap holds was broken off, and hold that against its promised time."""
        await until(lambda: self.site.left(trap), f"the end of what {trap} holds")
        asked = await self.site.value(
            "select extract(epoch from cancel_requested_at)::float8 from generations where id = $1", order.row
        )
        took = (self.site.left(trap) or 0.0) - asked
        self.tally.check(took <= _CANCEL_SECONDS[self.long], f"the worker broke off after {took:.2f} s")

    async def status(self, order: Order) -> str:
        """Where an order's generation is."""
        return str(await self.site.value("select status from generations where id = $1", order.row))

    async def in_stage(self, order: Order, stage: str) -> None:
        """Wait until a generation is in a stage."""
        await until(
            lambda: self.site.value(
                "select true from generation_events where generation_id = $1 and type = 'STAGE_STARTED' and stage = $2",
                order.row,
                stage,
            ),
            f"{order.row} in stage {stage}",
        )

    async def ended(self, order: Order, *, within: float = 60) -> str:
        """Wait until a generation has ended; returns how."""

        async def look() -> str:
            status = await self.status(order)
            return status if status in ENDED else ""

        return str(await until(look, f"the end of {order.row}", within=within))

    async def all_ended(self, *, within: float = 90) -> None:
        """Wait until every generation has ended and every subscriber has heard of it."""

        async def look() -> bool:
            (row,) = await self.site.rows(_ALL)
            return bool(row["n"] == row["ended"])

        try:
            await until(look, "the end of all generations", within=within)
            for follower in self.followers:
                if follower.order is not None:
                    await follower.wait(20)
        except (NotInTime, TimeoutError) as error:
            self.tally.check(False, str(error) or "a subscriber did not hear of the end")

    async def heard_all(self, follower: Follower) -> None:
        """Wait until a subscriber of everything has heard everything; what it misses, `conclude` will tell."""
        wanted = await self.site.value(
            "select count(*) from generation_events e join users u on u.id = e.user_id where u.email = $1",
            follower.person.email,
        )
        with suppress(NotInTime):
            await until(lambda: len(follower.seen) >= wanted, "a subscriber that has heard all", within=15)

    async def conclude(self) -> None:
        """Hold everything against the promises."""
        await examine(self.site, self.orders, self.followers, self.tally)
        for follower in self.followers:
            if follower.order is None:
                await self.heard_all(follower)
                last = await self.site.value(
                    """
                    select max(e.user_seq) from generation_events e join users u on u.id = e.user_id where u.email = $1
                    """,
                    follower.person.email,
                )
                compare(follower, last or 0, f"subscriber of {follower.person.email}", self.tally)
        for hit in self._hits:
            await self._takeovers(hit)
        await asyncio.gather(*(follower.stop() for follower in self.followers))

    async def _takeovers(self, hit: _Hit) -> None:
        """How long what a worker was at stood still."""
        for id_ in hit.generations:
            events = await self.site.rows(
                """
                select type, extract(epoch from created_at)::float8 as at from generation_events
                 where generation_id = $1 and extract(epoch from created_at) > $2 order by seq
                """,
                id_, hit.at,
            )  # fmt: skip
            started = next((event["at"] for event in events if event["type"] == "STARTED"), None)
            if started is None:
                continue  # It ended before the signal took effect, or was cancelled.
            released = [event["at"] for event in events if event["type"] == "RELEASED" and event["at"] <= started]
            if released:
                took, promised = started - released[-1], _HANDOVER_SECONDS[self.long]
                self.tally.handovers.append(took)
            else:
                # Killed, or too late for a hand-over since the machine stood still for most of a lease.
                took, promised = started - hit.at, self.site.lease + _SLACK_SECONDS[self.long]
                self.tally.recoveries.append(took)
            if self.has_room:
                self.tally.check(took <= promised, f"taken over after {took:.2f} s instead of {promised:g} s")


_Run = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """A scenario in words and deeds. `rough`: it disturbs the servers, which others must not share meanwhile."""

    name: str
    injected: str
    when: str
    holds: str
    run: _Run
    settings: dict[str, str]
    rough: bool = False

    async def play(self, ground: Ground, seed: int, *, long: bool = False, amount: int = 6) -> Tally:
        """Run it once on a site of its own. Never raises for what the product does: that is in the tally."""
        began = time.monotonic()
        async with ground.site(self.name, **self.settings) as site:
            name = f"{seed}:{self.name}"
            scene = Scene(site, long, name, amount, Random(name))
            try:
                async with asyncio.timeout(3600 if long else 110):
                    await self.run(scene)
                    await scene.all_ended()
                    await scene.conclude()
            except (AssertionError, TimeoutError, Exception) as error:
                scene.tally.check(False, f"{type(error).__name__}: {error} (after {time.monotonic() - began:.0f} s)")
            if scene.tally.violations:
                scene.tally.violations.append(f"logs: {site.folder}")
            await asyncio.gather(*(follower.stop() for follower in scene.followers))
        return scene.tally


SCENARIOS: dict[str, Scenario] = {}


def scenario(*, injected: str, when: str, holds: str, rough: bool = False, **settings: str) -> Callable[[_Run], _Run]:
    """Register a coroutine function as a scenario. `settings` are environment variables of its programs."""

    def register(run: _Run) -> _Run:
        name = getattr(run, "__name__", "")
        SCENARIOS[name] = Scenario(name, injected, when, holds, run, settings, rough)
        return run

    return register
