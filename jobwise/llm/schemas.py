"""Structured output: a schema in a dialect that a model understands, in words for a prompt, and held against an answer.

Schemas use a small part of JSON schema: type, properties, required, additionalProperties, items, enum, minItems,
maxItems, minimum, maximum, minLength, maxLength, description and title.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from jobwise.llm.capabilities import Dialect

_BASE = frozenset({"type", "description", "title", "enum"})
_KEYWORDS = {
    Dialect.OPENAI: _BASE | {"minimum", "maximum", "minItems", "maxItems"},
    Dialect.ANTHROPIC: _BASE,
    Dialect.GEMINI: _BASE | {"minimum", "maximum", "minItems", "maxItems"},
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
_MOST_PROBLEMS = 10
_LONGEST_PROBLEM = 200
_MOST_BEGINNINGS = 50


def spoken(schema: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The schema in a dialect: what it does not know is left out, and objects are closed."""
    said = {key: value for key, value in schema.items() if key in _KEYWORDS[dialect]}
    if "items" in schema:
        said["items"] = spoken(schema["items"], dialect)
    if "properties" in schema:
        said["properties"] = {name: spoken(part, dialect) for name, part in schema["properties"].items()}
        said["required"] = list(schema["properties"])
        said["additionalProperties"] = False
    return said


def in_words(schema: dict[str, Any]) -> str:
    """What a prompt says of a schema that the provider does not enforce."""
    return (
        "Answer with one JSON object and nothing else: no explanation and no code fence. "
        f"It must follow this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}"
    )


def extracted(text: str) -> str:
    """The JSON object in an answer, without the words or the fence around it; the text itself where there is none."""
    # Only the place is wanted: Python refuses to make numbers of thousands of digits.
    decoder, end_of_text = json.JSONDecoder(parse_int=str), len(text.rstrip())
    start = text.find("{")
    for _ in range(_MOST_BEGINNINGS):
        if start < 0:
            break
        try:
            _, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            # What is cut off has whole objects inside, none of which is the answer.
            if error.pos >= end_of_text or error.msg.startswith("Unterminated"):
                break
            start = text.find("{", start + 1)
        except RecursionError:
            break
        else:
            return text[start:end]
    return text


def problems(text: str, schema: dict[str, Any]) -> tuple[str, ...]:
    """What in an answer is not as the schema says, a line each with its path; empty where all is well."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return (f"the answer is no JSON: {error}",)
    lines = islice(_found(value, schema, "$"), _MOST_PROBLEMS)
    # Names in an answer may be of any length.
    return tuple(line if len(line) <= _LONGEST_PROBLEM else f"{line[:_LONGEST_PROBLEM]}…" for line in lines)


def _found(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path} must be of type {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} must be one of {schema['enum']}"
    yield from _out_of_limits(value, schema, path)
    if isinstance(value, dict):
        yield from _found_inside(value, schema, path)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from _found(item, schema["items"], f"{path}[{number}]")


def _found_inside(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, part in value.items():
        if name in properties:
            yield from _found(part, properties[name], f"{path}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{path}.{name} is not in the schema"


def _out_of_limits(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, list):
        measure, least, most, unit = float(len(value)), "minItems", "maxItems", " items"
    elif isinstance(value, str):
        measure, least, most, unit = float(len(value)), "minLength", "maxLength", " characters"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        measure, least, most, unit = float(value), "minimum", "maximum", ""
    else:
        return
    if measure < schema.get(least, measure):
        yield f"{path} must be at least {schema[least]}{unit}"
    if measure > schema.get(most, measure):
        yield f"{path} must be at most {schema[most]}{unit}"


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
