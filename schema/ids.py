"""Ids of the API: opaque, and each knows the type that it belongs to."""

import base64
import binascii
from uuid import UUID

import strawberry

from jobwise.errors import ErrorCode, JobWiseError, NotFound


class BadId(JobWiseError):
    """This is not an id that this API gave out."""

    code = ErrorCode.BAD_REQUEST


@strawberry.interface(description="Anything with an id of its own, so that clients can refetch and cache it.")
class Node:
    """The Relay interface. Types that implement it are listed in `schema.nodes`."""

    id: strawberry.ID = strawberry.field(description="Opaque, stable and unique over all types.")


def encode(type_name: str, key: UUID) -> strawberry.ID:
    """The id that clients see."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("="))


def parse(value: str) -> tuple[str, UUID]:
    """The type name and key of an id. Raises BadId."""
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
        type_name, _, key = text.partition(":")
        return type_name, UUID(key)
    except (binascii.Error, ValueError):
        raise BadId(f"{_short(value)!r} is not an id that this API gave out.") from None


def decode(value: str, type_name: str) -> UUID:
    """The key of an id of this type. Raises BadId, or NotFound for the id of something else."""
    actual, key = parse(value)
    if actual != type_name:
        raise NotFound(f"This id is of the type {_short(actual)}; one of the type {type_name} is needed here.")
    return key


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:40]}…"
