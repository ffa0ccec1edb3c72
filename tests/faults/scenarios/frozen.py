"""Processes that stand still while they hold rows in an open transaction, or a generation that is cancelled."""

import asyncio
import signal

from tests.faults.client import Person
from tests.faults.harness import Program, until
from tests.faults.scenarios.workers import LETTER, trap
from tests.faults.scene import Scene, scenario

_INSERT = "jobwise.generation.queries:insert"
_SAVE = "jobwise.generation.queries:save_checkpoint"
_FINISH = "jobwise.generation.queries:finish"
_LOST = "generation_lost"


def _freeze(scene: Scene, program: Program) -> None:
    program.signal(signal.SIGSTOP)
    scene.tally.faults["stopped while it held rows"] += 1


@scenario(
    injected="SIGSTOP of a worker and of an API, for ever",
    when="within a transaction: while documents are delivered, and while an order is accepted",
    holds="the server ends the transactions; everybody's generations go on meanwhile, also those of the same person",
    JOBWISE_WORKER_CONCURRENCY="1",
)
async def frozen_within_a_transaction(scene: Scene) -> None:
    site = scene.site
    await site.api()
    first, second, third = [await scene.person() for _ in range(3)]
    delivered = await scene.order(first, kinds=LETTER)
    orders = [await scene.order(first, kinds=LETTER)]
    zombie = await site.worker(traps=[trap("delivering", _FINISH, where="after")], wait=False)
    await site.reached("delivering")
    _freeze(scene, zombie)
    await asyncio.gather(site.worker(), site.worker())
    orders += [await scene.order(third, kinds=LETTER) for _ in range(2)]
    await asyncio.gather(*(scene.ended(order, within=20) for order in [*orders, delivered]))

    orders = [await scene.order(second, kinds=LETTER)]
    frozen = await site.api(traps=[trap("accepting", _INSERT, where="after")])
    unheard = asyncio.create_task(second.order(kinds=LETTER, once=True))
    await site.reached("accepting")
    _freeze(scene, frozen)
    await site.api()
    orders += [await scene.order(person, kinds=LETTER) for person in (third, second)]
    await asyncio.gather(*(scene.ended(order, within=20) for order in orders))
    unheard.cancel()

    site.let_go("delivering")
    zombie.signal(signal.SIGCONT)
    await until(lambda: _LOST in zombie.said(), "a worker that knows that it has lost")
    claims = await site.value("select token from generations where id = $1", delivered.row)
    scene.tally.check(claims == 2, f"what was being delivered was claimed {claims} times")


@scenario(
    injected="kill -9 and SIGSTOP of workers, then cancelGeneration, then SIGCONT",
    when="with a finished stage in hand, and about to deliver, long before their leases end",
    holds="each ends within a second; the workers that go on add nothing, and say that they lost it",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="60",
)
async def cancelled_without_its_worker(scene: Scene) -> None:
    site = scene.site
    await site.api()
    traps = {"killed": trap("killed", _SAVE, stage="WRITE"), "keeping": trap("keeping", _SAVE, stage="WRITE")}
    traps["delivering"] = trap("delivering", _FINISH)
    people: dict[str, Person] = {}
    workers: dict[str, Program] = {}
    for name, held in traps.items():
        people[name] = await scene.person()
        await scene.order(people[name], kinds=LETTER)
        workers[name] = await site.worker(traps=[held], wait=False)
        await site.reached(name)
    await workers["killed"].kill()
    zombies = [workers[name] for name in ("keeping", "delivering")]
    for zombie in zombies:
        zombie.signal(signal.SIGSTOP)
    scene.tally.faults["worker dead or stopped"] += len(workers)

    for person, order in zip(people.values(), scene.orders, strict=True):
        await person.cancel(order)
        await scene.ended(order, within=5)
    await scene.cancelled_in_time()

    kept = "select count(*) from generation_checkpoints"
    before = await site.value(kept)
    for name in traps:
        site.let_go(name)
    for zombie in zombies:
        zombie.signal(signal.SIGCONT)
    await until(lambda: all(_LOST in zombie.said() for zombie in zombies), "workers that know that they have lost")
    after = await site.value(kept)
    scene.tally.check(before == after, f"{after - before} stages were kept after the end")
