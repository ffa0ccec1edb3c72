"""What a stage depends on: models that hang or break off, page layout that dies, a disk that is full."""

import asyncio
import os
import resource
import signal

from tests.faults.harness import Program, until
from tests.faults.scenarios.workers import LETTER
from tests.faults.scene import Scene, scenario
from tests.providers.script import Behaviour, Script

#: The posting is read at once, so that what is told of other calls happens to the writing.
_READING = Behaviour(schema_name="posting_requirements")
#: How many calls write both documents of the usual person: three for parts of the résumé, one for the letter.
_WRITING = 4


async def _settled(scene: Scene) -> None:
    """The ledger says of every call how it ended, and has each that the provider bills."""
    await until(
        lambda: scene.site.value("select count(*) = 0 from llm_calls where outcome = 'RESERVED'"),
        "a ledger in which every call is settled",
        within=30,
    )
    assert scene.site.model is not None
    billed = {call["client_request_id"] for call in await scene.site.model.bill()}
    ledger = {str(row["id"]) for row in await scene.site.rows("select id from llm_calls")}
    scene.tally.check(billed <= ledger, f"{len(billed - ledger)} calls were billed and are not in the ledger")


@scenario(
    injected="a model call that hangs, one that breaks off, one that is answered twice, one that is refused",
    when="in the stage WRITE",
    holds="the generation is completed, each call is settled in the ledger, and billed calls are all in it",
    JOBWISE_LLM_FIRST_TOKEN_SECONDS="2",
    JOBWISE_LLM_IDLE_SECONDS="2",
    JOBWISE_LLM_CALL_SECONDS="10",
)
async def model_calls_that_go_wrong(scene: Scene) -> None:
    site = scene.site
    faults = [
        Behaviour(fault="hang"),
        Behaviour(fault="hang", after_tokens=20),
        Behaviour(fault="cut", after_tokens=20),
        Behaviour(fault="twice"),
        Behaviour(fault="status", status=503),
        Behaviour(fault="no_done"),
    ]
    await site.models(Script(next=[fault.model_copy(update={"schema_name": "letter"}) for fault in faults]))
    await site.api()
    await asyncio.gather(site.worker(), site.worker())
    for _ in faults:
        await scene.order(await scene.person(), kinds=LETTER)
    scene.tally.faults["model call"] += len(faults)
    await scene.all_ended()
    await _settled(scene)
    failed = await site.value("select count(*) from generations where status <> 'COMPLETED'")
    scene.tally.check(not failed, f"{failed} generations were not completed")


@scenario(
    injected="kill -9 of a worker",
    when="in the middle of a model call, and just after the answer",
    holds="the stage is done once more elsewhere, and never after it was kept; the ledger has every call",
    JOBWISE_WORKER_CONCURRENCY="1",
    JOBWISE_LEASE_SECONDS="15",
)
async def worker_killed_in_a_model_call(scene: Scene) -> None:
    site = scene.site
    model = await site.models(Script(default=Behaviour(fault="hang", after_tokens=10), rules=[_READING]))
    await site.api()
    doomed = await site.worker()
    order = await scene.order(await scene.person())
    await until(lambda: _calls(scene, 1 + _WRITING), "all calls of the writing under way")
    await model.follow(Script())
    await site.worker()
    await scene.hit(doomed)
    await scene.leases_end()
    await scene.ended(order)
    billed = len(await model.bill())
    expected = 1 + 2 * _WRITING
    scene.tally.check(billed == expected, f"{billed} calls were billed, not {expected}, for two documents and one kill")


async def _calls(scene: Scene, count: int) -> bool:
    assert scene.site.model is not None
    return len(await scene.site.model.bill()) >= count


@scenario(
    injected="cancelGeneration",
    when="in the middle of a model call",
    holds="the generation ends, and the call is aborted and settled as cancelled, within a second",
    JOBWISE_LEASE_SECONDS="10",
)
async def model_call_cancelled(scene: Scene) -> None:
    site = scene.site
    await site.models(Script(default=Behaviour(stream_seconds=60), rules=[_READING]))
    await site.api()
    await site.worker()
    person = await scene.person()
    order = await scene.order(person)
    await until(lambda: _calls(scene, 1 + _WRITING), "all calls of the writing under way")
    await person.cancel(order)
    await scene.ended(order, within=30)
    await _settled(scene)
    await scene.cancelled_in_time()
    outcomes = {row["outcome"] for row in await site.rows("select outcome from llm_calls where stage = 'WRITE'")}
    scene.tally.check(outcomes == {"CANCELLED"}, f"the calls are settled as {outcomes}")
    assert site.model is not None
    model = site.model
    await until(lambda: _aborted(model.bill), "the provider saw all of them end", within=30)


async def _aborted(bill: object) -> bool:
    assert callable(bill)
    return all(call["outcome"] == "aborted" for call in await bill() if call["schema_name"] != _READING.schema_name)


async def _renderer(worker: Program) -> int:
    """The id of a worker's page layout process."""
    (pid,) = await until(worker.children, "a page layout process")
    return int(pid)


@scenario(
    injected="SIGKILL, SIGSTOP and a memory limit of a page layout process",
    when="before or in the middle of its job",
    holds="the stage is tried again with a new process, the generation is completed, the worker lives",
)
async def page_layout_goes_wrong(scene: Scene) -> None:
    site = scene.site
    await site.api()
    worker = await site.worker(renderer_seconds=3)
    person = await scene.person()
    for number in (signal.SIGKILL, signal.SIGSTOP, None):
        order = await scene.order(person)
        await until(
            lambda o=order: site.value("select true from generations where id = $1 and stage = 'EXPORT'", o.row),
            "the last stage",
        )
        pid = await _renderer(worker)
        if number is None:
            resource.prlimit(pid, resource.RLIMIT_AS, (1, 1))
            scene.tally.faults["page layout out of memory"] += 1
        else:
            os.kill(pid, number)
            scene.tally.faults[f"page layout {number.name}"] += 1
        status = await scene.ended(order, within=30)
        scene.tally.check(status == "COMPLETED", f"it ended as {status}")
    scene.tally.check(worker.lives, "the worker ended")


@scenario(
    injected="a full disk",
    when="while files are being written",
    holds="the stage is tried again, and the generation completed once there is room; the worker lives",
)
async def disk_full(scene: Scene) -> None:
    site = scene.site
    await site.api()
    flag = site.folder / "full"
    flag.touch()
    worker = await site.worker(full_disk=flag)
    person = await scene.person()
    order = await scene.order(person, kinds=LETTER)
    await until(lambda: site.value("select true from generation_events where type = 'RELEASED'"), "a stage that failed")
    scene.tally.faults["disk full"] += 1
    flag.unlink()
    status = await scene.ended(order)
    scene.tally.check(status == "COMPLETED", f"it ended as {status}")
    left = list((site.home / "files").rglob("tmp*"))
    scene.tally.check(not left, f"{len(left)} unfinished files were left")
    scene.tally.check(worker.lives, "the worker ended")
