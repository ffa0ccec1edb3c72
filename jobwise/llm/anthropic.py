"""Anthropic's messages: always streamed, ended by `message_stop`. Sampling parameters are refused, so none are sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from jobwise.llm import schemas
from jobwise.llm.capabilities import Mode
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import Adapter, Manner, Reading, told
from jobwise.llm.failures import failure, kind_of_status, retry_after, unexplained
from jobwise.llm.said import Said, SaidOfError
from jobwise.llm.types import Finish, Request, Usage

_VERSION = "2026-10-21"
_FINISHES = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
}
_KINDS_BY_TYPE = {
    "authentication_error": ErrorKind.AUTH,
    "permission_error": ErrorKind.AUTH,
    "billing_error": ErrorKind.QUOTA,
    "not_found_error": ErrorKind.UNKNOWN_MODEL,
    "request_too_large": ErrorKind.CONTEXT_TOO_LONG,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "timeout_error": ErrorKind.TIMEOUT,
    "api_error": ErrorKind.OVERLOADED,
    "overloaded_error": ErrorKind.OVERLOADED,
    "invalid_request_error": ErrorKind.BAD_REQUEST,
}


class _Error(SaidOfError):
    type: str = ""
    message: str = ""


class _OutputDetails(Said):
    thinking_tokens: int | None = None


class _Usage(Said):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _Message(Said):
    usage: _Usage = _Usage()


class _Delta(Said):
    type: str = ""
    text: str = ""
    thinking: str = ""
    stop_reason: str = ""


class _Event(Said):
    type: str
    message: _Message | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: _Error | None = None


class _Failure(Said):
    error: _Error


class _Reading(Reading):
    _uncached = 0
    _created = 0

    def take(self, data: str) -> None:
        event = _Event.model_validate_json(data)
        match event.type:
            case "error":
                raise _error_of(event.error or _Error(), None, {})
            case "message_start" if event.message:
                self._count(event.message.usage, is_final=False)
            case "content_block_delta" if event.delta:
                self._piece(event.delta)
            case "message_delta" if event.delta:
                self._count(event.usage or _Usage(), is_final=event.usage is not None)
                self._end(event.delta.stop_reason)
            case "message_stop":
                self.ended = True

    def _piece(self, delta: _Delta) -> None:
        if delta.type == "text_delta":
            self.say(delta.text)
        elif delta.type == "thinking_delta":
            self.hear(delta.thinking)

    def _end(self, reason: str) -> None:
        if reason == "refusal":
            self.refusal = "the model declined to answer"
        elif reason and not self.is_over:
            self.stop(reason, _FINISHES)

    def _count(self, said: _Usage, *, is_final: bool) -> None:
        """Counts are running totals; what is not named stays as it was."""
        known = self.transcript.usage or Usage()
        cached = known.cached if said.cache_read_input_tokens is None else said.cache_read_input_tokens
        self._uncached = self._uncached if said.input_tokens is None else said.input_tokens
        self._created = self._created if said.cache_creation_input_tokens is None else said.cache_creation_input_tokens
        thought = said.output_tokens_details.thinking_tokens if said.output_tokens_details else None
        self.transcript.usage = replace(
            known,
            input=self._uncached + self._created + cached,
            cached=cached,
            output=known.output if said.output_tokens is None else said.output_tokens,
            reasoning=known.reasoning if thought is None else thought,
            estimated=not is_final,
        )


class AnthropicMessages(Adapter):
    """One model at one deployment that speaks messages."""

    reading = _Reading
    modes = (Mode.JSON_SCHEMA, Mode.PLAIN)
    request_id_header = "request-id"

    def url(self) -> str:
        """The address of messages, with or without the version in the address of the deployment."""
        return f"{self.deployment.base_url.rstrip('/').removesuffix('/v1')}/v1/messages"

    def body(self, request: Request, manner: Manner) -> dict[str, Any]:
        """The request, with the schema where the server takes it."""
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": request.max_output_tokens,
            "system": told(request, manner.mode),
            "messages": [{"role": "user", "content": request.user}],
            "stream": True,
        }
        output: dict[str, Any] = {}
        if manner.effort:
            output["effort"] = manner.effort
        if request.schema and manner.mode is Mode.JSON_SCHEMA:
            schema = schemas.spoken(request.schema.titled(), self.capabilities.dialect)
            output["format"] = {"type": "json_schema", "schema": schema}
        return {**body, "output_config": output} if output else body

    def headers(self) -> dict[str, str]:
        """The key, and the version of the protocol that is spoken."""
        return {"anthropic-version": _VERSION, self.deployment.key_header: self.deployment.key}

    def error(self, status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
        """What an HTTP error means: its type first, then the status, then its words."""
        try:
            return _error_of(_Failure.model_validate_json(body).error, status, headers)
        except ValidationError:
            return unexplained(status, body, headers)


def _error_of(said: _Error, status: int | None, headers: Mapping[str, str]) -> ProviderError:
    unnamed = kind_of_status(status) if status else ErrorKind.OVERLOADED
    return failure(_KINDS_BY_TYPE.get(said.type, unnamed), said.message, retry_after(headers))
