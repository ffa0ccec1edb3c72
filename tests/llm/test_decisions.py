"""What becomes of a question when a model fails: one table for all kinds of failures."""

import asyncio
import time
from dataclasses import dataclass

import pytest

from jobwise.llm import breaker
from jobwise.llm import router as routing
from jobwise.llm.breaker import Position
from jobwise.llm.errors import ErrorKind, LlmUnavailable
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.models import LlmCall
from jobwise.llm.types import Caller, Preference, Request
from tests.llm.asking import REQUEST, Scene, most_at_once, two_links
from tests.providers.script import Behaviour, Script

pytestmark = pytest.mark.usefixtures("database")

_ALONE = "openai:first,builtin"
_LONG = Request("write", "Answer briefly.", "word " * 10_000, 100)


@dataclass(frozen=True)
class Case:
    """A failure, and what follows: is the next link asked, how often this one when it is alone, does its breaker open
    at the first failure, and what do people read.
    """

    kind: ErrorKind
    behaviour: Behaviour
    next_is_asked: bool
    attempts_alone: int
    opens: bool
    words: str


def _status(status: int, code: str = "", **headers: str) -> Behaviour:
    return Behaviour(
        fault="status", status=status, code=code, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


# Three failures open a breaker; then its rests are waited for, as long as there are turns left.
_ALL = 6
CASES = [
    Case(ErrorKind.AUTH, _status(401), True, 1, True, "its key is not accepted"),
    Case(ErrorKind.AUTH, _status(403), True, 1, True, "its key is not accepted"),
    Case(ErrorKind.QUOTA, _status(429, "insufficient_quota"), True, 1, True, "nothing is left to spend"),
    Case(ErrorKind.UNKNOWN_MODEL, _status(404, "model_not_found"), True, 1, True, "does not know the model"),
    Case(ErrorKind.ADDRESS, _status(301), True, 1, True, "its address is wrong"),
    Case(ErrorKind.RATE_LIMIT, _status(429), True, _ALL, False, "takes no more calls just now"),
    Case(ErrorKind.RATE_LIMIT, _status(429, retry_after="3600"), True, 1, True, "takes no more calls just now"),
    Case(ErrorKind.OVERLOADED, _status(500), True, _ALL, False, "a fault or too much to do"),
    Case(ErrorKind.OVERLOADED, _status(503, "server_is_overloaded"), True, _ALL, False, "a fault or too much to do"),
    Case(ErrorKind.CONTEXT_TOO_LONG, _status(400, "context_length_exceeded"), True, 1, False, "too long for it"),
    Case(ErrorKind.REFUSED, Behaviour(fault="content_filter"), True, 1, False, "declined to answer"),
    Case(ErrorKind.BAD_REQUEST, _status(400, "invalid_request_error"), True, 1, False, "did not accept the request"),
    Case(
        ErrorKind.NO_ROOM,
        Behaviour(fault="length", text="", thought_tokens=40),
        True,
        1,
        False,
        "thought and said nothing",
    ),
    Case(ErrorKind.CONNECTION, Behaviour(fault="cut"), True, _ALL, False, "could not be reached"),
    Case(ErrorKind.PROTOCOL, Behaviour(fault="empty"), True, _ALL, False, "its answer broke off"),
    Case(ErrorKind.PROTOCOL, Behaviour(fault="cut", after_tokens=1), False, 1, False, "its answer broke off"),
    Case(ErrorKind.OVERLOADED, Behaviour(fault="stream_error", after_tokens=1), False, 1, False, "a fault or too much"),
    Case(ErrorKind.TIMEOUT, Behaviour(fault="hang"), True, _ALL, False, "did not answer in time"),
]
_EACH = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.kind.value}-{case.behaviour.status}-{case.behaviour.fault}"
)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_FIRST_PAUSE", 0.01)


def _impatient_with_the_first(scene: Scene) -> None:
    """Whoever hangs need not be waited for; whoever works may take its time."""
    scene.target.model._limits = TimeLimits(0.1, 60.0, 60.0)


async def _position(scene: Scene) -> Position:
    now, (state,) = await scene.router.breakers.look([scene.target.breaker])
    return state.position(now)


async def _times_asked(scene: Scene) -> int:
    """How often we have asked the first link. It has heard each question, unless it was given no time for that."""
    asked = await LlmCall.filter(model=scene.target.model.model).count()
    assert len(scene.first.calls) == asked or scene.target.model._limits.first_token < 1
    return asked


@_EACH
async def test_the_next_link_answers_where_it_can_help(case: Case) -> None:
    async with two_links(Script(default=case.behaviour)) as scene:
        if case.kind is ErrorKind.TIMEOUT:
            _impatient_with_the_first(scene)
        if case.next_is_asked:
            assert (await scene.router.complete(REQUEST, Caller())).model == "second"
        else:
            with pytest.raises(LlmUnavailable):
                await scene.router.complete(REQUEST, Caller())

        assert await _times_asked(scene) == 1
        assert len(scene.second.calls) == case.next_is_asked
        assert (await _position(scene) is Position.OPEN) == case.opens


@_EACH
async def test_a_link_that_is_alone_is_asked_again_where_that_can_help(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "_FIRST_REST", 0.1)
    async with two_links(Script(default=case.behaviour), chain=_ALONE) as scene:
        if case.kind is ErrorKind.TIMEOUT:
            _impatient_with_the_first(scene)
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(REQUEST, Caller())

        assert await _times_asked(scene) == case.attempts_alone
    assert {failure.error.kind for failure in caught.value.failures} == {case.kind}
    assert case.words in str(caught.value.reasons)
    assert "scripted" not in str(caught.value.reasons)


async def test_with_all_breakers_open_one_is_tried_all_the_same() -> None:
    async with two_links(Script(next=[_status(401)]), chain=_ALONE) as scene:
        with pytest.raises(LlmUnavailable):
            await scene.router.complete(REQUEST, Caller())
        assert await _position(scene) is Position.OPEN

        assert (await scene.router.complete(REQUEST, Caller())).model == "first"
        assert await _position(scene) is Position.CLOSED


async def test_an_open_breaker_spares_the_link_while_another_one_answers() -> None:
    async with two_links(Script(default=_status(401))) as scene:
        for _ in range(5):
            assert (await scene.router.complete(REQUEST, Caller())).model == "second"

        assert len(scene.first.calls) == 1


async def test_a_provider_that_is_alone_is_waited_for_as_long_as_it_says() -> None:
    async with two_links(Script(next=[_status(429, retry_after_ms="300")]), chain=_ALONE) as scene:
        began = time.monotonic()
        answer = await scene.router.complete(REQUEST, Caller())
        took = time.monotonic() - began

    assert answer.text == "Ready."
    assert took >= 0.3


async def test_the_time_for_a_question_bounds_attempts_and_pauses() -> None:
    hang = Script(default=Behaviour(fault="hang"))
    async with two_links(hang, chain=_ALONE, llm_total_seconds=0.3) as scene:
        with pytest.raises(LlmUnavailable, match="the time for this question is over"):
            await scene.router.complete(REQUEST, Caller())

        # That our time was over says nothing about the provider.
        _, (state,) = await scene.router.breakers.look([scene.target.breaker])
        assert state.failures == 0


async def test_what_is_too_long_for_one_model_is_only_sent_to_models_with_more_context() -> None:
    too_long = Script(default=_status(400, "context_length_exceeded"))
    chain = "openai:gpt-oss-20b,local:gpt-oss-120b,local:gpt-6-luna,builtin"
    async with two_links(too_long, chain=chain) as scene:
        answer = await scene.router.complete(_LONG, Caller())

        assert answer.model == "gpt-6-luna"
        assert [call.model for call in scene.second.calls] == ["gpt-6-luna"]


async def test_each_purpose_may_have_its_own_chain() -> None:
    async with two_links(chain=_ALONE, llm_chain_repair="local:second", llm_chain_analyze="builtin") as scene:
        router = scene.router
        assert [router.serves(purpose) for purpose in ("analyze", "write", "repair")] == [False, True, True]
        assert router.links("write", Caller()) == ("openai:first",)
        assert router.links("repair", Caller()) == ("local:second",)
        with pytest.raises(LlmUnavailable) as caught:
            await router.complete(Request("analyze", "", "", 10), Caller())

    assert caught.value.reasons == ()


async def test_callers_may_want_speed_or_an_order_of_their_own_among_what_is_configured() -> None:
    async with two_links(llm_chain_speed="local:second,openai:first") as scene:
        router = scene.router
        assert router.links("write", Caller()) == ("openai:first", "local:second")
        assert router.links("write", Caller(prefer=Preference.SPEED)) == ("local:second", "openai:first")
        named = Caller(order=("openai:gpt-unknown", "local:second"))
        assert router.links("write", named) == ("local:second", "openai:first")


async def test_no_more_calls_than_allowed_go_to_a_provider_at_a_time() -> None:
    slow = Script(default=Behaviour(first_token_seconds=0.05))
    async with two_links(slow, chain=_ALONE, llm_concurrency=2) as scene:
        asking = [asyncio.create_task(scene.router.complete(REQUEST, Caller())) for _ in range(6)]
        await asyncio.gather(*asking)
        await scene.first.idle()

    assert most_at_once(scene.first.calls) <= 2


async def test_links_beyond_our_own_limit_a_minute_are_passed_over(shared_redis: str) -> None:
    async with two_links(llm_requests_per_minute=2) as scene:
        answers = [(await scene.router.complete(REQUEST, Caller())).model for _ in range(4)]

        assert answers == ["first", "first", "second", "second"]
        assert len(scene.first.calls) == 2
        # That is no fault of the provider.
        assert await _position(scene) is Position.CLOSED
