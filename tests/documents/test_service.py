from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from jobwise.accounts.service import Viewer
from jobwise.documents import queries, service
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.documents.queries import DocumentFilter
from jobwise.errors import NotFound
from jobwise.infra.paging import BadCursor
from tests.accounts.people import a_viewer

pytestmark = pytest.mark.usefixtures("database")


async def a_document(viewer: Viewer, title: str = "Résumé", **values: Any) -> Document:
    """With a version and a file."""
    given = {"kind": DocumentKind.RESUME, "template": "ats", "paper": "A4", **values}
    document = await Document.create(user_id=viewer.user_id, title=title, **given)
    version = await DocumentVersion.create(document_id=document.id, number=1, reason="Generated", content={})
    await Export.create(
        document_version_id=version.id, format="pdf", filename="a.pdf", media_type="application/pdf", size=1,
        sha256="0" * 64, storage_key="0" * 64,
    )  # fmt: skip
    return document


async def test_a_document_goes_with_its_versions_and_files_and_nothing_else() -> None:
    viewer = await a_viewer()
    document, other = await a_document(viewer), await a_document(viewer)

    await service.delete(viewer, document.id)

    assert [row.id for row in await Document.all()] == [other.id]
    assert [row.document_id for row in await DocumentVersion.all()] == [other.id]
    assert await Export.all().count() == 1


async def test_another_persons_document_does_not_exist() -> None:
    owner, other = await a_viewer(), await a_viewer()
    document = await a_document(owner)

    for document_id in (document.id, uuid4()):
        with pytest.raises(NotFound):
            await queries.get(other, document_id)
        with pytest.raises(NotFound):
            await service.delete(other, document_id)

    assert (await queries.get(owner, document.id)).title == "Résumé"
    assert (await queries.page(other, DocumentFilter(), first=5, after=None)).rows == []


async def test_documents_are_filtered() -> None:
    viewer, generation_id = await a_viewer(), uuid4()
    await a_document(viewer, "Résumé", generation_id=generation_id)
    await a_document(viewer, "Letter", generation_id=generation_id, kind=DocumentKind.COVER_LETTER)
    await a_document(viewer, "Other")

    async def titles(**wanted: Any) -> list[str]:
        page = await queries.page(viewer, DocumentFilter(**wanted), first=5, after=None)
        assert await page.count() == len(page.rows)
        return [row.title for row in page.rows]

    assert await titles() == ["Other", "Letter", "Résumé"]
    assert await titles(kind=DocumentKind.RESUME) == ["Other", "Résumé"]
    assert await titles(generation_id=generation_id, kind=DocumentKind.COVER_LETTER) == ["Letter"]
    assert await titles(generation_id=uuid4()) == []


async def test_documents_of_the_same_moment_are_paged_without_gaps() -> None:
    viewer = await a_viewer()
    for n in range(5):
        await a_document(viewer, f"{n}")
    await Document.all().update(created_at=datetime(2026, 11, 21, tzinfo=UTC))

    seen: list[str] = []
    after = None
    while True:
        page = await queries.page(viewer, DocumentFilter(), first=2, after=after)
        seen += [row.title for row in page.rows]
        if not page.more:
            break
        after = page.cursors[-1]

    assert sorted(seen) == ["0", "1", "2", "3", "4"]


async def test_a_cursor_of_something_else_is_refused() -> None:
    with pytest.raises(BadCursor):
        await queries.page(await a_viewer(), DocumentFilter(), first=5, after="x")
