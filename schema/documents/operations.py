"""Reading and deleting documents in the API."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from jobwise.documents import queries, service
from jobwise.documents.content import DocumentKind
from jobwise.documents.formats import FORMATS
from schema import ids
from schema.context import Info
from schema.deletion import WHICH, DeleteInput, DeleteResult, DeleteSuccess
from schema.documents.types import Document, ExportFormat
from schema.inputs import given
from schema.pagination import DEFAULT_FIRST, After, Connection, First, check_first, connection


@strawberry.input(description="Which documents. Everything that is given must hold.")
class DocumentFilter:
    """Filter of `documents`."""

    kind: DocumentKind | None = strawberry.field(default=UNSET, description="Of this kind.")
    generation_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Made by this generation.")

    def to_filter(self) -> queries.DocumentFilter:
        """The product's filter."""
        values = given(self)
        if values.get("generation_id"):
            values["generation_id"] = ids.decode(values["generation_id"], "Generation")
        return queries.DocumentFilter(**values)


async def document_of(info: Info, document_id: str) -> Document:
    """One of the viewer's documents by its global id. Raises NotFound."""
    return Document.of(await queries.get(info.context.viewer, ids.decode(document_id, "Document")))


@strawberry.type
class DocumentQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="One of your documents.")
    async def document(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Document | None:
        """NOT_FOUND for somebody else's."""
        return await document_of(info, id)

    @strawberry.field(description="Your documents, the newest first.")
    async def documents(
        self,
        info: Info,
        filter: Annotated[DocumentFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Connection[Document]:
        """Of all generations."""
        wanted = filter.to_filter() if filter else queries.DocumentFilter()
        page = await queries.page(info.context.viewer, wanted, first=check_first(first), after=after)
        return connection(page, after, Document.of)

    @strawberry.field(description="The formats that documents can be exported in.")
    def export_formats(self) -> list[ExportFormat]:
        """The same for everybody, signed in or not."""
        return [ExportFormat.of(known) for known in FORMATS.values()]


@strawberry.type
class DocumentMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(description="Delete a document with its versions.")
    async def delete_document(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeleteResult:
        """For good."""
        await service.delete(info.context.viewer, ids.decode(input.id, "Document"))
        return DeleteSuccess(deleted_id=input.id)
