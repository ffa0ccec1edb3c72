import pytest
from pydantic import TypeAdapter, ValidationError

from jobwise.profiles.dates import PartialDate


@pytest.mark.parametrize(
    ("written", "kept"),
    [("2023", "2023"), ("2023-2", "2023-02"), (" 2023-02-05 ", "2023-02-05"), ("2024-02-29", "2024-02-29")],
)
def test_a_year_a_month_or_a_day_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert PartialDate(written) == kept


@pytest.mark.parametrize(
    "written",
    ["2023-02-30", "2023-02-29", "2023-04-31", "2023-13", "2023-00", "2023-01-00", "1899", "2101", "0000"],
)
def test_what_no_calendar_holds_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a date in the calendar"):
        PartialDate(written)


@pytest.mark.parametrize("written", ["", "May 2023", "2023/05", "2023-05-", "23", "2023-05-01T00:00"])
def test_another_spelling_is_refused_with_the_right_one(written: str) -> None:
    with pytest.raises(ValueError, match="write YYYY, YYYY-MM or YYYY-MM-DD"):
        PartialDate(written)


def test_a_year_counts_from_its_january_in_durations() -> None:
    assert PartialDate("2023").months == PartialDate("2023-01").months
    assert PartialDate("2023").month is None
    assert PartialDate("2024-03").months - PartialDate("2023-01").months == 14


def test_pydantic_reads_refuses_and_describes_a_date() -> None:
    dates = TypeAdapter(PartialDate)

    assert dates.validate_python("2020-5") == "2020-05"
    assert dates.json_schema()["type"] == "string"
    with pytest.raises(ValidationError):
        dates.validate_python("2020-02-31")
