"""Counters in Redis that keep one caller from taking what belongs to all.

A limit is so many calls in a window that starts with the first one. When Redis is away, calls are let through: a limit
protects the service and must not be what stops it.
"""

import math
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis.asyncio import Redis

from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra import redis_client

# Counting and starting the window must be one step: a counter without an end would lock its caller out for ever. What
# is refused is not counted, so that several limits may have one counter and none of them takes from the others.
_COUNT = """
local calls = tonumber(redis.call('GET', KEYS[1]) or '0')
if calls >= tonumber(ARGV[2]) then return {calls + 1, redis.call('PTTL', KEYS[1])} end
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


class RateLimited(JobWiseError):
    """Too many requests in a short time."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, what: str, retry_after: int) -> None:
        """`what` names the limit for people; `retry_after` is in whole seconds."""
        self.retry_after = retry_after
        super().__init__(f"Too many requests: {what}. Try again in {retry_after} s.")


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds`. `name` is part of the counter's key; `what` is said to the person."""

    name: str
    calls: int
    seconds: int
    what: str


async def check(limit: Limit, caller: str) -> None:
    """Count one call of `caller`. Raises RateLimited when it is one too many."""
    try:
        count, left = await redis_client.ask(partial(_count, limit, caller))
    except redis_client.REDIS_ERRORS:
        return
    if count > limit.calls:
        raise RateLimited(limit.what, max(1, math.ceil(left / 1000)))


async def forgive(limit: Limit, caller: str) -> None:
    """Forget what was counted: the caller has shown that it means well."""
    with suppress(*redis_client.REDIS_ERRORS):
        await redis_client.ask(lambda redis: redis.delete(_key(limit, caller)))


async def _count(limit: Limit, caller: str, redis: Redis) -> tuple[int, int]:
    # redis-py's types are those of its blocking client.
    answer: Any = redis.eval(_COUNT, 1, _key(limit, caller), str(limit.seconds * 1000), str(limit.calls))
    count, left = await answer
    return count, left


def _key(limit: Limit, caller: str) -> str:
    return f"jobwise:limit:{limit.name}:{caller}"
