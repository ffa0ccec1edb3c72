"""A process that asks its router again and again, as a busy worker does: `python -m tests.llm.asker COUNT`.

Settings come from the environment. It prints a JSON line for each question, and ends on SIGTERM.
"""

import asyncio
import json
import signal
import sys
import time
from contextlib import suppress

from jobwise.config import settings
from jobwise.infra import db, redis_client
from jobwise.llm.errors import LlmUnavailable
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Caller
from tests.llm.asking import REQUEST


async def _ask(router: Router) -> None:
    """One question after the other."""
    while True:
        first: list[float] = []

        def heard(_: str, first: list[float] = first) -> None:
            if not first:
                first.append(time.time())

        at, link, error = time.time(), "", ""
        try:
            completion = await router.complete(REQUEST, Caller(), heard)
            link = completion.provider
        except LlmUnavailable as unavailable:
            error = str(unavailable)
        told = {"at": at, "first": first[0] if first else None, "end": time.time(), "link": link, "error": error}
        print(json.dumps(told), flush=True)


async def _run(count: int) -> None:
    chosen, stop = settings(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await db.connect(chosen.database_url, pool=10)
    redis_client.connect(chosen.redis_url)
    try:
        async with opened(chosen) as router:
            assert router is not None
            tasks = [asyncio.create_task(_ask(router)) for _ in range(count)]
            await stop.wait()
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await redis_client.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
