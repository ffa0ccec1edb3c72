"""Adapters, as the settings make them, whose providers are the scripted server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from jobwise.config import Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm.deployments import adapter, deployments
from jobwise.llm.exchange import Adapter, TimeLimits
from jobwise.llm.types import Completion, Link, Request, Transcript
from tests.llm.asking import REQUEST
from tests.providers.deployments import MODELS, addresses
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

PATIENT = TimeLimits(first_token=60, idle=60, call=120)


@dataclass(frozen=True)
class Line:
    """An adapter and the server at its other end."""

    model: Adapter
    server: Provider

    async def ask(self, request: Request = REQUEST, transcript: Transcript | None = None) -> Completion:
        """One call. Raises ProviderError."""
        return await self.model.complete(request, transcript or Transcript(), uuid4(), lambda: None)

    def sent(self) -> dict[str, Any]:
        """The body of the last request that the server has understood."""
        return self.server.requests[-1]


def script(**behaviour: object) -> Script:
    """Always the same behaviour."""
    return Script(default=Behaviour.model_validate(behaviour))


@asynccontextmanager
async def line_to(
    provider: str,
    play: Script | None = None,
    *,
    model: str = "",
    limits: TimeLimits = PATIENT,
    pools: int = 1,
    local: str = "/llama/v1",
    **settings: object,
) -> AsyncIterator[Line]:
    """A line to one provider, played by a server of its own."""
    http = HttpClients(pools=pools)
    async with running(play) as server:
        given = Settings.model_validate({**addresses(server.root, local=local), **settings})
        link = Link(deployments(given)[provider], model or MODELS[provider])
        try:
            yield Line(adapter(link, http, limits), server)
        finally:
            await http.aclose()
