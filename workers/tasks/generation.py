"""Running generations."""

from typing import Any

from jobwise.config import settings
from jobwise.generation import pipeline, queries

_CAP_PER_PERSON = 4


async def run_one(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
    """Answer a ring: take the fairest generation and see it through. Nothing to take is nothing wrong."""
    tools: pipeline.Tools = ctx["tools"]
    cap = max(1, min(_CAP_PER_PERSON, settings().worker_concurrency))
    claim = await queries.claim(tools.worker, tools.lease, cap)
    if claim is not None:
        await pipeline.run(claim, tools)
