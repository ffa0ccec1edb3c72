"""The prompts, each in a file of its own; a file's first line holds its version.

What a prompt is about (the profile's facts, the posting, the person's wishes) is data: JSON between tags that cannot
occur in it, so that no sentence in a posting can be taken for an instruction of ours.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@dataclass(frozen=True)
class Prompt:
    """Instructions for a model. Raise `version` with every change of the text."""

    name: str
    version: int
    text: str


@cache
def prompt(name: str) -> Prompt:
    """The prompt of this name. Raises FileNotFoundError if there is none."""
    first, _, text = (files(__name__) / f"{name}.md").read_text("utf-8").partition("\n")
    return Prompt(name, int(first.removeprefix("version: ")), text.strip())


def fenced(data: dict[str, Any]) -> str:
    """Data as a part of a prompt."""
    plain = orjson.dumps(data).decode()
    inside = plain.replace("<", r"\u003c").replace(">", r"\u003e")
    return f"<data>\n{inside}\n</data>"
