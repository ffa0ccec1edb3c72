from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from jobwise.infra import paging
from jobwise.infra.paging import BadCursor

NOBODY = UUID(int=0)


def test_a_cursor_gives_back_the_place_that_it_was_made_for() -> None:
    place = (0.5, datetime(2026, 3, 1, 12, tzinfo=UTC), NOBODY, "terms", 7)

    assert paging.decode(paging.encode(*place), float, datetime, UUID, str, int) == place


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", 7, None])
def test_a_cursor_with_a_time_that_no_calendar_has_is_none_of_ours(value: Any) -> None:
    with pytest.raises(BadCursor):
        paging.decode(paging.encode(value), datetime)
