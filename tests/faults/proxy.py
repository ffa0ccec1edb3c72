"""A TCP proxy that misbehaves on demand, between our processes and a server on a Unix socket."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Self

_CHUNK = 65_536


class Line(StrEnum):
    """What becomes of bytes and of new connections."""

    OPEN = "OPEN"
    STALLED = "STALLED"  # connections are accepted and nothing comes through, as with packets that vanish
    REFUSING = "REFUSING"  # connections are reset at once


class Proxy:
    """Listens on a port of this machine and passes on to `target`; for `async with`."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._refuses = False
        #: Seconds that each chunk is held up, in each direction.
        self.delay = 0.0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.set(Line.OPEN)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.set(Line.REFUSING)
        while self._tasks:
            self.cut()
            await asyncio.wait(self._tasks, timeout=0.1)

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def set(self, line: Line) -> None:
        """Change what happens from now on; connections that exist stay."""
        self._refuses = line is Line.REFUSING
        if line is Line.STALLED:
            self._flows.clear()
        else:
            self._flows.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def half_close(self) -> None:
        """End the stream towards our processes, and leave the other direction open."""
        for writer in list(self._writers):
            with suppress(OSError):
                writer.write_eof()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if not self._refuses:
                await self._connected(reader, writer)
        except OSError:
            pass  # The server is away: so is the connection.
        finally:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, back}
        ways = [asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers -= {writer, back}
            back.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
