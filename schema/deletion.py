"""What all deletions have in common."""

from typing import Annotated

import strawberry

from schema.errors import Conflict, NotFound


@strawberry.input(description="What to delete.")
class DeleteInput:
    """Input of all mutations that delete."""

    id: strawberry.ID = strawberry.field(description="Id of the thing to delete.")


@strawberry.type(description="It is deleted.")
class DeleteSuccess:
    """Result of everything that deletes."""

    deleted_id: strawberry.ID = strawberry.field(description="Id of what is gone; remove it from caches.")


DeleteResult = Annotated[
    DeleteSuccess | NotFound | Conflict, strawberry.union("DeleteResult", description="What deletions answer.")
]

WHICH = strawberry.argument(description="Which one.")
