"""What models can do, by family: data in `capabilities.tsv`, the first row whose pattern fits a model's name.

The columns: whether a temperature other than the vendor's own may be told and is of use, which is not so for models
that reason, nor known of strangers; the reasoning effort to ask for, empty where it cannot be set; whether what it
thinks may count in the length of an answer, as may be with strangers; the dialect of JSON schema; the way of structured
output to begin with; the context in tokens, empty where it is not known.

`embeddings.tsv` says the same of models that make vectors: how long vectors to ask for, empty where that cannot be
told; how many texts at a time; the longest text and the longest call in tokens, empty where they are not known.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files


class Mode(StrEnum):
    """How an answer is held to a schema, from the strictest to the laxest."""

    JSON_SCHEMA = "json_schema"
    """The provider enforces the schema."""
    JSON_OBJECT = "json_object"
    """The provider enforces JSON; the prompt tells the schema."""
    PLAIN = "plain"
    """The prompt tells the schema; JSON is looked for in the answer."""

    @property
    def rank(self) -> int:
        """0 for the strictest."""
        return list(Mode).index(self)


class Dialect(StrEnum):
    """Which part of JSON schema is understood; see `schemas.spoken`."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


@dataclass(frozen=True)
class Capabilities:
    """A row. `effort` is empty where it cannot be set; `context` is None where it is not known."""

    family: str
    takes_temperature: bool
    effort: str
    thinks: bool
    dialect: Dialect
    mode: Mode
    context: int | None


@lru_cache(maxsize=256)
def capabilities(model: str) -> Capabilities:
    """What is known of a model, by the last part of its name: resellers put the maker's name before it."""
    name = model.rpartition("/")[2].lower()
    return next(row for row in all_capabilities() if fnmatchcase(name, row.family))


@dataclass(frozen=True)
class EmbeddingCapabilities:
    """A row of `embeddings.tsv`."""

    family: str
    dimensions: int | None
    texts: int
    text_tokens: int | None
    call_tokens: int | None


@lru_cache(maxsize=256)
def embedding_capabilities(model: str) -> EmbeddingCapabilities:
    """What is known of a model that makes vectors, by the last part of its name."""
    name = model.rpartition("/")[2].lower()
    return next(row for row in _embedding_rows() if fnmatchcase(name, row.family))


@lru_cache(maxsize=1)
def _embedding_rows() -> tuple[EmbeddingCapabilities, ...]:
    return tuple(
        EmbeddingCapabilities(
            row["family"],
            _number(row["dimensions"]),
            int(row["texts"]),
            _number(row["text_tokens"]),
            _number(row["call_tokens"]),
        )
        for row in _table("embeddings.tsv")
    )


@lru_cache(maxsize=1)
def all_capabilities() -> tuple[Capabilities, ...]:
    """All rows; the last one fits every model."""
    return tuple(
        Capabilities(
            row["family"],
            row["temperature"] == "yes",
            row["effort"],
            row["thinks"] == "yes",
            Dialect(row["dialect"]),
            Mode(row["mode"]),
            _number(row["context"]),
        )
        for row in _table("capabilities.tsv")
    )


def _table(name: str) -> Iterable[dict[str, str]]:
    text = (files(__package__) / name).read_text("utf-8")
    return csv.DictReader(text.splitlines(), delimiter="\t")


def _number(text: str) -> int | None:
    return int(text) if text else None
