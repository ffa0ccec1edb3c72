"""OpenAI's protocol, which many other servers speak as well.

Chat completions are always streamed, and ended by `[DONE]`; embeddings come in one piece.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from jobwise.llm import schemas
from jobwise.llm.capabilities import Mode
from jobwise.llm.embedding import Answer, Embedder, Numbers
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import (
    Adapter,
    Client,
    Feature,
    Manner,
    Reading,
    TimeLimits,
    told,
)
from jobwise.llm.failures import failure, kind_of_status, retry_after, unexplained
from jobwise.llm.said import Said, SaidOfError
from jobwise.llm.thoughts import ThoughtFilter
from jobwise.llm.types import Finish, Request, Transcript, Usage

_DONE = "[DONE]"
_LIMIT_FIELDS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_FINISHES = {"stop": Finish.STOP, "eos": Finish.STOP, "length": Finish.LENGTH, "model_length": Finish.LENGTH}
_QUOTA_CODES = re.compile(
    r"insufficient_quota|billing_(?:hard_limit_reached|not_active)|credit_balance_exhausted|_spend_limit_exceeded$"
)
_KINDS_BY_CODE = {
    "context_length_exceeded": ErrorKind.CONTEXT_TOO_LONG,
    "exceed_context_size_error": ErrorKind.CONTEXT_TOO_LONG,
    "max_tokens_per_request": ErrorKind.CONTEXT_TOO_LONG,
    "content_filter": ErrorKind.REFUSED,
    "content_policy_violation": ErrorKind.REFUSED,
    "invalid_prompt": ErrorKind.REFUSED,
    "model_not_found": ErrorKind.UNKNOWN_MODEL,
    "model_decommissioned": ErrorKind.UNKNOWN_MODEL,
    "model_not_available": ErrorKind.UNKNOWN_MODEL,
    "invalid_model": ErrorKind.UNKNOWN_MODEL,
    "unknown_model": ErrorKind.UNKNOWN_MODEL,
    "DeploymentNotFound": ErrorKind.UNKNOWN_MODEL,
    "invalid_api_key": ErrorKind.AUTH,
    "model_terms_required": ErrorKind.AUTH,
    "json_validate_failed": ErrorKind.PROTOCOL,
    "server_error": ErrorKind.OVERLOADED,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "capacity_exceeded": ErrorKind.OVERLOADED,
    "overloaded_error": ErrorKind.OVERLOADED,
    "unavailable_error": ErrorKind.OVERLOADED,
    "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
}
_TOO_LARGE = 413


def _as_text(said: object) -> str:
    """Servers in front of others hand their list of mistakes on as it is."""
    match said:
        case {"loc": list(place), "msg": str(mistake)}:
            return f"{'.'.join(map(str, place))}: {mistake}"
        case {"detail": detail}:
            return _as_text(detail)
        case list():
            return "; ".join(map(_as_text, said))
    return said if isinstance(said, str) else str(said or "")


_Words = Annotated[str, BeforeValidator(_as_text)]


class _Metadata(SaidOfError):
    raw: _Words = ""


class _Error(SaidOfError):
    message: _Words = ""
    type: str = ""
    code: str | int = ""
    param: str = ""
    # What the provider behind OpenRouter has said.
    metadata: _Metadata = _Metadata()


class _Part(Said):
    text: str = ""
    thinking: list["_Part"] = Field(default_factory=list)


class _Delta(Said):
    # Mistral's models that think say parts: what they thought, then what they say.
    content: str | list[_Part] = ""
    refusal: str = ""
    reasoning: str = ""
    reasoning_content: str = ""


class _Choice(Said):
    delta: _Delta = _Delta()
    finish_reason: str = ""


class _Details(Said):
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class _Usage(Said):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_tokens_details: _Details = _Details()
    completion_tokens_details: _Details = _Details()


class _Groq(Said):
    usage: _Usage | None = None
    error: str = ""


class _Chunk(Said):
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage | None = None
    error: _Error | str = ""
    x_groq: _Groq = _Groq()


class _Failure(Said):
    error: _Error | str


class _Detail(SaidOfError):
    detail: _Words = ""


class _Reading(Reading):
    #: What the model says in the place of an answer.
    _declined = ""

    def __init__(self, transcript: Transcript, limits: TimeLimits, most_characters: int) -> None:
        super().__init__(transcript, limits, most_characters)
        self._thoughts = ThoughtFilter()

    def take(self, data: str) -> None:
        if data.strip() == _DONE:
            self.ended = True
            return
        chunk = _Chunk.model_validate_json(data)
        if usage := chunk.usage or chunk.x_groq.usage:
            # Some servers tell with each piece what has been used so far.
            is_final = self.is_over or any(choice.finish_reason for choice in chunk.choices)
            self.transcript.usage = _usage(usage, is_final=is_final)
        if chunk.error:
            raise _error_of(chunk.error, None, {})
        if chunk.x_groq.error:
            raise ProviderError(ErrorKind.OVERLOADED, chunk.x_groq.error)
        for choice in chunk.choices:
            # Some servers repeat their last pieces; the answer is over with the first finish reason.
            if not self.is_over:
                self._choice(choice)

    def _choice(self, choice: _Choice) -> None:
        delta = choice.delta
        if thought := delta.reasoning or delta.reasoning_content:
            self.hear(thought)
        if isinstance(delta.content, str):
            self._content(delta.content)
        else:
            self._parts(delta.content)
        if delta.refusal:
            self.hear(delta.refusal)
            self._declined += delta.refusal
        if choice.finish_reason:
            self.say(self._thoughts.flush())
        self._end(choice.finish_reason)

    def _content(self, text: str) -> None:
        said = self._thoughts.feed(text)
        if text and not said:
            self.hear(text)
        self.say(said)

    def _parts(self, parts: list[_Part]) -> None:
        for part in parts:
            for thought in part.thinking:
                self.hear(thought.text)
            self._content(part.text)

    def _end(self, reason: str) -> None:
        if reason == "content_filter":
            self.refusal = self._declined or "a filter stopped the answer"
        elif reason == "error":
            raise ProviderError(ErrorKind.OVERLOADED, "the model broke off")
        elif reason:
            self.refusal = self._declined
            self.stop(reason, _FINISHES)


def _usage(said: _Usage, *, is_final: bool) -> Usage:
    return Usage(
        input=said.prompt_tokens,
        # xAI counts what was thought beside the completion, and in the total.
        output=max(said.completion_tokens, said.total_tokens - said.prompt_tokens),
        cached=said.prompt_tokens_details.cached_tokens,
        reasoning=said.completion_tokens_details.reasoning_tokens,
        estimated=not is_final,
    )


class _Server(Client):
    """What is common to all that is asked of a deployment."""

    def headers(self) -> dict[str, str]:
        """The key; Azure has a header of its own for it."""
        key, header = self.deployment.key, self.deployment.key_header
        if not key:
            return {}
        return {header: f"Bearer {key}" if header == "authorization" else key}

    def error(self, status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
        """What an HTTP error means: the server's code first, then the status, then its words."""
        said = _said_in(body)
        return _error_of(said, status, headers) if said else unexplained(status, body, headers)

    def address(self, operation: str) -> str:
        """The address of an operation; Azure's classic one has the model in it."""
        base = self.deployment.base_url.rstrip("/").replace("{model}", quote(self.model, safe=""))
        return f"{base}/{operation}{self.deployment.query}"


class OpenAiChat(_Server, Adapter):
    """One model at one deployment that speaks chat completions."""

    reading = _Reading

    def url(self) -> str:
        """The address of chat completions."""
        return self.address("chat/completions")

    def body(self, request: Request, manner: Manner) -> dict[str, Any]:
        """The request, with as much of a schema as the server takes."""
        field = self.deployment.limit_field
        if Feature.LIMIT_FIELD in manner.without:
            field = _LIMIT_FIELDS[field]
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": told(request, manner.mode)},
                {"role": "user", "content": request.user},
            ],
            field: request.max_output_tokens,
            "stream": True,
        }
        if self.deployment.asks_usage and Feature.ASKED_USAGE not in manner.without:
            body["stream_options"] = {"include_usage": True}
        if manner.effort:
            body["reasoning_effort"] = manner.effort
        if manner.temperature is not None:
            body["temperature"] = manner.temperature
        if request.schema and manner.mode is Mode.JSON_SCHEMA:
            schema = schemas.spoken(request.schema.body, self.capabilities.dialect)
            named = {"name": request.schema.name, "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif request.schema and manner.mode is Mode.JSON_OBJECT:
            body["response_format"] = {"type": "json_object"}
        return body


class _Embedding(BaseModel):
    embedding: Numbers
    index: int | None = None


class _Embeddings(BaseModel):
    data: list[_Embedding]
    usage: _Usage | None = None


class OpenAiEmbeddings(_Server, Embedder):
    """One model at one deployment that makes vectors."""

    def url(self) -> str:
        """The address of embeddings."""
        return self.address("embeddings")

    def body(self, texts: Sequence[str], dimensions: int | None) -> dict[str, Any]:
        """The request; only numbers that are written out can be checked, so these are asked for."""
        told = {} if dimensions is None else {"dimensions": dimensions}
        return {"model": self.model, "input": list(texts), "encoding_format": "float", **told}

    def read(self, body: bytes) -> Answer:
        """By the index of each vector; without indexes, in their order."""
        said = _Embeddings.model_validate_json(body)
        places = [place if one.index is None else one.index for place, one in enumerate(said.data)]
        if sorted(places) != list(range(len(places))):
            raise ValueError("the indexes are not those of the texts")
        vectors = [one.embedding for _, one in sorted(zip(places, said.data, strict=True), key=lambda each: each[0])]
        return Answer(vectors, (said.usage and said.usage.prompt_tokens) or None)


def _said_in(body: bytes) -> _Error | str:
    """The error in a body; nothing where there is none. Some have it at the top, and some call it `detail`."""
    with suppress(ValidationError):
        return _Failure.model_validate_json(body).error
    with suppress(ValidationError):
        at_top = _Error.model_validate_json(body)
        if at_top.message or at_top.code:
            return at_top
        return _Detail.model_validate_json(body).detail
    return ""


def _error_of(said: _Error | str, status: int | None, headers: Mapping[str, str]) -> ProviderError:
    error = _Error(message=said) if isinstance(said, str) else said
    message = error.message or (f"HTTP {status}" if status else "")
    for more in (error.param, error.metadata.raw):
        if more and more not in message:
            message = f"{message} ({more})"
    return failure(_kind(error, status), message, retry_after(headers))


def _kind(error: _Error, status: int | None) -> ErrorKind:
    codes = [str(error.code), error.type]
    if any(map(_QUOTA_CODES.search, codes)):
        return ErrorKind.QUOTA
    # A request that is larger than what may be sent in a minute will not fit later either.
    if status == _TOO_LARGE:
        return ErrorKind.CONTEXT_TOO_LONG
    if named := next((_KINDS_BY_CODE[code] for code in codes if code in _KINDS_BY_CODE), None):
        return named
    # Under a status of success, and in a stream, the code may be a status.
    if status in (None, httpx.codes.OK) and str(error.code).isdecimal():
        status = int(error.code)
    return kind_of_status(status) if status else ErrorKind.OVERLOADED
