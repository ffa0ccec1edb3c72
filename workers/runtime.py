"""What a worker does besides answering rings: sweep, survive Redis's absence, hand work back when it stops."""

import asyncio
import os
import random
import socket
from typing import Any

import structlog
from arq.worker import Worker

from jobwise.generation import events, queries
from jobwise.infra import db, queue, redis_client
from workers.tasks.generation import run_one

#: Names this process in leases and logs.
WORKER = f"{socket.gethostname()}:{os.getpid()}"

_SWEEP_SECONDS = 1.0
_MOST_RINGS = 20
_REDIS_RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class PatientWorker(Worker):
    """ARQ's worker, which would exit when Redis goes away: this one waits for it."""

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except redis_client.REDIS_ERRORS as error:
            log.warning("redis_unreachable", error=str(error))
            # A slot that was taken for a job that could not be started is given back.
            running = sum(not task.done() for task in self.tasks.values())
            for _ in range(self.job_counter - running):
                self._release_sem_dec_counter_on_complete()
            await asyncio.sleep(_REDIS_RETRY_SECONDS)


async def sweep_forever(ctx: dict[Any, Any]) -> None:
    """Ring for what waits, take over what was left lying, end what cannot go on. Runs in every worker, jittered.

    While Redis is away there are no rings: then this takes the work itself, one generation at a time.
    """
    while True:
        await asyncio.sleep(_SWEEP_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
        try:
            for generation_id in await queries.reap():
                await events.announce(generation_id)
            waiting = await queries.runnable()
            if waiting and not await _top_up(waiting):
                await run_one(ctx)
        except db.CONNECTION_ERRORS as error:
            log.warning("database_unreachable", error=repr(error))


async def _top_up(waiting: int) -> bool:
    """Ring as often as there is work for which nobody has rung. False when Redis is away."""
    try:
        missing = min(waiting, _MOST_RINGS) - await queue.waiting_rings()
    except redis_client.REDIS_ERRORS:
        return False
    return missing <= 0 or await queue.ring(missing)
