from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from jobwise.config import settings
from jobwise.infra import rate_limits, redis_client
from jobwise.infra.rate_limits import Limit, RateLimited
from tests.schema.conftest import Api

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    redis_client.connect(redis_url)
    yield redis_client.client()
    await redis_client.close()


async def test_one_request_too_many_is_429_with_the_time_to_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "requests_a_minute", lambda _: 2)

    statuses = [(await api.post("{ __typename }")).status_code for _ in range(2)]
    refused = await api.post("{ __typename }")

    assert statuses == [200, 200]
    assert refused.status_code == 429
    error = refused.json()["errors"][0]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= error["extensions"]["retryAfterSeconds"] <= 60
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfterSeconds"])


async def test_one_persons_requests_do_not_count_for_another(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "requests_a_minute", lambda _: 1)
    other = await api.someone()
    await api.post("{ __typename }")

    assert (await api.post("{ __typename }")).status_code == 429
    assert (await other.post("{ __typename }")).status_code == 200


async def test_signed_out_requests_count_by_address(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "anonymous_requests_a_day", lambda _: 1)
    await anonymous.post("{ __typename }")
    forged = await anonymous.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"x-forwarded-for": "203.0.113.7"}
    )

    assert forged.status_code == 429
    assert (await (await anonymous.someone()).post("{ __typename }")).status_code == 200


async def test_guessing_a_password_is_slowed_down_for_that_account_only(anonymous: Api) -> None:
    guess = {"email": "Ada@example.com", "password": "wrong"}
    for _ in range(10):
        assert (await anonymous.run(LOGIN, input=guess)) == {"login": {"__typename": "InvalidCredentials"}}

    refused = await anonymous.post(LOGIN, input={**guess, "email": " ada@example.com"})
    other = await anonymous.run(LOGIN, input={**guess, "email": "bob@example.com"})

    assert refused.status_code == 429
    assert refused.headers["retry-after"]
    assert other == {"login": {"__typename": "InvalidCredentials"}}


async def test_the_window_begins_with_the_first_call_and_ends(redis: Redis) -> None:
    limit = Limit("test", 1, 30, "once")
    await rate_limits.check(limit, "a")

    with pytest.raises(RateLimited) as caught:
        await rate_limits.check(limit, "a")

    assert 1 <= caught.value.retry_after <= 30
    await redis.pexpire("jobwise:limit:test:a", 0)
    await rate_limits.check(limit, "a")


async def test_without_redis_everybody_is_let_through(redis: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    await redis_client.close()
    redis_client.connect("redis://127.0.0.1:1")
    limit = Limit("test", 1, 30, "once")

    for _ in range(3):
        await rate_limits.check(limit, "a")

    assert "redis_failed" in capsys.readouterr().out


async def test_signing_in_rightly_is_no_guess_however_often(anonymous: Api) -> None:
    known = {"email": "ada@example.com", "password": "Correct-horse-1"}
    await anonymous.run("mutation ($input: RegisterInput!) { register(input: $input) { __typename } }", input=known)

    answers = [(await anonymous.run(LOGIN, input=known))["login"]["__typename"] for _ in range(12)]

    assert answers == ["LoginSuccess"] * 12
