"""What the protocols have in common: a request that was understood or refused, a line of the bill, and events."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Finish = Literal["stop", "length", "content_filter", "refusal"]

_TITLE = re.compile(r"JSON schema:\n(\{.*\})\s*$", re.DOTALL)


@dataclass(frozen=True)
class Vectors:
    """How the vectors that are asked for should be."""

    dimensions: int
    encoding: Literal["float", "base64"] = "float"


@dataclass(frozen=True)
class Asked:
    """A request that is right: what it asks of which model. Where it wants `vectors`, each message is a text."""

    model: str
    messages: list[dict[str, str]]
    stream: bool
    schema: dict[str, Any] | None = None
    schema_name: str = ""
    wants_usage: bool = True
    vectors: Vectors | None = None


class Refused(Exception):
    """A request that is wrong: what the vendor answers to it."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass
class Call:
    """A line of the bill. What was sent to the client is charged, however the call ended; a refused one is free.

    `key` is the same for the same prompt to the same model; `client_request_id` is the caller's own id for the call.
    Reasoning is a part of the output, cached tokens are a part of the input.
    """

    id: str
    received_at: float
    provider: str
    model: str
    schema_name: str
    key: str
    client_request_id: str
    input_tokens: int
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    outcome: Literal["open", "finished", "aborted", "broken", "refused"] = "open"
    ended_at: float | None = None


class Wire(ABC):
    """One protocol. Frames are complete server-sent events."""

    name: ClassVar[str]
    request_id_header: ClassVar[str] = "x-request-id"
    #: The longest prompt in tokens, and whether a longer one is silently cut.
    context: int | None = None
    cuts_prompts: bool = False

    @abstractmethod
    def asked(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> Asked | None:
        """The request; None where there is nothing at this address. Raises Refused."""

    @abstractmethod
    def opening(self, call: Call) -> list[str]:
        """The events before the first word."""

    @abstractmethod
    def thought(self, call: Call, text: str) -> str:
        """An event with a piece of reasoning."""

    @abstractmethod
    def words(self, call: Call, text: str, *, refusing: bool) -> str:
        """An event with a piece of the answer."""

    @abstractmethod
    def closing(self, call: Call, finish: Finish, *, wants_usage: bool) -> list[str]:
        """The events behind the last word, except the end marker."""

    @abstractmethod
    def end_marker(self) -> str:
        """The event that says that all is said; empty where there is none."""

    @abstractmethod
    def whole(self, call: Call, text: str, finish: Finish) -> dict[str, Any]:
        """An answer in one piece."""

    def embeddings(self, call: Call, vectors: list[list[Any]], wanted: Vectors, order: list[int]) -> dict[str, Any]:
        """An answer of vectors, which are told in this order where the protocol has indexes for them."""
        raise Refused(404, self.error(404, "not_found", f"{call.model} makes no vectors."))

    @abstractmethod
    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """The body of an error."""

    @abstractmethod
    def overflow(self, tokens: int) -> Refused:
        """What is answered to a prompt that is too long."""

    def stream_error(self, body: Any) -> str:
        """An error in the middle of a stream."""
        return frame(body)


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def frame(content: Any, event: str = "") -> str:
    """A server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(content, ensure_ascii=False)}\n\n"


def schema_in_words(messages: list[dict[str, str]]) -> dict[str, Any] | None:
    """The schema that a prompt tells where the protocol does not carry it."""
    found = next((match for message in messages if (match := _TITLE.search(message["content"]))), None)
    schema: dict[str, Any] | None = json.loads(found[1]) if found else None
    return schema


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all that is in it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    if isinstance(schema.get("items"), dict):
        inner.append(schema["items"])
    for part in inner:
        yield from subschemas(part)


def unclosed(schema: dict[str, Any]) -> bool:
    """Whether an object in the schema allows more than it names."""
    return any(
        part.get("type") == "object" and part.get("additionalProperties") is not False for part in subschemas(schema)
    )


def sample(schema: dict[str, Any]) -> Any:
    """The least that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    empty: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "null": None}
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: sample(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array" and schema.get("minItems"):
        return [sample(schema["items"])] * schema["minItems"]
    return empty[kind if isinstance(kind, str) else kind[0]]
