import codecs
import json
from typing import Any

import pytest

from jobwise.profiles.importers import ImportFailed, read
from jobwise.profiles.importers.source import json_object

RESUME = {"basics": {"name": "Ada Löwe"}}


def refusal(data: bytes) -> str:
    with pytest.raises(ImportFailed) as refused:
        json_object(data)
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"basics": {"name": "Ada",}}', "line 1, column 2"),
        ('{\n  "basics": {\n    "name": "Ada"\n    "email": 1}}', "line 4, column 5: here a comma"),
        ('{"basics" {}}', "line 1, column 11: here a colon"),
        ("{basics: 1}", "line 1, column 2: here a name in double quotes"),
        ("{'basics': 1}", "double quotes"),
        ('{"basics": {"name": "Ada', "no closing quotation mark"),
        ('{"basics": {"name": "Ada"}', "the file ends here"),
        ('{"a": "\\x"}', "backslash"),
        ("{} {}", "the file should end here"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": nope}', "line 1, column 7: here a value must stand"),
    ],
)
def test_a_mistake_in_the_json_is_told_with_its_place_and_what_would_be_right(text: str, words: str) -> None:
    assert words in refusal(text.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_usual_encodings_are_read(encoding: str) -> None:
    assert json_object(json.dumps(RESUME, ensure_ascii=False).encode(encoding)) == RESUME


def test_big_endian_files_with_their_mark_are_read() -> None:
    assert json_object(codecs.BOM_UTF16_BE + json.dumps(RESUME).encode("utf-16-be")) == RESUME


def test_a_byte_that_is_not_utf8_is_named() -> None:
    message = refusal(b'{"basics":\n {"name": "Ada L\xf6we"}}')

    assert "byte 28 (0xF6, in line 2)" in message
    assert "UTF-8" in message


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_file_is_told_so(data: bytes) -> None:
    assert refusal(data) == "This file is empty."


def test_a_file_over_the_limit_is_told_its_size() -> None:
    assert refusal(b" " * (20 * 1024 * 1024)) == "This file has 20.0 MB; the limit for imports is 10 MB."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04rest", "DOCX"),
        (b"\n<!DOCTYPE html>", "HTML"),
        (b"---\nbasics:", "YAML"),
    ],
)
def test_files_of_other_formats_are_recognised(data: bytes, words: str) -> None:
    assert words in refusal(data)


@pytest.mark.parametrize(
    "bomb",
    [b"[" * 1_000_000, b'{"a":' * 200_000, b'{"basics":' + b"[" * 60 + b"]" * 60 + b"}"],
)
def test_json_nested_without_end_is_refused(bomb: bytes) -> None:
    assert "nested more than" in refusal(bomb)


def test_numbers_of_thousands_of_digits_do_no_harm() -> None:
    found = read(b'{"basics": {"name": "Ada", "phone": ' + b"9" * 10_000 + b"}}")

    assert len(found.content.contact.phone) == 100


def test_line_breaks_inside_texts_are_read() -> None:
    assert json_object(b'{"a": "one\ntwo"}') == {"a": "one\ntwo"}


@pytest.mark.parametrize("data", [{"basics": None}, {"basics": 3}, {"basics": []}, {"basics": "Ada"}])
def test_an_object_is_taken_as_it_is(data: dict[str, Any]) -> None:
    assert json_object(data) == data
    with pytest.raises(ImportFailed):
        read(data)
