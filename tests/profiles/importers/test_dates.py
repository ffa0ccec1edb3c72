import pytest

from jobwise.profiles.importers.dates import UNREADABLE, read_date, read_period


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2020", "2020"),
        (2020, "2020"),
        ("2020-3", "2020-03"),
        ("2020-03-15", "2020-03-15"),
        ("2020-03-15T00:00:00Z", "2020-03-15"),
        ("2020-03-15 12:30:00+02:00", "2020-03-15"),
        ("2020/03", "2020-03"),
        ("2020.03.15", "2020-03-15"),
        ("03/2020", "2020-03"),
        ("3.2020", "2020-03"),
        ("15.03.2020", "2020-03-15"),
        ("04.05.2020", "2020-05-04"),
        ("15/03/2020", "2020-03-15"),
        ("03/15/2020", "2020-03-15"),
        ("05/05/2020", "2020-05-05"),
        ("March 2020", "2020-03"),
        ("Mar. 2020", "2020-03"),
        ("MAR 15, 2020", "2020-03-15"),
        ("15th of March 2020", "2020-03-15"),
        ("März 2020", "2020-03"),
        ("15 mars 2020", "2020-03-15"),
        ("enero de 2020", "2020-01"),
        ("2018年4月", "2018-04"),
        ("2018年4月1日", "2018-04-01"),
        ({"year": 2020, "month": "March"}, "2020-03"),
        ({"year": "2020", "month": 3, "day": 1}, "2020-03-01"),
    ],
)
def test_what_is_certain_is_read(raw: object, value: str) -> None:
    found = read_date(raw)

    assert (found.value, found.certain, found.present) == (value, True, False)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("04/05/2020", "2020"),
        ("Spring 2020", "2020"),
        ("Q3 2020", "2020"),
        ("ca. 2020", "2020"),
        ("expected 2026", "2026"),
        ("2020-02-30", "2020-02"),
    ],
)
def test_of_what_is_half_certain_that_half_is_read(raw: str, value: str) -> None:
    found = read_date(raw)

    assert (found.value, found.certain) == (value, False)


@pytest.mark.parametrize("raw", ["present", "Present", "heute", "NOW", "current.", "aujourd'hui", "現在", "(ongoing)"])
def test_what_goes_on_is_known_in_several_languages(raw: str) -> None:
    assert read_date(raw).present


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "soon",
        "2020-13",
        "13/2020",
        "0000-00-00",
        "1820",
        "99",
        "before 2020",
        "2019 or 2020",
        "March",
        "1583020800000",
        True,
        None,
        [],
        {},
        {"year": "x"},
        {"month": 3},
        3.5,
    ],
)
def test_nothing_is_guessed(raw: object) -> None:
    assert not read_date(raw).readable


@pytest.mark.parametrize(
    ("raw", "start", "end"),
    [
        ("2018 - 2020", "2018", "2020"),
        ("2018–2020", "2018", "2020"),
        ("2018-2020", "2018", "2020"),
        ("Jan 2018 to March 2020", "2018-01", "2020-03"),
        ("2018 bis heute", "2018", None),
    ],
)
def test_periods_are_read(raw: str, start: str, end: str | None) -> None:
    first, last = read_period(raw)

    assert (first.value, last.value, last.present) == (start, end, end is None)


@pytest.mark.parametrize("raw", ["2018", "2018-03", "soon - later", "2018 - later", "3 years", None, 7])
def test_what_is_no_period_is_not_read_as_one(raw: object) -> None:
    assert read_period(raw) == (UNREADABLE, UNREADABLE)
