"""A client of the GraphQL API, like any other: requests over HTTP, progress over a websocket.

What the API answers is passed on as it came, in dictionaries; what it refuses is raised as an `ApiError`.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.3
_TIMEOUT = httpx.Timeout(60, connect=5)
_LOCAL = frozenset(("127.0.0.1", "localhost", "::1"))
#: Failures that other input would not cure.
_NOT_THE_INPUT = frozenset(
    ("INTERNAL", "UNAVAILABLE", "RENDERING_FAILED", "WORKER_LOST", "RATE_LIMITED", "QUOTA_EXCEEDED")
)

Json = dict[str, Any]


class ApiError(Exception):
    """The API refused or failed; the message is for people."""

    def __init__(self, message: str, code: str = "UNAVAILABLE") -> None:
        self.code = code
        super().__init__(message)

    @property
    def is_input(self) -> bool:
        """Whether other input would help, rather than another try."""
        return self.code not in _NOT_THE_INPUT


class ApiClient:
    """One connection to the API at `url` (without /graphql), for `async with`. Set `token` to be signed in."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/").removesuffix("/graphql") + "/"
        self.token = ""
        self._is_local = urlsplit(self.url).hostname in _LOCAL
        self._http = httpx.AsyncClient(base_url=self.url, timeout=_TIMEOUT, trust_env=not self._is_local)

    async def __aenter__(self) -> "ApiClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def execute(self, document: str, **variables: Any) -> Json:
        """The data of an operation. Sent again while the API is away: use operations that bear repeating."""
        response = await self._patiently("POST", "graphql", json={"query": document, "variables": variables})
        try:
            answer: Json = response.json()
        except ValueError:
            raise ApiError(f"{self.url}graphql does not answer like JobWise (status {response.status_code}).") from None
        if errors := answer.get("errors"):
            raise _error(errors[0])
        return dict(answer["data"])

    async def mutate(self, document: str, **variables: Any) -> Json:
        """The result of a mutation whose document has one field, a union; ApiError for anything but its success."""
        (result,) = (await self.execute(document, **variables)).values()
        if not result["__typename"].endswith("Success"):
            raise _refusal(result)
        return dict(result)

    async def download(self, link: str) -> bytes:
        """The file behind a link of the API."""
        response = await self._patiently("GET", urljoin(self.url, link))
        if response.status_code != 200:
            raise ApiError(f"A finished file could not be downloaded (status {response.status_code}).")
        return response.content

    async def follow(self, document: str, **variables: Any) -> AsyncIterator[Json]:
        """The data of a subscription until the API completes it. Raises ConnectionError when the line is cut."""
        address = urljoin(self.url.replace("http", "ws", 1), "graphql")
        options: Json = {"proxy": None} if self._is_local else {}
        try:
            async with connect(
                address, subprotocols=[Subprotocol("graphql-transport-ws")], open_timeout=5, compression=None, **options
            ) as socket:
                await self._subscribe(socket, {"query": document, "variables": variables})
                async for data in _events(socket):
                    yield data
        except (WebSocketException, OSError, TimeoutError) as error:
            raise ConnectionError(str(error)) from error

    async def _subscribe(self, socket: ClientConnection, payload: Json) -> None:
        authorization = {"authorization": f"Bearer {self.token}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

    async def _patiently(self, method: str, address: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                response = await self._http.request(method, address, headers=headers, **options)
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise ApiError(f"JobWise at {self.url} does not answer: {error or type(error).__name__}") from None
            except httpx.InvalidURL as error:
                raise ApiError(f"{self.url} is not an address: {error}", "BAD_REQUEST") from None
            else:
                if response.status_code not in (502, 503, 504) or time.monotonic() > deadline:
                    return response
            await asyncio.sleep(_PAUSE_SECONDS)


async def _events(socket: ClientConnection) -> AsyncIterator[Json]:
    async for text in socket:
        message = json.loads(text)
        match message["type"]:
            case "next":
                if errors := message["payload"].get("errors"):
                    raise _error(errors[0])
                yield message["payload"]["data"]
            case "error":
                raise _error(message["payload"][0])
            case "complete":
                return
            case "ping":
                await socket.send(json.dumps({"type": "pong"}))
    raise ConnectionError("closed before the end")


def _error(error: Json) -> ApiError:
    return ApiError(error["message"], error.get("extensions", {}).get("code", "BAD_REQUEST"))


def _refusal(result: Json) -> ApiError:
    fields = [f"{field['path']}: {field['message']}" for field in result.get("fieldErrors", ())]
    return ApiError("\n".join(fields) or result["message"], result["code"])
