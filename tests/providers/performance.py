"""How one call is answered: in time, in pieces, with the faults that the script wants, in whichever protocol."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

from tests.providers.answers import answer, tokens_of
from tests.providers.meaning import vector
from tests.providers.script import Behaviour
from tests.providers.wires import Asked, Call, Refused, Wire
from tests.providers.wires.base import Finish, Vectors, sample

_FINISHES: dict[str | None, Finish] = {
    "length": "length",
    "content_filter": "content_filter",
    "refusal": "refusal",
}
_MOST_THOUGHTS = 4
#: A busy machine is so much late.
_LATE_SECONDS = 0.2
#: More numbers than a database keeps.
_LONG = 16_001


class Aborted(Exception):
    """The client went away."""


class Broken(Exception):
    """The script says that the connection ends here."""


class Exchange:
    """One response on a connection. `gone` is set when the client goes away."""

    def __init__(self, gone: asyncio.Event, writer: asyncio.StreamWriter) -> None:
        self._gone = gone
        self._writer = writer

    async def whole(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        """A complete response: JSON, or a text as it is."""
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        named = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self._send(_head(status, named) + body)

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream."""
        named = {"content-type": "text/event-stream", "transfer-encoding": "chunked", **headers}
        await self._send(_head(200, named))

    async def piece(self, text: str) -> None:
        """A piece of a stream."""
        payload = text.encode()
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
            raise Aborted

    async def _send(self, data: bytes) -> None:
        if self._gone.is_set():
            raise Aborted
        self._writer.write(data)
        await self._writer.drain()


class Performance:
    """The answer to one call, as its behaviour says. `first` is set with the first word."""

    def __init__(
        self, wire: Wire, asked: Asked, call: Call, behaviour: Behaviour, exchange: Exchange, first: asyncio.Event
    ) -> None:
        self._wire = wire
        self._asked = asked
        self._call = call
        self._do = behaviour
        self._exchange = exchange
        self._first = first

    async def run(self) -> None:
        """All of it."""
        do = self._do
        if do.first_token_seconds:
            await self._exchange.wait(do.first_token_seconds)
        headers = {self._wire.request_id_header: self._call.id, **do.headers}
        if do.fault == "status":
            await self._refuse(Refused(do.status, self._error()), headers)
            return
        if (overflow := self._read_prompt()) is not None:
            await self._refuse(overflow, headers)
            return
        if do.after_tokens is None:
            await self._stumble("hang", "cut")
        if self._asked.vectors:
            await self._vectors(self._asked.vectors, headers)
            return
        if not self._asked.stream:
            await self._at_once(headers)
            return
        await self._exchange.begin(headers)
        if do.stream is not None:
            await self._exchange.piece(do.stream)
            await self._exchange.end()
            return
        for _ in range(2 if do.fault == "twice" else 1):
            await self._stream()
        await self._exchange.end()

    async def _refuse(self, refused: Refused, headers: dict[str, str]) -> None:
        self._call.outcome = "refused"
        await self._exchange.whole(refused.status, refused.body, headers)

    def _error(self) -> Any:
        if self._do.body is not None:
            return self._do.body
        return self._wire.error(self._do.status, self._do.code, self._do.message)

    def _read_prompt(self) -> Refused | None:
        """Count the prompt; what does not fit into the context is cut, or refused."""
        most = self._do.context_tokens or self._wire.context
        if self._asked.vectors and most is not None:
            longest = max(len(tokens_of(message["content"])) for message in self._asked.messages)
            return self._wire.overflow(longest) if longest > most else None
        if most is not None and self._call.input_tokens > most:
            if not self._wire.cuts_prompts:
                return self._wire.overflow(self._call.input_tokens)
            self._call.input_tokens = most
        self._call.cached_tokens = min(self._do.cached_tokens, self._call.input_tokens)
        return None

    async def _stumble(self, *faults: str) -> None:
        """Do what the fault says, if it is one of these."""
        if self._do.fault not in faults:
            return
        if self._do.fault == "hang":
            await self._exchange.wait(None)
        if self._do.fault == "cut":
            raise Broken
        while self._do.fault == "pings":
            await self._exchange.piece(": still here\n\n")
            await self._exchange.wait(self._do.piece_seconds)
        while self._do.fault == "endless":
            self._call.output_tokens += len(tokens_of(self._text()))
            await self._exchange.piece(self._wire.words(self._call, self._text(), refusing=False))
            await self._exchange.wait(0)
        if self._do.fault == "malformed":
            await self._exchange.piece('data: {"choices": [{"delta"\n\n')
        if self._do.fault == "stream_error":
            await self._exchange.piece(self._wire.stream_error(self._error()))
            await self._exchange.end()
            raise Broken

    async def _stream(self) -> None:
        for event in self._wire.opening(self._call):
            await self._exchange.piece(event)
        await self._thoughts()
        await self._words()
        if self._do.fault == "no_done" and not self._wire.end_marker():
            return
        for _ in range(2 if self._do.fault == "end_twice" else 1):
            for event in self._wire.closing(self._call, self._finish(), wants_usage=self._asked.wants_usage):
                await self._exchange.piece(event)
        if self._do.fault != "no_done" and (marker := self._wire.end_marker()):
            await self._exchange.piece(marker)

    async def _thoughts(self) -> None:
        """So many tokens of reasoning, in a few pieces."""
        pieces = min(self._do.thought_tokens, _MOST_THOUGHTS)
        for number in range(pieces):
            tokens = self._do.thought_tokens * (number + 1) // pieces - self._call.reasoning_tokens
            self._call.reasoning_tokens += tokens
            self._call.output_tokens += tokens
            await self._exchange.piece(self._wire.thought(self._call, "hmm " * tokens))
            if self._do.thought_seconds:
                await self._exchange.wait(self._do.thought_seconds / pieces)

    async def _words(self) -> None:
        tokens = self._tokens()
        stop = len(tokens) if self._do.after_tokens is None else min(self._do.after_tokens, len(tokens))
        rate = self._rate(len(tokens))
        refusing = self._do.fault == "refusal"
        began, sent = time.monotonic(), 0
        while sent < stop:
            due = stop if not rate else min(stop, int((time.monotonic() - began) * rate) + 1)
            if due > sent:
                self._call.output_tokens += due - sent
                text = "".join(tokens[sent:due])
                await self._exchange.piece(self._wire.words(self._call, text, refusing=refusing))
                self._first.set()
                sent = due
            if sent < stop:
                pause, fell_silent = max(self._do.piece_seconds, 1 / rate), time.monotonic()
                await self._exchange.wait(pause)
                # A machine that stood still goes on where it was: what is said in the meantime would all come at once.
                began += max(0.0, time.monotonic() - fell_silent - pause - _LATE_SECONDS)
        await self._stumble("hang", "cut", "pings", "endless", "malformed", "stream_error")

    def _rate(self, count: int) -> float:
        if self._do.stream_seconds is not None:
            return count / self._do.stream_seconds
        return self._do.tokens_per_second

    def _tokens(self) -> list[str]:
        if self._do.fault in ("empty", "content_filter"):
            return []
        if self._do.fault == "refusal":
            return tokens_of("I cannot help with this.")
        tokens = tokens_of(self._text())
        return tokens[: len(tokens) // 2] if self._do.fault == "length" else tokens

    def _text(self) -> str:
        if self._do.text is not None:
            return self._do.text
        text = answer(self._asked.messages, self._asked.schema_name)
        if text == "{}" and self._asked.schema:
            return json.dumps(sample(self._asked.schema))
        return text

    def _finish(self) -> Finish:
        return _FINISHES.get(self._do.fault, "stop")

    async def _vectors(self, wanted: Vectors, headers: dict[str, str]) -> None:
        """A vector for each text, with the faults that only vectors can have."""
        texts = [message["content"] for message in self._asked.messages]
        found: list[list[Any]] = [vector(text, wanted.dimensions, self._do.same) for text in texts]
        order = list(range(len(texts)))
        match self._do.fault:
            case "too_few":
                order.pop()
                found.pop()
            case "uneven":
                found[-1] = found[-1][:-1]
            case "long":
                found = [one * (_LONG // len(one) + 1) for one in found]
            case "words":
                found[-1][0] = "much"
            case "not_a_number":
                found[-1][0] = float("nan")
            case "zeros":
                found[-1] = [0] * wanted.dimensions
            case "huge":
                found[-1] = [number * 1e300 for number in found[-1]]
            case "shuffled":
                order.reverse()
        said = self._wire.embeddings(self._call, found, wanted, order)
        await self._exchange.whole(200, "<html>" if self._do.fault == "not_json" else said, headers)

    async def _at_once(self, headers: dict[str, str]) -> None:
        text = "".join(self._tokens())
        self._call.reasoning_tokens = self._do.thought_tokens
        self._call.output_tokens = len(tokens_of(text)) + self._do.thought_tokens
        await self._exchange.whole(200, self._wire.whole(self._call, text, self._finish()), headers)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode("latin-1")
