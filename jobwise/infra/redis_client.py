"""The one Redis connection pool of a process. What Redis holds may be lost: rings, wake-ups, rate counters."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

#: What Redis's absence looks like.
REDIS_ERRORS = (RedisError, OSError, TimeoutError)

_NO_ANSWER = (RedisConnectionError, RedisTimeoutError, OSError, TimeoutError)
#: Nothing that a person waits for is worth more of Redis's time.
_PATIENCE_SECONDS = 0.5
#: Who did not answer is left alone for this long.
_REST_SECONDS = 1.0

T = TypeVar("T")

log = structlog.get_logger(__name__)

_client: Redis | None = None
_away_until = 0.0
#: Under way.
_calls: "set[asyncio.Task[Any]]" = set()


class RedisAway(RedisConnectionError):
    """Redis did not answer a moment ago and is not asked again yet."""


def connect(url: str) -> None:
    """Choose the server; connections are made when they are first needed."""
    global _client, _away_until
    _client = Redis.from_url(url, socket_timeout=3, socket_connect_timeout=2, health_check_interval=30)
    _away_until = 0.0


def is_connected() -> bool:
    """Whether a server was chosen; commands that need no Redis have none."""
    return _client is not None


def client() -> Redis:
    """The client of this process."""
    if _client is None:
        raise RuntimeError("redis_client.connect() has not been called in this process")
    return _client


async def ask(call: Callable[[Redis], Awaitable[T]]) -> T:
    """The answer to a short call, within half a second. Raises one of REDIS_ERRORS, which is in the log then.

    While Redis is known not to answer it raises at once: a request that needs Redis several times waits only once.
    Whoever is cancelled meanwhile is, whereas the call goes on behind its back.
    """
    global _away_until
    if time.monotonic() < _away_until:
        raise RedisAway
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await asyncio.shield(_apart(call(client())))
    except REDIS_ERRORS as error:
        log.warning("redis_failed", error=repr(error))
        if isinstance(error, _NO_ANSWER):
            _away_until = time.monotonic() + _REST_SECONDS
        raise


def _apart(call: Awaitable[T]) -> "asyncio.Task[T]":
    """The call in a task of its own, which ends when Redis answers or the client gives it up.

    redis-py swallows a cancellation that meets it while it connects or sends: it must not be the caller's.
    """

    async def answer() -> T:
        return await call

    def ended(task: "asyncio.Task[T]") -> None:
        _calls.discard(task)
        if not task.cancelled():
            task.exception()  # Told to whoever still waits for it, and to nobody else.

    task = asyncio.create_task(answer())
    _calls.add(task)
    task.add_done_callback(ended)
    return task


async def close() -> None:
    """Give all connections back, also those of calls that nobody waits for any more."""
    global _client
    while _calls:
        for task in _calls:
            task.cancel()
        await asyncio.wait(_calls, timeout=1)
    if _client is not None:
        await _client.aclose()
        _client = None
