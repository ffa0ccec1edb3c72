"""Links that are left alone: who waits for them, for how long, and who asks them first."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from jobwise.infra import db, db_engine, rate_limits, redis_client
from jobwise.infra.rate_limits import Limit, RateLimited
from jobwise.llm import breaker, calls
from jobwise.llm import router as routing
from jobwise.llm.breaker import Admission, Position, State
from jobwise.llm.calls import Target
from jobwise.llm.errors import ErrorKind, LlmUnavailable, ProviderError
from jobwise.llm.exchange import Adapter
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.router import Router
from jobwise.llm.types import Caller, Completion
from tests.faults.proxy import Line, Proxy
from tests.llm.asking import REQUEST, Scene, two_links
from tests.providers.script import Behaviour, Script

pytestmark = pytest.mark.usefixtures("database", "shared_redis")

_ALONE = "openai:first,builtin"
_DOWN = Script(default=Behaviour(fault="status", status=503))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(routing, "_PROBE_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(breaker, "_FRESH_SECONDS", 0.01)
    monkeypatch.setattr(breaker, "_FIRST_REST", 0.2)


async def _open(router: Router, link: str, seconds: float, kind: ErrorKind = ErrorKind.OVERLOADED) -> None:
    (name,) = [target.breaker for target in router._targets.values() if target.name == link]
    await router.breakers.failed(Admission(name), ProviderError(kind, "busy", retry_after=seconds))


async def _position(scene: Scene) -> Position:
    now, (state, *_) = await scene.router.breakers.look([each.breaker for each in scene.router._targets.values()])
    return state.position(now)


async def _is_half_open(scene: Scene) -> None:
    """Let the first link's rest be long over."""
    await _open(scene.router, "openai:first", 60.0)
    await _rest_is_over(scene.target)


async def _rest_is_over(target: Target[Adapter]) -> None:
    key = f"jobwise:breaker:{target.breaker}"
    kept = orjson.loads(await redis_client.client().get(key) or "")
    await redis_client.client().set(key, orjson.dumps({**kept, "open_until": 1.0}))


async def _has_looked(router: Router, times: int) -> None:
    """Wait until those who wait for links have looked so often how these stand."""
    look, looked = router.breakers.look, asyncio.Semaphore(0)

    async def noted(names: Sequence[str]) -> tuple[float, list[State]]:
        looked.release()
        return await look(names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(router.breakers, "look", noted)
        for _ in range(times):
            await looked.acquire()


async def _many(router: Router, count: int) -> list[Completion | BaseException]:
    asking = [router.complete(REQUEST, Caller()) for _ in range(count)]
    return await asyncio.gather(*asking, return_exceptions=True)


@asynccontextmanager
async def _one_link(script: Script | None = None, **others: Any) -> AsyncIterator[Scene]:
    async with two_links(script, chain=_ALONE, **others) as scene:
        yield scene


async def test_a_link_that_is_alone_is_waited_for_through_an_outage() -> None:
    async with _one_link(_DOWN) as scene:
        asking = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
        await scene.first.asked(3)
        scene.first.follow(Script())

        assert (await asking).model == "first"
        assert await _position(scene) is Position.CLOSED


@pytest.mark.parametrize("status", [429, 503])
async def test_a_link_that_is_alone_is_waited_for_as_long_as_it_says(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "_PATIENCE", 0.1)
    busy = Behaviour(fault="status", status=status, headers={"retry-after-ms": "300"})
    async with _one_link(Script(next=[busy])) as scene:
        await scene.router.complete(REQUEST, Caller())
        (refused, answered) = scene.first.calls

    assert answered.received_at - refused.received_at >= 0.3


async def test_of_several_links_that_are_left_alone_all_are_asked_until_one_answers() -> None:
    async with two_links(_DOWN) as scene:
        await _open(scene.router, "openai:first", 0.1)
        await _open(scene.router, "local:second", 0.3)

        assert (await scene.router.complete(REQUEST, Caller())).model == "second"


async def test_who_has_said_for_how_long_is_waited_for_though_another_would_be_there_sooner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing, "_PATIENCE", 0.01)
    monkeypatch.setattr(routing, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(breaker, "_FIRST_REST", 40.0)
    async with two_links(_DOWN) as scene:
        for _ in range(breaker.FAILURES_TO_OPEN):
            await _open(scene.router, "openai:first", 0)
        await _open(scene.router, "local:second", 50.0)

        asking = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
        await _has_looked(scene.router, 3)
        assert not scene.first.calls
        assert not scene.second.calls
        await _rest_is_over(list(scene.router._targets.values())[1])

        assert (await asking).model == "second"
        assert not scene.first.calls


async def test_links_that_nobody_can_wait_for_are_asked_all_the_same() -> None:
    async with two_links(_DOWN) as scene:
        await _open(scene.router, "openai:first", 300)
        await _open(scene.router, "local:second", 400)

        async with asyncio.timeout(60):
            assert (await scene.router.complete(REQUEST, Caller())).model == "second"


async def test_links_that_let_everybody_wait_are_not_waited_for_once_more() -> None:
    async with _one_link() as scene:
        await _open(scene.router, "openai:first", 300, ErrorKind.TIMEOUT)

        with pytest.raises(LlmUnavailable, match="left alone for now"):
            await scene.router.complete(REQUEST, Caller())

        assert scene.first.calls == []


async def test_a_question_is_patient_for_so_long_and_then_tells_why_nobody_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing, "_PATIENCE", 0.3)
    async with _one_link(Script(default=Behaviour(fault="hang"))) as scene:
        await _is_half_open(scene)
        probe = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
        await scene.first.asked(1)

        with pytest.raises(LlmUnavailable, match="left alone for now: busy"):
            await scene.router.complete(REQUEST, Caller())

        assert len(scene.first.calls) == 1
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)


async def test_while_a_probe_finds_out_nobody_else_bothers_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_PATIENCE", 1.0)
    async with _one_link(Script(default=Behaviour(fault="status", status=503, first_token_seconds=0.1))) as scene:
        await _open(scene.router, "openai:first", 0.05)
        answers = await _many(scene.router, 50)

        assert all(isinstance(answer, LlmUnavailable) for answer in answers)
        # One for each rest, and none beside it.
        probes = sorted(scene.first.calls, key=lambda call: call.received_at)
        assert len(probes) <= 12
        assert all(later.received_at >= (one.ended_at or 0) for one, later in itertools.pairwise(probes))


async def test_the_first_word_of_a_probe_lets_all_others_through() -> None:
    slow = Behaviour(text="word " * 20, stream_seconds=60)
    async with _one_link(Script(next=[slow])) as scene:
        await _is_half_open(scene)
        heard = asyncio.Event()
        probe = asyncio.create_task(scene.router.complete(REQUEST, Caller(), lambda _: heard.set()))
        await heard.wait()

        answers = await _many(scene.router, 10)

        assert [answer.model for answer in answers if isinstance(answer, Completion)] == ["first"] * 10
        assert not probe.done()
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)


async def test_a_late_answer_does_not_end_the_rest_that_a_provider_has_asked_for() -> None:
    limited = Behaviour(fault="status", status=429, headers={"retry-after": "50"})
    async with two_links(Script(next=[Behaviour(first_token_seconds=0.3), limited])) as scene:
        slow = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
        await scene.first.asked(1)
        assert (await scene.router.complete(REQUEST, Caller())).model == "second"

        assert (await slow).model == "first"
        assert await _position(scene) is Position.OPEN


async def test_a_request_that_is_not_taken_neither_opens_nor_closes_a_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_FIRST_REST", 60.0)
    wrong = Behaviour(fault="status", status=400, code="invalid_request_error")
    async with two_links(Script(next=[_DOWN.default, wrong, _DOWN.default, wrong, _DOWN.default])) as scene:
        for _ in range(5):
            await scene.router.complete(REQUEST, Caller())

        assert await _position(scene) is Position.OPEN


async def test_our_own_limit_a_minute_is_waited_for_and_no_fault_of_the_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count, counted = rate_limits.check, []

    async def check(limit: Limit, caller: str) -> None:
        counted.append(time.monotonic())
        try:
            await count(limit, caller)
        except RateLimited:
            # Of the minute no more than a second is left.
            await redis_client.client().delete(f"jobwise:limit:{limit.name}:{caller}")
            raise RateLimited(limit.what, 1) from None

    monkeypatch.setattr(rate_limits, "check", check)
    async with _one_link(llm_requests_per_minute=1) as scene:
        await scene.router.complete(REQUEST, Caller())
        (answer,) = await _many(scene.router, 1)

        assert isinstance(answer, Completion)
        assert await _position(scene) is Position.CLOSED
        assert len(scene.first.calls) == 2
    (_, refused, taken) = counted
    assert taken - refused >= 1
    assert {call.outcome for call in await LlmCall.all()} == {Outcome.COMPLETED}


async def test_who_waits_for_a_place_waits_no_longer_than_a_question_may_last(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _one_link(Script(default=Behaviour(fault="hang")), llm_concurrency=1) as scene:
        has_the_place = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
        await scene.first.asked(1)
        monkeypatch.setattr(scene.router._settings, "llm_total_seconds", 0.3)

        async with asyncio.timeout(30):
            answers = await _many(scene.router, 3)

        assert all("the time for this question is over" in str(answer) for answer in answers)
        assert len(scene.first.calls) == 1
        assert await _position(scene) is Position.CLOSED
        has_the_place.cancel()
        await asyncio.gather(has_the_place, return_exceptions=True)


@pytest.mark.parametrize("hangs", ["PostgreSQL", "Redis"])
async def test_no_question_lasts_longer_than_it_may_while_a_server_of_ours_hangs(
    database: str, shared_redis: str, hangs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "host=" not in database or not shared_redis.startswith("unix:"):
        pytest.skip("a line that hangs is drawn to servers on sockets")
    postgres = Path(database.partition("host=")[2]) / ".s.PGSQL.5432"
    async with Proxy(postgres if hangs == "PostgreSQL" else Path(shared_redis.removeprefix("unix://"))) as line:
        # Neither server's driver ends the waiting.
        if hangs == "PostgreSQL":
            monkeypatch.setattr(db, "tortoise_config", partial(db.tortoise_config, patience=300.0))
            monkeypatch.setattr(db_engine, "ACQUIRE_SECONDS", 300.0)
            name = urlsplit(database).path
            await db.close()
            await db.connect(f"postgresql://jobwise@127.0.0.1:{line.port}{name}?sslmode=disable")
        else:
            await redis_client.close()
            redis_client.connect(f"redis://127.0.0.1:{line.port}")
            redis_client.client().connection_pool.connection_kwargs["socket_timeout"] = None
        async with _one_link() as scene:
            await scene.router.complete(REQUEST, Caller())
            line.set(Line.STALLED)
            with monkeypatch.context() as patch:
                patch.setattr(scene.router._settings, "llm_total_seconds", 0.5)
                patch.setattr(calls, "_WAIT_SECONDS", 0.2)
                patch.setattr(redis_client, "_PATIENCE_SECONDS", 0.2)
                async with asyncio.timeout(60):
                    answers = await _many(scene.router, 20)
            line.set(Line.OPEN)

    assert all(isinstance(answer, Completion | LlmUnavailable) for answer in answers)


async def test_who_is_cancelled_at_any_moment_even_twice_gives_back_all_that_it_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "_WAIT_SECONDS", 60.0)
    answers = Behaviour(first_token_seconds=0.01, stream_seconds=0.01)
    async with _one_link(Script(default=answers), llm_concurrency=1) as scene:
        (target,) = scene.router._targets.values()
        for moment in range(40):
            await _open(scene.router, "openai:first", 0.001)
            asking = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
            await asyncio.sleep(moment * 0.002)
            asking.cancel()
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await scene.router.calls.ended()

            _, (state,) = await breaker.Breakers(60).look([target.breaker])
            assert not state.probe_until
            assert not scene.router.pacing.place("openai").locked()
    assert not await LlmCall.filter(outcome=Outcome.RESERVED).exists()
