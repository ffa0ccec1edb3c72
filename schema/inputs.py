"""From GraphQL inputs to the plain values that services take: what a client left out stays left out."""

from dataclasses import fields, is_dataclass
from typing import Any

import strawberry


def given(value: Any, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an input object that the client gave, nested ones too. Null is given: it empties a field."""
    return {
        field.name: _plain(getattr(value, field.name))
        for field in fields(value)
        if field.name not in without and getattr(value, field.name) is not strawberry.UNSET
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_plain, value))
    if is_dataclass(value) and not isinstance(value, type):
        return given(value)
    return value
