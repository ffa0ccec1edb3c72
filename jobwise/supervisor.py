"""Everything in one go: embedded servers, migrations, API and worker, as children that live and die with this process.

The data folder's lock (`EmbeddedServers`) decides who runs the service; `run/api.json` tells others where it listens.
"""

import asyncio
import errno
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from jobwise.config import Environment, Settings
from jobwise.infra import db
from jobwise.infra.embedded import AlreadyRunning, EmbeddedServers, process

Tell = Callable[[str], None]

_LONGEST_START = 60.0
_POLL_SECONDS = 0.2
# The worker takes up to 25 seconds to end what it is at.
_LONGEST_STOP = 35.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STABLE_SECONDS = 60.0
# The API takes up to ten seconds to end its requests.
_OLD_OWNER_SECONDS = 15.0
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (compared, not bound)


class ServiceFailed(Exception):
    """The service cannot run; the message says why and what to do."""


@dataclass(frozen=True)
class Running:
    """A service that runs: its supervisor's process id and its API's address. `temporary`: it ends with one task."""

    pid: int
    url: str
    temporary: bool = False


async def find_running(home: Path) -> Running | None:
    """The service of this data folder, if there is one and it answers."""
    try:
        found = Running(**json.loads(_record(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if await _answers(found.url, "/health") else None


@asynccontextmanager
async def running_or_own(
    settings: Settings, *, tell: Tell, sample_data: bool = False, temporary: bool = False
) -> AsyncIterator[Running]:
    """The service that runs on this data folder, else one of our own for the block; `pid` tells which it is.

    A temporary one of another process is waited for: it would end in the middle of our work.
    """
    deadline = time.monotonic() + _LONGEST_START
    async with AsyncExitStack() as stack:
        running: Running | None = None
        while running is None:
            found = await find_running(settings.home)
            if found and not found.temporary:
                running = found
                continue
            try:
                running = await stack.enter_async_context(
                    service(settings, tell=tell, sample_data=sample_data, temporary=temporary)
                )
            except AlreadyRunning as error:
                if time.monotonic() > deadline:
                    raise ServiceFailed(str(error)) from None
                await asyncio.sleep(_POLL_SECONDS)
        yield running


@asynccontextmanager
async def service(
    settings: Settings, *, tell: Tell, sample_data: bool = False, temporary: bool = False
) -> AsyncIterator[Running]:
    """Run everything for as long as the block lasts: what dies is started again, at the end all is stopped in order.

    Servers that the settings name are used, the others are embedded. Raises AlreadyRunning, EmbeddedError,
    ServiceFailed; nothing is left running then.
    """
    home = settings.home.resolve()
    async with AsyncExitStack() as stack:
        servers = EmbeddedServers(home, postgres=not settings.database_url, redis=not settings.redis_url)
        addresses = await servers.start()
        stack.push_async_callback(servers.stop)
        port = await _choose_port(settings.host, 0 if temporary else settings.port, patient=_record(home).exists())
        url = f"http://{_EVERYWHERE.get(settings.host, settings.host)}:{port}"
        variables = {
            "JOBWISE_HOME": str(home),
            "JOBWISE_HOST": settings.host,
            "JOBWISE_PORT": str(port),
            "DATABASE_URL": settings.database_url or addresses.database_url,
            "REDIS_URL": settings.redis_url or addresses.redis_url,
        }
        await _migrate(variables["DATABASE_URL"])
        children = [_Child(name, command, home, variables, tell) for name, command in _PROGRAMS.items()]
        stack.push_async_callback(_stop_all, children)
        await asyncio.gather(*(child.start() for child in children))
        if sample_data and settings.env is Environment.DEVELOPMENT:
            await _seed(variables["DATABASE_URL"], tell)
        await _ready(url, children)
        running = Running(os.getpid(), url, temporary)
        _publish(home, running)
        stack.callback(_record(home).unlink, missing_ok=True)
        keepers = [child.keep_running() for child in children]
        if servers.pids:
            keepers.append(_keep_servers(servers, tell))
        await stack.enter_async_context(_in_background(keepers))
        yield running


_PROGRAMS = {"api": "serve", "worker": "work"}


class _Child:
    """One of our own programs: `jobwise serve` or `jobwise work`."""

    def __init__(self, name: str, command: str, home: Path, variables: dict[str, str], tell: Tell) -> None:
        self.name = name
        self.log = home / "logs" / f"{name}.log"
        # -P: the folder that we happen to be in must not shadow our packages.
        arguments = [sys.executable, "-P", "-m", "jobwise", command]
        self._command = process.Command(arguments, Path.cwd(), self.log, variables=variables)
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Raises ServiceFailed."""
        try:
            self._process = await process.spawn(self._command)
        except OSError as error:
            raise ServiceFailed(f"The {self.name} cannot be started: {error}") from error

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        assert self._process is not None  # noqa: S101 (callers start it first)
        return await self._process.wait()

    async def keep_running(self) -> None:
        """Start it again whenever it ends, whatever its status."""
        pauses = _Pauses()
        while True:
            since = time.monotonic()
            status = await self.wait()
            pause = pauses.after(time.monotonic() - since)
            self._tell(f"The {self.name} ended (status {status}) and starts again in {pause:g} s; see {self.log}")
            await asyncio.sleep(pause)
            await _until_it_works(self.start, pauses, self._tell)

    async def stop(self) -> None:
        if self._process is not None:
            await process.stop(self._process, _LONGEST_STOP)


async def _stop_all(children: list[_Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))


@asynccontextmanager
async def _in_background(coroutines: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_servers(servers: EmbeddedServers, tell: Tell) -> None:
    pauses = _Pauses()
    while True:
        since = time.monotonic()
        name = await servers.watch()
        pause = pauses.after(time.monotonic() - since)
        tell(f"{name} ended by itself and starts again in {pause:g} s")
        await asyncio.sleep(pause)
        await _until_it_works(servers.revive, pauses, tell)


class _Pauses:
    """How long to wait before something is started again: longer each time, unless it held for a while."""

    def __init__(self) -> None:
        self._next = _FIRST_PAUSE

    def after(self, lived: float) -> float:
        """The next pause; `lived`: for how many seconds it ran this time."""
        pause = _FIRST_PAUSE if lived > _STABLE_SECONDS else self._next
        self._next = min(pause * 2, _LONGEST_PAUSE)
        return pause


async def _until_it_works(start: Callable[[], Awaitable[None]], pauses: _Pauses, tell: Tell) -> None:
    """Whatever goes wrong, such as a machine without memory or disk for a while, supervision goes on."""
    while True:
        try:
            await start()
        except Exception as error:
            pause = pauses.after(0)
            tell(f"{error or type(error).__name__}. Trying again in {pause:g} s")
            await asyncio.sleep(pause)
        else:
            return


async def _migrate(url: str) -> None:
    try:
        await db.migrate(url)
    except db.DatabaseUnavailable as error:
        raise ServiceFailed(f"The database does not answer ({error.reason}): check DATABASE_URL.") from None


async def _seed(url: str, tell: Tell) -> None:
    from jobwise import seed

    await db.connect(url, pool=4)
    try:
        if (loaded := await seed.seed()) is not None:
            tell(f"Loaded the sample data: {loaded.profiles} profiles, {loaded.postings} postings")
    finally:
        await db.close()


async def _ready(url: str, children: list[_Child]) -> None:
    """Wait until the API can serve. Raises ServiceFailed when it or the worker ends, or does not get there."""
    deaths = {asyncio.create_task(child.wait()): child for child in children}
    deadline = time.monotonic() + _LONGEST_START
    try:
        while not await _answers(url, "/health/ready"):
            for task, child in deaths.items():
                if task.done():
                    raise ServiceFailed(f"The {child.name} did not start; {child.log} ends with:\n{_end(child.log)}")
            if time.monotonic() > deadline:
                raise ServiceFailed(f"The API does not get ready: see {url}/health/ready and {children[0].log}")
            await asyncio.sleep(0.05)
    finally:
        for task in deaths:
            task.cancel()


def _end(log: Path) -> str:
    return process.log_end(log, 8)


async def _answers(url: str, path: str) -> bool:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=3) as client:
        try:
            return (await client.get(path)).status_code == 200
        except httpx.HTTPError:
            return False


async def _choose_port(host: str, port: int, *, patient: bool) -> int:
    """The port, or a free one for 0. Raises ServiceFailed when it cannot be had.

    `patient`: the API of an owner that was killed may still be about to leave.
    """
    deadline = time.monotonic() + (_OLD_OWNER_SECONDS if patient else 0)
    while True:
        try:
            with listen(host, port) as probe:
                return int(probe.getsockname()[1])
        except ServiceFailed:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ServiceFailed with a way on."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8000
            raise ServiceFailed(
                f"Port {port} is taken by another program. Choose another one, such as JOBWISE_PORT={other}."
            ) from None
        raise ServiceFailed(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None


def _record(home: Path) -> Path:
    return home / "run" / "api.json"


def _publish(home: Path, running: Running) -> None:
    fresh = _record(home).with_suffix(".new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(running)))
    fresh.replace(_record(home))
