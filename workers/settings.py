"""The worker process: ARQ with our tasks, the renderers and the sweeper."""

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any

import structlog
from arq.worker import func

from jobwise.config import settings
from jobwise.documents.renderer import Renderer
from jobwise.generation.pipeline import Tools
from jobwise.infra import db, queue, redis_client
from jobwise.infra.storage import Storage
from jobwise.observability import logs
from workers.runtime import WORKER, PatientWorker, sweep_forever
from workers.tasks.generation import run_one

#: A generation that takes longer than this is stuck.
_LONGEST_RUN = 600
#: After SIGTERM, running generations get this long before they are handed back.
_GRACE_SECONDS = 25
_POLL_SECONDS = 0.05

log = structlog.get_logger(__name__)


def main() -> None:
    """Run until SIGTERM or SIGINT; generations that do not end within the grace period are handed back."""
    logs.configure(settings().env)
    asyncio.run(_work())


async def _work() -> None:
    chosen = settings()
    await db.connect(chosen.database_url, pool=chosen.worker_concurrency + 4)
    redis_client.connect(chosen.redis_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis_client.close)
        stack.push_async_callback(db.close)
        renderer = await stack.enter_async_context(Renderer(chosen.renderers))
        tools = Tools(WORKER, renderer, Storage(chosen.files_folder()), timedelta(seconds=chosen.lease_seconds))
        context: dict[str, Any] = {"tools": tools}
        sweeper = asyncio.create_task(sweep_forever(context), name="sweeper")
        stack.push_async_callback(_ended, sweeper)
        worker = _worker(context)
        log.info("worker_started", worker=WORKER, concurrency=chosen.worker_concurrency)
        with suppress(asyncio.CancelledError):
            await worker.async_run()
        await worker.close()


def _worker(context: dict[str, Any]) -> PatientWorker:
    return PatientWorker(
        functions=[func(run_one, name=queue.TASK, keep_result=0, timeout=_LONGEST_RUN, max_tries=1)],
        redis_pool=queue.arq_redis(redis_client.client().connection_pool),
        queue_name=queue.QUEUE,
        ctx=context,
        max_jobs=settings().worker_concurrency,
        poll_delay=_POLL_SECONDS,
        job_completion_wait=_GRACE_SECONDS,
        retry_jobs=False,
        keep_result=0,
        log_results=False,
        job_serializer=queue.serialize,
        job_deserializer=queue.deserialize,
    )


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
