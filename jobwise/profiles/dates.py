"""Dates as people write them on a résumé: a year, a month, or a day."""

import re
from datetime import date
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_ISO = re.compile(r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")


class PartialDate(str):
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`. A string, so that it sorts, hashes and serialises as it reads.

    Raises ValueError for anything else, such as month 13 or 30 February.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        """Read what a person wrote; a month or day of one digit gets its zero."""
        match = _ISO.match(value.strip())
        if not match:
            raise ValueError(f"{value!r} is not a date: write YYYY, YYYY-MM or YYYY-MM-DD")
        parts = [int(part) for part in match.groups() if part]
        if not _in_calendar(parts):
            raise ValueError(f"{value!r} is not a date in the calendar between 1900 and 2100")
        return super().__new__(cls, "-".join(f"{part:02d}" for part in parts))

    @property
    def year(self) -> int:
        """The year."""
        return int(self[:4])

    @property
    def month(self) -> int | None:
        """1 to 12, or None where only the year is known."""
        return int(self[5:7]) if len(self) >= 7 else None

    @property
    def months(self) -> int:
        """Months since year 0, for durations; a bare year counts from its January."""
        return self.year * 12 + (self.month or 1) - 1

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": _ISO.pattern}


def _in_calendar(parts: list[int]) -> bool:
    year, month, day = (*parts, 1, 1)[:3]
    try:
        return 1900 <= date(year, month, day).year <= 2100
    except ValueError:
        return False
