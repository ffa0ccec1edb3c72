"""Scalars of our own."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from jobwise.profiles.dates import PartialDate


def _text(value: Any) -> str:
    # Whether it is a date in the calendar is checked with the rest of the input, so that it is reported with its field.
    if not isinstance(value, str):
        raise GraphQLError("A date is written as a string: YYYY, YYYY-MM or YYYY-MM-DD.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    PartialDate: strawberry.scalar(
        name="PartialDate",
        description="A date as people write it on a résumé: `2024`, `2024-03` or `2024-03-15`.",
        serialize=str,
        parse_value=_text,
    )
}
