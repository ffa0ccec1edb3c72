"""The API, killed and restarted; requests that come often; subscribers that come and go; cancellation."""

import asyncio
import signal
from uuid import uuid4

import httpx

from tests.faults.client import Follower, Person, Refused
from tests.faults.harness import free_port, until
from tests.faults.invariants import compare
from tests.faults.scenarios.workers import LETTER, STAGES, trap
from tests.faults.scene import Scene, scenario


@scenario(
    injected="kill -9 of the API",
    when="during startGeneration: before the commit, and between the commit and the ring",
    holds="the client repeats with its key and has one generation, which is completed",
)
async def api_killed_during_the_mutation(scene: Scene) -> None:
    site = scene.site
    moments = [
        trap("uncommitted", "jobwise.generation.queries:insert", where="after"),
        trap("unrung", "jobwise.infra.queue:ring"),
    ]
    api = await site.api(traps=moments[:1])
    person = await scene.person()
    key = uuid4().hex
    for moment, then in zip(moments, (moments[1:], []), strict=True):
        attempt = asyncio.create_task(person.order(kinds=LETTER, key=key, once=True))
        await site.reached(moment["name"])
        await api.kill()
        scene.tally.faults["API killed"] += 1
        answer = (await asyncio.gather(attempt, return_exceptions=True))[0]
        scene.tally.check(isinstance(answer, httpx.TransportError), f"the killed API answered {answer!r}")
        api = await site.api(traps=then)
    await scene.order(person, kinds=LETTER, key=key)
    await site.worker()
    await scene.all_ended()
    count = await site.value("select count(*) from generations")
    scene.tally.check(count == 1, f"one key made {count} generations")


@scenario(
    injected="the same order twenty times",
    when="at once, with one key",
    holds="one generation, and the same answer to all",
)
async def same_key_in_parallel(scene: Scene) -> None:
    await scene.site.api()
    await scene.site.worker()
    person = await scene.person()
    key = uuid4().hex
    orders = await asyncio.gather(*(scene.order(person, kinds=LETTER, key=key, follow=False) for _ in range(20)))
    scene.tally.check(len({order.id for order in orders}) == 1, "the same key was answered with different generations")
    count = await scene.site.value("select count(*) from generations")
    scene.tally.check(count == 1, f"one key made {count} generations")


@scenario(
    injected="a rolling restart of the API",
    when="with subscribers attached and orders coming in",
    holds="no event is missed or seen twice, and every request is answered when it is repeated",
)
async def api_restarted(scene: Scene) -> None:
    site = scene.site
    api = await site.api()
    await site.worker()
    person = await scene.person()
    scene.followers.append(Follower(person))
    for number in (signal.SIGTERM, signal.SIGKILL):
        order = await scene.order(person, kinds=LETTER)
        await scene.in_stage(order, "ANALYZE")
        api.signal(number)
        scene.tally.faults[f"API {number.name}"] += 1
        await api.ended()
        await api.start()
        await scene.order(person, kinds=LETTER)
    await scene.all_ended()


@scenario(
    injected="lines of a subscriber that break",
    when="again and again, as soon as it is connected",
    holds="it sees each event once and in order",
)
async def subscriber_cut(scene: Scene) -> None:
    site = scene.site
    await site.api()
    await site.worker()
    person = await scene.person()
    everything = Follower(person)
    scene.followers.append(everything)
    for _ in range(10 if scene.long else 3):
        await scene.order(person, kinds=LETTER)
    wanted = 1_000 if scene.long else 60
    cuts = 0
    while cuts < wanted:
        before = everything.connections
        for follower in scene.followers:
            cuts += follower.cut()
        if everything.cuts and everything.connections == before:
            await asyncio.sleep(0.005)
    scene.tally.faults["subscriber cut"] += cuts
    await scene.all_ended()


@scenario(
    injected="cancelGeneration",
    when="while it waits, in each stage, and while its documents are about to be committed",
    holds="it ends and its worker breaks off within a second, with one last event, and no stage begins afterwards",
    JOBWISE_WORKER_CONCURRENCY="6",
    JOBWISE_LEASE_SECONDS="10",
)
async def cancelled_at_every_moment(scene: Scene) -> None:
    site = scene.site
    await site.api()
    person = await scene.person()
    waiting = await scene.order(person, kinds=LETTER)
    await person.cancel(waiting)
    start = "jobwise.generation.queries:start_stage"
    await site.worker(traps=[trap(stage, start, where="after", stage=stage, title=stage) for stage in STAGES])
    for stage in STAGES:
        person = await scene.person(stage)
        order = await scene.order(person, kinds=LETTER)
        await site.reached(stage)
        await person.cancel(order)
        await scene.ended(order, within=5)
        await scene.broke_off(order, stage)
    for _ in range(20 if scene.long else 4):
        await _cancelled_at_the_end(scene, person)
    await scene.all_ended()
    await scene.cancelled_in_time()


async def _cancelled_at_the_end(scene: Scene, person: Person) -> None:
    """Whoever comes first: it ends as what the API said."""
    await person.want("Data Analyst")
    order = await scene.order(person, kinds=LETTER)
    await until(
        lambda: scene.site.value("select true from generations where id = $1 and stage = 'EXPORT'", order.row),
        "the last stage",
    )
    await asyncio.sleep(scene.random.uniform(0, 0.2))
    try:
        await person.cancel(order)
        wanted = "CANCELLED"
    except Refused as error:
        wanted = "COMPLETED" if error.code == "GENERATION_ENDED" else str(error)
    status = await scene.ended(order, within=10)
    scene.tally.check(status == wanted, f"cancelling was answered as if it were {wanted}, and it is {status}")


@scenario(
    injected="retryGeneration of what was cancelled in its middle",
    when="after it has ended",
    holds="it goes on from its checkpoints, with the events numbered on, and ends once more",
    JOBWISE_LEASE_SECONDS="15",
)
async def retried_from_its_checkpoints(scene: Scene) -> None:
    site = scene.site
    await site.api()
    await site.worker(traps=[trap("held", "jobwise.generation.queries:start_stage", where="after", stage="VERIFY")])
    person = await scene.person()
    order = await scene.order(person, kinds=LETTER, follow=False)
    await site.reached("held")
    await person.cancel(order)
    await scene.ended(order)
    site.let_go("held")
    await person.retry(order)
    scene.followers.append(Follower(person, order))
    await scene.ended(order)
    again = await site.value(
        "select count(*) from generation_events where type = 'STAGE_STARTED' and stage in ('ANALYZE', 'MATCH', 'WRITE')"
    )
    scene.tally.check(again == 3, "a kept stage was done again after the retry")


@scenario(
    injected="kill -9 of `jobwise up`, the owner of the embedded servers, API and worker",
    when="in the middle of a generation",
    holds="the next `jobwise up` goes on with it, and it is completed",
)
async def owner_of_everything_killed(scene: Scene) -> None:
    site = scene.site
    site.home = site.folder / "own"
    port = str(free_port())
    own = {"JOBWISE_HOME": str(site.home), "JOBWISE_PORT": port, "DATABASE_URL": "", "REDIS_URL": ""}
    owner = site.program("up", "up", settings=own)
    await owner.start()
    site.url = f"http://127.0.0.1:{port}"
    await site.api_ready()
    person = await scene.person()
    order = await person.order(kinds=LETTER)
    await owner.kill()
    scene.tally.faults["owner SIGKILL"] += 1
    await owner.start()
    await site.api_ready()
    follower = Follower(person, order)
    await follower.wait(60)
    last = len(follower.seen)
    compare(follower, last, "the subscriber of the new owner", scene.tally)
    scene.tally.check(follower.types[-1] == "COMPLETED", f"it ended as {follower.types[-1]}")
    scene.tally.runs += 1
    owner.signal(signal.SIGTERM)
    status = await asyncio.wait_for(owner.ended(), 60)
    scene.tally.check(status == 0, f"the owner left with status {status}")
