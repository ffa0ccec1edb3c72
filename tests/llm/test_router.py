import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from jobwise.infra import db
from jobwise.llm import ledger
from jobwise.llm.errors import ErrorKind, LlmUnavailable
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.types import Caller, Usage
from tests.accounts.people import a_viewer
from tests.llm.asking import REQUEST, two_links
from tests.providers.script import Behaviour, Script

pytestmark = pytest.mark.usefixtures("database")


class _Stop(Exception):
    pass


def _script(**behaviour: object) -> Script:
    return Script(default=Behaviour.model_validate(behaviour))


async def _calls() -> list[LlmCall]:
    return await LlmCall.all().order_by("created_at")


@pytest.mark.parametrize(
    "behaviour",
    [
        {"fault": "status", "status": 500},
        {"fault": "status", "status": 401},
        {"fault": "status", "status": 429, "code": "insufficient_quota"},
        {"fault": "refusal"},
        {"fault": "empty"},
        {"fault": "cut"},
    ],
)
async def test_the_next_model_is_asked_at_once_when_one_fails(behaviour: dict[str, object]) -> None:
    async with two_links(_script(**behaviour)) as scene:
        answer = await scene.router.complete(REQUEST, Caller())

    assert (answer.provider, answer.model, answer.text) == ("local", "second", "Ready.")
    assert [call.outcome for call in await _calls()] == [Outcome.FAILED, Outcome.COMPLETED]


async def test_once_a_word_was_handed_on_no_other_model_goes_on_with_it() -> None:
    heard: list[str] = []
    async with two_links(_script(fault="cut", after_tokens=1, text="Ready or not")) as scene:
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(REQUEST, Caller(), heard.append)
        others = len(scene.second.calls)

    assert (heard, others) == (["Read"], 0)
    assert [failure.error.kind for failure in caught.value.failures] == [ErrorKind.PROTOCOL]


async def test_what_all_but_one_do_not_take_the_last_one_may_and_nobody_is_asked_twice() -> None:
    wrong = _script(fault="status", status=400, code="invalid_request_error")
    chain = "openai:first,openai:other,local:second,local:third,builtin"
    async with two_links(wrong, chain=chain) as scene:
        scene.second.follow(Script(next=[wrong.default]))
        assert (await scene.router.complete(REQUEST, Caller())).model == "third"
        assert [call.model for call in scene.first.calls] == ["first", "other"]
        scene.second.follow(wrong)
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(REQUEST, Caller())

        assert [call.model for call in scene.first.calls] == ["first", "other"] * 2
        assert [call.model for call in scene.second.calls] == ["second", "third"] * 2
    assert [failure.error.kind for failure in caught.value.failures] == [ErrorKind.BAD_REQUEST] * 4


async def test_what_nobody_has_thought_of_is_the_failure_of_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_links() as scene:
        first = scene.router._targets["openai", "first"]

        def surprising(*_: object) -> None:
            raise LookupError("nobody has thought of this")

        monkeypatch.setattr(first.model, "body", surprising)
        with capture_logs() as logs:
            assert (await scene.router.complete(REQUEST, Caller())).model == "second"
        _, (state,) = await scene.router.breakers.look([first.breaker])

    (failed, answered) = await _calls()
    assert (failed.outcome, answered.outcome) == (Outcome.FAILED, Outcome.COMPLETED)
    assert (state.failures, state.kind) == (1, failed.error)
    (told,) = [log["traceback"] for log in logs if log["event"] == "exchange_failed"]
    assert "nobody has thought of this" in told


async def test_a_completed_call_is_in_the_ledger_with_what_it_used_and_for_whom() -> None:
    viewer, generation_id = await a_viewer(), uuid4()
    async with two_links() as scene:
        await scene.router.complete(REQUEST, Caller(viewer.user_id, generation_id, "WRITE"))
        (billed,) = scene.first.calls

    (call,) = await _calls()
    assert (call.user_id, call.generation_id, call.stage, call.purpose) == (
        viewer.user_id,
        generation_id,
        "WRITE",
        "write",
    )
    assert (call.provider, call.model, call.request_id) == ("openai", "first", billed.id)
    assert str(call.id) == billed.client_request_id
    assert (call.input_tokens, call.output_tokens) == (billed.input_tokens, billed.output_tokens)
    assert (call.outcome, call.error, call.estimated, call.cost) == (Outcome.COMPLETED, None, False, None)
    assert call.settled_at is not None
    assert call.latency_ms is not None


async def test_a_failed_call_is_settled_with_its_kind_and_an_estimate() -> None:
    async with two_links(_script(fault="cut", after_tokens=3, text="A dozen signs")) as scene:
        with pytest.raises(LlmUnavailable):
            await scene.router.complete(REQUEST, Caller())
        (billed,) = scene.first.calls

    (call,) = await _calls()
    assert (call.outcome, call.error, call.estimated) == (Outcome.FAILED, "PROTOCOL", True)
    assert call.output_tokens == billed.output_tokens == 3


async def test_a_cancelled_call_is_settled_before_the_cancellation_goes_on() -> None:
    heard = asyncio.Event()
    async with two_links(_script(text="long " * 100, tokens_per_second=20)) as scene:
        asking = asyncio.create_task(scene.router.complete(REQUEST, Caller(), lambda _: heard.set()))
        await heard.wait()
        asking.cancel()
        await asyncio.wait([asking])

        (call,) = await _calls()
    assert asking.cancelled()
    assert (call.outcome, call.estimated) == (Outcome.CANCELLED, True)
    assert call.input_tokens > 0
    assert call.output_tokens > 0


async def test_a_call_that_is_cancelled_twice_is_settled_behind_its_back(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, settling, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    fetch_all = db.fetch_all

    async def slow(sql: str, *arguments: Any) -> Any:
        if "update llm_calls" in sql:
            settling.set()
            await go_on.wait()
        return await fetch_all(sql, *arguments)

    monkeypatch.setattr(db, "fetch_all", slow)
    async with two_links(_script(text="long " * 100, tokens_per_second=20)) as scene:
        asking = asyncio.create_task(scene.router.complete(REQUEST, Caller(), lambda _: heard.set()))
        await heard.wait()
        asking.cancel()
        await settling.wait()
        asking.cancel()
        await asyncio.wait([asking])
        go_on.set()

    (call,) = await _calls()
    assert call.outcome == Outcome.CANCELLED


async def test_a_worker_that_may_no_longer_work_sends_nothing() -> None:
    turns = iter([None, _Stop()])

    def guard() -> None:
        if error := next(turns):
            raise error

    async with two_links() as scene:
        with pytest.raises(_Stop):
            await scene.router.complete(REQUEST, Caller(guard=guard))

        assert scene.first.calls == []
    (call,) = await _calls()
    assert (call.outcome, call.input_tokens, call.output_tokens) == (Outcome.CANCELLED, 0, 0)


async def test_calls_wait_for_a_database_that_is_away_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_all, turns = db.fetch_all, itertools.cycle([False, False, True])

    async def away(sql: str, *arguments: Any) -> Any:
        if not next(turns):
            raise db.DatabaseUnavailable
        return await fetch_all(sql, *arguments)

    monkeypatch.setattr(db, "fetch_all", away)
    async with two_links() as scene:
        answer = await scene.router.complete(REQUEST, Caller())
        asked = len(scene.first.calls)

    (call,) = await _calls()
    assert (answer.text, asked, call.outcome) == ("Ready.", 1, Outcome.COMPLETED)


async def test_what_a_dead_process_left_reserved_is_marked_and_may_still_be_settled() -> None:
    late = ledger.Reservation("openai", "first")
    book = ledger.Ledger()
    await book.reserve(late, Caller(), REQUEST)

    assert await ledger.settle_abandoned(timedelta(minutes=1)) == 0
    assert await ledger.settle_abandoned(timedelta()) == 1

    (call,) = await _calls()
    assert (call.outcome, call.estimated, call.output_tokens) == (Outcome.ABANDONED, True, 0)
    assert call.input_tokens > 0
    await book.settle(late, Outcome.COMPLETED, Usage(input=10, output=20))
    (call,) = await _calls()
    assert (call.outcome, call.estimated, call.output_tokens) == (Outcome.COMPLETED, False, 20)


async def test_the_chain_ends_where_the_built_in_writer_stands() -> None:
    async with two_links(
        _script(fault="status"), chain="openai:first,builtin,local:second", llm_total_seconds=1
    ) as scene:
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(REQUEST, Caller())

        assert scene.second.calls == []
    assert "openai:first OVERLOADED" in str(caught.value)
