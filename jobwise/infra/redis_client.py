"""The one Redis connection pool of a process. What Redis holds may be lost: rings, wake-ups, rate counters."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

#: What Redis's absence looks like.
REDIS_ERRORS = (RedisError, OSError, TimeoutError)

_client: Redis | None = None


def connect(url: str) -> None:
    """Choose the server; connections are made when they are first needed."""
    global _client
    _client = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=30)


def client() -> Redis:
    """The client of this process."""
    if _client is None:
        raise RuntimeError("redis_client.connect() has not been called in this process")
    return _client


async def close() -> None:
    """Give all connections back."""
    global _client
    if _client is not None:
        await _client.aclose()
        _client = None
