"""Relay connections over keyset cursors: stable while rows come and go, and the same speed on every page."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra.paging import Page

MAX_FIRST = 100
DEFAULT_FIRST = 20

T = TypeVar("T")


class BadPage(JobWiseError):
    """`first` must be between 1 and 100."""

    code = ErrorCode.BAD_REQUEST


def check_first(first: int) -> int:
    """A page size that is allowed. Raises BadPage."""
    if not 1 <= first <= MAX_FIRST:
        raise BadPage(f"`first` is {first}; it must be between 1 and {MAX_FIRST}.")
    return first


First = Annotated[int, strawberry.argument(description="How many items, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the item behind which to begin.")]


@strawberry.type(description="Where a page ends.")
class PageInfo:
    """Relay's page information; paging is forward only."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether this page was asked for with a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item, or null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item: pass it as `after` for the next page."
    )


@strawberry.type(description="An item and its place in the list.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Opaque; pass it as `after` to go on behind this item.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection, with the items also without their edges."""

    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many items there are on all pages. Counts them, and so has a price of its own.")
    async def total_count(self) -> int:
        """Only counted when it is asked for."""
        return await self.count()


R = TypeVar("R")


def connection(page: Page[R], after: str | None, make: Callable[[R], T]) -> Connection[T]:
    """A page of rows as a connection of what is made from each."""
    nodes = [make(row) for row in page.rows]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.more,
            has_previous_page=after is not None,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=page.count,
    )
