"""What makes a worker: slots in which generations run, rings that wake it, and the sweep that needs no ring."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog
from arq.worker import Worker, func

from jobwise.generation import events, housekeeping, pipeline, queries
from jobwise.infra import db, queue, redis_client
from jobwise.jobs import vectors
from jobwise.llm.router import Router
from workers.tasks.generation import run_one

#: Names this process in leases and logs.
WORKER = f"{socket.gethostname()}:{os.getpid()}"

_SWEEP_SECONDS = 1.0
_MOST_RINGS = 20
#: After the end of a lease, when it surely is over.
_MOMENT_SECONDS = 0.02
_POLL_SECONDS = 0.05
#: Longer than a row is held as a rule.
_AGAIN_SECONDS = 0.05
_RETRY_SECONDS = 1.0
_HOUSEKEEPING_SECONDS = 3600.0

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class Runner:
    """Runs generations in a number of slots: once woken, it claims for as long as there is something to claim."""

    def __init__(self, tools: pipeline.Tools, slots: int, cap: int) -> None:
        """`cap`: how many generations of one person may run at a time, in all workers together."""
        self._tools = tools
        self._slots = slots
        self._cap = cap
        self._running: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()

    @property
    def room(self) -> int:
        """How many slots are free; none once it stops."""
        return 0 if self._tools.stopping.is_set() else self._slots - len(self._running)

    def wake(self) -> None:
        """There may be something to claim."""
        self._awake.set()

    async def run(self, grace: float) -> None:
        """Until `stop` was called: what runs then is handed back before its next stage, or after `grace` seconds."""
        while not self._tools.stopping.is_set():
            self._awake.clear()
            await self._fill()
            await self._awake.wait()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def stop(self) -> None:
        """Claim nothing more."""
        self._tools.stopping.set()
        self.wake()

    async def _fill(self) -> None:
        """One claim after the other, never cancelled: what was claimed unheard would lie until its lease ends.

        A claim passes over what is being written just now, so that it is asked for once more a moment later.
        """
        is_second_look = False
        try:
            while self.room > 0:
                claim = await queries.claim(self._tools.worker, self._tools.leases.length, self._cap)
                if claim is None and is_second_look:
                    return
                if claim is None:
                    is_second_look = True
                    await _set_or_after(self._awake, _AGAIN_SECONDS)
                    continue
                is_second_look = False
                task = asyncio.create_task(pipeline.run(claim, self._tools))
                self._running.add(task)
                task.add_done_callback(self._ended)
        except db.CONNECTION_ERRORS as error:
            log.warning("nothing_claimed", error=repr(error))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()):
            log.error("generation_task_failed", exc_info=error)


async def _set_or_after(flag: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await flag.wait()


class Bell(Worker):
    """ARQ's worker as a doorbell: its one task wakes the runner. Without a free slot it leaves rings to others."""

    def __init__(self, runner: Runner, slots: int) -> None:
        super().__init__(
            functions=[func(run_one, name=queue.TASK, keep_result=0, timeout=10, max_tries=1)],
            redis_pool=queue.arq_redis(redis_client.client().connection_pool),
            queue_name=queue.QUEUE,
            ctx={"runner": runner},
            max_jobs=slots,
            poll_delay=_POLL_SECONDS,
            handle_signals=False,
            retry_jobs=False,
            keep_result=0,
            log_results=False,
            job_serializer=queue.serialize,
            job_deserializer=queue.deserialize,
        )
        self._runner = runner

    async def _poll_iteration(self) -> None:
        if self._runner.room:
            self.queue_read_limit = self._runner.room
            await super()._poll_iteration()


@asynccontextmanager
async def answering_rings(runner: Runner, slots: int) -> AsyncIterator[None]:
    """Listen for rings in the background; while Redis is away, the sweep alone finds what there is to do."""

    async def answer() -> None:
        while True:
            try:
                await Bell(runner, slots).main()
            except redis_client.REDIS_ERRORS as error:
                log.warning("doorbell_unreachable", error=str(error))
            except Exception as error:
                # Whatever it is, a worker without a bell only hears of its work later.
                log.error("doorbell_failed", exc_info=error)
            await asyncio.sleep(_RETRY_SECONDS)

    async with _in_background(asyncio.create_task(answer(), name="doorbell")):
        yield


@asynccontextmanager
async def sweeping(runner: Runner) -> AsyncIterator[None]:
    """In the background: end what cannot go on, wake for what waits, and beside that keep house once an hour."""

    async def sweep_forever() -> None:
        lease_ends_in: float | None = None
        while True:
            pause = _SWEEP_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 (no secret)
            await asyncio.sleep(pause if lease_ends_in is None else min(pause, lease_ends_in + _MOMENT_SECONDS))
            # Whatever goes wrong: without sweeps the abandoned would lie for ever.
            lease_ends_in = await _regardless(_sweep(runner), "sweep_failed")

    async def keep_house() -> None:
        pause = random.uniform(0, _HOUSEKEEPING_SECONDS)  # noqa: S311
        while True:
            await asyncio.sleep(pause)
            pause = _HOUSEKEEPING_SECONDS
            await _regardless(housekeeping.run(), "housekeeping_failed")

    async with (
        _in_background(asyncio.create_task(sweep_forever(), name="sweeper")),
        _in_background(asyncio.create_task(keep_house(), name="housekeeper")),
    ):
        yield


@asynccontextmanager
async def embedding(router: Router, seconds: float) -> AsyncIterator[None]:
    """In the background: have vectors made of what is due, and once an hour of what has none by the present model.

    `seconds` is the longest that the texts of one call may take, however often they are divided.
    """

    async def embed_forever() -> None:
        rest = 0.0
        while True:
            await asyncio.sleep(max(rest, _SWEEP_SECONDS * random.uniform(0.5, 1.5)))  # noqa: S311
            ran = await _regardless(vectors.run(router, seconds), "vectors_failed")
            rest = ran.rest if ran else 0.0

    async def look_for_other_models(model: str) -> None:
        while True:
            await _regardless(vectors.make_due(model), "vectors_failed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    if router.embedding is None:
        yield
        return
    async with (
        _in_background(asyncio.create_task(embed_forever(), name="embedder")),
        _in_background(asyncio.create_task(look_for_other_models(router.embedding.name), name="embedding-models")),
    ):
        yield


async def _regardless(work: Coroutine[Any, Any, Answer], failure: str) -> Answer | None:
    try:
        return await work
    except db.CONNECTION_ERRORS as error:
        log.warning("database_unreachable", error=repr(error))
    except Exception as error:
        log.error(failure, exc_info=error)
    return None


async def _sweep(runner: Runner) -> float | None:
    """Returns in how many seconds the next lease ends, if it is left, so that the heir need not wait for a sweep."""
    while reaped := await queries.reap():
        await events.announce(reaped.id, reaped.user_id)
    due = await queries.due()
    if due.now:
        runner.wake()
        with suppress(*redis_client.REDIS_ERRORS):
            await queue.ring(min(due.now, _MOST_RINGS) - await queue.waiting_rings())
    return due.next_lease_ends_in


@asynccontextmanager
async def _in_background(task: "asyncio.Task[None]") -> AsyncIterator[None]:
    try:
        yield
    finally:
        # redis-py swallows a cancellation that meets it while it connects, so that one is not always enough.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.1)
