"""Workers that die, stop, stall, lie about the time, or are too many."""

import asyncio
import signal

from tests.faults.client import Person
from tests.faults.harness import Program, until
from tests.faults.proxy import Line
from tests.faults.scene import Scene, scenario
from tests.providers.script import Behaviour, Script

STAGES = ("ANALYZE", "MATCH", "WRITE", "VERIFY", "EXPORT")
LETTER = ("COVER_LETTER",)
_START = "jobwise.generation.queries:start_stage"
_SAVE = "jobwise.generation.queries:save_checkpoint"
_FINISH = "jobwise.generation.queries:finish"
_RELEASE = "jobwise.generation.queries:release"
_WRITTEN = """
select id, status, stage, progress, attempt, token, last_seq,
       (select count(*) from generation_checkpoints c where c.generation_id = g.id) as checkpoints,
       (select count(*) from documents d where d.generation_id = g.id) as documents
  from generations g order by id
"""


def trap(name: str, function: str, **more: str) -> dict[str, str]:
    """A launcher's trap."""
    return {"name": name, "function": function, **more}


async def _trapped(scene: Scene, traps: list[dict[str, str]]) -> list[Program]:
    """As many orders and workers as traps, each worker held in its own; then one worker more, with nothing to do."""
    await scene.site.api()
    people = [await scene.person() for _ in traps]
    for person in people:
        await scene.order(person, kinds=LETTER)
    workers = [await scene.site.worker(traps=[each], wait=False) for each in traps]
    await asyncio.gather(*(scene.site.reached(each["name"]) for each in traps))
    await scene.site.worker()
    return workers


async def _idle(scene: Scene, *traps: dict[str, str]) -> None:
    """Start a worker that has seen that there is nothing to do, and waits to be called."""
    scene.site.let_go("looked")
    await scene.site.worker(traps=[trap("looked", "workers.runtime:Runner._fill", where="after"), *traps])
    await scene.site.reached("looked")


@scenario(
    injected="kill -9 of a worker",
    when="in each of the five stages, its work done and its checkpoint not yet kept",
    holds="another worker goes on within lease + 2 s, and repeats that one stage",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="15",
)
async def worker_killed_in_every_stage(scene: Scene) -> None:
    workers = await _trapped(scene, [trap(stage, _SAVE, stage=stage) for stage in STAGES])
    for worker in workers:
        await scene.hit(worker)
    await scene.leases_end()
    await scene.all_ended()
    repeated = await scene.site.value(
        "select count(*) from generation_events where type = 'STAGE_STARTED'"
    ) - await scene.site.value("select count(*) from generation_checkpoints")
    scene.tally.check(repeated == len(STAGES), f"{repeated} stages repeated by {len(STAGES)} kills")


@scenario(
    injected="kill -9 of a worker",
    when="just after a checkpoint is kept, and just before the documents are committed",
    holds="no stage is repeated, and the documents are there once",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="15",
)
async def worker_killed_around_its_commits(scene: Scene) -> None:
    traps = [trap("kept", _SAVE, stage="WRITE", where="after"), trap("uncommitted", _FINISH, where="after")]
    workers = await _trapped(scene, traps)
    for worker in workers:
        await scene.hit(worker)
    await scene.leases_end()
    await scene.all_ended()
    began = await scene.site.value("select count(*) from generation_events where type = 'STAGE_STARTED'")
    scene.tally.check(began == 2 * len(STAGES), f"{began} stages began for {2 * len(STAGES)}")


@scenario(
    injected="SIGSTOP beyond their leases, then SIGCONT, of four workers that by themselves take no lease for lost",
    when="about to begin a stage, to keep one, to deliver, and to hand back; another worker is at the same generations",
    holds="what they write changes nothing; the generations end once, elsewhere",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="5",
)
async def zombie_writes_nothing(scene: Scene) -> None:
    site = scene.site
    await site.api()
    held = {"begin": [trap("begin", _START, stage="WRITE")], "keep": [trap("keep", _SAVE, stage="VERIFY")]}
    held |= {"end": [trap("end", _FINISH)], "release": [trap("leave", _SAVE, stage="MATCH"), trap("release", _RELEASE)]}
    for _ in held:
        await scene.order(await scene.person(), kinds=LETTER)
    zombies = {name: await site.worker(traps=traps, trusting=True, wait=False) for name, traps in held.items()}
    await site.reached("leave")
    zombies["release"].signal(signal.SIGTERM)
    site.let_go("leave")
    await asyncio.gather(*(site.reached(name) for name in held))
    for zombie in zombies.values():
        zombie.signal(signal.SIGSTOP)
        scene.tally.faults["worker SIGSTOP"] += 1
    room = {"JOBWISE_WORKER_CONCURRENCY": str(len(zombies))}
    heir = await site.worker(traps=[trap("verify", _START, stage="VERIFY"), trap("deliver", _FINISH)], settings=room)
    await until(lambda: _holds_all(scene, heir), "another worker that is held in all of them")

    before = await site.rows(_WRITTEN)
    for name, zombie in zombies.items():
        site.let_go(name)
        zombie.signal(signal.SIGCONT)

    async def all_noticed() -> bool:
        lost = ["generation_lost" in zombie.said() for zombie in zombies.values()]
        return all(lost) or await site.rows(_WRITTEN) != before

    await until(all_noticed, "zombies that know what they are")
    after = await site.rows(_WRITTEN)
    changed = [dict(now.items() - then.items()) for then, now in zip(before, after, strict=True) if then != now]
    scene.tally.check(not changed, f"zombies wrote {changed}")
    site.let_go("verify")
    site.let_go("deliver")


async def _holds_all(scene: Scene, worker: Program) -> bool:
    """Whether a worker is where it writes nothing more: all drafts are kept, and no next stage has begun."""
    return bool(
        await scene.site.value(
            """
            select bool_and(worker like '%:' || $1 and exists (
                       select from generation_checkpoints c where c.generation_id = g.id and c.stage = 'WRITE'))
              from generations g
            """,
            str(worker.pid),
        )
    )


@scenario(
    injected="SIGTERM of a worker",
    when="in a stage that is done within the grace period, beside a worker that comes for rings alone",
    holds="the stage is kept, the generation handed back, rung for, taken over within a second; no attempt is counted",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="15",
)
async def worker_asked_to_leave(scene: Scene) -> None:
    await scene.site.api()
    worker = await scene.site.worker(traps=[trap("held", _SAVE, stage="WRITE")])
    await scene.order(await scene.person(), kinds=LETTER)
    await scene.site.reached("held")
    await _idle(scene, trap("swept", "workers.runtime:_sweep"))
    await scene.hit(worker, signal.SIGTERM)
    scene.site.let_go("held")
    await scene.all_ended()
    status = await asyncio.wait_for(worker.ended(), 20)
    scene.tally.check(status == 0, f"the worker left with status {status}")
    attempt = await scene.site.value("select max(attempt) from generations")
    scene.tally.check(attempt == 1, f"the hand-over counted as attempt {attempt}")
    moves = await scene.site.rows(
        "select type, stage from generation_events where type in ('STARTED', 'RELEASED', 'STAGE_STARTED') order by seq"
    )
    began = [move["stage"] if move["type"] == "STAGE_STARTED" else move["type"] for move in moves]
    wanted = ["STARTED", *STAGES[:3], "RELEASED", "STARTED", *STAGES[3:]]
    scene.tally.check(began == wanted, f"instead of one hand-over after the stage: {began}")


@scenario(
    injected="kill -9 of a worker",
    when="that was asked to leave, between handing its generation back and ringing for it",
    holds="a worker that had nothing to do finds it without a ring, and goes on",
    JOBWISE_WORKER_CONCURRENCY="1",
)
async def worker_killed_before_it_rings(scene: Scene) -> None:
    site = scene.site
    await site.api()
    worker = await site.worker(traps=[trap("held", _SAVE, stage="WRITE"), trap("unrung", _RELEASE, where="after")])
    await scene.order(await scene.person(), kinds=LETTER)
    await site.reached("held")
    await _idle(scene)
    worker.signal(signal.SIGTERM)
    site.let_go("held")
    await site.reached("unrung")
    await worker.kill()
    scene.tally.faults["worker killed"] += 1
    await scene.all_ended()
    claims = await site.value("select max(token) from generations")
    scene.tally.check(claims == 2, f"it was claimed {claims} times")


@scenario(
    injected="kill -9 and SIGTERM of workers in turn, a dozen times each in the long form",
    when="in the middle of model calls, with another worker that has room",
    holds="taken over within lease + 2 s after kill -9, and within a second of being handed back",
)
async def takeovers_in_time(scene: Scene) -> None:
    site = scene.site
    await site.models(Script(default=Behaviour(first_token_seconds=0.2, stream_seconds=1.0)))
    await site.api()
    people = [await scene.person() for _ in range(2)]
    workers = list(await asyncio.gather(site.worker(), site.worker()))
    for _ in range(12 if scene.long else 1):
        for number in (signal.SIGKILL, signal.SIGTERM):
            orders = [await scene.order(person, kinds=LETTER) for person in people]
            for order in orders:
                await scene.in_stage(order, "WRITE")
            victim = max([(len(await scene.running_on(each)), each.name, each) for each in workers])[2]
            await scene.hit(victim, number)
            await asyncio.gather(*(scene.ended(order) for order in orders))
            await victim.ended()
            await victim.start()
            await site.worker_ready(victim)
    released = await site.value("select count(*) from generation_events where type = 'RELEASED'")
    scene.tally.check(released, "nothing was handed back")


@scenario(
    injected="a line between one worker and PostgreSQL that swallows everything",
    when="with a finished stage in hand",
    holds="the worker gives up before its lease ends; the generation ends once, elsewhere",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="8",
)
async def worker_cut_from_the_database(scene: Scene) -> None:
    site = scene.site
    await site.api()
    proxy = await site.proxy_to_postgres()
    first, second = await scene.person(), await scene.person()
    order = await scene.order(first, kinds=LETTER)
    held = trap("held", "jobwise.generation.pipeline:analyze")
    lonely = await site.worker(traps=[held], settings=site.postgres_through(proxy), wait=False)
    await site.reached("held")
    other = await site.worker()
    proxy.set(Line.STALLED)
    scene.tally.faults["line to PostgreSQL stalled"] += 1
    # What is on the line does not arrive any more: the lease ends then.
    lease_end = await site.value("select extract(epoch from lease_until)::float8 from generations where token = 1")
    await scene.ended(order)
    gave_up = site.left("held")
    scene.tally.check(
        gave_up and gave_up < lease_end, f"the worker gave up at {gave_up}, its lease ended at {lease_end}"
    )
    site.let_go("held")
    proxy.cut()
    proxy.set(Line.OPEN)
    await other.kill()
    await scene.ended(await scene.order(second, kinds=LETTER))
    scene.tally.check(lonely.lives, "the worker ended because the database was away")


@scenario(
    injected="a calendar that jumps by an hour, forwards in one worker and backwards in another",
    when="in the middle of stages",
    holds="no lease is lost or kept for too long: only the database's clock counts",
    JOBWISE_LEASE_SECONDS="20",
)
async def clocks_jump(scene: Scene) -> None:
    await scene.site.api()
    people = [await scene.person() for _ in range(2)]
    ahead, behind = await asyncio.gather(scene.site.worker(clock_shift=3600), scene.site.worker(clock_shift=-3600))
    orders = [await scene.order(person, kinds=LETTER) for person in people for _ in range(2)]
    await scene.in_stage(orders[0], "ANALYZE")
    for worker in (ahead, behind):
        worker.signal(signal.SIGUSR1)
        scene.tally.faults["clock jump"] += 1
    orders += [await scene.order(person, kinds=LETTER) for person in people]
    await scene.all_ended()
    claims = await scene.site.value("select max(token) from generations")
    scene.tally.check(claims == 1, "a lease was taken for ended because a clock jumped")


@scenario(
    injected="eight workers whose sweepers run at once, and no rings",
    when="with a queue that nobody rings for",
    holds="each generation is claimed once, by whoever is first",
    JOBWISE_WORKER_CONCURRENCY="2",
    JOBWISE_LEASE_SECONDS="20",
)
async def sweepers_everywhere(scene: Scene) -> None:
    site = scene.site
    nowhere = {"REDIS_URL": "redis://127.0.0.1:9/0"}
    await site.api()
    # Idle long before anything comes in: what they find when they start, no sweep has found.
    await asyncio.gather(*(site.worker(settings=nowhere) for _ in range(8 if scene.long else 4)))
    people = [await scene.person() for _ in range(4)]
    for number in range(24 if scene.long else 8):
        await scene.order(people[number % 4], kinds=LETTER)
    await scene.all_ended()
    claims = await site.value("select max(token) from generations")
    scene.tally.check(claims == 1, f"a generation was claimed {claims} times")


@scenario(
    injected="two workers that claim at the same moment, and rings for each order",
    when="with more to do than both can take",
    holds="each generation is claimed once, and no person has more running than allowed",
    JOBWISE_RUNNING_PER_PERSON="2",
    JOBWISE_LEASE_SECONDS="20",
)
async def two_workers_claim_at_once(scene: Scene) -> None:
    site = scene.site
    await site.api()
    await asyncio.gather(site.worker(), site.worker())
    person = await scene.person()
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            running = await site.value("select count(*) from generations where status = 'RUNNING'")
            most = max(most, running)
            await asyncio.sleep(0.05)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(scene.order(person, kinds=LETTER) for _ in range(20 if scene.long else 6)))
    await scene.all_ended()
    watcher.cancel()
    scene.tally.check(most <= 2, f"{most} of one person ran at once")
    claims = await site.value("select max(token) from generations")
    scene.tally.check(claims == 1, f"a generation was claimed {claims} times")


@scenario(
    injected="a generation that kills every worker that touches it",
    when="at its second stage, each time",
    holds="it ends as FAILED with the code WORKER_LOST; the generations beside it are completed",
    JOBWISE_LEASE_SECONDS="1",
)
async def poison_ends_and_others_complete(scene: Scene) -> None:
    site = scene.site
    scene.has_room = False
    await site.api()
    poison = [trap("poison", _START, stage="MATCH", title="Poison", action="die")]
    person = await scene.person("Poison")
    bad = await scene.order(person, kinds=LETTER)
    other = await scene.person()
    good = [await scene.order(other, kinds=LETTER) for _ in range(3)]
    keeper = asyncio.create_task(_kept_running(scene, await site.worker(traps=poison)))
    try:
        await asyncio.gather(*(scene.ended(order, within=90) for order in [bad, *good]))
    finally:
        keeper.cancel()
    (row,) = await site.rows("select status, error_code from generations where id = $1", bad.row)
    scene.tally.check(tuple(row.values()) == ("FAILED", "WORKER_LOST"), f"the poison ended as {row}")
    statuses = [await scene.status(order) for order in good]
    scene.tally.check(set(statuses) == {"COMPLETED"}, f"beside the poison: {statuses}")


async def _kept_running(scene: Scene, worker: Program) -> None:
    """What whoever runs the workers does: start again what died."""
    while True:
        await worker.ended()
        scene.tally.faults["worker killed by its work"] += 1
        await worker.start()


@scenario(
    injected="one person with a long queue",
    when="while another person's first order comes in",
    holds="the other's first begins after at most one generation's time for each worker",
    JOBWISE_WORKER_CONCURRENCY="1",
)
async def long_queue_delays_nobody(scene: Scene) -> None:
    site = scene.site
    await site.api()
    greedy, modest = await scene.person(), await scene.person()
    await _queue(scene, greedy, 500 if scene.long else 40)
    worker = await site.worker()
    await until(lambda: site.value("select true from generations where status = 'COMPLETED'"), "the first of many")
    order = await scene.order(modest, kinds=LETTER)
    await scene.ended(order)
    before = await site.value(
        """
        select count(*) from generations g, generations m where m.id = $1 and g.user_id <> m.user_id
           and g.started_at > m.created_at and g.started_at < m.started_at
        """,
        order.row,
    )
    scene.tally.check(before <= 1, f"{before} of the other person's began before this one's first")
    await _forget_queue(scene, worker)


async def _queue(scene: Scene, person: Person, count: int) -> None:
    for _ in range(0, count, 20):
        await asyncio.gather(*(scene.order(person, kinds=LETTER, follow=False) for _ in range(20)))


async def _forget_queue(scene: Scene, worker: Program) -> None:
    """End what the measurement does not need, in the order in which the product would."""
    await scene.site.rows(
        """
        update generations set status = 'CANCELLED', finished_at = now(), cancel_requested_at = now(),
               last_seq = last_seq + 1 where status = 'QUEUED'
        """
    )
    await scene.site.rows(
        """
        insert into generation_events (generation_id, seq, type, status, progress, message, created_at)
        select id, last_seq, 'CANCELLED', 'CANCELLED', 0, 'Cancelled', now() from generations g
         where status = 'CANCELLED' and not exists (
             select from generation_events e where e.generation_id = g.id and e.type = 'CANCELLED')
        """
    )
    scene.tally.check(worker.lives, "the worker died")
