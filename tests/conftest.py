"""What all tests share: servers of their own, an empty database for each test, and no network beyond this machine.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` name servers to use instead of the embedded ones; the Redis there is flushed.
"""

import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
import structlog
from redis.asyncio import Redis

from jobwise.config import Settings, settings
from jobwise.infra import db, redis_client
from jobwise.infra.embedded import Addresses, EmbeddedServers

_OURS = (
    "JOBWISE_",
    "DATABASE_",
    "REDIS_",
    "STORAGE_",
    "OPENAI_",
    "ANTHROPIC_",
    "GEMINI_",
    "GROQ_",
    "AZURE_",
    "LOCAL_LLM_",
    "OPENROUTER_",
    "MISTRAL_",
    "DEEPSEEK_",
    "XAI_",
    "TOGETHER_",
)

# How long an example takes says something of the machine, and nothing of the program.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

#: Longer than any machine stands still.
_NO_HURRY_SECONDS = 60.0

# Truncating an empty table costs as much as a full one, so only those with rows are.
_EMPTY_ALL_TABLES = """
do $$
declare
    name text;
    filled boolean;
    dirty text[] := '{}';
begin
    for name in select quote_ident(tablename) from pg_tables
        where schemaname = 'public' and tablename !~ 'migration'
    loop
        execute format('select exists (select from %s)', name) into filled;
        if filled then dirty := dirty || name; end if;
    end loop;
    if cardinality(dirty) > 0 then
        execute 'truncate ' || array_to_string(dirty, ', ') || ' restart identity cascade';
    end if;
end $$
"""


class NetworkBlocked(RuntimeError):
    """A test reached for something beyond this machine."""


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Connections and look-ups beyond loopback fail at once, whoever makes them."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise NetworkBlocked(f"a test tried to connect to {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not _is_loopback(host if isinstance(host, str) else host.decode()):
            raise NetworkBlocked(f"a test tried to look up {host!r}")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in {"", "localhost"}
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither the environment nor the `.env` file of whoever runs the tests reaches them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            patch.delenv(name)
        patch.setitem(Settings.model_config, "env_file", None)
        patch.setenv("JOBWISE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("JOBWISE_SECRET_KEY", "only-for-tests-" + "x" * 32)
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    """Errors are logged as the product does it: the pretty tracebacks of structlog hold everybody up for seconds."""
    *usual, _ = structlog.get_config()["processors"]
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*usual, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Addresses]:
    """PostgreSQL and Redis for the whole session."""
    given = Addresses(os.environ.get("TEST_DATABASE_URL", ""), os.environ.get("TEST_REDIS_URL", ""))
    home: Path = tmp_path_factory.mktemp("servers")
    embedded = EmbeddedServers(home, postgres=not given.database_url, redis=not given.redis_url, durable=False)
    async with embedded:
        own = embedded.addresses
        yield Addresses(given.database_url or own.database_url, given.redis_url or own.redis_url)


@pytest.fixture(scope="session")
async def migrated_database(servers: Addresses) -> AsyncIterator[str]:
    """The URL of the session's database, made by the real migrations; `database` is what tests want."""
    async with _new_database(servers.database_url) as url:
        await db.migrate(url)
        yield url


@pytest.fixture
async def database(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """An empty migrated database, connected through `jobwise.infra.db`; its URL, which `settings()` has as well."""
    monkeypatch.setenv("DATABASE_URL", migrated_database)
    monkeypatch.setattr(db, "_IDLE_SECONDS", _NO_HURRY_SECONDS)
    settings.cache_clear()
    await db.connect(migrated_database)
    yield migrated_database
    await db.close()
    settings.cache_clear()
    connection = await asyncpg.connect(migrated_database)
    try:
        # A transaction that a test left open would make us wait for ever.
        await connection.execute(f"set lock_timeout = '{_NO_HURRY_SECONDS}s'")
        await connection.execute(_EMPTY_ALL_TABLES)
    finally:
        await connection.close()


@pytest.fixture
async def empty_database(servers: Addresses) -> AsyncIterator[str]:
    """The URL of a new database without tables, for tests of the migrations or of many processes."""
    async with _new_database(servers.database_url) as url:
        yield url


@pytest.fixture
async def redis_url(servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The URL of an empty Redis, which `settings()` has as well. It is there, however long its answers take."""
    monkeypatch.setattr(redis_client, "_PATIENCE_SECONDS", _NO_HURRY_SECONDS)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    settings.cache_clear()
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
        yield servers.redis_url
    settings.cache_clear()


@asynccontextmanager
async def _new_database(server_url: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    await _execute(server_url, f"create database {name}")
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        await _execute(server_url, f"drop database {name} with (force)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
