"""The ground that scenarios stand on: servers of their own, and programs as processes with environments of their own.

A `Ground` is a PostgreSQL and a Redis. A `Site` is one installation on it: a database, a data folder, an API and
workers, which know nothing of the other sites.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
from redis.asyncio import Redis

from jobwise.infra import db
from jobwise.infra.embedded import EmbeddedServers, process
from tests.faults.launcher import Plan
from tests.faults.proxy import Proxy
from tests.providers.script import Script

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.02
# A question to a server costs it something, too.
_ASK_SECONDS = 0.1
_REDIS_DATABASES = 16
_EMPTY = """
do $$
begin
    execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ') || ' restart identity cascade'
               from pg_tables where schemaname = 'public' and tablename !~ 'migration');
end $$
"""


class NotInTime(AssertionError):
    """Something that must happen did not."""


async def until(happens: Any, what: str, *, within: float = _PATIENCE_SECONDS) -> Any:
    """Wait until the callable (or coroutine function) gives something true; returns that. Raises NotInTime."""
    deadline = time.monotonic() + within
    while True:
        found, pause = happens(), _POLL_SECONDS
        if asyncio.iscoroutine(found):
            found, pause = await found, _ASK_SECONDS
        if found:
            return found
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {within:g} s")
        await asyncio.sleep(pause)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Program:
    """One of our processes: it can be started, stopped, continued, asked to leave, killed, and started again."""

    def __init__(self, name: str, arguments: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        given = {"PYTHONPATH": str(ROOT), **variables}
        self._command = process.Command([sys.executable, *arguments], log.parent, log, variables=given)
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0
        #: Whether anything was done to it.
        self.was_hit = False

    async def start(self) -> Self:
        """Start it; it need not be ready."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._process = await process.spawn(self._command)
        return self

    @property
    def pid(self) -> int:
        """Of the newest process."""
        assert self._process is not None
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def signal(self, number: int) -> float:
        """Send a signal; returns when, by the calendar."""
        assert self._process is not None
        self.was_hit = True
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        return time.time()

    async def ended(self) -> int:
        """Its status, once it has ended."""
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> float:
        """End it by kill -9; returns when."""
        at = self.signal(signal.SIGKILL)
        await self.ended()
        return at

    def said(self) -> str:
        """Everything that it logged since it was last started."""
        with self.log.open(errors="replace") as file:
            file.seek(self._log_start)
            return file.read()

    def children(self) -> list[int]:
        """Ids of its child processes, such as the renderers of a worker."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError):
                fields = status.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.pid and fields[0] != "Z":
                    found.append(int(status.parent.name))
        return sorted(found)


class ModelServer(Program):
    """The scripted provider as a process of its own."""

    url = ""

    async def ready(self) -> None:
        """Wait for its address."""
        await until(lambda: "/v1" in self.said(), "the model server's address")
        self.url = self.said().strip().splitlines()[-1]

    async def follow(self, script: Script) -> None:
        """From now on, behave like this."""
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.post(self._address("script"), content=script.model_dump_json())

    async def bill(self) -> list[dict[str, Any]]:
        """Every call that reached it."""
        async with httpx.AsyncClient(trust_env=False) as http:
            found: list[dict[str, Any]] = (await http.get(self._address("bill"))).json()
        return found

    def _address(self, path: str) -> str:
        return f"{self.url.removesuffix('/v1')}/{path}"


class Ground:
    """PostgreSQL, Redis, and a migrated database to make others from; for `async with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Durable: commits must survive a server that is killed, and that is what is measured.
        self.servers = EmbeddedServers(folder / "servers", durable=True)
        self._stack = AsyncExitStack()
        self._numbers = iter(range(10_000))
        self._redis_free = list(range(_REDIS_DATABASES))
        self._idle: list[_Place] = []
        self._template = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._stack.enter_async_context(self.servers)
        self._stack.push_async_callback(self._end_idle)
        await self._migrate()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def postgres_socket(self) -> Path:
        """Where PostgreSQL listens."""
        host = parse_qs(urlsplit(self.servers.addresses.database_url).query)["host"][0]
        return Path(host) / ".s.PGSQL.5432"

    @property
    def redis_socket(self) -> Path:
        """Where Redis listens."""
        return Path(self.servers.addresses.redis_url.removeprefix("unix://"))

    def database_url(self, name: str) -> str:
        """A database's address."""
        return self.servers.addresses.database_url.replace("/jobwise?", f"/{name}?")

    async def _migrate(self) -> None:
        await self.execute("create database template_of_all")
        migration = Program(
            "migrate", ["-m", "jobwise", "migrate"], {"DATABASE_URL": self.database_url("template_of_all")},
            self.folder / "migrate.log",
        )  # fmt: skip
        await migration.start()
        assert await migration.ended() == 0, migration.said()

    async def execute(self, statement: str) -> None:
        """Run a statement in the servers' own database."""
        connection = await asyncpg.connect(self.servers.addresses.database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def hit(self, server: str, number: int) -> None:
        """End a server by a signal, and start it again at once."""
        os.kill(self.servers.pids[server], number)
        while server in self.servers.pids:
            await self.servers.watch()
        await self.servers.start()

    @asynccontextmanager
    async def stopped(self, server: str) -> AsyncIterator[None]:
        """A server that does not answer for the length of the block, though its sockets are there."""
        pid = self.servers.pids[server]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @asynccontextmanager
    async def site(self, name: str, **settings: str) -> AsyncIterator["Site"]:
        """A new installation. Settings are environment variables.

        At the end its processes are killed, but for an API that nothing was done to: the next site has its place.
        """
        number = next(self._numbers)
        place = self._idle.pop() if self._idle else await self._new_place(number)
        folder = self.folder / f"{name}-{number}"
        folder.mkdir()
        site = Site(self, folder, place, settings)
        try:
            yield site
        finally:
            await site.close()
            if place.api and not place.api.was_hit and site.home == place.home:
                await place.empty(self)
                self._idle.append(place)
            else:
                await self._forget(place)

    async def _new_place(self, number: int) -> "_Place":
        database = f"site_{number}"
        async with self._template:
            await self.execute(f"create database {database} template template_of_all")
        home = self.folder / database
        home.mkdir()
        return _Place(database, self._redis_free.pop(), home)

    async def _forget(self, place: "_Place") -> None:
        if place.api and place.api.lives:
            await place.api.kill()
        if "postgres" in self.servers.pids:
            await self.execute(f"drop database {place.database} with (force)")
        self._redis_free.append(place.redis_number)
        shutil.rmtree(place.home, ignore_errors=True)

    async def _end_idle(self) -> None:
        for place in self._idle:
            await self._forget(place)


@dataclass
class _Place:
    """What a site has and leaves to the next one: a database, a number in Redis, a data folder, an untouched API."""

    database: str
    redis_number: int
    home: Path
    api: Program | None = None
    url: str = ""

    async def empty(self, ground: Ground) -> None:
        """Forget everything that the last site did."""
        connection = await asyncpg.connect(**db.credentials(ground.database_url(self.database)))
        try:
            await connection.execute(_EMPTY)
        finally:
            await connection.close()
        async with Redis.from_url(f"{ground.servers.addresses.redis_url}?db={self.redis_number}") as redis:
            await redis.flushdb()
        shutil.rmtree(self.home / "files", ignore_errors=True)


class Site:
    """One installation. `lease` and `concurrency` are those of its workers unless they are given others."""

    def __init__(self, ground: Ground, folder: Path, place: _Place, settings: Mapping[str, str]) -> None:
        self.ground = ground
        self.folder = folder
        self.home = place.home
        self.programs: list[Program] = []
        self.url = ""
        self.model: ModelServer | None = None
        self._stack = AsyncExitStack()
        self._place = place
        self._names = iter(range(10_000))
        self._rows: asyncpg.Pool | None = None
        own = {
            "DATABASE_URL": ground.database_url(place.database),
            "REDIS_URL": f"{ground.servers.addresses.redis_url}?db={place.redis_number}",
        }
        self._own = own
        self.settings = {
            **own,
            "JOBWISE_HOME": str(self.home),
            "JOBWISE_SECRET_KEY": "only-for-faults-" + "x" * 32,
            "JOBWISE_LEASE_SECONDS": "3",
            "JOBWISE_WORKER_CONCURRENCY": "2",
            "JOBWISE_RENDERERS": "1",
            "JOBWISE_REQUESTS_PER_MINUTE": "10000000",
            "JOBWISE_GENERATIONS_PER_HOUR": "1000000",
            "JOBWISE_ANONYMOUS_REQUESTS_PER_DAY": "1000000",
            **settings,
        }

    @property
    def lease(self) -> float:
        """Seconds."""
        return float(self.settings["JOBWISE_LEASE_SECONDS"])

    async def api(self, *, wait: bool = True, **faults: Any) -> Program:
        """Start an API; the site's clients use the newest one. A restarted one listens at the same address."""
        usual = not faults and self._own.items() <= self.settings.items()
        if usual and self._place.api and not self._place.api.was_hit:
            self.url = self._place.url
            return self._place.api
        port = free_port()
        program = self.program("api", "serve", faults, {"JOBWISE_PORT": str(port)})
        await program.start()
        self.url = f"http://127.0.0.1:{port}"
        if wait:
            await self.api_ready()
        if usual:
            self._place.api, self._place.url = program, self.url
        return program

    async def api_ready(self) -> None:
        """Wait until the newest API answers."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            await until(lambda: _answers(http, f"{self.url}/health"), "an API that answers")

    async def worker(self, *, wait: bool = True, settings: Mapping[str, str] | None = None, **faults: Any) -> Program:
        """Start a worker. `faults` are fields of a launcher's plan."""
        program = await self.program("worker", "work", faults, settings or {}).start()
        if wait:
            await self.worker_ready(program)
        return program

    async def worker_ready(self, program: Program) -> None:
        """Wait until a worker claims."""
        await until(lambda: "worker_started" in program.said() or not program.lives, "a worker that has started")
        assert program.lives, program.said()

    async def models(self, script: Script | None = None) -> ModelServer:
        """Start a scripted model server; programs that are started from now on write with it."""
        text = (script or Script()).model_dump_json()
        arguments = ["-m", "tests.providers.server", "--port", str(free_port()), "--script", text]
        self.model = ModelServer("models", arguments, {}, self.folder / "models.log")
        self.programs.append(self.model)
        await self.model.start()
        await self.model.ready()
        self.settings |= {
            "JOBWISE_LLM_CHAIN": "openai:scripted,builtin",
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_API_KEY": "only-for-faults",
        }
        return self.model

    async def proxy_to_postgres(self) -> Proxy:
        """A line to PostgreSQL that can be disturbed. Give its `postgres_through` to the programs that shall use it."""
        return await self._stack.enter_async_context(Proxy(self.ground.postgres_socket))

    async def proxy_to_redis(self) -> Proxy:
        """A line to Redis that can be disturbed."""
        return await self._stack.enter_async_context(Proxy(self.ground.redis_socket))

    def postgres_through(self, proxy: Proxy) -> dict[str, str]:
        """Settings of a program that reaches PostgreSQL through a proxy."""
        return {"DATABASE_URL": f"postgresql://jobwise@127.0.0.1:{proxy.port}/{self._place.database}?sslmode=disable"}

    def redis_through(self, proxy: Proxy) -> dict[str, str]:
        """Settings of a program that reaches Redis through a proxy."""
        return {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}/{self._place.redis_number}"}

    async def rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """What the database says, past everything else. Waits for one that is being restarted."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                if self._rows is None:
                    self._rows = await asyncpg.create_pool(
                        **db.credentials(self.ground.database_url(self._place.database)), min_size=0, max_size=3
                    )
                return [dict(row) for row in await self._rows.fetch(statement, *arguments)]
            except (
                asyncpg.PostgresConnectionError,
                asyncpg.OperatorInterventionError,
                asyncpg.InterfaceError,
                OSError,
            ):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(_POLL_SECONDS)

    async def value(self, statement: str, *arguments: Any) -> Any:
        """The first value that the database says."""
        rows = await self.rows(statement, *arguments)
        return next(iter(rows[0].values())) if rows else None

    async def reached(self, trap: str, *, within: float = _PATIENCE_SECONDS) -> None:
        """Wait until a trap of this name was sprung."""
        await until((self.folder / f"{trap}.reached").exists, f"the trap {trap}", within=within)

    def left(self, trap: str) -> float | None:
        """When the call that a trap holds was cancelled, by the calendar."""
        file = self.folder / f"{trap}.left"
        return file.stat().st_mtime if file.exists() else None

    def let_go(self, trap: str) -> None:
        """Let calls that a trap holds go on."""
        (self.folder / f"{trap}.go").touch()

    async def close(self) -> None:
        """Kill everything."""
        for program in self.programs:
            if program.lives and (program is not self._place.api or program.was_hit):
                await program.kill()
        await self._stack.aclose()
        if self._rows is not None:
            self._rows.terminate()

    def program(
        self,
        kind: str,
        command: str,
        faults: Mapping[str, Any] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Program:
        """One of our programs, not yet started, with the fields of a launcher's plan and settings of its own."""
        name = f"{kind}-{next(self._names)}"
        arguments = ["-m", "jobwise", command]
        if faults:
            plan = Plan(folder=self.folder, **faults)
            arguments = ["-m", "tests.faults.launcher", json.dumps(plan.model_dump(mode="json")), command]
        program = Program(name, arguments, {**self.settings, **(settings or {})}, self.folder / f"{name}.log")
        self.programs.append(program)
        return program


async def _answers(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(address)).status_code == 200
    except httpx.HTTPError:
        return False
