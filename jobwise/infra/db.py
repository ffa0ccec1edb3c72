"""The database: connection, transactions, raw statements, migrations.

Models go through Tortoise; the statements that must be one round trip (claims, leases, events, search) are raw SQL on
the same pool.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import structlog
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.transactions import in_transaction

from jobwise.infra.db_engine import ACQUIRE_SECONDS, DatabaseUnavailable, absence_named

APP = "jobwise"
MODEL_MODULES = [
    "jobwise.accounts.models",
    "jobwise.profiles.models",
    "jobwise.jobs.models",
    "jobwise.documents.models",
    "jobwise.generation.models",
    "jobwise.llm.models",
]

# Any number that no other program on the same database uses for an advisory lock.
_MIGRATION_LOCK = 7_340_001

#: What passes by itself, so that the same statement may be tried again: PostgreSQL's absence, deadlocks, lost races,
#: whatever the driver calls them.
CONNECTION_ERRORS = (DatabaseUnavailable,)

_REPEAT_SECONDS = 0.25

# A request's statement that takes longer hangs, or is in the way of others.
_STATEMENT_SECONDS = 5.0

# Where a process is stopped, or cut off, within a transaction, the server ends it after so long: others wait for the
# rows that it has locked. All that we do between two statements takes a fraction of it.
_IDLE_SECONDS = 3.0

# The server gives up a line on which nothing was heard for half a minute, and with it whatever that session has locked.
_LINE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "30000",
}

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


def credentials(url: str) -> dict[str, Any]:
    """asyncpg's arguments for a URL: TCP (`postgresql://user:pw@host:5432/db`) or socket (`…?host=/folder`)."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    arguments: dict[str, Any] = {
        "host": query.get("host") or parts.hostname or "127.0.0.1",
        "port": int(query.get("port") or parts.port or 5432),
        "user": unquote(parts.username) if parts.username else query.get("user", "jobwise"),
        "password": unquote(parts.password) if parts.password else query.get("password"),
        "database": unquote(parts.path.lstrip("/")) or "jobwise",
    }
    if "sslmode" in query:
        arguments["ssl"] = query["sslmode"]
    return arguments


def tortoise_config(url: str, *, pool: int = 10, patience: float | None = _STATEMENT_SECONDS) -> dict[str, Any]:
    """Tortoise's configuration: one connection, one app with all models and the migrations.

    `patience`: the longest that a statement may take, in seconds. None is for migrations, which may also stand still
    within a transaction.
    """
    idle = 0.0 if patience is None else _IDLE_SECONDS
    return {
        "connections": {
            "default": {
                "engine": "jobwise.infra.db_engine",
                "credentials": {
                    **credentials(url),
                    "minsize": 0,
                    "maxsize": pool,
                    "command_timeout": patience,
                    "timeout": ACQUIRE_SECONDS,
                    "server_settings": {**_LINE, "idle_in_transaction_session_timeout": str(round(idle * 1000))},
                },
            }
        },
        "apps": {APP: {"models": MODEL_MODULES, "default_connection": "default", "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(url: str, *, pool: int = 10) -> None:
    """Make the database usable by this process, in every task of its event loop."""
    await Tortoise.init(config=tortoise_config(url, pool=pool), _enable_global_fallback=True)


async def close() -> None:
    """Give all connections back."""
    await Tortoise.close_connections()


async def migrate(url: str, target: str | None = None) -> None:
    """Bring the database to the newest migration, or to `target` ("jobwise.0001_initial", "jobwise.__first__").

    Safe to call from many processes at once: they wait for one another. The lock is polled, since waiting inside
    PostgreSQL would deadlock with CREATE INDEX CONCURRENTLY. Raises DatabaseUnavailable.
    """
    with absence_named():
        guard = await asyncpg.connect(**credentials(url), timeout=ACQUIRE_SECONDS, server_settings=_LINE)
        try:
            while not await guard.fetchval("select pg_try_advisory_lock($1)", _MIGRATION_LOCK):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            await run_migrations(config=tortoise_config(url, pool=2, patience=None), target=target)
        finally:
            await Tortoise.close_connections()
            await guard.close(timeout=ACQUIRE_SECONDS)


async def patiently(
    statement: Callable[[], Awaitable[Answer]], guard: Callable[[], None] = lambda: None, *, seconds: float = math.inf
) -> Answer:
    """Repeat what may be repeated through a short absence of the database, until `guard` raises or for so long."""
    until = time.monotonic() + seconds
    while True:
        try:
            return await statement()
        except CONNECTION_ERRORS as error:
            guard()
            if time.monotonic() > until:
                raise
            log.warning("statement_will_be_repeated", error=repr(error))
            await asyncio.sleep(_REPEAT_SECONDS)


async def fetch_all(sql: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows of a raw statement; also those of `... returning`."""
    rows: Sequence[Mapping[str, Any]] = await get_connection("default").execute_query_dict(sql, list(arguments))
    return [dict(row) for row in rows]


async def fetch_one(sql: str, *arguments: Any) -> dict[str, Any] | None:
    """The first row of a raw statement, or None."""
    rows = await fetch_all(sql, *arguments)
    return rows[0] if rows else None


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing, for the models and the raw statements inside.

    Do not start tasks inside: they would inherit the transaction's connection and outlive it. Do nothing slow inside,
    either: others wait for its rows, and the server ends one that stands still. See `may_stand_still`.
    """
    async with in_transaction("default"):
        yield


async def may_stand_still() -> None:
    """Within a transaction that holds nothing anybody waits for: the server lets it take its time."""
    await fetch_all("set local idle_in_transaction_session_timeout = 0")


@asynccontextmanager
async def only_here(lock: int) -> AsyncIterator[bool]:
    """Whether this process may do what only one may do at a time; `lock` says what, and is nobody else's number.

    Takes one connection of the pool for as long as the block lasts. Whose connection breaks has lost the lock, so that
    two at a time must be harmless, only wasteful.
    """
    async with AsyncExitStack() as stack:
        with absence_named():
            connection = await stack.enter_async_context(get_connection("default").acquire_connection())
            alone = await connection.fetchval("select pg_try_advisory_lock($1)", lock)
        try:
            yield bool(alone)
        finally:
            # The lock ends with the connection, however the block ended.
            with suppress(asyncpg.InterfaceError):
                connection.terminate()


__all__ = [
    "CONNECTION_ERRORS",
    "DatabaseUnavailable",
    "IntegrityError",
    "OperationalError",
    "close",
    "connect",
    "credentials",
    "fetch_all",
    "fetch_one",
    "may_stand_still",
    "migrate",
    "only_here",
    "patiently",
    "tortoise_config",
    "transaction",
]
