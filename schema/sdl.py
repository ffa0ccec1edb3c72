"""The schema as text: `schema/schema.graphql` is committed, so that every change to the API shows in a review."""

import difflib
from pathlib import Path

from schema.build import schema

FILE = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """The schema that is served, as text."""
    return schema.as_str() + "\n"


def write() -> None:
    """Bring the committed file up to date."""
    FILE.write_text(sdl(), encoding="utf-8")


def drift() -> str:
    """How the committed file differs from the schema, as a diff; empty when it does not."""
    committed = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    served = sdl().splitlines()
    return "\n".join(difflib.unified_diff(committed, served, FILE.name, "the schema that is served", lineterm="", n=2))
