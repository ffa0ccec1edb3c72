"""Routers whose providers are scripted servers of ours."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobwise.config import Settings
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Request, Schema
from tests.providers.script import Script
from tests.providers.server import Provider, running

REQUEST = Request("write", "Answer briefly.", "Say that you are ready.", 100)
WITH_SCHEMA = Request(
    "write",
    "Answer in JSON.",
    "Anything.",
    100,
    Schema("anything", {"type": "object", "properties": {}, "required": [], "additionalProperties": False}),
)


@dataclass(frozen=True)
class Scene:
    """A router with two links: `openai:first`, then `local:second`, each a server of its own."""

    router: Router
    first: Provider
    second: Provider


@asynccontextmanager
async def two_links(
    first: Script | None = None,
    *,
    first_token_seconds: float = 5.0,
    idle_seconds: float = 5.0,
    call_seconds: float = 10.0,
    chain: str = "openai:first,local:second,builtin",
    **others: Any,
) -> AsyncIterator[Scene]:
    """Both servers run, and do as they are told by their scripts; the second one always answers. `others`: settings."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running(first))
        two = await stack.enter_async_context(running())
        settings = Settings(
            llm_chain=chain,
            openai_base_url=one.url,
            openai_api_key="key-of-the-first",
            local_llm_base_url=two.url,
            llm_first_token_seconds=first_token_seconds,
            llm_idle_seconds=idle_seconds,
            llm_call_seconds=call_seconds,
            **others,
        )
        router = await stack.enter_async_context(opened(settings))
        assert router is not None
        yield Scene(router, one, two)
