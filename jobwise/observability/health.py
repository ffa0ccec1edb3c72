"""Health: is the process alive, and can it do its work?"""

import asyncio
import pkgutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache

import migrations
from jobwise.infra import db, redis_client

_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Part:
    """One thing that the service needs: whether it works, how long the answer took, and what is wrong."""

    ok: bool
    milliseconds: float
    detail: str = ""


async def parts() -> dict[str, Part]:
    """Check everything that a request needs, side by side; takes three seconds at most."""
    checks: dict[str, Callable[[], Awaitable[str]]] = {
        "database": _database,
        "redis": _redis,
        "migrations": missing_migrations,
    }
    results = await asyncio.gather(*(_timed(check) for check in checks.values()))
    return dict(zip(checks, results, strict=True))


async def _timed(check: Callable[[], Awaitable[str]]) -> Part:
    started = time.perf_counter()
    problem = ""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            problem = await check()
    except TimeoutError:
        problem = f"no answer within {_PATIENCE_SECONDS:.0f} s"
    except db.DatabaseUnavailable as error:
        problem = f"does not answer ({error.reason})"
    except (*redis_client.REDIS_ERRORS, db.OperationalError) as error:
        # The class is enough to act on; messages of drivers may name hosts and accounts.
        problem = f"does not answer ({type(error).__name__})"
    return Part(not problem, round((time.perf_counter() - started) * 1000, 1), problem)


async def _database() -> str:
    await db.fetch_one("select 1 as one")
    return ""


async def _redis() -> str:
    await redis_client.client().ping()
    return ""


async def missing_migrations() -> str:
    """What has to be done to bring the database up to date; empty when it is."""
    rows = await db.fetch_all("select name from tortoise_migrations where app = $1", db.APP)
    missing = sorted(_shipped() - {row["name"] for row in rows})
    return f"not applied: {', '.join(missing)}; run `jobwise migrate`" if missing else ""


@cache
def _shipped() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(migrations.__path__) if module.name[:4].isdigit())
