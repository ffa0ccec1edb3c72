import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.documents.renderer import Renderer, RenderingFailed
from jobwise.generation import pipeline, queries, service
from jobwise.generation.leases import Leases
from jobwise.generation.models import Checkpoint, Event, Generation, Status
from jobwise.generation.pipeline import Tools
from jobwise.generation.queries import LeaseLost
from jobwise.generation.stages.match import match
from jobwise.generation.types import MatchReport, Stage
from jobwise.infra import db, redis_client
from jobwise.infra import events as wake_ups
from jobwise.infra.storage import Storage
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order
from tests.generation.people import ENGINEER

LEASE = timedelta(seconds=30)


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(1) as pool:
        yield pool


@pytest.fixture
async def tools(database: str, redis_url: str, renderer: Renderer, tmp_path: Path) -> AsyncIterator[Tools]:
    redis_client.connect(redis_url)
    leases = Leases(LEASE)
    async with wake_ups.listening(), leases.kept():
        yield Tools("a worker", renderer, Storage(tmp_path), leases, most_seconds=900)
    await redis_client.close()


@pytest.fixture
async def viewer(database: str) -> Viewer:
    return await a_viewer()


async def _work(tools: Tools) -> None:
    claim = await queries.claim(tools.worker, tools.leases.length, 10)
    assert claim is not None
    await pipeline.run(claim, tools)


async def _types(generation_id: UUID) -> list[str]:
    events = await Event.filter(generation_id=generation_id).order_by("seq")
    return [" ".join(filter(None, (event.type.value, event.stage))) for event in events]


async def test_an_order_becomes_two_documents_through_five_stages_with_rising_progress(
    tools: Tools, viewer: Viewer
) -> None:
    generation_id = await an_order(viewer)

    await _work(tools)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.progress, row.error_code) == (Status.COMPLETED, 100, None)
    stages = [name for stage in Stage for name in (f"STAGE_STARTED {stage}", f"STAGE_COMPLETED {stage}")]
    assert await _types(generation_id) == ["ACCEPTED", "STARTED", *stages, "COMPLETED EXPORT"]
    progress = [event.progress for event in await Event.filter(generation_id=generation_id).order_by("seq")]
    assert progress[1:] == sorted(set(progress[1:]))
    documents = await Document.filter(generation_id=generation_id).order_by("-kind")
    assert [document.kind for document in documents] == [DocumentKind.RESUME, DocumentKind.COVER_LETTER]
    assert {document.user_id for document in documents} == {viewer.user_id}


async def test_the_files_are_stored_under_names_that_a_person_would_choose(tools: Tools, viewer: Viewer) -> None:
    await an_order(viewer)

    await _work(tools)

    files = {file.filename: file for file in await Export.all()}
    assert set(files) == {
        f"Mara Lindqvist - {what} - Harbour Bank.{extension}"
        for what in ("Resume", "Cover letter")
        for extension in ("pdf", "txt", "json")
    }
    pdf = await tools.storage.get(files["Mara Lindqvist - Resume - Harbour Bank.pdf"].storage_key)
    assert pdf.startswith(b"%PDF-")
    text = await tools.storage.get(files["Mara Lindqvist - Resume - Harbour Bank.txt"].storage_key)
    assert all(job.employer in text.decode() for job in ENGINEER.experiences)


async def test_a_resume_has_its_ledger_its_coverage_and_its_score(tools: Tools, viewer: Viewer) -> None:
    await an_order(viewer, kinds=(DocumentKind.RESUME,))

    await _work(tools)

    version = await DocumentVersion.get()
    assert version.changes
    assert {change["document"] for change in version.changes} == {"RESUME"}
    assert version.coverage is not None
    assert "Python" in version.coverage["covered"]
    assert "Rust" in version.coverage["unsupported"]
    assert version.score is not None
    assert version.score["parse"] > 30


async def test_a_resumed_generation_skips_what_is_done_and_doubles_nothing(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    async def lost(*_: object, **__: object) -> None:
        raise LeaseLost

    with monkeypatch.context() as patch:
        patch.setattr(queries, "finish", lost)
        await _work(tools)
    before = {row.id for row in await Checkpoint.filter(generation_id=generation_id)}
    assert len(before) == len(Stage)
    await db.fetch_all("update generations set lease_until = now() - interval '1 second'")
    await _work(tools)

    assert {row.id for row in await Checkpoint.filter(generation_id=generation_id)} == before
    assert (await Generation.get(id=generation_id)).status is Status.COMPLETED
    assert await Document.all().count() == 2
    started = [name for name in await _types(generation_id) if name.startswith("STAGE_STARTED")]
    assert len(started) == len(Stage)


async def test_a_refusal_is_final_and_says_what_would_be_right(tools: Tools, viewer: Viewer) -> None:
    long = ENGINEER.model_copy(update={"experiences": ENGINEER.experiences * 30})
    generation_id = await an_order(viewer, max_pages=1)
    inputs = (await Generation.get(id=generation_id)).inputs
    await Generation.filter(id=generation_id).update(inputs={**inputs, "profile": long.model_dump(mode="json")})

    await _work(tools)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.error_code) == (Status.FAILED, "PAGE_LIMIT_TOO_SMALL")
    assert "page" in (row.error_message or "")
    assert await Document.all().count() == 0


async def test_an_accident_is_tried_again_as_often_as_a_crash_and_then_told_without_details(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    def explode(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(pipeline, "match", explode)
    for _ in range(5):
        await db.fetch_all("update generations set not_before = now()")
        await _work(tools)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.error_code) == (Status.FAILED, "INTERNAL")
    assert "secret" not in (row.error_message or "")
    assert "secret" in (row.error_detail or "")


async def test_a_rendering_that_fails_once_is_repeated_without_the_stages_before_it(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    async def die(*_: object, **__: object) -> None:
        raise RenderingFailed

    with monkeypatch.context() as patch:
        patch.setattr(tools.renderer, "render", die)
        await _work(tools)
    await db.fetch_all("update generations set not_before = now()")
    await _work(tools)

    assert (await Generation.get(id=generation_id)).status is Status.COMPLETED
    names = await _types(generation_id)
    assert names.count("STAGE_STARTED WRITE") == 1
    assert names.count("STAGE_STARTED EXPORT") == 2


async def test_what_is_cancelled_in_the_middle_stops_there(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    writing = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        writing.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    work = asyncio.create_task(_work(tools))
    await writing.wait()
    await service.cancel(viewer, generation_id)
    await asyncio.wait_for(work, 30)

    assert (await Generation.get(id=generation_id)).status is Status.CANCELLED
    assert (await _types(generation_id))[-1] == "CANCELLED EXPORT"
    assert await Document.all().count() == 0


async def test_a_worker_hears_of_a_cancellation_without_looking_for_it(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    rendering = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        rendering.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    monkeypatch.setattr("jobwise.generation.leases._LOOK_SECONDS", 60.0)
    # Whoever extends a lease would find out too, after a fifth of it.
    leases = Leases(10 * LEASE)
    async with leases.kept():
        work = asyncio.create_task(_work(replace(tools, leases=leases)))
        await rendering.wait()
        await service.cancel(viewer, generation_id)
        await asyncio.wait_for(work, 30)

    assert (await Generation.get(id=generation_id)).status is Status.CANCELLED


async def test_a_worker_that_is_stopped_hands_its_generation_back_at_once(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    rendering = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        rendering.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(tools.renderer, "render", hang)
        work = asyncio.create_task(_work(tools))
        await rendering.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    row = await Generation.get(id=generation_id)
    assert (row.status, row.attempt) == (Status.QUEUED, 0)

    await _work(tools)
    assert (await Generation.get(id=generation_id)).status is Status.COMPLETED


async def test_a_generation_goes_on_by_itself_after_a_short_absence_of_the_database(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    real, absences = queries.save_checkpoint, iter(range(2))

    async def away_at_first(*given: Any, **more: Any) -> None:
        if next(absences, None) is not None:
            raise db.DatabaseUnavailable
        await real(*given, **more)

    monkeypatch.setattr(queries, "save_checkpoint", away_at_first)
    await _work(tools)

    assert (await Generation.get(id=generation_id)).status is Status.COMPLETED
    assert (await _types(generation_id)).count("STAGE_STARTED ANALYZE") == 1


async def test_a_worker_that_cannot_reach_the_database_stops_before_its_lease_ends(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)
    leases = Leases(LEASE)
    cut_off, rendering = replace(tools, leases=leases), asyncio.Event()

    async def away(*_: object) -> set[UUID]:
        raise db.DatabaseUnavailable

    async def hang(*_: object, **__: object) -> None:
        rendering.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tools.renderer, "render", hang)
    monkeypatch.setattr(queries, "extend_leases", away)
    monkeypatch.setattr(queries, "ended_leases", away)
    async with leases.kept():
        work = asyncio.create_task(_work(cut_off))
        await rendering.wait()
        (held,) = leases._held.values()
        held.extended -= 0.9 * LEASE.total_seconds()
        await asyncio.wait_for(work, 30)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.token) == (Status.RUNNING, 1)


async def test_a_worker_about_to_stop_hands_back_before_the_next_stage_and_keeps_the_one_that_runs(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    def stop_meanwhile(*given: Any) -> MatchReport:
        tools.stopping.set()
        return match(*given)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "match", stop_meanwhile)
        await _work(tools)
    row = await Generation.get(id=generation_id)
    assert (row.status, row.attempt) == (Status.QUEUED, 0)
    assert (await _types(generation_id))[-2:] == ["STAGE_COMPLETED MATCH", "RELEASED MATCH"]

    await _work(replace(tools, stopping=asyncio.Event()))
    assert (await Generation.get(id=generation_id)).status is Status.COMPLETED
    assert (await _types(generation_id)).count("STAGE_STARTED MATCH") == 1


async def test_a_generation_that_has_had_its_time_fails_and_goes_on_from_its_checkpoints_when_retried(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    async def die(*_: object, **__: object) -> None:
        raise RenderingFailed

    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        # All that is before the files has time enough.
        patch.setattr(tools.renderer, "render", die)
        await _work(tools)
        await db.fetch_all("update generations set not_before = now()")
        patch.setattr(tools.renderer, "render", hang)
        await _work(replace(tools, most_seconds=0.3))
    row = await Generation.get(id=generation_id)
    assert (row.status, row.error_code) == (Status.FAILED, "TIMED_OUT")

    await service.retry(viewer, generation_id)
    await _work(tools)

    row = await Generation.get(id=generation_id)
    assert (row.status, row.error_code) == (Status.COMPLETED, None)
    names = await _types(generation_id)
    assert names.count("STAGE_STARTED WRITE") == 1
    assert names.count("RETRIED EXPORT") == 1
    assert await Document.filter(generation_id=generation_id).count() == 2
