"""A local provider of the three protocols with streaming, and of vectors: `python -m tests.providers.server --port 0`.

It prints the base URL of OpenAI's protocol when it is ready; the others lie beside it (see `Provider.root`).
`--script` takes a file or JSON text (see `script.Script`), POST /script replaces it at any time, GET /bill lists every
call, GET /requests what was sent, POST /reset forgets them. One event loop serves some hundred streams. Requests that
a vendor would refuse are refused, in the vendor's words.
"""

import argparse
import asyncio
import hashlib
import json
import signal
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.providers.answers import tokens_of
from tests.providers.performance import Aborted, Broken, Exchange, Performance
from tests.providers.script import Director, Script
from tests.providers.wires import WIRES, Asked, Call, Refused, Wire

_MOST_BYTES = 4_000_000
_MOST_REQUESTS = 2_000


class _Reader(asyncio.StreamReader):
    """Tells at once when the client goes away, also while nothing is being read."""

    def __init__(self) -> None:
        super().__init__(limit=_MOST_BYTES, loop=asyncio.get_running_loop())
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        self.gone.set()
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        self.gone.set()
        super().set_exception(exc)


class Provider:
    """The server. `async with running(script) as provider` gives one on a free port."""

    def __init__(self, script: Script | None = None) -> None:
        self.calls: list[Call] = []
        #: What was sent, as it came: the last ones.
        self.requests: deque[dict[str, Any]] = deque(maxlen=_MOST_REQUESTS)
        self._director = Director(script or Script())
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._first = asyncio.Event()
        self._came = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL of OpenAI's protocol, as a client wants it."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """The address of the machine; `/anthropic`, `/gemini/v1`, `/groq/openai/v1` and so on lie below it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many are open just now."""
        return len(self._handlers)

    async def idle(self) -> None:
        """Wait until no call is open."""
        while any(call.outcome == "open" for call in self.calls):
            self._idle.clear()
            await self._idle.wait()

    async def asked(self, calls: int) -> None:
        """Wait until so many calls have come."""
        while len(self.calls) < calls:
            self._came.clear()
            await self._came.wait()

    async def streaming(self, calls: int) -> None:
        """Wait until so many calls have got the first of their answers."""
        while sum(call.output_tokens > 0 for call in self.calls) < calls:
            self._first.clear()
            await self._first.wait()

    def follow(self, script: Script) -> None:
        """From now on, behave like this."""
        self._director = Director(script)

    async def start(self, port: int = 0) -> None:
        """Listen on this machine only."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", port, backlog=1024)

    async def stop(self) -> None:
        """End all connections."""
        assert self._server is not None
        self._server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_Reader(), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(reader, _Reader)
        task = asyncio.create_task(self._serve(reader, writer))
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    async def _serve(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(Aborted, Broken, ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._one_request(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one_request(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        address = urlsplit(target)
        exchange = Exchange(reader.gone, writer)
        if (answered := self._control(method, address.path, body)) is not None:
            await exchange.whole(200, answered)
            return
        name, path = _place(unquote(address.path))
        wire = WIRES[name]
        try:
            given = json.loads(body) if body else {}
            asked = wire.asked(path, dict(parse_qsl(address.query)), headers, given) if method == "POST" else None
        except Refused as refused:
            await exchange.whole(refused.status, refused.body, {wire.request_id_header: "req-refused"})
            return
        if asked is None:
            await exchange.whole(404, wire.error(404, "not_found", f"There is no {path}."))
            return
        self.requests.append(given)
        await self._complete(name, wire, asked, headers.get("x-client-request-id", ""), exchange)

    def _control(self, method: str, path: str, body: bytes) -> Any:
        """What tests say to the server itself; None for anything else."""
        match method, path:
            case "GET", "/bill":
                return [asdict(call) for call in self.calls]
            case "GET", "/requests":
                return list(self.requests)
            case "GET", "/v1/models":
                return {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
            case "POST", "/script":
                self.follow(Script.model_validate_json(body))
                return {}
            case "POST", "/reset":
                self.calls.clear()
                self.requests.clear()
                return {}
        return None

    async def _complete(self, name: str, wire: Wire, asked: Asked, client_id: str, exchange: Exchange) -> None:
        prompt = json.dumps([asked.model, asked.messages], sort_keys=True)
        call = Call(
            id=f"call-{len(self.calls) + 1}",
            received_at=time.time(),
            provider=name,
            model=asked.model,
            schema_name=asked.schema_name,
            key=hashlib.sha256(prompt.encode()).hexdigest()[:16],
            client_request_id=client_id,
            input_tokens=sum(len(tokens_of(message["content"])) for message in asked.messages),
        )
        self.calls.append(call)
        self._came.set()
        behaviour = self._director.behaviour(name, asked.model, asked.schema_name)
        try:
            await Performance(wire, asked, call, behaviour, exchange, self._first).run()
            call.outcome = "finished" if call.outcome == "open" else call.outcome
        except Broken:
            call.outcome = "broken"
            raise
        except (Aborted, ConnectionError, asyncio.CancelledError):
            call.outcome = "aborted"
            raise
        finally:
            call.ended_at = time.time()
            self._idle.set()


def _place(path: str) -> tuple[str, str]:
    """Which server is meant by the first part of a path, and the path there."""
    first, _, rest = path.removeprefix("/").partition("/")
    return (first, f"/{rest}") if first in WIRES else ("openai", path)


@asynccontextmanager
async def running(script: Script | None = None, *, port: int = 0) -> AsyncIterator[Provider]:
    """A provider inside this process, stopped at the end."""
    provider = Provider(script)
    await provider.start(port)
    try:
        yield provider
    finally:
        await provider.stop()


async def _run(port: int, script: Script) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(script, port=port) as provider:
        print(provider.url, flush=True)
        await stop.wait()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", default="{}", help="a file, or JSON")
    chosen = parser.parse_args()
    given: str = chosen.script
    text = given if given.lstrip().startswith("{") else Path(given).read_text("utf-8")
    asyncio.run(_run(chosen.port, Script.model_validate_json(text)))


if __name__ == "__main__":
    main()
