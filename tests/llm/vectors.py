"""Adapters of vectors, as the settings make them, whose providers are the scripted server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from jobwise.config import Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm.deployments import deployments, embedder
from jobwise.llm.embedding import Embedder, Vector
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.types import Link, Texts, Transcript
from tests.llm.adapters import PATIENT
from tests.providers.deployments import addresses
from tests.providers.script import Script
from tests.providers.server import Provider, running


@dataclass(frozen=True)
class Line:
    """An adapter and the server at its other end; `transcript` is that of the last call."""

    model: Embedder
    server: Provider
    transcripts: list[Transcript] = field(default_factory=list)

    async def embed(self, *texts: str) -> list[Vector]:
        """One call. Raises ProviderError."""
        self.transcripts.append(Transcript())
        return await self.model.embed(Texts(texts), self.transcripts[-1], uuid4(), lambda: None)

    def sent(self) -> dict[str, Any]:
        """The body of the last request that the server has understood."""
        return self.server.requests[-1]


@asynccontextmanager
async def vectors_from(
    provider: str, model: str, play: Script | None = None, *, limits: TimeLimits = PATIENT, **settings: object
) -> AsyncIterator[Line]:
    """A line to one provider, played by a server of its own."""
    http = HttpClients(pools=1)
    async with running(play) as server:
        given = Settings.model_validate({**addresses(server.root), **settings})
        try:
            yield Line(embedder(Link(deployments(given)[provider], model), http, limits), server)
        finally:
            await http.aclose()
