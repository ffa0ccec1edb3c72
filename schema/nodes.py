"""Refetching anything by its id."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from jobwise.errors import NotFound
from schema import ids
from schema.context import Info
from schema.documents.operations import document_of
from schema.generation.operations import generation_of
from schema.jobs.queries import job_of
from schema.profiles.queries import profile_of

_READERS: dict[str, Callable[[Info, str], Awaitable[ids.Node]]] = {
    "Profile": profile_of,
    "Job": job_of,
    "Generation": generation_of,
    "Document": document_of,
}


@strawberry.type
class NodeQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="A profile, job, generation or document by its id.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]
    ) -> ids.Node | None:
        """NOT_FOUND for somebody else's. Other things with an id are read through what they belong to."""
        type_name, _ = ids.parse(id)
        if (reader := _READERS.get(type_name)) is None:
            raise NotFound("There is nothing with this id that can be fetched by itself.")
        return await reader(info, id)
