"""Everything at once: a random fault every second, over as many generations as wanted.

The plan of faults follows from the seed alone: what is done each second, and to which of those who are there.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.faults.client import BOTH, Follower, Order, Person, Refused
from tests.faults.harness import Program
from tests.faults.scenarios.workers import LETTER
from tests.faults.scene import Scene, scenario
from tests.providers.script import Behaviour, Script

_WORKERS = 4
_PEOPLE = 12
_STEP_SECONDS = 1.0
_FEW = 8
_MODELS = Behaviour(first_token_seconds=0.1, stream_seconds=0.4)
_MODEL_FAULTS = (
    Behaviour(fault="hang", after_tokens=10),
    Behaviour(fault="cut", after_tokens=10),
    Behaviour(fault="twice"),
    Behaviour(fault="status", status=503),
)


@dataclass(frozen=True)
class Fault:
    """One step of the plan: what, and to whom (0 to 1, of those there are)."""

    name: str
    victim: float


@dataclass
class _Field:
    """What the faults are done to."""

    scene: Scene
    workers: list[Program]
    api: Program
    servers: asyncio.Lock = field(default_factory=asyncio.Lock)
    background: set["asyncio.Task[None]"] = field(default_factory=set)

    def worker(self, fault: Fault) -> Program:
        """The worker that it hits."""
        return self.workers[int(fault.victim * len(self.workers))]


async def _kill_worker(ground: _Field, fault: Fault) -> None:
    await ground.scene.hit(ground.worker(fault), signal.SIGKILL)


async def _end_worker(ground: _Field, fault: Fault) -> None:
    await ground.scene.hit(ground.worker(fault), signal.SIGTERM)


async def _stop_worker(ground: _Field, fault: Fault) -> None:
    worker = ground.worker(fault)
    pid = worker.pid
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(ground.scene.site.lease * (1 + fault.victim))
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


async def _kill_api(ground: _Field, _: Fault) -> None:
    ground.api.signal(signal.SIGKILL)


async def _kill_layout(ground: _Field, fault: Fault) -> None:
    for pid in ground.worker(fault).children()[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def _restart_redis(ground: _Field, _: Fault) -> None:
    async with ground.servers:
        await ground.scene.site.ground.hit("redis", signal.SIGKILL)


async def _stop_redis(ground: _Field, fault: Fault) -> None:
    async with ground.servers, ground.scene.site.ground.stopped("redis"):
        await asyncio.sleep(1 + 3 * fault.victim)


async def _empty_redis(ground: _Field, _: Fault) -> None:
    with suppress(RedisError, OSError):
        async with Redis.from_url(ground.scene.site.ground.servers.addresses.redis_url) as redis:
            await redis.flushall()


async def _restart_postgres(ground: _Field, fault: Fault) -> None:
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    async with ground.servers:
        await ground.scene.site.ground.hit("postgres", numbers[int(fault.victim * 3)])


async def _cut_subscribers(ground: _Field, fault: Fault) -> None:
    for follower in ground.scene.followers:
        if not follower.ended.is_set():
            follower.cut()


async def _disturb_models(ground: _Field, fault: Fault) -> None:
    assert ground.scene.site.model is not None
    chosen = _MODEL_FAULTS[int(fault.victim * len(_MODEL_FAULTS))]
    await ground.scene.site.model.follow(Script(default=_MODELS, next=[chosen, chosen]))


_FAULTS: dict[str, tuple[int, Callable[[_Field, Fault], Awaitable[None]]]] = {
    "worker killed": (6, _kill_worker),
    "worker asked to leave": (3, _end_worker),
    "worker stopped beyond its lease": (2, _stop_worker),
    "API killed": (2, _kill_api),
    "page layout killed": (3, _kill_layout),
    "Redis killed": (2, _restart_redis),
    "Redis stopped": (1, _stop_redis),
    "Redis emptied": (2, _empty_redis),
    "PostgreSQL restarted": (2, _restart_postgres),
    "subscribers cut": (4, _cut_subscribers),
    "model calls disturbed": (3, _disturb_models),
}


def plan(seed: str) -> Iterator[Fault]:
    """The faults of a seed, one a second, for ever."""
    chance = Random(seed)
    names, weights = list(_FAULTS), [weight for weight, _ in _FAULTS.values()]
    while True:
        yield Fault(chance.choices(names, weights)[0], chance.random())


@scenario(
    injected="a random fault every second, of all kinds, alone or before the last is over",
    when="over the whole life of many generations on four workers",
    holds="nothing is lost or doubled, no event is missed or seen twice, a kill repeats one stage at most",
    rough=True,
    JOBWISE_LEASE_SECONDS="3",
    JOBWISE_WORKER_CONCURRENCY="8",
    JOBWISE_LLM_FIRST_TOKEN_SECONDS="2",
    JOBWISE_LLM_IDLE_SECONDS="2",
    JOBWISE_LLM_CALL_SECONDS="10",
)
async def random_faults(scene: Scene) -> None:
    site = scene.site
    scene.has_room = False
    await site.models(Script(default=_MODELS))
    api = await site.api()
    workers = await asyncio.gather(*(site.worker(wait=False) for _ in range(_WORKERS if scene.long else 2)))
    people = [await scene.person() for _ in range(_PEOPLE if scene.long else 4)]
    scene.followers += [Follower(person) for person in people[:4]]
    ground = _Field(scene, list(workers), api)
    async with _supervised(ground), _disturbed(ground):
        await _ordered(scene, people)


async def _ordered(scene: Scene, people: list[Person]) -> None:
    """Each person orders, waits for the end, and orders again, until there are enough."""
    numbers = iter(range(scene.amount))
    began = time.monotonic()

    async def keep_ordering(person: Person) -> None:
        for number in numbers:
            chance = Random(f"{scene.seed}:{number}")
            order = await scene.order(person, kinds=BOTH if chance.random() < 0.25 else LETTER)
            follower = scene.followers[-1]
            if chance.random() < 0.05:
                await _cancelled(person, order, chance)
            await follower.wait(300)
            if scene.long and number % 50 == 0:
                print(f"{number} of {scene.amount}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)

    await asyncio.gather(*(keep_ordering(person) for person in people))


async def _cancelled(person: Person, order: Order, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 2))
    with suppress(Refused):
        await person.cancel(order)


@asynccontextmanager
async def _supervised(ground: _Field) -> AsyncIterator[None]:
    """Start again what ends, as whoever runs the programs does."""

    async def keep(program: Program) -> None:
        while True:
            await program.ended()
            await program.start()

    keepers = [asyncio.create_task(keep(program)) for program in (*ground.workers, ground.api)]
    try:
        yield
        for program in (*ground.workers, ground.api):
            program.signal(signal.SIGCONT)
        await ground.scene.all_ended(within=120)
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


@asynccontextmanager
async def _disturbed(ground: _Field) -> AsyncIterator[None]:
    async def disturb() -> None:
        # On a busy machine, a worker killed each second may never get anywhere: in the short form it ends.
        for fault in islice(plan(ground.scene.seed), None if ground.scene.long else _FEW):
            await asyncio.sleep(_STEP_SECONDS)
            if not fault.name.startswith(("worker killed", "worker asked")):  # `Scene.hit` counts these.
                ground.scene.tally.faults[fault.name] += 1
            task = asyncio.create_task(_done(ground, fault))
            ground.background.add(task)
            task.add_done_callback(ground.background.discard)

    task = asyncio.create_task(disturb())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, *ground.background, return_exceptions=True)


async def _done(ground: _Field, fault: Fault) -> None:
    try:
        await _FAULTS[fault.name][1](ground, fault)
    except Exception as error:
        # A fault that could not be done is a mistake of ours, not of what is tested.
        ground.scene.tally.check(False, f"the fault {fault.name!r} could not be done: {error!r}")
