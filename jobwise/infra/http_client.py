"""Connections to other people's servers, kept open and shared; made for a thousand streams at once."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

# A pool of httpcore looks at all its connections for each request, twice over: many small pools carry a thousand
# streams with a hundredth of the work that one large pool needs.
_POOLS = 32
_CONNECT_SECONDS = 5.0
_WRITE_SECONDS = 10.0
_KEEP_SECONDS = 60.0
# All streams share so many looks at their sockets, evenly spaced: of a thousand streams, each is looked at twice a
# second and gives more at a time, and they never come all at once.
_SECONDS_PER_LOOK = 0.0005
_SHORTEST_PAUSE = 0.002


class HttpClients:
    """Many small pools that are used in turn. Reading has no time-out of its own: who reads a stream bounds it."""

    def __init__(self, pools: int = _POOLS) -> None:
        context = httpx.create_ssl_context()
        self._clients = [_client(context) for _ in range(pools)]
        self._turns = itertools.cycle(self._clients)
        self._next_look = 0.0

    @asynccontextmanager
    async def post(
        self, url: str, content: bytes, headers: dict[str, str], about_to_send: Callable[[], None]
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; the body of the response is still to be read, with `pieces`.

        `about_to_send` is called when there is a connection, right before the first byte goes out; if it raises,
        nothing is sent.

        Raises: httpx.HTTPError, httpx.InvalidURL, and what `about_to_send` raises.
        """

        async def trace(step: str, details: Mapping[str, Any]) -> None:
            # A proxy is first asked for a way to the server, which costs nothing yet.
            if step == "http11.send_request_headers.started" and details["request"].method != b"CONNECT":
                about_to_send()

        client, extensions = next(self._turns), {"trace": trace}
        async with client.stream("POST", url, content=content, headers=headers, extensions=extensions) as response:
            yield response

    async def pieces(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The body as it comes; a little late where many streams share this process. Raises httpx.HTTPError."""
        loop = asyncio.get_running_loop()
        body = aiter(response.aiter_bytes())
        while True:
            # The loop only gets to this where the next piece is not there yet.
            waited = asyncio.Event()
            turn = loop.call_soon(waited.set)
            try:
                piece = await anext(body)
            except StopAsyncIteration:
                return
            finally:
                turn.cancel()
            yield piece
            if waited.is_set():
                await self._turn_to_look(loop.time())

    async def _turn_to_look(self, now: float) -> None:
        self._next_look = max(self._next_look + _SECONDS_PER_LOOK, now)
        if self._next_look - now > _SHORTEST_PAUSE:
            await asyncio.sleep(self._next_look - now)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()


def _client(verify: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=verify,
        timeout=httpx.Timeout(connect=_CONNECT_SECONDS, write=_WRITE_SECONDS, read=None, pool=None),
        limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEEP_SECONDS),
        # A proxy of the environment is not for servers on this machine.
        mounts={"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None},
    )
