"""Generations: the one task is a ring of the doorbell."""

from typing import Any


async def run_one(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
    """Wake this worker's runner, which claims what is due by itself. Nothing to claim is nothing wrong."""
    ctx["runner"].wake()
