"""The ledger against the provider's bill, and ceilings under many calls at once."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from jobwise.infra import db
from jobwise.llm import breaker, ledger, prices
from jobwise.llm import router as routing
from jobwise.llm.errors import ErrorKind, LlmUnavailable, ProviderError
from jobwise.llm.ledger import Ceilings, Ledger, Reservation
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.types import Budget, Caller, Request, Usage
from tests.accounts.people import a_viewer
from tests.llm.asking import REQUEST, Scene, two_links
from tests.providers.script import Behaviour, Script

pytestmark = pytest.mark.usefixtures("database")

_MODEL = "gpt-6-luna"
_CHAIN = f"openai:{_MODEL},builtin"
_BIG = Request("write", "Answer.", "Say something.", 100_000)


def _worst() -> Decimal:
    cost = prices.worst_cost("openai", _MODEL, _BIG)
    assert cost is not None
    return cost


async def _spent() -> Decimal:
    return sum((call.cost or call.reserved_cost or Decimal() for call in await LlmCall.all()), Decimal())


@pytest.mark.parametrize(
    ("provider", "model"), [("local", "gpt-6-luna"), ("openai", "no-such-model"), ("house", "gpt-6-luna")]
)
def test_a_price_that_is_not_known_is_never_taken_for_nothing(provider: str, model: str) -> None:
    assert prices.cost(provider, model, Usage(1_000, 1_000)) is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-6-luna"),
        ("anthropic", "claude-sonnet-5-5"),
        ("gemini", "gemini-3.8-flash"),
        ("groq", "openai/gpt-oss-20b"),
        ("azure", "gpt-6-luna"),
        ("xai", "grok-4"),
    ],
)
def test_prices_of_usual_models_are_known_and_cached_tokens_are_cheaper(provider: str, model: str) -> None:
    plain, cached = (prices.cost(provider, model, Usage(10_000, 100, cached=part)) for part in (0, 9_000))

    assert plain
    assert cached
    assert cached <= plain
    assert prices.cost(provider, model, Usage()) == 0


def test_the_most_that_a_call_can_cost_bounds_what_it_costs_in_any_script() -> None:
    for text in ("word " * 500, "経歴書を作成する" * 200, '{"id": "f1", "kind": "SUMMARY"}' * 80):
        request = Request("write", "", text, 1_000)
        # Two bytes a token are as dense as tokens of any text get.
        real = Usage(input=len(text.encode()) // 3, output=1_000)
        worst, cost = prices.worst_cost("openai", _MODEL, request), prices.cost("openai", _MODEL, real)
        assert worst is not None
        assert cost is not None
        assert worst >= cost


async def test_a_call_is_reserved_at_its_worst_and_settled_at_what_it_used() -> None:
    async with two_links(chain=_CHAIN) as scene:
        await scene.router.complete(_BIG, Caller())
        (billed,) = scene.first.calls

    (call,) = await LlmCall.all()
    assert call.reserved_cost == _worst()
    assert call.cost == prices.cost("openai", _MODEL, Usage(billed.input_tokens, billed.output_tokens))


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(breaker, "_FIRST_REST", 0.05)


async def _ask_and_perhaps_give_up(scene: Scene, chance: random.Random) -> None:
    call = asyncio.create_task(scene.router.complete(REQUEST, Caller()))
    if chance.random() < 0.25:
        await asyncio.sleep(chance.random() * 0.1)
        call.cancel()
    await asyncio.gather(call, return_exceptions=True)


@pytest.mark.usefixtures("short_pauses")
async def test_the_ledger_has_every_call_of_the_bill_and_the_same_tokens_wherever_it_claims_to_know() -> None:
    faults = [
        Behaviour(fault="status", status=503, share=0.2),
        Behaviour(fault="cut", after_tokens=4, share=0.2),
        Behaviour(fault="no_done", share=0.2),
        Behaviour(fault="refusal", share=0.1),
    ]
    script = Script(seed=4, rules=faults, default=Behaviour(text="word " * 40, stream_seconds=0.05))
    chance = random.Random(4)
    async with two_links(script, chain=_CHAIN) as scene:
        await asyncio.gather(*(_ask_and_perhaps_give_up(scene, chance) for _ in range(60)))
        await scene.first.idle()
        bill = {call.client_request_id: call for call in scene.first.calls if call.outcome != "refused"}

    calls = {str(call.id): call for call in await LlmCall.all()}
    assert set(bill) <= set(calls)
    assert not [call for call in calls.values() if call.outcome == Outcome.RESERVED]
    known = {id_: call for id_, call in calls.items() if not call.estimated and call.input_tokens}
    assert len(known) > 10
    for id_, call in known.items():
        billed = bill[id_]
        assert (call.input_tokens, call.output_tokens) == (billed.input_tokens, billed.output_tokens)
    # What was refused has cost nothing; what was broken off is marked as an estimate of what had been sent and come.
    assert all(call.cost == 0 or call.outcome == Outcome.CANCELLED for id_, call in calls.items() if id_ not in bill)
    for id_ in set(bill) - set(known):
        assert calls[id_].estimated
        assert abs(calls[id_].output_tokens - bill[id_].output_tokens) <= 40


async def test_a_call_that_is_cut_counts_at_the_most_that_it_can_be_billed() -> None:
    thinks = Behaviour(thought_tokens=2_000, thought_seconds=60)
    speaks = Behaviour(text="word " * 500, stream_seconds=60)
    async with two_links(Script(next=[thinks, speaks]), chain=_CHAIN) as scene:
        for number in (1, 2):
            asking = asyncio.create_task(scene.router.complete(_BIG, Caller()))
            await scene.first.asked(number)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await scene.first.idle()

    calls = await LlmCall.all()
    assert [(call.outcome, call.estimated) for call in calls] == [(Outcome.CANCELLED, True)] * 2
    assert [call.cost for call in calls] == [_worst()] * 2


async def test_what_was_never_sent_costs_nothing() -> None:
    async with two_links(chain=f"openai:{_MODEL},local:free,builtin") as scene:
        await scene.first.stop()
        await scene.router.complete(_BIG, Caller())

    (call,) = await LlmCall.filter(outcome=Outcome.FAILED)
    assert (call.error, call.estimated, call.cost) == ("CONNECTION", False, Decimal(0))


@pytest.mark.parametrize(
    "told", [Usage(10**10, 5), Usage(-5, 5), Usage(5, 10**30), Usage(5, 5, cached=-1), Usage(5, 5, reasoning=-1)]
)
async def test_what_no_call_can_have_used_counts_at_the_most_that_was_reserved(
    callers: list[Caller], told: Usage
) -> None:
    book, call = Ledger(), Reservation("openai", _MODEL)
    await book.reserve(call, callers[0], _BIG)

    await book.settle(call, Outcome.COMPLETED, told, request_id="a\0b\ud800\n" + "c" * 500)

    (row,) = await LlmCall.all()
    assert (row.outcome, row.estimated, row.cost) == (Outcome.COMPLETED, True, _worst())
    assert min(row.input_tokens, row.output_tokens, row.cached_tokens, row.reasoning_tokens) >= 0
    assert row.request_id == "ab" + "c" * 198


async def test_what_is_known_of_a_cut_call_counts_where_it_is_more_than_was_reserved(callers: list[Caller]) -> None:
    book, call = Ledger(), Reservation("openai", _MODEL)
    await book.reserve(call, callers[0], _BIG)
    known = Usage(input=10, output=2 * _BIG.max_output_tokens, estimated=True)

    await book.settle(call, Outcome.CANCELLED, known)

    (row,) = await LlmCall.all()
    assert row.cost == prices.cost("openai", _MODEL, known) != _worst()


async def _reserve_often(book: Ledger, callers: list[Caller]) -> list[object]:
    reserving = [book.reserve(Reservation("openai", _MODEL), caller, _BIG) for caller in callers]
    return await asyncio.gather(*reserving, return_exceptions=True)


@pytest.fixture
async def callers() -> list[Caller]:
    """Forty calls of two generations of one person."""
    viewer, generations = await a_viewer(), [uuid4(), uuid4()]
    return [Caller(viewer.user_id, generations[number % 2], "WRITE") for number in range(40)]


@pytest.mark.parametrize(
    ("ceiling", "fit", "words"),
    [
        ("generation", 5 * 2, "for one generation"),
        ("person_month", 5, "your spending limit for this month"),
        ("month", 5, "this installation's spending limit"),
    ],
)
async def test_many_calls_at_once_do_not_go_beyond_a_ceiling(
    callers: list[Caller], ceiling: str, fit: int, words: str
) -> None:
    limit = _worst() * Decimal("5.5")
    book = Ledger(Ceilings(**{ceiling: limit}))

    refused = [error for error in await _reserve_often(book, callers) if error is not None]

    assert len(refused) == 40 - fit
    assert all(isinstance(error, ProviderError) and error.kind is ErrorKind.SPENDING for error in refused)
    assert words in str(refused[0])
    assert await LlmCall.all().count() == fit
    assert await _spent() == _worst() * fit


async def test_ceilings_count_what_was_settled_and_leave_room_again(callers: list[Caller]) -> None:
    book = Ledger(Ceilings(month=_worst()))
    first, second = Reservation("openai", _MODEL), Reservation("openai", _MODEL)
    await book.reserve(first, callers[0], _BIG)
    with pytest.raises(ProviderError, match="SPENDING"):
        await book.reserve(second, callers[0], _BIG)

    await book.settle(first, Outcome.FAILED, Usage())

    await book.reserve(second, callers[0], _BIG)


async def test_calls_of_dead_processes_count_at_the_most_that_they_can_have_cost(callers: list[Caller]) -> None:
    book = Ledger(Ceilings(person_month=_worst()))
    await book.reserve(Reservation("openai", _MODEL), callers[0], _BIG)
    await ledger.settle_abandoned(timedelta())

    (call,) = await LlmCall.all()
    assert (call.outcome, call.cost, call.estimated) == (Outcome.ABANDONED, _worst(), True)
    with pytest.raises(ProviderError, match="SPENDING"):
        await book.reserve(Reservation("openai", _MODEL), callers[0], _BIG)


async def test_last_month_and_other_people_do_not_count(callers: list[Caller]) -> None:
    book = Ledger(Ceilings(person_month=_worst()))
    await book.reserve(Reservation("openai", _MODEL), callers[0], _BIG)
    await db.fetch_all("update llm_calls set created_at = date_trunc('month', now(), 'UTC') - interval '1 second'")

    await book.reserve(Reservation("openai", _MODEL), callers[0], _BIG)
    stranger = await a_viewer()
    await book.reserve(Reservation("openai", _MODEL), Caller(stranger.user_id), _BIG)

    assert await LlmCall.filter(outcome=Outcome.RESERVED).count() == 3


async def test_repeating_a_reservation_whose_answer_was_lost_counts_once(
    callers: list[Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_one, lost = db.fetch_one, [True]

    async def losing(sql: str, *arguments: Any) -> Any:
        row = await fetch_one(sql, *arguments)
        if lost:
            lost.clear()
            raise db.DatabaseUnavailable
        return row

    monkeypatch.setattr(db, "fetch_one", losing)
    await Ledger(Ceilings(generation=_worst())).reserve(Reservation("openai", _MODEL), callers[0], _BIG)

    assert await LlmCall.all().count() == 1


async def test_a_reached_ceiling_is_told_to_people_and_a_link_without_a_price_still_helps(
    callers: list[Caller],
) -> None:
    ceiling: dict[str, Any] = {"llm_generation_dollars": _worst() / 2}
    async with two_links(chain=_CHAIN, **ceiling) as scene:
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(_BIG, callers[0])
        assert scene.first.calls == []
    async with two_links(chain=f"openai:{_MODEL},local:free,builtin", **ceiling) as scene:
        assert (await scene.router.complete(_BIG, callers[0])).model == "free"

    assert "the spending limit for one generation is reached" in str(caught.value.reasons)


async def test_no_call_is_begun_once_a_budget_of_tokens_is_used_up() -> None:
    caller = Caller(budget=Budget(75))
    script = Script(default=Behaviour(text="word " * 40))
    async with two_links(script, chain="openai:first,builtin") as scene:
        await scene.router.complete(REQUEST, caller)
        await scene.router.complete(REQUEST, caller)
        with pytest.raises(LlmUnavailable) as caught:
            await scene.router.complete(REQUEST, caller)

        assert len(scene.first.calls) == 2
    assert "the tokens for this stage are used up" in str(caught.value.reasons)


def test_what_models_think_is_not_taken_from_a_budget() -> None:
    budget = Budget(100)
    budget.spend(Usage(output=500, reasoning=420))

    assert budget.left == 20
