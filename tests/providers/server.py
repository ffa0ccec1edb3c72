"""A local provider that speaks OpenAI's chat completions with streaming: `python -m tests.providers.server --port 0`.

It prints its base URL when it is ready. `--script` takes a file or JSON text (see `script.Script`), POST /script
replaces it at any time, GET /bill lists every call, POST /reset forgets them. One event loop serves some hundred
streams.
"""

import argparse
import asyncio
import hashlib
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tests.providers.answers import answer, tokens_of
from tests.providers.script import Behaviour, Director, Script

_MOST_BYTES = 4_000_000


@dataclass
class Call:
    """A line of the bill. What was sent to the client is charged, however the call ended; a refused one is free.

    `key` is the same for the same prompt to the same model; `client_request_id` is the caller's own id for the call.
    """

    id: str
    received_at: float
    model: str
    schema_name: str
    key: str
    client_request_id: str
    input_tokens: int
    output_tokens: int = 0
    outcome: Literal["open", "finished", "aborted", "broken", "refused"] = "open"
    ended_at: float | None = None


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


class _Aborted(Exception):
    """The client went away."""


class _Broken(Exception):
    """The script says that the connection ends here."""


class Provider:
    """The server. `async with running(script) as provider` gives one on a free port."""

    def __init__(self, script: Script | None = None) -> None:
        self.calls: list[Call] = []
        self._director = Director(script or Script())
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._first = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL as a client wants it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    @property
    def connections(self) -> int:
        """How many are open just now."""
        return len(self._handlers)

    async def idle(self) -> None:
        """Wait until no call is open."""
        while any(call.outcome == "open" for call in self.calls):
            self._idle.clear()
            await self._idle.wait()

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
            with suppress(_Aborted, _Broken, ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._one_request(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one_request(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if (method, path) == ("POST", "/v1/chat/completions"):
            await self._complete(json.loads(body), headers, _Exchange(reader, writer))
            return
        match method, path:
            case "GET", "/bill":
                found: Any = [asdict(call) for call in self.calls]
            case "GET", "/v1/models":
                found = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
            case "POST", "/script":
                self.follow(Script.model_validate_json(body))
                found = {}
            case "POST", "/reset":
                self.calls.clear()
                found = {}
            case _:
                await _Exchange(reader, writer).whole(404, _error(f"There is no {path}.", "not_found"))
                return
        await _Exchange(reader, writer).whole(200, found)

    async def _complete(self, body: dict[str, Any], headers: dict[str, str], exchange: "_Exchange") -> None:
        model, messages = str(body["model"]), body["messages"]
        schema_name = str(body.get("response_format", {}).get("json_schema", {}).get("name", ""))
        prompt = json.dumps([model, messages], sort_keys=True)
        call = Call(
            id=f"call-{len(self.calls) + 1}",
            received_at=time.time(),
            model=model,
            schema_name=schema_name,
            key=hashlib.sha256(prompt.encode()).hexdigest()[:16],
            client_request_id=headers.get("x-client-request-id", ""),
            input_tokens=sum(len(tokens_of(str(message["content"]))) for message in messages),
        )
        self.calls.append(call)
        behaviour = self._director.behaviour(model, schema_name)
        try:
            await _Performance(body, call, behaviour, exchange, self._first).run()
            call.outcome = "finished" if call.outcome == "open" else call.outcome
        except _Broken:
            call.outcome = "broken"
            raise
        except (_Aborted, ConnectionError, asyncio.CancelledError):
            call.outcome = "aborted"
            raise
        finally:
            call.ended_at = time.time()
            self._idle.set()


class _Exchange:
    """One response on a connection."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self._gone = reader.gone
        self._writer = writer

    async def whole(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        """A complete JSON response."""
        body = json.dumps(content).encode()
        named = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self._send(_head(status, named) + body)

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream."""
        named = {"content-type": "text/event-stream", "transfer-encoding": "chunked", **headers}
        await self._send(_head(200, named))

    async def event(self, data: str) -> None:
        """One server-sent event."""
        payload = f"data: {data}\n\n".encode()
        await self._send(b"%x\r\n%s\r\n" % (len(payload), payload))

    async def end(self) -> None:
        """The end of a stream."""
        await self._send(b"0\r\n\r\n")

    async def wait(self, seconds: float | None) -> None:
        """Let time pass, None for ever; raises when the client goes away meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        if self._gone.is_set():
            raise _Aborted

    async def _send(self, data: bytes) -> None:
        if self._gone.is_set():
            raise _Aborted
        self._writer.write(data)
        await self._writer.drain()


class _Performance:
    """The answer to one call, as its behaviour says."""

    def __init__(
        self, body: dict[str, Any], call: Call, behaviour: Behaviour, exchange: _Exchange, first: asyncio.Event
    ) -> None:
        self._body = body
        self._call = call
        self._do = behaviour
        self._exchange = exchange
        self._first = first

    async def run(self) -> None:
        """All of it."""
        do = self._do
        if do.first_token_seconds:
            await self._exchange.wait(do.first_token_seconds)
        if do.fault == "status":
            self._call.outcome = "refused"
            headers = {"x-request-id": self._call.id, **do.headers}
            await self._exchange.whole(do.status, _error(do.message, do.code), headers)
            return
        if do.after_tokens is None:
            await self._stumble("hang", "cut")
        if not self._body.get("stream"):
            await self._at_once()
            return
        await self._exchange.begin({"x-request-id": self._call.id, **do.headers})
        await self._stream()
        if do.fault == "twice":
            await self._stream()
        await self._exchange.end()

    async def _stumble(self, *faults: str) -> None:
        """Do what the fault says, if it is one of these."""
        if self._do.fault not in faults:
            return
        if self._do.fault == "hang":
            await self._exchange.wait(None)
        if self._do.fault == "cut":
            raise _Broken
        if self._do.fault == "malformed":
            await self._exchange.event('{"choices": [{"delta"')
        if self._do.fault == "stream_error":
            await self._exchange.event(json.dumps(_error(self._do.message, self._do.code)))
            await self._exchange.end()
            raise _Broken

    async def _stream(self) -> None:
        await self._chunk({"role": "assistant", "content": ""})
        await self._words()
        for _ in range(2 if self._do.fault == "end_twice" else 1):
            await self._chunk({}, finish=self._finish())
            if self._body.get("stream_options", {}).get("include_usage"):
                await self._exchange.event(json.dumps({**self._frame(), "choices": [], "usage": self._usage()}))
        if self._do.fault != "no_done":
            await self._exchange.event("[DONE]")

    async def _words(self) -> None:
        tokens = self._tokens()
        stop = len(tokens) if self._do.after_tokens is None else min(self._do.after_tokens, len(tokens))
        rate = self._rate(len(tokens))
        field = "refusal" if self._do.fault == "refusal" else "content"
        began, sent = time.monotonic(), 0
        while sent < stop:
            due = stop if not rate else min(stop, int((time.monotonic() - began) * rate) + 1)
            if due > sent:
                self._call.output_tokens += due - sent
                await self._chunk({field: "".join(tokens[sent:due])})
                self._first.set()
                sent = due
            if sent < stop:
                await self._exchange.wait(max(self._do.piece_seconds, 1 / rate))
        await self._stumble("hang", "cut", "malformed", "stream_error")

    def _rate(self, count: int) -> float:
        if self._do.stream_seconds is not None:
            return count / self._do.stream_seconds
        return self._do.tokens_per_second

    def _tokens(self) -> list[str]:
        if self._do.fault in ("empty", "content_filter"):
            return []
        if self._do.fault == "refusal":
            return tokens_of("I cannot help with this.")
        if self._do.text is not None:
            tokens = tokens_of(self._do.text)
        else:
            tokens = tokens_of(answer(self._body["messages"], self._call.schema_name))
        return tokens[: len(tokens) // 2] if self._do.fault == "length" else tokens

    def _finish(self) -> str:
        return self._do.fault if self._do.fault in ("length", "content_filter") else "stop"

    async def _at_once(self) -> None:
        text = "".join(self._tokens())
        self._call.output_tokens = len(tokens_of(text))
        field = "refusal" if self._do.fault == "refusal" else "content"
        message = {"role": "assistant", "content": None, "refusal": None, field: text}
        choice = {"index": 0, "message": message, "finish_reason": self._finish(), "logprobs": None}
        whole = {**self._frame("chat.completion"), "choices": [choice], "usage": self._usage()}
        await self._exchange.whole(200, whole, {"x-request-id": self._call.id})

    async def _chunk(self, delta: dict[str, str], *, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        await self._exchange.event(json.dumps({**self._frame(), "choices": [choice]}, ensure_ascii=False))

    def _frame(self, kind: str = "chat.completion.chunk") -> dict[str, Any]:
        created = int(self._call.received_at)
        return {"id": self._call.id, "object": kind, "created": created, "model": self._call.model}

    def _usage(self) -> dict[str, Any]:
        counted, made = self._call.input_tokens, self._call.output_tokens
        return {
            "prompt_tokens": counted,
            "completion_tokens": made,
            "total_tokens": counted + made,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode("latin-1")


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


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
