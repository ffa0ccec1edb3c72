"""Telephone numbers as people write them are found; what only looks like one is left, since it could not be quoted."""

import time

import pytest

from jobwise.profiles import telephone


def _found(text: str) -> list[str]:
    return [text[start:end] for start, end in telephone.numbers(text)]


@pytest.mark.parametrize(
    "number",
    [
        "(020) 7946 0018",
        "020-7946-0018",
        "02079460018",
        "0044 20 7946 0018",
        "+44 20 7946 0018",
        "+48 600 700 800",
        "+34 612 345 678",
        "0161 496 2020",
        "030 1234567",
        "030/1234567",
        "030 / 123 45 67",
        "(030) 123 45 67",
        "030 12345-60",
        "0151-23456789",
        "+49 (0)30 1234567",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "+33 (0)1 23 45 67 89",
        "044 668 18 00",
        "+41 (0) 44 668 18 00",
        "08-123 456 78",
        "22 12 34 56",
        "555-123-4567",
        "555.123.4567",
        "(555) 123-4567",
        "+1 (555) 123-4567",
        "+1.555.123.4567",
        "1-800-555-0199",
        "(11) 91234-5678",
        "(02) 9876 5432",
        "090-1234-5678",
        "０３－１２３４－５６７８",
        "030\u00a01234567",
        "555\u2011123\u20114567",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "Ask Jane ({}).", "Call us:\n{}\nor write", "On {}, or by post"])
def test_a_number_is_found_as_a_whole_wherever_it_stands(number: str, frame: str) -> None:
    assert _found(frame.format(number)) == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("T: 0161 496 0000", "0161 496 0000"),
        ("M: 98765 43210", "98765 43210"),
        ("Mobile: 612 345 678", "612 345 678"),
        ("Tel. 612 345 678", "612 345 678"),
        ("Phone: 555 0100", "555 0100"),
        ("Tel.-Nr. 030 1234567", "030 1234567"),
        ("Tel.0301234567", "0301234567"),
        ("Phone number: 5551234", "5551234"),
        ("Fax 030 12345 - 60", "030 12345 - 60"),
        ("電話：1234-5678", "1234-5678"),
        ("0161 496 0000x12", "0161 496 0000"),
    ],
)
def test_a_number_that_is_called_one_is_found_in_any_groups(text: str, number: str) -> None:
    assert _found(text) == [number]


@pytest.mark.parametrize("between", [" / ", " - ", ", ", " or ", "\n"])
def test_two_numbers_are_found_each(between: str) -> None:
    assert _found(f"030 1234567{between}0170 1234567") == ["030 1234567", "0170 1234567"]


@pytest.mark.parametrize(
    "text",
    [
        "2019-2023",
        "2019 - 2023",
        "2019 2020 2021 2022",
        "2024/2025",
        "12.03.2024",
        "01/03/2024",
        "2024-03-12",
        "01.03.2024 - 31.12.2024",
        "01.03.22 - 05.06.23",
        "09.2019 - 08.2022",
        "03/2019 – 07/2021",
        "09:00 - 17:30",
        "09.00 - 17.30",
        "0900-1730",
        "60.000 - 70.000",
        "60 000 - 70 000 EUR",
        "€60 000–70 000",
        "$120,000 - $150,000",
        "1 200 000 users",
        "1.200.000",
        "10 000 000 000",
        "+20 000 000 a year",
        "mobile 100 000 downloads",
        "mobile 2019 - 2023",
        "99.95%",
        "0.123456789",
        "Python 3.11.4",
        "v0.12.345.67890",
        "10.0.0.1",
        "192.168.100.200",
        "ISO 27001",
        "IEC 61508-3",
        "ISBN 978-3-16-148410-0",
        "DE89 3704 0044 0532 0130 00",
        "10115 Berlin",
        "01067 Dresden",
        "24/7/365",
        "pp. 123-1456",
        "Job ID: 0123456789",
        "Ref. 0123456789",
        "Kennziffer 0123456789",
        "REQ-0012345678",
        "#0123456789",
        "commit 0301234567ab",
    ],
)
def test_years_dates_amounts_versions_and_references_are_none(text: str) -> None:
    assert _found(f"We offer {text} to you.") == []
    assert _found(text) == []


@pytest.mark.parametrize(
    "text", ["1 2" * 20_000, "0" * 60_000, "(0) " * 20_000, "+1 - / (" * 10_000, "020 - " * 20_000]
)
def test_long_rows_of_digits_take_no_long_time(text: str) -> None:
    began = time.process_time()
    _found(text)

    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "written", ["+1 312-555-0147", "(312) 555-0147", "312.555.0147", "3125550147", "001 312 555 0147", "555-0147"]
)
def test_a_known_number_is_found_however_it_is_written(written: str) -> None:
    pattern = telephone.any_format_of("+1 312-555-0147")

    assert pattern is not None
    assert pattern.sub("[contact]", f"Call {written}, please") == "Call [contact], please"


def test_of_a_short_number_no_other_formats_are_looked_for() -> None:
    assert telephone.any_format_of("110") is None
    assert telephone.any_format_of("") is None
