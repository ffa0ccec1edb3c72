"""Gemini's protocol: streamGenerateContent for what is written, batchEmbedContents for vectors.

The stream ends behind the piece that has a finish reason; vectors come in one piece.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from jobwise.llm import schemas
from jobwise.llm.capabilities import Mode
from jobwise.llm.embedding import Answer, Embedder, Numbers
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import (
    Adapter,
    Client,
    Manner,
    Reading,
    told,
)
from jobwise.llm.failures import failure, kind_of_status, retry_after, unexplained
from jobwise.llm.said import OnlyObjects, Said, SaidOfError
from jobwise.llm.types import Finish, Request, Usage

_FINISHES = {"STOP": Finish.STOP, "MAX_TOKENS": Finish.LENGTH}
_FILTERS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "ESCALATION",
        "MODEL_ARMOR",
        "PUP_LIMITED_DISABLED",
    }
)
_KINDS_BY_STATUS = {
    "UNAUTHENTICATED": ErrorKind.AUTH,
    "PERMISSION_DENIED": ErrorKind.AUTH,
    "FAILED_PRECONDITION": ErrorKind.AUTH,
    "NOT_FOUND": ErrorKind.UNKNOWN_MODEL,
    "RESOURCE_EXHAUSTED": ErrorKind.RATE_LIMIT,
    "DEADLINE_EXCEEDED": ErrorKind.TIMEOUT,
    "INVALID_ARGUMENT": ErrorKind.BAD_REQUEST,
    "CANCELLED": ErrorKind.OVERLOADED,
    "INTERNAL": ErrorKind.OVERLOADED,
    "UNAVAILABLE": ErrorKind.OVERLOADED,
}
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)s$")


_CAMEL = ConfigDict(alias_generator=to_camel)


class _Violation(SaidOfError):
    model_config = _CAMEL
    quota_id: str = ""


class _Detail(SaidOfError):
    model_config = _CAMEL
    reason: str = ""
    retry_delay: str = ""
    violations: Annotated[list[_Violation], OnlyObjects] = Field(default_factory=list)


class _Error(SaidOfError):
    code: int | None = None
    message: str = ""
    status: str = ""
    details: Annotated[list[_Detail], OnlyObjects] = Field(default_factory=list)


class _Said(Said):
    model_config = _CAMEL


class _Part(_Said):
    text: str = ""
    thought: bool = False


class _Content(_Said):
    parts: list[_Part] = Field(default_factory=list)


class _Candidate(_Said):
    content: _Content = _Content()
    finish_reason: str = ""
    finish_message: str = ""


class _Feedback(_Said):
    block_reason: str = ""
    block_reason_message: str = ""


class _Usage(_Said):
    prompt_token_count: int = 0
    cached_content_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0


class _Piece(_Said):
    candidates: list[_Candidate] = Field(default_factory=list)
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    response_id: str = ""
    error: _Error | None = None


class _Failure(_Said):
    error: _Error


# A stream that fails before it begins answers with a list.
_FAILURES: TypeAdapter[_Failure | list[_Failure]] = TypeAdapter(_Failure | list[_Failure])


class _Reading(Reading):
    ends_by_closing = True

    def take(self, data: str) -> None:
        piece = _Piece.model_validate_json(data)
        if piece.error:
            raise _error_of(piece.error, piece.error.code, {})
        self.transcript.request_id = self.transcript.request_id or piece.response_id[:200]
        if piece.usage_metadata:
            is_final = self.is_over or any(candidate.finish_reason for candidate in piece.candidates)
            is_final = is_final or bool(piece.prompt_feedback and piece.prompt_feedback.block_reason)
            self.transcript.usage = _usage(piece.usage_metadata, is_final=is_final)
        if piece.prompt_feedback and piece.prompt_feedback.block_reason:
            feedback = piece.prompt_feedback
            self.refusal = feedback.block_reason_message or f"the prompt was blocked: {feedback.block_reason}"
        if piece.candidates and not self.is_over:
            self._candidate(piece.candidates[0])
        usage = self.transcript.usage
        self.ended = self.finish is not None and usage is not None and not usage.estimated

    def _candidate(self, candidate: _Candidate) -> None:
        for part in candidate.content.parts:
            if part.thought:
                self.hear(part.text)
            else:
                self.say(part.text)
        reason = candidate.finish_reason
        if reason in _FILTERS:
            self.refusal = candidate.finish_message or f"a filter stopped the answer: {reason}"
        elif reason:
            self.stop(reason, _FINISHES, candidate.finish_message)


def _usage(said: _Usage, *, is_final: bool) -> Usage:
    return Usage(
        input=said.prompt_token_count,
        output=said.candidates_token_count + said.thoughts_token_count,
        cached=said.cached_content_token_count,
        reasoning=said.thoughts_token_count,
        estimated=not is_final,
    )


class _Server(Client):
    """What is common to all that is asked of a deployment."""

    def headers(self) -> dict[str, str]:
        """The key."""
        return {self.deployment.key_header: self.deployment.key}

    def error(self, status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
        """What an HTTP error means: its details first, then its status, then its words."""
        try:
            failures = _FAILURES.validate_json(body)
            said = (failures if isinstance(failures, _Failure) else failures[0]).error
        except (ValidationError, IndexError):
            return unexplained(status, body, headers)
        return _error_of(said, status, headers)

    @property
    def path(self) -> str:
        """The name of the model, as paths and requests have it."""
        return f"models/{self.model.removeprefix('models/')}"

    def address(self, operation: str) -> str:
        """The address of an operation of the model."""
        return f"{self.deployment.base_url.rstrip('/')}/{quote(self.path)}:{operation}"


class GeminiContent(_Server, Adapter):
    """One model at one deployment that speaks generateContent."""

    reading = _Reading

    def url(self) -> str:
        """The address of the model's stream."""
        return self.address("streamGenerateContent?alt=sse")

    def body(self, request: Request, manner: Manner) -> dict[str, Any]:
        """The request, with as much of a schema as the server takes."""
        config: dict[str, Any] = {"maxOutputTokens": request.max_output_tokens}
        if manner.effort:
            config["thinkingConfig"] = {"thinkingLevel": manner.effort.upper()}
        if manner.temperature is not None:
            config["temperature"] = manner.temperature
        if request.schema and manner.mode is not Mode.PLAIN:
            config["responseMimeType"] = "application/json"
            if manner.mode is Mode.JSON_SCHEMA:
                config["responseJsonSchema"] = schemas.spoken(request.schema.titled(), self.capabilities.dialect)
        return {
            "systemInstruction": {"parts": [{"text": told(request, manner.mode)}]},
            "contents": [{"role": "user", "parts": [{"text": request.user}]}],
            "generationConfig": config,
        }


class _Embedding(BaseModel):
    values: Numbers


class _Embeddings(BaseModel):
    model_config = _CAMEL
    embeddings: list[_Embedding]
    usage_metadata: _Usage | None = None


class GeminiEmbeddings(_Server, Embedder):
    """One model at one deployment that makes vectors."""

    def url(self) -> str:
        """The address for several texts at once."""
        return self.address("batchEmbedContents")

    def body(self, texts: Sequence[str], dimensions: int | None) -> dict[str, Any]:
        """A request of its own for each text."""
        told: dict[str, Any] = {} if dimensions is None else {"outputDimensionality": dimensions}
        return {
            "requests": [{"model": self.path, "content": {"parts": [{"text": text}]}, **told} for text in texts],
        }

    def read(self, body: bytes) -> Answer:
        """In the order of the texts. Not all models tell what they have read."""
        said = _Embeddings.model_validate_json(body)
        usage = said.usage_metadata
        return Answer([one.values for one in said.embeddings], (usage and usage.prompt_token_count) or None)


def _error_of(said: _Error, status: int | None, headers: Mapping[str, str]) -> ProviderError:
    delays = [float(found[1]) for detail in said.details if (found := _SECONDS.match(detail.retry_delay))]
    wait = max(delays) if delays else retry_after(headers)
    return failure(_kind(said, status), said.message, wait)


def _kind(said: _Error, status: int | None) -> ErrorKind:
    if any(detail.reason in _KEY_REASONS for detail in said.details):
        return ErrorKind.AUTH
    # A day's allowance does not come back in the seconds that the answer names.
    if any("PerDay" in violation.quota_id for detail in said.details for violation in detail.violations):
        return ErrorKind.QUOTA
    unnamed = kind_of_status(status) if status else ErrorKind.OVERLOADED
    return _KINDS_BY_STATUS.get(said.status, unnamed)
