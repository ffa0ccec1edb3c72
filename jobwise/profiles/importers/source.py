"""From the bytes of a file to a JSON object, or to a sentence that says what is wrong with the file."""

import codecs
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from jobwise.profiles.importers.report import ImportFailed

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
_DEEPEST = 40

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP, DOCX or ODT file"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"<", "HTML or XML"),
    (b"---", "YAML or Markdown"),
)
# What Python's parser says, and what a person would have to do.
_REMEDIES = (
    (
        "Expecting property name",
        'here a name in double quotes must stand, such as "name": (or a comma before it is too many)',
    ),
    ("Expecting ',' delimiter", "here a comma or the closing bracket is missing"),
    ("Expecting ':' delimiter", "here a colon must stand between the name and its value"),
    ("Illegal trailing comma", "the comma here is too many: the last entry has none"),
    ("Unterminated string", 'the text that begins here has no closing quotation mark (")'),
    ("Invalid \\", 'a backslash must be followed by one of " \\ / b f n r t u; a plain backslash is written twice'),
    ("Extra data", "the file should end here, but goes on"),
    ("Expecting value", "here a value must stand: a text in double quotes, a number, true, false, null, [ or {"),
)


def json_object(data: bytes | Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object in a file, or `data` itself if it was parsed already.

    Raises ImportFailed for a file that is empty, larger than 10 MB, not UTF-8 or UTF-16, not JSON, no object, or nested
    too deeply to be a résumé.
    """
    value = data if isinstance(data, Mapping) else _parse(_decode(data))
    if not isinstance(value, Mapping):
        what = f"a list of {len(value)}" if isinstance(value, list) else f"only a {_kind(value)}"
        raise ImportFailed(
            f'This file holds {what}, where a résumé is a JSON object: {{"basics": {{"name": "…"}}, "work": […], …}}.'
        )
    _check_depth(value)
    return dict(value)


def _decode(data: bytes) -> str:
    if len(data) > LARGEST:
        raise ImportFailed(
            f"This file has {len(data) / MEGABYTE:.1f} MB; the limit for imports is {LARGEST // MEGABYTE} MB."
        )
    if not data.strip(b" \t\r\n\x00" + codecs.BOM_UTF8):
        raise ImportFailed("This file is empty.")
    for start, name in _OTHER_FORMATS:
        if data.lstrip().startswith(start):
            raise ImportFailed(f"This looks like {name}, not JSON: export your résumé in the JSON Resume format.")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wanted = encoding.removesuffix("-sig").upper()
        raise ImportFailed(
            f"This file is not {wanted}: byte {error.start + 1:,} (0x{data[error.start]:02X}, in line {line:,}) "
            "does not belong there. Save the file again with the encoding UTF-8."
        ) from None


def _parse(text: str) -> Any:
    try:
        # Raw line breaks inside texts are against the standard, and frequent.
        return json.loads(text, strict=False, parse_constant=_refuse_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        message, line, column = _explained(error)
        raise ImportFailed(f"This is not valid JSON: line {line}, column {column}: {message}.") from None
    except RecursionError:
        raise _too_deep() from None


def _explained(error: json.JSONDecodeError) -> tuple[str, int, int]:
    remedy = next((remedy for start, remedy in _REMEDIES if error.msg.startswith(start)), error.msg)
    if error.pos >= len(error.doc.rstrip()):
        remedy = "the file ends here, before all brackets and quotation marks are closed"
    return remedy, error.lineno, error.colno


def _refuse_constant(name: str) -> NoReturn:
    raise ImportFailed(f"This is not valid JSON: {name} is not a JSON number.")


def _integer(digits: str) -> int | str:
    # Python refuses to convert numbers of thousands of digits; nothing in a résumé is one.
    return int(digits) if len(digits) <= 18 else digits


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return "true or false" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, Mapping) else item if isinstance(item, list) else ())
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ImportFailed:
    return ImportFailed(f"This JSON is nested more than {_DEEPEST} levels deep: it is not a résumé.")
