"""What is asked of a model and what it answers, whatever the provider."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

_CHARACTERS_PER_TOKEN = 4


class Wire(StrEnum):
    """What is spoken with a provider."""

    OPENAI = "openai"
    """Chat completions."""
    ANTHROPIC = "anthropic"
    """Messages."""
    GEMINI = "gemini"
    """streamGenerateContent."""


@dataclass(frozen=True)
class Deployment:
    """A server of models.

    In `base_url`, `{model}` stands for the name of the model; `query` is put behind every address. `limit_field` is
    what chat completions call the limit of the answer there, `asks_usage` whether they let themselves be asked for it.
    """

    name: str
    base_url: str
    key: str = field(repr=False)
    wire: Wire = Wire.OPENAI
    limit_field: str = "max_tokens"
    asks_usage: bool = True
    key_header: str = "authorization"
    query: str = ""


@dataclass(frozen=True)
class Link:
    """One model at one deployment."""

    deployment: Deployment
    model: str


@dataclass(frozen=True)
class Schema:
    """A JSON schema that the answer must follow: an object whose properties are all required, with none added.

    Adapters say it in the dialect of their model; which keywords there are says `schemas`.
    """

    name: str
    body: dict[str, Any]

    def titled(self) -> dict[str, Any]:
        """The body with the name in it, for wherever it has no other place."""
        return {"title": self.name, **self.body}


@dataclass(frozen=True)
class Request:
    """One question. `purpose` is such as write or repair; `max_output_tokens` counts what a model thinks as well.

    `temperature` is how freely it should choose its words; models that cannot be told are not.
    """

    purpose: str
    system: str
    user: str
    max_output_tokens: int
    schema: Schema | None = None
    temperature: float | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """All that is sent for reading."""
        return self.system, self.user


@dataclass(frozen=True)
class Texts:
    """Some texts whose vectors are asked for; none of them is empty."""

    texts: tuple[str, ...]
    purpose: ClassVar[str] = "embed"
    max_output_tokens: ClassVar[int] = 0

    @property
    def parts(self) -> tuple[str, ...]:
        """All that is sent for reading."""
        return self.texts


#: Whatever a model is asked: for the ledger, and for the price of it.
Question = Request | Texts


@dataclass(frozen=True)
class Usage:
    """Tokens of a call. `cached` is a part of the input, `reasoning` a part of the output.

    `estimated` where the provider has not told, because the call did not come to its end.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Of two requests together."""
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.estimated or other.estimated,
        )


class Finish(StrEnum):
    """Why a model stopped. Refusals are errors (`ErrorKind.REFUSED`), not answers."""

    STOP = "STOP"
    LENGTH = "LENGTH"


@dataclass(frozen=True)
class Completion:
    """An answer that came to its end.

    Where a schema was asked for, `text` is the JSON alone, and `problems` says what in it is not as the schema wants.
    `warnings` are about the provider: such as that it has not read all of the prompt.
    """

    text: str
    usage: Usage
    finish: Finish
    provider: str
    model: str
    request_id: str
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Preference(StrEnum):
    """Which of the configured chains a caller wants."""

    QUALITY = "QUALITY"
    SPEED = "SPEED"


@dataclass
class Budget:
    """How many tokens the answers to several questions may have together; what models think with does not count.

    No call is begun once it is used up; those under way then may exceed it.
    """

    tokens: int
    used: int = 0

    @property
    def left(self) -> int:
        """Never below 0."""
        return max(0, self.tokens - self.used)

    def spend(self, usage: Usage) -> None:
        """Count an answer, or what there is of one."""
        self.used += max(0, usage.output - usage.reasoning)


@dataclass(frozen=True)
class Caller:
    """On whose behalf a call is made, and what they wish.

    `guard` is called right before a request is sent; it raises where none may be. `order` names links as in the
    settings (`provider:model`), which are asked in this order instead; what is not configured is passed over.
    `budget` is shared by all questions of a stage.
    """

    user_id: UUID | None = None
    generation_id: UUID | None = None
    stage: str = ""
    guard: Callable[[], None] = lambda: None
    prefer: Preference = Preference.QUALITY
    order: tuple[str, ...] = ()
    budget: Budget | None = None


def nobody_listens(text: str) -> None:
    """Where nobody follows the text as it comes."""


@dataclass
class Transcript:
    """What is known of a call while it goes on. It outlives a failure, so that the ledger can say what was used.

    `sent` and `answered` are about the last request of it, of which anything went out, or came back.
    """

    on_text: Callable[[str], None] = nobody_listens
    sent: bool = False
    answered: bool = False
    request_id: str = ""
    usage: Usage | None = None
    finish: Finish | None = None
    _parts: list[str] = field(default_factory=list)
    _before: Usage = Usage()

    def again(self, question: Question) -> None:
        """The same is asked by another request; what the last one has used stays counted."""
        self._before, self.sent, self.usage = self.used(question), False, None

    def add(self, text: str) -> None:
        """Keep a piece of the answer and hand it on."""
        self._parts.append(text)
        self.on_text(text)

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._parts)

    @property
    def has_begun(self) -> bool:
        """Whether any of the answer was handed on."""
        return bool(self._parts)

    def used(self, question: Question) -> Usage:
        """What the provider says, else an estimate from what was sent and received.

        What it has counted before the end is marked as an estimate by adapters; the text since then counts as well.
        """
        return self._before + self._used_last(question)

    def _used_last(self, question: Question) -> Usage:
        if self.usage is not None and self.usage.estimated:
            return replace(self.usage, output=max(self.usage.output, self.usage.reasoning + _tokens(self.text)))
        if self.usage is not None:
            return self.usage
        if not self.sent:
            return Usage()
        return Usage(input=estimated_input(question), output=_tokens(self.text), estimated=True)


def estimated_input(question: Question) -> int:
    """About how many tokens a question has."""
    return sum(map(_tokens, question.parts))


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)
