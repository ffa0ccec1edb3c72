"""Reads of documents. Everything that a person can reach goes through `visible_to`."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.queryset import QuerySet

from jobwise.accounts.service import Viewer
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document
from jobwise.errors import NotFound
from jobwise.infra import paging
from jobwise.infra.paging import Page


@dataclass(frozen=True)
class DocumentFilter:
    """Which documents; everything that is given must hold."""

    kind: DocumentKind | None = None
    generation_id: UUID | None = None


def visible_to(viewer: Viewer) -> QuerySet[Document]:
    """The viewer's own documents: what is not among them does not exist for the viewer."""
    return Document.filter(user_id=viewer.user_id)


async def get(viewer: Viewer, document_id: UUID) -> Document:
    """One document. Raises NotFound."""
    found = await visible_to(viewer).get_or_none(id=document_id)
    if found is None:
        raise NotFound
    return found


async def page(viewer: Viewer, wanted: DocumentFilter, *, first: int, after: str | None) -> Page[Document]:
    """A page of the viewer's documents, the newest first. Raises BadCursor."""
    given = {name: value for name, value in vars(wanted).items() if value is not None}
    return await paging.newest_first(visible_to(viewer).filter(**given), first, after)
