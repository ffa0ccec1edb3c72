"""What the scripted provider is told to do: for the next calls, for a share of them, and for all others."""

import random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Fault = Literal[
    "hang",  # accepts the call and never answers; with `after_tokens`, falls silent in the middle
    "cut",  # ends the connection, before the head or after so many tokens
    "status",  # answers with an HTTP error
    "stream_error",  # an error object in the stream, under status 200
    "no_done",  # all of the answer and its usage, but the end marker is missing
    "twice",  # after the end marker, all of it once more
    "end_twice",  # the last chunks come once more before the end marker
    "malformed",  # a chunk that is no JSON
    "refusal",  # declines in words of its own
    "content_filter",
    "length",  # stops at the token limit
    "endless",  # says its text again and again, whatever the limit
    "pings",  # sends signs of life for ever, and no more words
    "empty",  # finishes without a word
    "too_few",  # one vector less than there are texts
    "uneven",  # vectors of different lengths
    "long",  # vectors of more numbers than a database keeps
    "words",  # words where numbers belong
    "not_a_number",
    "zeros",  # a vector without a direction
    "huge",  # numbers that are larger than a database calculates with
    "not_json",  # an answer in one piece that cannot be read
    "shuffled",  # vectors in another order, each with its index
]


class Behaviour(BaseModel):
    """How one call is answered. Without a fault: usefully, from what the prompt offers.

    `stream_seconds` is how long the answer takes from its first token to its last, whatever its length; else
    `tokens_per_second`, 0 for at once. `share` is the probability with which a rule applies, of calls to a provider
    whose name contains `provider`, to a model whose name contains `model` and with a schema whose name contains
    `schema_name`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0
    stream_seconds: float | None = None
    piece_seconds: float = Field(default=0.1, gt=0, description="Tokens of so much time make a piece of the stream.")
    fault: Fault | None = None
    after_tokens: int | None = None
    status: int = 500
    code: str = "server_error"
    message: str = "The scripted provider was told to fail."
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = Field(
        default=None, description="The body of an error, instead of code and message in the protocol's shape."
    )
    text: str | None = Field(default=None, description="The answer, word for word.")
    stream: str | None = Field(default=None, description="All of the stream as it is, whatever the protocol says.")
    thought_tokens: int = Field(default=0, ge=0, description="Reasoning before the first word.")
    thought_seconds: float = Field(default=0.0, ge=0.0, description="How long that takes.")
    cached_tokens: int = Field(default=0, ge=0, description="So much of the prompt is said to come from a cache.")
    context_tokens: int | None = Field(
        default=None, ge=1, description="The longest prompt, instead of the server's own."
    )
    same: list[list[str]] = Field(default=[], description="Words of one group mean the same to a model of vectors.")
    share: float = Field(default=1.0, ge=0.0, le=1.0)
    provider: str = ""
    model: str = ""
    schema_name: str = ""

    def is_for(self, provider: str, model: str, schema_name: str) -> bool:
        """Whether a call is one of those that this behaviour is meant for."""
        return self.provider in provider and self.model in model and self.schema_name in schema_name


class Script(BaseModel):
    """`next` is used up call by call; then each of `rules` may apply by its share; else `default`.

    The same seed draws the same calls.
    """

    model_config = ConfigDict(extra="forbid")

    seed: int = 0
    default: Behaviour = Behaviour()
    next: list[Behaviour] = Field(default_factory=list)
    rules: list[Behaviour] = Field(default_factory=list)


class Director:
    """Chooses the behaviour for each call."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._next = list(script.next)
        self._chance = random.Random(script.seed)

    def behaviour(self, provider: str, model: str, schema_name: str) -> Behaviour:
        """What to do with this call."""
        for position, behaviour in enumerate(self._next):
            if behaviour.is_for(provider, model, schema_name):
                return self._next.pop(position)
        for rule in self._script.rules:
            if rule.is_for(provider, model, schema_name) and self._chance.random() < rule.share:
                return rule
        return self._script.default
