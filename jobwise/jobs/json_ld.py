"""Other people's JSON: reading it leniently, and finding the schema.org JobPostings in it and in pages."""

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

_WRAPPERS = re.compile(
    r"^\s*(?:<!--|/[/*]\s*<!\[CDATA\[\s*(?:\*/)?|<!\[CDATA\[)|(?:-->|/[/*]\s*\]\]>\s*(?:\*/)?|\]\]>)\s*;?\s*$"
)
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_DEEPEST = 12
"""So deep a posting may sit in `@graph`, `mainEntity`, `itemListElement` and the like."""


def loads(source: str) -> Any:
    """Read JSON as pages write it: in comment or CDATA wrappers, with trailing commas or raw control characters.

    Raises: ValueError where it cannot be read even so.
    """
    source = source.strip("\ufeff \t\r\n")
    for _ in range(3):
        source = _WRAPPERS.sub("", source).strip()
    decoder = json.JSONDecoder(strict=False)
    try:
        return decoder.raw_decode(source)[0]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError:
        repaired = _STRING_OR_COMMA.sub(lambda match: match[1] or "", source)
        try:
            return decoder.raw_decode(repaired)[0]
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def postings_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every JobPosting in a JSON value, in order, wherever it is nested."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        current, depth = stack.pop()
        if isinstance(current, dict) and is_posting(current):
            yield current
        elif depth < _DEEPEST and isinstance(current, dict | list):
            children = current.values() if isinstance(current, dict) else current
            stack.extend((child, depth + 1) for child in reversed(list(children)))


def is_posting(value: dict[str, Any]) -> bool:
    """Whether an object's `@type` is JobPosting: alone, in a list, or as an address."""
    types = value.get("@type", value.get("type"))
    return any(isinstance(each, str) and re.split(r"[/:#]", each)[-1] == "JobPosting" for each in as_list(types))


def postings_of_page(page: LexborHTMLParser) -> list[dict[str, Any]]:
    """Every JobPosting of a page's JSON-LD. Scripts that are not JSON are passed over: pages carry broken ones."""
    found: list[dict[str, Any]] = []
    for script in page.css("script[type]"):
        kind = (script.attributes.get("type") or "").split(";")[0].strip().lower()
        source = script.text()
        if kind != "application/ld+json" or "JobPosting" not in source:
            continue
        try:
            found += postings_in(loads(source))
        except ValueError:
            continue
    return found


def choose(postings: list[dict[str, Any]], addresses: list[str]) -> tuple[dict[str, Any], bool]:
    ""
    "The posting that the page is about, and whether that is certain: the only one, or the one with the page's"
    " address."
    if len(postings) == 1:
        return postings[0], True
    wanted = {_bare(address) for address in addresses if address}
    for posting in postings:
        named = (posting.get("url"), posting.get("@id"), posting.get("mainEntityOfPage"), posting.get("sameAs"))
        if any(_bare(each) in wanted for each in map(_address, named) if each):
            return posting, True
    return postings[0], False


def keyed(value: dict[str, Any]) -> dict[str, Any]:
    """An object by plain names: `company_name`, `companyName` and `Company name` are one."""
    return {re.sub(r"[\s_-]", "", str(name)).lower(): each for name, each in value.items()}


def first(value: dict[str, Any], *names: str) -> Any:
    """The first of the named members that says anything; None where none does."""
    return next((value[name] for name in names if value.get(name) not in (None, "", [], {})), None)


def _address(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url")
    return value if isinstance(value, str) else ""


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|[?#].*$", "", address.strip()).rstrip("/").lower()


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]
