import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from jobwise.infra import queue, rate_limits, redis_client
from jobwise.infra.rate_limits import Limit, RateLimited

LIMIT = Limit("test", 2, 60, "at most 2 a minute")


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[None]:
    redis_client.connect(redis_url)
    yield
    await redis_client.close()


@pytest.fixture
async def hanging_redis() -> AsyncIterator[None]:
    """A server that takes connections and never says a word, as a stopped one does."""
    taken: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    redis_client.connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    yield
    await redis_client.close()
    for writer in taken:
        writer.close()
    server.close()
    await server.wait_closed()


async def ping(redis: Redis) -> bool:
    return bool(await redis.ping())


async def test_an_answer_comes_through(redis: None) -> None:
    assert await redis_client.ask(ping)


def test_no_answer_is_waited_for_as_long_as_a_second() -> None:
    assert redis_client._PATIENCE_SECONDS < 1


@pytest.mark.usefixtures("hanging_redis")
async def test_of_all_that_one_request_asks_of_a_hanging_redis_only_the_first_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_client, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(redis_client, "_REST_SECONDS", 60.0)
    asked, hanging = 0, redis_client.client()

    def client() -> Redis:
        nonlocal asked
        asked += 1
        return hanging

    monkeypatch.setattr(redis_client, "client", client)

    await rate_limits.check(LIMIT, "somebody")
    assert not await queue.ring()
    await rate_limits.forgive(LIMIT, "somebody")

    assert asked == 1


@pytest.mark.usefixtures("hanging_redis")
async def test_redis_is_asked_again_after_a_rest(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(redis_client, "_REST_SECONDS", 60.0)
    with pytest.raises(redis_client.REDIS_ERRORS):
        await redis_client.ask(ping)
    monkeypatch.setattr(redis_client, "_PATIENCE_SECONDS", 60.0)

    async with Redis.from_url(redis_url) as back:
        monkeypatch.setattr(redis_client, "_client", back)
        with pytest.raises(redis_client.RedisAway):
            await redis_client.ask(ping)
        monkeypatch.setattr(redis_client, "_away_until", redis_client._away_until - 60.0)

        assert await redis_client.ask(ping)


async def test_whoever_is_cancelled_while_redis_is_asked_goes_on_with_nothing(redis_url: str) -> None:
    async def work() -> None:
        await redis_client.ask(ping)
        await asyncio.Event().wait()

    for moment in range(60):
        # On a new connection each time: that is where redis-py swallows most.
        redis_client.connect(redis_url)
        task = asyncio.create_task(work())
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=10)
        assert task.cancelled(), f"swallowed at moment {moment}"
        await redis_client.close()


async def test_a_refusal_is_an_answer_and_no_absence(redis: None) -> None:
    async def nonsense(redis: Redis) -> None:
        await redis.eval("nonsense", 0)  # type: ignore[misc]  # the types are those of the blocking client

    with pytest.raises(ResponseError):
        await redis_client.ask(nonsense)

    assert await redis_client.ask(ping)


async def test_calls_are_counted_when_redis_is_there_and_let_through_when_it_is_not(redis: None) -> None:
    await rate_limits.check(LIMIT, "somebody")
    await rate_limits.check(LIMIT, "somebody")
    with pytest.raises(RateLimited) as limited:
        await rate_limits.check(LIMIT, "somebody")
    assert 1 <= limited.value.retry_after <= 60

    await redis_client.close()
    redis_client.connect("redis://127.0.0.1:1")
    await rate_limits.check(LIMIT, "somebody")
