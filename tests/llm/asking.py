"""Routers whose providers are scripted servers of ours."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobwise.config import Settings
from jobwise.llm.calls import Target
from jobwise.llm.exchange import Adapter
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Request
from tests.providers.script import Script
from tests.providers.server import Provider, running
from tests.providers.wires import Call

REQUEST = Request("write", "Answer briefly.", "Say that you are ready.", 100)
#: No answer of a server that works comes so late.
_NO_HURRY = {"llm_first_token_seconds": 60.0, "llm_idle_seconds": 60.0, "llm_call_seconds": 60.0}


@dataclass(frozen=True)
class Scene:
    """A router with two links: `openai:first`, then `local:second`, each a server of its own."""

    router: Router
    first: Provider
    second: Provider

    @property
    def target(self) -> Target[Adapter]:
        """The first link."""
        return next(iter(self.router._targets.values()))


@asynccontextmanager
async def two_links(
    first: Script | None = None,
    *,
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
            **{**_NO_HURRY, **others},
        )
        router = await stack.enter_async_context(opened(settings))
        assert router is not None
        yield Scene(router, one, two)


def most_at_once(calls: Sequence[Call]) -> int:
    """How many calls were open at a time; all of them have ended."""
    return max(sum(other.received_at <= call.received_at < (other.ended_at or 0) for other in calls) for call in calls)
