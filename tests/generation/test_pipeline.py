import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jobwise.accounts.service import Viewer
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.documents.renderer import Renderer, RenderingFailed
from jobwise.generation import pipeline, queries
from jobwise.generation.models import Checkpoint, Event, Generation, Status
from jobwise.generation.pipeline import Tools
from jobwise.generation.types import Stage
from jobwise.infra import db, redis_client
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
    yield Tools("a worker", renderer, Storage(tmp_path), LEASE)
    await redis_client.close()


@pytest.fixture
async def viewer(database: str) -> Viewer:
    return await a_viewer()


async def _work(tools: Tools) -> None:
    claim = await queries.claim(tools.worker, tools.lease, 10)
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
        raise ConnectionResetError("the database went away just before the end")

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


async def test_an_accident_is_tried_again_three_times_and_then_told_without_details(
    tools: Tools, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await an_order(viewer)

    def explode(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(pipeline, "match", explode)
    for _ in range(3):
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
    quick = Tools(tools.worker, tools.renderer, tools.storage, timedelta(seconds=1))
    work = asyncio.create_task(_work(quick))
    await writing.wait()
    await queries.request_cancel(generation_id, viewer.user_id)
    await asyncio.wait_for(work, 10)

    assert (await Generation.get(id=generation_id)).status is Status.CANCELLED
    assert (await _types(generation_id))[-1] == "CANCELLED EXPORT"
    assert await Document.all().count() == 0


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
