"""Keyset paging: a cursor names a place in the order, so that nothing is skipped or repeated while rows come and go.

A page is read with one row more than asked for, which tells whether there is a next one without counting.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from jobwise.errors import ErrorCode, JobWiseError

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class BadCursor(JobWiseError):
    """This is not a cursor of this list: leave it out to begin with the first page."""

    code = ErrorCode.BAD_REQUEST


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows with the cursor of each, whether there are more, and a way to count those on all pages."""

    rows: Sequence[T]
    cursors: Sequence[str]
    more: bool
    count: Callable[[], Awaitable[int]]


def encode(*values: object) -> str:
    """The cursor of a row, from the values that it is ordered by."""
    return base64.urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[object, ...]:
    """The values of a cursor, each of the kind that is expected (str, float, int, datetime, UUID). Raises BadCursor."""
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return tuple(_read(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (binascii.Error, ValueError, TypeError, OverflowError):
        raise BadCursor from None


def _read(kind: type, value: object) -> object:
    if kind is datetime:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind is float and isinstance(value, int):
        return float(value)
    if kind is UUID:
        return UUID(str(value))
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind)
    return value


async def newest_first(rows: QuerySet[M], first: int, after: str | None) -> Page[M]:
    """A page of a table with `created_at` and `id`, in the order of the indexes on them. Raises BadCursor."""
    wanted = rows
    if after is not None:
        at, last_id = decode(after, datetime, UUID)
        wanted = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=last_id))
    found = await wanted.order_by("-created_at", "-id").limit(first + 1)
    cursors = [encode(getattr(row, "created_at").isoformat(), row.pk) for row in found[:first]]  # noqa: B009
    return Page(found[:first], cursors, len(found) > first, rows.count)
