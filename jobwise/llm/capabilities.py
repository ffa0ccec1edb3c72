"""What models can do, by family: data in `capabilities.tsv`, the first row whose pattern fits a model's name.

The columns: when sampling parameters are allowed (always, never, or unreasoned: only with the effort "none"); the
values of reasoning effort, empty where it cannot be set; the dialect of JSON schema; the way of structured output to
begin with; the context in tokens, empty where it is not known.

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


class Sampling(StrEnum):
    """Whether a model takes parameters such as the temperature."""

    ALWAYS = "always"
    UNREASONED = "unreasoned"
    """Only where it is told not to reason."""
    NEVER = "never"


class Effort(StrEnum):
    """How much a model thinks before it answers, from nothing up."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


class Dialect(StrEnum):
    """Which part of JSON schema is understood; see `schemas.spoken`."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


_RANKS = {effort: rank for rank, effort in enumerate(Effort)}


@dataclass(frozen=True)
class Capabilities:
    """A row. `efforts` is empty where the effort cannot be set; `context` is None where it is not known."""

    family: str
    sampling: Sampling
    efforts: tuple[Effort, ...]
    dialect: Dialect
    mode: Mode
    context: int | None

    def effort(self, wanted: Effort) -> Effort | None:
        """The possible value nearest to the wanted one, the lower of two; None where there is none to set."""
        return min(
            self.efforts, key=lambda effort: (abs(_RANKS[effort] - _RANKS[wanted]), _RANKS[effort]), default=None
        )

    def may_sample(self, effort: Effort | None) -> bool:
        """Whether sampling parameters may go with a request of this effort."""
        return self.sampling is Sampling.ALWAYS or (self.sampling is Sampling.UNREASONED and effort is Effort.NONE)


@lru_cache(maxsize=256)
def capabilities(model: str) -> Capabilities:
    """What is known of a model, by the last part of its name: resellers put the maker's name before it."""
    name = model.rpartition("/")[2].lower()
    return next(row for row in _rows() if fnmatchcase(name, row.family))


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
def _rows() -> tuple[Capabilities, ...]:
    return tuple(
        Capabilities(
            row["family"],
            Sampling(row["sampling"]),
            tuple(map(Effort, row["efforts"].split())),
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
