"""The front matter of a Markdown posting: its fields, and its lists."""

import re
from typing import Any

from jobwise.jobs.headings import SectionKind, kind_of_heading
from jobwise.jobs.plain_text import rich_to_text

_FENCE = re.compile(r"\A\ufeff?\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_][\w -]{0,40}):(?:[ \t]+(.*))?$")


def read_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The simple `key: value` lines of a document's front matter, and the rest.

    Not by YAML's rules: real files break them too.
    """
    fence = _FENCE.match(text.replace("\r\n", "\n"))
    if not fence:
        return {}, text
    values: dict[str, Any] = {}
    for line in fence[1].splitlines():
        match = _FIELD.match(line)
        value = (match[2] or "").split(" #")[0].strip().strip("\"'") if match else ""
        if match and value and "{{" not in value:
            values[match[1]] = value
    return values, text.replace("\r\n", "\n")[fence.end() :]


def front_matter_sections(text: str) -> str:
    """The front matter's lists that stand under a section's name, such as `key objectives`, as text with headings."""
    return "\n\n".join(
        "\n".join([name, "", *(f"- {rich_to_text(line)}" for line in lines)]) for name, lines in _lists(text) if lines
    )


def _lists(text: str) -> list[tuple[str, list[str]]]:
    fence = _FENCE.match(text.replace("\r\n", "\n"))
    lists: list[tuple[str, list[str]]] = []
    for line in fence[1].splitlines() if fence else []:
        match = _FIELD.match(line)
        item = re.match(r"\s*- (?:title: )?(.+)$", line)
        if match:
            wanted = kind_of_heading(match[1].replace("_", " ")) in {
                SectionKind.MUST,
                SectionKind.NICE,
                SectionKind.DUTIES,
            }
            if wanted and not (match[2] or "").strip():
                lists.append((match[1].replace("_", " ").capitalize(), []))
            elif not line.startswith(" "):
                lists.append(("", []))
        elif item and lists and lists[-1][0]:
            lists[-1][1].append(item[1].strip())
    return lists
