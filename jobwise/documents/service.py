"""Use cases of documents."""

from uuid import UUID

from jobwise.accounts.service import Viewer
from jobwise.documents.queries import visible_to
from jobwise.errors import NotFound


async def delete(viewer: Viewer, document_id: UUID) -> None:
    """Delete a document with its versions and what is known of its files. Raises NotFound.

    The files themselves stay in the storage: equal files of other documents are the same file.
    """
    if not await visible_to(viewer).filter(id=document_id).delete():
        raise NotFound
