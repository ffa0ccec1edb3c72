"""The doorbell: tells a worker that there is something to do, never what.

A ring is an ARQ job without data. Lost, doubled and stale rings are harmless, since a worker claims the fairest row in
the database and goes back to sleep when there is none; the workers' sweeper rings again for rows that nobody came for.
"""

from typing import Any

import orjson
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool, Redis

from jobwise.infra import redis_client

#: Name of the worker's task; enqueued by name so that the product never imports the workers.
TASK = "run_one"
QUEUE = "jobwise:queue"
_RING_SECONDS = 60


def serialize(job: dict[str, Any]) -> bytes:
    """ARQ's job as JSON: its default, pickle, would let whoever can write to Redis run code here."""
    return orjson.dumps(job)


def deserialize(data: bytes) -> dict[str, Any]:
    """The opposite of `serialize`."""
    job: dict[str, Any] = orjson.loads(data)
    return job


def arq_redis(pool: ConnectionPool) -> ArqRedis:
    """An ARQ client on an existing connection pool."""
    return ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE)


async def ring(times: int = 1) -> bool:
    """Wake as many workers. False when Redis is away: the caller need not care, the sweeper will notice."""
    try:
        for _ in range(times):
            await redis_client.ask(_ring_once)
    except redis_client.REDIS_ERRORS:
        return False
    return True


async def waiting_rings() -> int:
    """How many rings nobody has answered yet."""
    return int(await redis_client.ask(lambda redis: redis.zcard(QUEUE)))


async def _ring_once(redis: Redis) -> None:
    await arq_redis(redis.connection_pool).enqueue_job(TASK, _expires=_RING_SECONDS)
