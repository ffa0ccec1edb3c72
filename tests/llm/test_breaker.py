import asyncio
import sys

import orjson
import pytest
from redis.asyncio import Redis

from jobwise.infra import redis_client
from jobwise.llm import breaker
from jobwise.llm.breaker import CLOSED, FAILURES_TO_OPEN, Admission, Breakers, LeftAlone, Position, State, breaker_of
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Deployment, Link

_DOWN = ProviderError(ErrorKind.CONNECTION, "refused")
_OTHER_PROCESS = """
import asyncio, sys
from jobwise.infra import redis_client
from jobwise.llm import breaker
from jobwise.llm.breaker import Admission, Breakers
from jobwise.llm.errors import ErrorKind, ProviderError

async def main():
    breaker._FIRST_REST = 60.0
    redis_client.connect(sys.argv[1])
    breakers = Breakers(60)
    admission = Admission("a")
    if sys.argv[2] == "fail":
        await asyncio.gather(*(breakers.failed(admission, ProviderError(ErrorKind.TIMEOUT, "late")) for _ in range(2)))
    else:
        await breakers.admit(admission, always=True)
        await breakers.succeeded(admission)
    await redis_client.close()

asyncio.run(main())
"""


async def _elsewhere(url: str, what: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _OTHER_PROCESS, url, what)
    assert await process.wait() == 0


def _after(*errors: ProviderError, state: State = CLOSED, now: float = 1_000.0) -> State:
    """Of calls that were begun together."""
    admission = Admission("a", state.open_until)
    for error in errors:
        state = state.after_failure(error, now, admission)
    return state


async def _admits(breakers: Breakers) -> bool:
    try:
        await breakers.admit(Admission("a"))
    except LeftAlone:
        return False
    return True


async def _limited(breakers: Breakers, seconds: float = 60.0) -> None:
    await breakers.failed(Admission("a"), ProviderError(ErrorKind.RATE_LIMIT, "", retry_after=seconds))


async def _is_long_past(redis_url: str, time: str) -> None:
    """A time of the breaker, by its name, as it is when all the waiting is over."""
    async with Redis.from_url(redis_url) as redis:
        kept = orjson.loads(await redis.get("jobwise:breaker:a") or "")
        await redis.set("jobwise:breaker:a", orjson.dumps({**kept, time: 1.0}))


def test_a_few_failures_in_a_row_open_it_and_fewer_do_not() -> None:
    assert FAILURES_TO_OPEN <= 5
    assert _after(*[_DOWN] * (FAILURES_TO_OPEN - 1)).position(1_000.0) is Position.CLOSED
    assert _after(*[_DOWN] * FAILURES_TO_OPEN).position(1_000.0) is Position.OPEN


@pytest.mark.parametrize("kind", [ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.UNKNOWN_MODEL, ErrorKind.ADDRESS])
def test_what_people_must_mend_opens_it_at_once_and_for_long(kind: ErrorKind) -> None:
    assert _after(ProviderError(kind, "")).closes_in(1_000.0) >= 600


@pytest.mark.parametrize("kind", [ErrorKind.REFUSED, ErrorKind.CONTEXT_TOO_LONG])
def test_who_answers_with_a_refusal_is_well(kind: ErrorKind) -> None:
    assert _after(_DOWN, _DOWN, ProviderError(kind, "")) == CLOSED


@pytest.mark.parametrize("kind", [ErrorKind.BAD_REQUEST, ErrorKind.SPENDING, ErrorKind.PACED])
def test_what_says_nothing_about_a_provider_changes_nothing(kind: ErrorKind) -> None:
    nothing = ProviderError(kind, "", retry_after=50.0)

    assert _after(_DOWN, _DOWN, nothing) == _after(_DOWN, _DOWN)
    opened = _after(*[_DOWN] * FAILURES_TO_OPEN)
    assert _after(nothing, state=opened) == opened


@pytest.mark.parametrize(("asked", "kept"), [(0.4, 0.4), (20.0, 20.0), (86_400.0, 600.0)])
def test_a_provider_that_says_for_how_long_is_left_alone_for_as_long(asked: float, kept: float) -> None:
    state = _after(ProviderError(ErrorKind.RATE_LIMIT, "", retry_after=asked))

    assert state.closes_in(1_000.0) == pytest.approx(kept)


def test_an_open_breaker_never_closes_sooner_for_another_failure() -> None:
    long = _after(ProviderError(ErrorKind.OVERLOADED, "", retry_after=50.0))
    short = ProviderError(ErrorKind.RATE_LIMIT, "", retry_after=1.0)

    assert _after(short, _DOWN, _DOWN, _DOWN, state=long).open_until == long.open_until


def test_each_failed_probe_doubles_the_rest_up_to_a_minute() -> None:
    state, now, rests = _after(*[_DOWN] * FAILURES_TO_OPEN, now=0.0), 0.0, []
    for _ in range(30):
        rests.append(state.open_until - now)
        now = state.open_until
        state = _after(_DOWN, state=state, now=now)

    assert rests[:5] == [5.0, 10.0, 20.0, 40.0, 60.0]
    assert rests[-1] == 60.0


def test_failures_that_were_under_way_when_it_opened_do_not_lengthen_its_rest() -> None:
    opened = _after(*[_DOWN] * FAILURES_TO_OPEN)

    assert _after(*[_DOWN] * 50, state=opened).open_until == opened.open_until
    late = opened.after_failure(_DOWN, opened.open_until + 1, Admission("a"))
    assert (late.open_until, late.times) == (opened.open_until, 1)


def test_calls_that_are_told_to_wait_together_open_it_once() -> None:
    busy = ProviderError(ErrorKind.RATE_LIMIT, "", retry_after=5)

    assert _after(*[busy] * 20).times == 1


def test_a_success_closes_it_unless_the_call_was_begun_before_it_opened() -> None:
    opened = _after(ProviderError(ErrorKind.RATE_LIMIT, "", retry_after=50.0))

    assert opened.after_success(Admission("a")) == opened
    assert opened.after_success(Admission("a", opened.open_until)) == CLOSED
    assert _after(_DOWN).after_success(Admission("a")) == CLOSED


def test_another_key_or_address_makes_another_breaker() -> None:
    link = Link(Deployment("openai", "http://one", "key"), "model")
    others = [
        Link(Deployment("openai", "http://one", "new key"), "model"),
        Link(Deployment("openai", "http://two", "key"), "model"),
        Link(Deployment("openai", "http://one", "key"), "other"),
    ]

    assert len({breaker_of(each) for each in [link, *others]}) == 4
    assert "key" not in breaker_of(link)


async def test_failures_of_several_processes_count_together(shared_redis: str) -> None:
    breakers = Breakers(60)
    await breakers.failed(Admission("a"), _DOWN)
    assert await _admits(breakers)

    await _elsewhere(shared_redis, "fail")

    assert not await _admits(breakers)
    _, (state,) = await breakers.look(["a"])
    assert (state.failures, state.kind) == (3, "TIMEOUT")
    await _elsewhere(shared_redis, "succeed")
    assert await _admits(breakers)


async def test_no_failure_is_lost_when_many_fail_at_once(shared_redis: str) -> None:
    many = [Breakers(60) for _ in range(4)]

    await asyncio.gather(*(each.failed(Admission("a"), _DOWN) for each in many * 5))

    _, (state,) = await Breakers(60).look(["a"])
    assert state.failures == 20


async def test_many_looks_at_once_ask_redis_once(shared_redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_FRESH_SECONDS", 60.0)
    breakers = Breakers(60)
    async with Redis.from_url(shared_redis) as redis:
        await redis.config_resetstat()

        assert all(await asyncio.gather(*(_admits(breakers) for _ in range(200))))

        assert (await redis.info("commandstats"))["cmdstat_eval"]["calls"] == 1


async def test_half_open_lets_one_probe_through_at_a_time(shared_redis: str) -> None:
    one, two = Breakers(60), Breakers(60)
    await _limited(one)
    assert not await _admits(two)
    await _is_long_past(shared_redis, "open_until")

    admissions = [Admission("a") for _ in range(20)]
    tried = [each.admit(admission) for each, admission in zip([one, two] * 10, admissions, strict=True)]
    refused = await asyncio.gather(*tried, return_exceptions=True)
    (probe,) = [admission for admission, error in zip(admissions, refused, strict=True) if error is None]
    assert all(isinstance(error, LeftAlone) for error in refused if error)
    # Calls that were begun before, and end now, are not the probe.
    await one.given_up(Admission("a"))
    await one.failed(Admission("a"), _DOWN)
    assert not await _admits(two)

    # A probe that was broken off says nothing: another one may try.
    await one.given_up(probe)
    next_probe = Admission("a")
    await two.admit(next_probe)
    await two.succeeded(next_probe)
    assert all([await _admits(each) for each in [one, two] * 3])


async def test_a_probe_whose_process_died_is_given_up_for_lost(shared_redis: str) -> None:
    dead, alive = Breakers(60), Breakers(60)
    await _limited(dead)
    await _is_long_past(shared_redis, "open_until")

    assert await _admits(dead)
    assert not await _admits(alive)
    now, (state,) = await alive.look(["a"])
    assert 0 < state.probe_until - now <= 60
    await _is_long_past(shared_redis, "probe_until")
    assert await _admits(alive)


async def test_who_is_cancelled_while_becoming_the_probe_gives_that_back(shared_redis: str) -> None:
    breakers, later = Breakers(60), Breakers(60)
    await _limited(breakers)
    await _is_long_past(shared_redis, "open_until")
    for turns in range(30):
        admission = Admission("a")
        beginning = asyncio.create_task(breakers.admit(admission))
        for _ in range(turns):
            await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)
        await breakers.given_up(admission)

        probe = Admission("a")
        await later.admit(probe)
        assert probe.is_probe, f"given up after {turns} turns"
        await later.given_up(probe)


@pytest.mark.parametrize(
    "kept", ['{"failures":9,"open_until":9e9,"colour":"red"}', "[1]", "{", '{"open_until":"soon"}']
)
async def test_what_another_version_has_kept_is_read_as_far_as_possible_and_replaced(
    shared_redis: str, kept: str
) -> None:
    breakers = Breakers(60)
    async with Redis.from_url(shared_redis) as redis:
        await redis.set("jobwise:breaker:a", kept)
        assert await _admits(breakers) == ("colour" not in kept)

        await _limited(breakers, 50.0)

        _, (state,) = await Breakers(60).look(["a"])
        assert (state.kind, state.failures) == ("RATE_LIMIT", 10 if "colour" in kept else 1)


@pytest.mark.usefixtures("shared_redis")
async def test_without_redis_each_process_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_FIRST_REST", 60.0)
    breakers = Breakers(60)
    await breakers.failed(Admission("a"), _DOWN)
    await redis_client.close()
    redis_client.connect("redis://127.0.0.1:1")

    await breakers.failed(Admission("a"), _DOWN)
    await breakers.failed(Admission("a"), _DOWN)

    assert not await _admits(breakers)
    admission = Admission("a")
    await breakers.admit(admission, always=True)
    await breakers.succeeded(admission)
    assert await _admits(breakers)


async def test_what_is_well_is_not_kept(shared_redis: str) -> None:
    breakers = Breakers(60)
    await breakers.failed(Admission("a"), _DOWN)
    async with Redis.from_url(shared_redis) as redis:
        assert await redis.pttl("jobwise:breaker:a") > 0
        await breakers.succeeded(Admission("a"))
        assert await redis.dbsize() == 0
