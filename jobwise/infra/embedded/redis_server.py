"""The embedded Redis (or Valkey): its settings, and when it is ready."""

import asyncio
import time
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobwise.infra.embedded import binaries, process
from jobwise.infra.embedded.errors import EmbeddedError
from jobwise.infra.embedded.home import make_private, socket_folder

_NAMES = frozenset({"redis-server", "valkey-server"})
_LONGEST_LOADING = 120.0


class RedisServer:
    """One Redis server with its data under `base/redis`. `durable=False` keeps nothing on disk."""

    name = "redis"

    def __init__(self, base: Path, log: Path, *, durable: bool) -> None:
        self._base = base
        self._log = log
        self._durable = durable

    async def start(self) -> tuple[asyncio.subprocess.Process, str]:
        """Start it, after ending what an earlier owner left. Returns the process and its URL."""
        data, path = self._base / "redis", socket_folder(self._base / "run") / "redis.sock"
        make_private(data)
        await self.clear()
        try:
            server = await self._launch(data, path)
        except EmbeddedError as error:
            if "append only file" not in str(error):
                raise
            # Nothing that cannot be rebuilt lives in Redis: better an empty one than none.
            (data / "appendonly.aof").replace(data / f"appendonly.broken-{int(time.time())}")
            server = await self._launch(data, path)
        return server, f"unix://{path}"

    async def clear(self) -> None:
        """End what a killed owner left behind."""
        await process.end_strays(self._base / "redis", _NAMES)

    async def _launch(self, data: Path, path: Path) -> asyncio.subprocess.Process:
        arguments = [
            *(str(binaries.redis_program()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *("--dir", str(data), "--save", "", "--appendonly", "yes" if self._durable else "no"),
        ]
        path.unlink(missing_ok=True)
        server = await process.spawn(process.Command(arguments, data, self._log))
        try:
            await self._ready(server, path)
        except BaseException:
            await process.stop(server)
            raise
        return server

    async def _ready(self, server: asyncio.subprocess.Process, path: Path) -> None:
        """Wait until it answers; it refuses while it loads its file."""
        deadline = time.monotonic() + _LONGEST_LOADING
        while server.returncode is None and time.monotonic() < deadline:
            async with Redis(unix_socket_path=str(path)) as client:
                try:
                    await client.ping()
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)
                    continue
                return
        raise EmbeddedError(f"Redis did not start; {self._log} ends with:\n{process.log_end(self._log)}")
