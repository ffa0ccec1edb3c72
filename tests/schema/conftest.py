import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from jobwise.accounts import tokens
from jobwise.accounts.service import Viewer
from jobwise.app import UVICORN_OPTIONS, create_app
from jobwise.config import settings
from jobwise.infra import events, redis_client
from tests.accounts.people import a_viewer


class Api:
    """The API as a client sees it; signed in when it has a viewer."""

    def __init__(self, http: httpx.AsyncClient, viewer: Viewer | None = None) -> None:
        self.http = http
        self.viewer = viewer

    @property
    def token(self) -> str:
        assert self.viewer is not None
        return tokens.issue_access(self.viewer.user_id, self.viewer.session_id).value

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.viewer else {}

    async def post(self, query: str, /, **variables: Any) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers=self.headers)

    async def run(self, query: str, /, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        response = await self.post(query, **variables)
        body = response.json()
        assert "errors" not in body, body
        return body["data"]

    async def error(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The only error of an operation that must fail."""
        body = (await self.post(query, **variables)).json()
        assert len(body["errors"]) == 1, body
        error: dict[str, Any] = body["errors"][0]
        return error

    async def someone(self) -> "Api":
        """The same API, used by somebody new."""
        return Api(self.http, await a_viewer())


@pytest.fixture
async def app(database: str, redis_url: str) -> AsyncIterator[Starlette]:
    redis_client.connect(redis_url)
    yield create_app(settings())
    await redis_client.close()


@pytest.fixture
async def anonymous(app: Starlette) -> AsyncIterator[Api]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Api(http)


@pytest.fixture
async def api(anonymous: Api) -> Api:
    return await anonymous.someone()


class Statements:
    """How many statements went to the database."""

    def __init__(self) -> None:
        self.texts: list[str] = []


@contextmanager
def _counting() -> Iterator[Statements]:
    seen = Statements()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_script"):
            original = getattr(AsyncpgDBClient, name)

            async def counted(self: Any, query: str, *rest: Any, _original: Any = original, **more: Any) -> Any:
                seen.texts.append(query)
                return await _original(self, query, *rest, **more)

            patch.setattr(AsyncpgDBClient, name, counted)
        yield seen


@pytest.fixture
def counting() -> Any:
    """A context manager that collects the statements sent meanwhile."""
    return _counting


@pytest.fixture
async def live(app: Starlette) -> AsyncIterator[str]:
    """The application on a real port, with the options that the command line gives to uvicorn; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", **UVICORN_OPTIONS)
    server = uvicorn.Server(config)
    # The socket listens before the server reads from it, so that a test may connect at once.
    listener.listen()
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with events.listening():
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task
