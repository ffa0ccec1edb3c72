"""Generations whose documents a model writes: what they cost, and what survives when something breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.documents.models import Document, DocumentVersion
from jobwise.documents.renderer import Renderer
from jobwise.generation import pipeline, queries, service
from jobwise.generation.leases import Leases
from jobwise.generation.models import Checkpoint, Event, EventType, Generation, Status
from jobwise.generation.pipeline import Tools
from jobwise.generation.queries import LeaseLost
from jobwise.generation.types import Stage, Writer
from jobwise.infra import db, redis_client
from jobwise.infra import events as wake_ups
from jobwise.infra.storage import Storage
from jobwise.llm import router as routing
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.router import opened
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

_SLOW = Script(default=Behaviour(stream_seconds=120), rules=[Behaviour(schema_name="posting_requirements")])
#: For the tests' person: the posting, three parts of the résumé, the letter.
_CALLS = 5


@dataclass(frozen=True)
class Bench:
    """A worker's tools, the provider that its router asks, and somebody who orders."""

    tools: Tools
    provider: Provider
    viewer: Viewer

    async def work(self) -> None:
        """Claim the next generation and work on it until it ends."""
        claim = await queries.claim("a worker", self.tools.leases.length, 10)
        assert claim is not None
        await pipeline.run(claim, self.tools)

    def waits_for_no_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A model that has not begun to answer at once is given up."""
        assert self.tools.router is not None
        for target in self.tools.router._targets.values():
            monkeypatch.setattr(target.model, "_limits", TimeLimits(0.3, 60.0, 60.0))


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_PATIENCE", 0.2)


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(1) as pool:
        yield pool


@pytest.fixture
async def bench(database: str, redis_url: str, renderer: Renderer, tmp_path: Path) -> AsyncIterator[Bench]:
    redis_client.connect(redis_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis_client.close)
        await stack.enter_async_context(wake_ups.listening())
        leases = Leases(timedelta(seconds=30))
        await stack.enter_async_context(leases.kept())
        provider = await stack.enter_async_context(running())
        settings = Settings(
            llm_chain="openai:writer,builtin",
            llm_chain_speed="openai:fast,builtin",
            openai_base_url=provider.url,
            openai_api_key="any",
        )
        router = await stack.enter_async_context(opened(settings))
        tools = Tools("a worker", renderer, Storage(tmp_path), leases, most_seconds=900, router=router)
        yield Bench(tools, provider, await a_viewer())


async def _row(generation_id: UUID) -> Generation:
    return await Generation.get(id=generation_id)


async def test_what_is_left_is_estimated_by_generations_that_models_had_a_part_in(bench: Bench) -> None:
    await an_order(bench.viewer)
    await bench.work()
    generation_id = await an_order(bench.viewer)

    await replace(bench, tools=replace(bench.tools, usual=pipeline.UsualTimes())).work()

    first, *_ = await Event.filter(generation_id=generation_id, type="STAGE_STARTED").order_by("seq")
    assert first.eta_seconds is not None
    assert first.eta_seconds > 0


async def test_a_generation_says_who_wrote_it_and_its_ledger_equals_the_bill(bench: Bench) -> None:
    generation_id = await an_order(bench.viewer)

    await bench.work()

    row = await _row(generation_id)
    assert row.status is Status.COMPLETED
    assert [author["model"] for author in row.result["authors"]] == ["writer", "writer"]
    calls = {str(call.id): call for call in await LlmCall.filter(generation_id=generation_id)}
    billed = {call.client_request_id: call for call in bench.provider.calls}
    assert {id_: (call.input_tokens, call.output_tokens) for id_, call in calls.items()} == {
        id_: (call.input_tokens, call.output_tokens) for id_, call in billed.items()
    }
    assert {call.user_id for call in calls.values()} == {bench.viewer.user_id}
    for stage, count in (("ANALYZE", 1), ("WRITE", 4), ("VERIFY", 0)):
        of_stage = [call for call in calls.values() if call.stage == stage]
        checkpoint = await Checkpoint.get(generation_id=generation_id, stage=stage)
        assert len(of_stage) == count
        assert checkpoint.input_tokens == sum(call.input_tokens for call in of_stage)
        assert checkpoint.output_tokens == sum(call.output_tokens for call in of_stage)
    assert row.result["warnings"] == []
    versions = await DocumentVersion.all()
    assert any("a model" in change["reason"] for version in versions for change in version.changes)
    assert not any(version.refused for version in versions)


async def _lost_at(bench: Bench, monkeypatch: pytest.MonkeyPatch, statement: str, *, stage: str = "") -> None:
    """Work until this statement is to be written (of that stage), which a lost lease prevents; then the lease ends."""
    write = getattr(queries, statement)

    async def lost(claim: object, *values: object, **others: object) -> None:
        if not stage or stage in values:
            raise LeaseLost
        await write(claim, *values, **others)

    with monkeypatch.context() as patch:
        patch.setattr(queries, statement, lost)
        if statement != "finish":
            patch.setattr(queries, "finish", lambda *_, **__: _raise(LeaseLost()))
        await bench.work()
    await db.fetch_all("update generations set lease_until = now() - interval '1 second'")


async def _raise(error: Exception) -> None:
    raise error


async def test_a_resumed_generation_does_not_ask_the_model_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    generation_id = await an_order(bench.viewer)

    await _lost_at(bench, monkeypatch, "finish")
    await bench.work()

    assert (await _row(generation_id)).status is Status.COMPLETED
    assert len(bench.provider.calls) == _CALLS


async def test_a_second_generation_for_the_same_posting_spends_no_tokens_on_reading_it(bench: Bench) -> None:
    for _ in range(2):
        await an_order(bench.viewer)
        await bench.work()

    assert [call.schema_name for call in bench.provider.calls].count("posting_requirements") == 1
    first, second = await Checkpoint.filter(stage="ANALYZE").order_by("created_at")
    assert first.output == second.output
    assert (first.output_tokens > 0, second.output_tokens) == (True, 0)


async def test_who_wants_the_built_in_writer_has_nothing_sent_to_any_provider(bench: Bench) -> None:
    generation_id = await an_order(bench.viewer, writer=Writer.BUILTIN)

    await bench.work()

    row = await _row(generation_id)
    assert [author["provider"] for author in row.result["authors"]] == ["builtin", "builtin"]
    assert row.result["warnings"] == []
    assert bench.provider.calls == []


async def test_who_asks_for_speed_is_served_by_the_fast_chain(bench: Bench) -> None:
    generation_id = await an_order(bench.viewer, writer=Writer.SPEED)

    await bench.work()

    assert [author["model"] for author in (await _row(generation_id)).result["authors"]] == ["fast", "fast"]
    assert {call.model for call in bench.provider.calls} == {"fast"}


async def test_models_that_an_order_names_are_asked_first(bench: Bench) -> None:
    await an_order(bench.viewer, models=("openai:fast",))

    await bench.work()

    assert {call.model for call in bench.provider.calls} == {"fast"}


_INVENTED = {
    "paragraphs": [
        {"text": "I am applying for the position of Backend Engineer at Harbour Bank.", "evidence": []},
        {"text": "At Northpay, I led 90 engineers and raised revenue by 70%.", "evidence": ["f4", "f5"]},
        {"text": "At Northpay, I mentored three junior engineers and wrote the onboarding guide.", "evidence": ["f4"]},
    ]
}


async def test_what_the_gate_refuses_is_asked_for_once_more_and_never_again_by_who_resumes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    invented = Behaviour(schema_name="letter_paragraphs", text=json.dumps(_INVENTED))
    bench.provider.follow(Script(rules=[invented]))
    generation_id = await an_order(bench.viewer)

    await _lost_at(bench, monkeypatch, "save_checkpoint", stage=Stage.VERIFY.value)
    await bench.work()

    assert (await _row(generation_id)).status is Status.COMPLETED
    (repair,) = await LlmCall.filter(purpose="repair")
    assert (repair.stage, repair.outcome) == ("VERIFY", Outcome.COMPLETED)
    assert len(bench.provider.calls) == _CALLS + 1
    letter = await Document.get(generation_id=generation_id, kind="COVER_LETTER")
    version = await DocumentVersion.get(document=letter)
    texts = [paragraph["text"] for paragraph in version.content["paragraphs"]]
    assert len(texts) == 3
    assert "90" not in " ".join(texts)
    assert [change["value"] for change in version.refused] == [_INVENTED["paragraphs"][1]["text"]]


_HOSTILE = {
    "paragraphs": [
        {"text": "I am applying\x00 for the position of **Backend Engineer** at Harbour Bank.", "evidence": []},
        {"text": "\u202eAt Northpay, I mentored three junior\ufffe engineers\x08.", "evidence": ["f4"]},
    ]
}


async def test_what_no_database_and_no_page_takes_is_dropped_from_an_answer(bench: Bench) -> None:
    bench.provider.follow(Script(rules=[Behaviour(schema_name="letter_paragraphs", text=json.dumps(_HOSTILE))]))
    generation_id = await an_order(bench.viewer)

    await bench.work()

    assert (await _row(generation_id)).status is Status.COMPLETED
    letter = await Document.get(generation_id=generation_id, kind="COVER_LETTER")
    version = await DocumentVersion.get(document=letter)
    assert [paragraph["text"] for paragraph in version.content["paragraphs"]] == [
        "I am applying for the position of Backend Engineer at Harbour Bank.",
        "At Northpay, I mentored three junior engineers.",
    ]
    assert len(bench.provider.calls) == _CALLS


async def test_a_cancelled_generation_breaks_its_calls_off_and_settles_them(bench: Bench) -> None:
    bench.provider.follow(_SLOW)
    generation_id = await an_order(bench.viewer)
    work = asyncio.create_task(bench.work())
    await bench.provider.streaming(calls=_CALLS)

    # Long before their answers would have come to an end.
    async with asyncio.timeout(30):
        await service.cancel(bench.viewer, generation_id)
        await work
        await bench.provider.idle()

    assert (await _row(generation_id)).status is Status.CANCELLED
    calls = await LlmCall.filter(stage="WRITE")
    assert [(call.outcome, call.estimated) for call in calls] == [(Outcome.CANCELLED, True)] * 4
    assert [call.outcome for call in bench.provider.calls] == ["finished", *["aborted"] * 4]


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(fault="hang"),
        Behaviour(fault="cut", after_tokens=40),
        Behaviour(fault="status", status=529),
        Behaviour(fault="refusal"),
        Behaviour(fault="length"),
        Behaviour(text="no JSON"),
    ],
    ids=lambda behaviour: str(behaviour.fault),
)
async def test_the_built_in_writer_finishes_what_no_model_can(
    bench: Bench, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.provider.follow(Script(default=behaviour))
    if behaviour.fault == "hang":
        bench.waits_for_no_model(monkeypatch)
    generation_id = await an_order(bench.viewer)

    await bench.work()

    row = await _row(generation_id)
    assert row.status is Status.COMPLETED
    assert [author["provider"] for author in row.result["authors"]] == ["builtin", "builtin"]
    told = " ".join(row.result["warnings"])
    assert told.count("the built-in writer wrote the résumé and the cover letter") == 1
    assert told.count("the built-in rules alone read the posting") == 1
    assert await Document.filter(generation_id=generation_id).count() == 2
    calls = await LlmCall.all().count()
    # Whoever hangs may not even have heard what was called off.
    assert len(bench.provider.calls) == calls or (behaviour.fault == "hang" and len(bench.provider.calls) < calls)
    assert not await LlmCall.exists(outcome=Outcome.RESERVED)


async def test_one_reason_for_all_stages_is_told_once_with_all_that_it_holds_for(bench: Bench) -> None:
    bench.provider.follow(Script(default=Behaviour(fault="status", status=401, code="invalid_api_key")))
    generation_id = await an_order(bench.viewer)

    await bench.work()

    why = "No model could help (openai:writer: its key is not accepted)"
    read, wrote = "the built-in rules alone read the posting", "the built-in writer wrote"
    both = f"{wrote} the résumé and the cover letter"
    assert (await _row(generation_id)).result["warnings"] == [f"{why}: {read}, {both}."]
    assert await _messages(generation_id) == {
        "ANALYZE": f"Read the posting. {why}: {read}.",
        "MATCH": "Compared it with your profile",
        "WRITE": f"Wrote the documents. {why}: {both}.",
        "VERIFY": "Checked every statement",
        "EXPORT": "Made the files and read them back",
    }


async def _messages(generation_id: UUID) -> dict[str | None, str]:
    """What followers were told at the end of each stage."""
    rows = await Event.filter(generation_id=generation_id, type=EventType.STAGE_COMPLETED)
    return {row.stage: row.message for row in rows}


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (
            Behaviour(fault="refusal"),
            "No model could help (openai:writer: it declined to answer): the built-in rules alone read the posting.",
        ),
        (
            Behaviour(text="no JSON"),
            "No model gave words that could be used: the built-in rules alone read the posting.",
        ),
    ],
    ids=["no answer", "an answer of no use"],
)
async def test_a_posting_that_no_model_has_read_is_told_also_by_who_resumes_but_not_once_one_has(
    behaviour: Behaviour, told: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = behaviour.model_copy(update={"schema_name": "posting_requirements"})
    bench.provider.follow(Script(rules=[reading]))
    generation_id = await an_order(bench.viewer)
    await _lost_at(bench, monkeypatch, "finish")
    bench.provider.follow(Script())
    await bench.work()

    assert (await _row(generation_id)).result["warnings"] == [told]
    assert (await _messages(generation_id))["ANALYZE"] == f"Read the posting. {told}"
    for _ in ("read by a model", "kept from that"):
        again = await an_order(bench.viewer)
        await bench.work()
        assert (await _row(again)).result["warnings"] == []


async def test_a_part_of_a_document_that_no_model_has_given_is_told(bench: Bench) -> None:
    bench.provider.follow(Script(next=[Behaviour(fault="refusal", schema_name="resume_changes")]))
    generation_id = await an_order(bench.viewer)

    await bench.work()

    row = await _row(generation_id)
    assert [author["model"] for author in row.result["authors"]] == ["writer", "writer"]
    assert row.result["warnings"] == [
        "No model could help (openai:writer: it declined to answer): the built-in writer wrote a part of the résumé."
    ]


@pytest.mark.parametrize("statement", ["finish", "save_checkpoint"])
async def test_a_repair_that_no_model_gives_is_told_also_by_who_resumes(
    statement: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [
        Behaviour(schema_name="letter_paragraphs", text=json.dumps(_INVENTED)),
        Behaviour(schema_name="letter_repairs", fault="refusal"),
    ]
    bench.provider.follow(Script(rules=rules))
    generation_id = await an_order(bench.viewer)

    await _lost_at(bench, monkeypatch, statement, stage=Stage.VERIFY.value if statement == "save_checkpoint" else "")
    await bench.work()

    told = (
        "No model could help (openai:writer: it declined to answer): "
        "the built-in rules put right what was refused of the cover letter."
    )
    assert (await _row(generation_id)).result["warnings"] == [told]
    assert (await _messages(generation_id))["VERIFY"] == f"Checked every statement. {told}"
    assert await LlmCall.filter(purpose="repair").count() == 1


async def test_a_worker_that_is_stopped_breaks_its_calls_off_and_hands_the_generation_back(bench: Bench) -> None:
    bench.provider.follow(_SLOW)
    generation_id = await an_order(bench.viewer)
    work = asyncio.create_task(bench.work())
    await bench.provider.streaming(calls=_CALLS)

    work.cancel()
    await asyncio.wait([work])

    assert work.cancelled()
    assert (await _row(generation_id)).status is Status.QUEUED
    assert await LlmCall.filter(outcome=Outcome.CANCELLED).count() == 4
