"""GraphQL enums made from the product's own, with a description for every value."""

from enum import Enum
from typing import TypeVar

import strawberry

_E = TypeVar("_E", bound=type[Enum])


def describe(enum: _E, name: str, description: str, **values: str) -> _E:
    """Publish an enum under a GraphQL name.

    `values` has a sentence for every member; a missing one is an error at start.
    """
    published = strawberry.enum(enum, name=name, description=description)
    missing = set(enum.__members__) ^ set(values)
    if missing:
        raise ValueError(f"enum {name}: these values need a description, or are unknown: {sorted(missing)}")
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return enum
