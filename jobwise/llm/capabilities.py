"""What models can do, by family: data in `capabilities.tsv`, the first row whose pattern fits a model's name.

The columns: when sampling parameters are allowed (always, never, or unreasoned: only with the effort "none"); the
values of reasoning effort, empty where it cannot be set; the dialect of JSON schema; the way of structured output to
begin with; the context in tokens, empty where it is not known.
"""

import csv
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


@lru_cache(maxsize=1)
def _rows() -> tuple[Capabilities, ...]:
    text = (files(__package__) / "capabilities.tsv").read_text("utf-8")
    return tuple(
        Capabilities(
            row["family"],
            Sampling(row["sampling"]),
            tuple(map(Effort, row["efforts"].split())),
            Dialect(row["dialect"]),
            Mode(row["mode"]),
            int(row["context"]) if row["context"] else None,
        )
        for row in csv.DictReader(text.splitlines(), delimiter="\t")
    )
