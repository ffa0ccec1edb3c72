"""The supervisor of the embedded servers."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from jobwise.infra.embedded import process
from jobwise.infra.embedded.home import Addresses, HomeLock
from jobwise.infra.embedded.postgres import Postgres
from jobwise.infra.embedded.redis_server import RedisServer


class EmbeddedServers:
    """PostgreSQL and Redis for one data folder, as children of this process.

    `home` (made when missing) gets `postgres/`, `redis/`, `logs/`, `run/` and usually `sockets/`. One living process
    owns a home: another one's `start` raises AlreadyRunning, which carries the addresses to join. However the owner or
    a server ended, the next `start` finds all data. Start it on the main thread's event loop: on Linux the servers end
    with the thread that started them. `durable=False` is for tests: no fsync, no Redis on disk, 200 connections.
    """

    def __init__(self, home: Path, *, postgres: bool = True, redis: bool = True, durable: bool = True) -> None:
        base = home.resolve()
        self._lock = HomeLock(base)
        self._servers: list[Postgres | RedisServer] = []
        if postgres:
            self._servers.append(Postgres(base, base / "logs" / "postgres.log", durable=durable))
        if redis:
            self._servers.append(RedisServer(base, base / "logs" / "redis.log", durable=durable))
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._urls: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def addresses(self) -> Addresses:
        """Where the servers listen; an empty URL for one that is not wanted or not started."""
        return Addresses(database_url=self._urls.get("postgres", ""), redis_url=self._urls.get("redis", ""))

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the servers that run, by "postgres" and "redis"."""
        return {name: server.pid for name, server in self._running.items() if server.returncode is None}

    async def start(self) -> Addresses:
        """Start both. Raises AlreadyRunning or EmbeddedError; nothing is left running then."""
        self._lock.acquire()
        try:
            await self.revive()
        except BaseException:
            await self.stop()
            raise
        return self.addresses

    async def revive(self) -> None:
        """Start again, at the same address, what has ended.

        Raises EmbeddedError when one cannot be started; what runs goes on running, and the home stays ours.
        """
        missing = [server for server in self._servers if server.name not in self.pids]
        # All to their end even if one fails: what is started must be known to be stopped.
        results = await asyncio.gather(*map(self._start, missing), return_exceptions=True)
        self._lock.publish(self.addresses)
        for result in results:
            if result is not None:
                raise result

    async def stop(self) -> None:
        """Let both save and leave, insist when they do not, and give the home back. Harmless when nothing runs."""
        await asyncio.gather(*(process.stop(server) for server in self._running.values()))
        if self._running:
            await asyncio.gather(*(server.clear() for server in self._servers))
        self._running.clear()
        self._urls.clear()
        self._lock.release()

    async def watch(self) -> str:
        """Wait until a server has ended by itself; returns its name. `revive` brings it back."""
        waits = {asyncio.create_task(server.wait()): name for name, server in self._running.items()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        return waits[done.pop()]

    async def _start(self, server: Postgres | RedisServer) -> None:
        self._running[server.name], self._urls[server.name] = await server.start()
