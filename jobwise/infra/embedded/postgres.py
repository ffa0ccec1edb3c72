"""The embedded PostgreSQL: its data folder, its settings, and when it is ready."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

from jobwise.infra.embedded import binaries, process
from jobwise.infra.embedded.errors import EmbeddedError
from jobwise.infra.embedded.home import socket_folder
from jobwise.infra.embedded.privileges import Place, choose_place

_USER = "jobwise"
_DATABASE = "jobwise"
_NAMES = frozenset({"postgres", "initdb"})
# The first that this machine knows: the full-text parser needs a UTF-8 one to tell letters from dashes.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "C")
_NOT_YET = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ConnectionDoesNotExistError,
)
_SMALL_SHARED_MEMORY = 512_000_000
_LONGEST_RECOVERY = 600.0

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class Postgres:
    """One PostgreSQL server with its data under `base/postgres`. `durable=False` risks the data at power loss."""

    name = "postgres"

    def __init__(self, base: Path, log: Path, *, durable: bool) -> None:
        self._base = base
        self._log = log
        self._durable = durable

    async def start(self) -> tuple[asyncio.subprocess.Process, str]:
        """Start it, after ending what an earlier owner left. Returns the process and the URL of the database."""
        installation = binaries.postgres_installation()
        place = await choose_place(installation, self._base, self._log)
        data, sockets = place.base / "postgres", socket_folder(place.base / "sockets", place.owner)
        await process.end_strays(data, _NAMES)
        await process.end_strays(place.base, frozenset({"initdb"}))
        if not data.exists():
            await self._initialise(place, data)
        _check_version(data, installation)
        _clear_leftovers(data, sockets)
        server = await self._launch(place, data, sockets)
        return server, f"postgresql://{_USER}@/{_DATABASE}?{urlencode({'host': sockets}, safe='/')}"

    async def clear(self) -> None:
        """After a stop: end what a killed server left behind."""
        await process.end_strays((self._base / "postgres").resolve(), _NAMES)

    async def _launch(self, place: Place, data: Path, sockets: Path) -> asyncio.subprocess.Process:
        """Start the server, again while processes that we may not see are still leaving the data."""
        program = str(place.installation / "bin" / "postgres")
        command = process.Command([program, "-D", str(data), *self._options(sockets)], data, self._log, place.mode)
        pauses = iter((0.5, 1, 2, 4, 8))
        while True:
            server = await process.spawn(command)
            try:
                await self._prepare(server, sockets)
            except BaseException as error:
                await process.stop(server)
                pause = next(pauses, None)
                if pause is None or "pre-existing shared memory block" not in str(error):
                    raise
                await asyncio.sleep(pause)
            else:
                return server

    def _options(self, sockets: Path) -> Iterator[str]:
        settings = {**_SETTINGS, "unix_socket_directories": str(sockets), **({} if self._durable else _FORGETFUL)}
        if _small_shared_memory():
            settings["dynamic_shared_memory_type"] = "mmap"
        for name, value in settings.items():
            yield from ("-c", f"{name}={value}")

    async def _initialise(self, place: Place, data: Path) -> None:
        """Make the data folder under another name first: one that is there is complete."""
        fresh = data.with_name("postgres.new")
        for character_type in _CHARACTER_TYPES:
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            if place.owner:
                os.chown(fresh, *place.owner)
            try:
                await process.run(self._initdb(place, fresh, character_type))
            except EmbeddedError as error:
                if "invalid locale name" in str(error):
                    continue
                raise
            fresh.rename(data)
            return
        raise EmbeddedError(f"PostgreSQL accepts none of the locales {', '.join(_CHARACTER_TYPES)}; see {self._log}")

    def _initdb(self, place: Place, folder: Path, character_type: str) -> process.Command:
        arguments = [
            *(str(place.installation / "bin" / "initdb"), "--pgdata", str(folder), "--username", _USER),
            *("--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(f"--lc-ctype={character_type}", "--no-instructions", *([] if self._durable else ["--no-sync"])),
        ]
        return process.Command(arguments, folder.parent, self._log, place.mode)

    async def _prepare(self, server: asyncio.subprocess.Process, sockets: Path) -> None:
        """Wait until it answers, which recovery may delay, and make the database if this is the first start."""
        deadline = time.monotonic() + _LONGEST_RECOVERY
        while server.returncode is None and time.monotonic() < deadline:
            try:
                connection = await asyncpg.connect(host=str(sockets), user=_USER, database="postgres", timeout=10)
            except _NOT_YET:
                await asyncio.sleep(0.02)
                continue
            try:
                if not await connection.fetchval("select true from pg_database where datname = $1", _DATABASE):
                    await connection.execute(f"create database {_DATABASE}")
            finally:
                await connection.close()
            return
        raise EmbeddedError(f"PostgreSQL did not start; {self._log} ends with:\n{process.log_end(self._log)}")


def _check_version(data: Path, installation: Path) -> None:
    written, present = (data / "PG_VERSION").read_text().strip(), installation.name.removeprefix("pginstall")
    if present and written != present:
        raise EmbeddedError(
            f"the data in {data} is from PostgreSQL {written}, this is {present}; move the folder away to start anew, "
            "or dump it with the older version and load it into this one"
        )


def _clear_leftovers(data: Path, sockets: Path) -> None:
    """Remove a killed server's marks, which would refuse us for ever if another program got its process id.

    Safe because no process works on the data: that was made sure of just before, and we own the data folder.
    """
    for mark in (data / "postmaster.pid", sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        mark.unlink(missing_ok=True)


def _small_shared_memory() -> bool:
    """Containers often have 64 MB of /dev/shm, too little for building an index in parallel."""
    try:
        shared = os.statvfs("/dev/shm")
    except OSError:
        return False
    return shared.f_frsize * shared.f_bavail < _SMALL_SHARED_MEMORY
