"""PostgreSQL and Redis that go away, come back, forget, or do not answer."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import httpx
from redis.asyncio import ConnectionPool, Redis

from jobwise.infra import queue
from tests.faults.client import Follower, Person
from tests.faults.harness import until
from tests.faults.proxy import Line
from tests.faults.scenarios.workers import LETTER
from tests.faults.scene import Scene, scenario

_NOWHERE = {"REDIS_URL": "redis://127.0.0.1:9/0"}


async def _busy(scene: Scene, disturb: Callable[[Person], Awaitable[None]]) -> None:
    """Two workers in the middle of their work while something is done to their servers; more orders meanwhile."""
    site = scene.site
    await site.api()
    await asyncio.gather(site.worker(), site.worker())
    people = [await scene.person() for _ in range(2)]
    scene.followers += [Follower(person) for person in people]
    for number in range(12 if scene.long else 4):
        await scene.order(people[number % 2], kinds=LETTER)
    await until(lambda: site.value("select true from generations where stage is not null"), "work under way")
    await disturb(people[0])
    for number in range(4 if scene.long else 2):
        await scene.order(people[number % 2], kinds=LETTER)
    await scene.all_ended()
    failed = await site.value("select count(*) from generations where status <> 'COMPLETED'")
    scene.tally.check(not failed, f"{failed} generations were not completed")


@scenario(
    injected="a fast, an immediate and a kill -9 restart of PostgreSQL",
    when="with generations in their stages and subscribers attached",
    holds="what was accepted is completed, by the same processes; orders sent again by key are accepted once",
    rough=True,
)
async def postgres_restarted(scene: Scene) -> None:
    async def restart(person: Person) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            await scene.site.ground.hit("postgres", number)
            scene.tally.faults[f"PostgreSQL {number.name}"] += 1
            order = await scene.order(person, kinds=LETTER)
            if scene.long:
                await scene.ended(order)

    scene.has_room = False
    await _busy(scene, restart)
    scene.tally.check(all(program.lives for program in scene.site.programs), "a process ended")


@scenario(
    injected="a PostgreSQL that does not answer",
    when="while orders come in",
    holds="the API says UNAVAILABLE within seconds, and everything goes on when it is back",
    rough=True,
)
async def postgres_hangs(scene: Scene) -> None:
    site = scene.site
    proxy = await site.proxy_to_postgres()
    site.settings |= site.postgres_through(proxy)

    async def hang(person: Person) -> None:
        proxy.set(Line.STALLED)
        scene.tally.faults["PostgreSQL stalled"] += 1
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.get(f"{site.url}/health/ready")
        scene.tally.check(answer.status_code == 503, f"ready said {answer.status_code} without a database")
        try:
            await asyncio.wait_for(person.order(kinds=LETTER, once=True), 30)
            scene.tally.check(False, "an order was accepted without a database")
        except Exception as error:
            scene.tally.check("UNAVAILABLE" in str(error), f"an order was answered with {error!r}")
        proxy.cut()
        proxy.set(Line.OPEN)

    scene.has_room = False
    await _busy(scene, hang)


@scenario(
    injected="a restart of Redis, FLUSHALL, and a Redis that does not answer",
    when="with generations in their stages, rings waiting and subscribers attached",
    holds="orders are accepted meanwhile, everything is completed, and subscribers hear of every event",
    rough=True,
)
async def redis_goes_away(scene: Scene) -> None:
    ground = scene.site.ground

    async def disturb(person: Person) -> None:
        await ground.hit("redis", signal.SIGKILL)
        scene.tally.faults["Redis SIGKILL"] += 1
        await scene.order(person, kinds=LETTER)
        async with Redis.from_url(ground.servers.addresses.redis_url) as redis:
            await redis.flushall()
        scene.tally.faults["Redis FLUSHALL"] += 1
        async with ground.stopped("redis"):
            scene.tally.faults["Redis SIGSTOP"] += 1
            order = await scene.order(person, kinds=LETTER)
            await scene.ended(order, within=30)
            if scene.long:
                await asyncio.sleep(20)

    await _busy(scene, disturb)


@scenario(
    injected="lines to both servers that are slow, break, close in one direction, and are refused",
    when="again and again while generations run",
    holds="everything is completed by the same processes, and subscribers hear of every event",
)
async def lines_that_break(scene: Scene) -> None:
    site = scene.site
    scene.has_room = False
    lines = [await site.proxy_to_postgres(), await site.proxy_to_redis()]
    site.settings |= site.postgres_through(lines[0]) | site.redis_through(lines[1])

    async def disturb(_: Person) -> None:
        for _round in range(10 if scene.long else 2):
            for line in lines:
                line.delay = scene.random.uniform(0, 0.02)
                line.half_close()
                await asyncio.sleep(scene.random.uniform(0.1, 0.3))
                line.cut()
                line.set(Line.REFUSING)
                await asyncio.sleep(scene.random.uniform(0.1, 0.3))
                line.set(Line.OPEN)
                scene.tally.faults["line broken"] += 1

    await _busy(scene, disturb)
    scene.tally.check(all(program.lives for program in site.programs), "a process ended")


@scenario(
    injected="no Redis at all",
    when="from the start of every process on",
    holds="orders are accepted and completed, subscribers hear of every event",
)
async def no_redis_at_all(scene: Scene) -> None:
    site = scene.site
    site.settings |= _NOWHERE
    await site.api()
    await site.worker()
    person = await scene.person()
    for _ in range(2):
        await scene.order(person, kinds=LETTER)
    await scene.all_ended()


@scenario(
    injected="hundreds of stale, doubled and unknown rings",
    when="before there is anything to do, and while there is",
    holds="each generation is claimed once, and without delay",
    JOBWISE_LEASE_SECONDS="20",
)
async def stale_rings(scene: Scene) -> None:
    site = scene.site
    await site.api()
    person = await scene.person()
    pool = ConnectionPool.from_url(site.settings["REDIS_URL"])
    redis = queue.arq_redis(pool)
    async with aclosing(pool):
        for number in range(500 if scene.long else 200):
            await redis.enqueue_job(queue.TASK, _expires=60)
            if number % 10 == 0:
                await redis.enqueue_job("a task of long ago", number, _expires=60)
        scene.tally.faults["stale ring"] += 1
        await asyncio.gather(site.worker(), site.worker())
        orders = [await scene.order(person, kinds=LETTER) for _ in range(4)]
        await redis.zadd(queue.QUEUE, {f"no job of this name {number}": 1 for number in range(50)})
    await asyncio.gather(*(scene.ended(order) for order in orders))
    claims = await site.value("select max(token) from generations")
    scene.tally.check(claims == 1, f"a generation was claimed {claims} times")
