import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from jobwise.accounts.service import Viewer
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.generation import housekeeping, queries
from jobwise.generation.models import Generation, IdempotencyKey, Status
from jobwise.infra import db
from jobwise.infra.storage import FileMissing, Storage
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order

TWO_DAYS = 2 * 86_400


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


async def old_file(storage: Storage, folder: Path, data: bytes) -> str:
    key = await storage.put(data)
    then = time.time() - TWO_DAYS
    os.utime(folder / key[:2] / key, (then, then))
    return key


async def exported(viewer: Viewer, key: str) -> None:
    document = await Document.create(
        id=uuid4(), user_id=viewer.user_id, kind=DocumentKind.RESUME, title="", template="ats", paper="A4"
    )
    version = await DocumentVersion.create(document=document, number=1, reason="Generated", content={})
    await Export.create(
        document_version=version, format="pdf", filename="a.pdf", media_type="-", size=1, sha256=key, storage_key=key
    )


async def checkpointed(viewer: Viewer, key: str, status: Status) -> None:
    end: dict[str, Any] = {} if status is Status.QUEUED else {"finished_at": datetime.now(UTC)}
    why: dict[str, Any] = {"error_code": "INTERNAL", "error_message": "-"} if status is Status.FAILED else {}
    generation = await Generation.create(id=uuid4(), user_id=viewer.user_id, inputs={}, status=status, **end, **why)
    output = {"documents": [{"files": [{"key": key}]}]}
    await db.fetch_all(
        "insert into generation_checkpoints (id, generation_id, stage, input_hash, output, seconds, created_at)"
        " values ($1, $2, 'EXPORT', '-', $3::jsonb, 0, now())",
        uuid4(),
        generation.id,
        orjson.dumps(output).decode(),
    )


async def test_files_of_documents_and_of_generations_that_may_go_on_are_kept(
    database: str, storage: Storage, tmp_path: Path
) -> None:
    viewer = await a_viewer()
    delivered, waiting, failed, abandoned, orphan = [
        await old_file(storage, tmp_path, name) for name in (b"delivered", b"waiting", b"failed", b"abandoned", b"-")
    ]
    await exported(viewer, delivered)
    await checkpointed(viewer, waiting, Status.QUEUED)
    await checkpointed(viewer, failed, Status.FAILED)
    # Its documents were deleted since: nobody can come back to these files.
    await checkpointed(viewer, abandoned, Status.COMPLETED)

    assert await housekeeping.collect_files(storage) == 2

    assert [await storage.get(key) for key in (delivered, waiting, failed)] == [b"delivered", b"waiting", b"failed"]
    for key in (abandoned, orphan):
        with pytest.raises(FileMissing):
            await storage.get(key)


async def test_idempotency_keys_are_forgotten_after_a_month(database: str) -> None:
    viewer = await a_viewer()
    for key, age in (("old", "31 days"), ("young", "29 days")):
        await IdempotencyKey.create(
            id=uuid4(), user_id=viewer.user_id, key=key, request_hash="-", generation_id=uuid4()
        )
        await db.fetch_all(
            "update idempotency_keys set created_at = now() - $2::text::interval where key = $1", key, age
        )

    assert await housekeeping.forget_idempotency_keys() == 1
    assert [kept.key for kept in await IdempotencyKey.all()] == ["young"]


async def test_orders_are_forgotten_once_they_no_longer_count(database: str) -> None:
    viewer = await a_viewer()
    for age in ("3 hours", "59 minutes"):
        await an_order(viewer)
        await db.fetch_all(
            """
            update generation_orders set created_at = created_at - $1::text::interval
             where created_at > now() - interval '1 minute'
            """,
            age,
        )

    assert await housekeeping.forget_orders() == 1
    assert await queries.ordered_within(viewer.user_id, timedelta(hours=1)) == 1


async def test_one_process_at_a_time_keeps_house(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> int:
        raise AssertionError("another process is at it already")

    monkeypatch.setattr(housekeeping, "collect_files", never)
    async with db.only_here(housekeeping._LOCK) as alone:
        assert alone
        await housekeeping.run()

    with pytest.raises(AssertionError):
        await housekeeping.run()
