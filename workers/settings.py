"""The worker process: its parts, put together from the settings, and how it stops."""

import asyncio
import gc
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog

from jobwise.config import Settings, settings
from jobwise.documents.renderer import Renderer
from jobwise.generation.leases import Leases
from jobwise.generation.pipeline import Tools
from jobwise.infra import db, events, redis_client
from jobwise.infra.storage import Storage
from jobwise.jobs.vocabulary import vocabulary
from jobwise.llm.router import opened
from jobwise.observability import logs
from workers.runtime import WORKER, Runner, answering_rings, embedding, sweeping

#: After SIGTERM, the stages that run get this long before their generations are handed back.
_GRACE_SECONDS = 25
#: A generation needs the database for some milliseconds a stage, so that many share a connection.
_MOST_CONNECTIONS = 16
_THREADS = 2

log = structlog.get_logger(__name__)


def main() -> None:
    """Run until SIGTERM or SIGINT; every generation that has not ended by then is handed to another worker."""
    logs.configure(settings().env)
    asyncio.run(_work())


def prepare_process() -> None:
    """Make the event loop answer promptly while hundreds of generations wait for models. For the loop's own thread.

    Matching and checking are plain Python in threads, which hold the interpreter against the loop: two of them at a
    time, and short turns. What lives for ever (modules, the vocabulary) is taken out of the garbage collector's sight:
    with it, one full collection takes half a second, and they come often.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    sys.setswitchinterval(0.0005)
    vocabulary()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def runner_of(chosen: Settings, tools: Tools) -> Runner:
    """As many slots as one worker has; what one person may have running counts in all workers together."""
    return Runner(tools, chosen.worker_concurrency, chosen.running_per_person)


async def _work() -> None:
    prepare_process()
    chosen = settings()
    slots = chosen.worker_concurrency
    async with AsyncExitStack() as stack:
        await db.connect(chosen.database_url, pool=min(slots, _MOST_CONNECTIONS) + 4)
        stack.push_async_callback(db.close)
        redis_client.connect(chosen.redis_url)
        stack.push_async_callback(redis_client.close)
        await stack.enter_async_context(events.listening())
        renderer = await stack.enter_async_context(Renderer(chosen.renderers))
        leases = Leases(timedelta(seconds=chosen.lease_seconds))
        await stack.enter_async_context(leases.kept())
        router = await stack.enter_async_context(opened(chosen))
        tools = Tools(WORKER, renderer, Storage(chosen.files_folder()), leases, chosen.generation_seconds, router)
        runner = runner_of(chosen, tools)
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, runner.stop)
        log.info("worker_started", worker=WORKER, slots=slots)
        if router:
            await stack.enter_async_context(embedding(router, chosen.llm_total_seconds))
        async with answering_rings(runner, slots), sweeping(runner):
            await runner.run(_GRACE_SECONDS)
        log.info("worker_stopped", worker=WORKER)
