"""OpenAI's chat completions, which many other servers speak as well: always streamed, over plain HTTP.

A stream counts as an answer only with a finish reason and the end marker; anything else is an error, however much of
the text has come.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson
from pydantic import BaseModel, Field, ValidationError

from jobwise.infra.http_client import HttpClients
from jobwise.llm.deployments import Link
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.sse import EventReader
from jobwise.llm.types import Completion, Finish, Request, Transcript, Usage

_DONE = "[DONE]"
# What follows the end marker is only waited for so that the connection can be used again.
_TAIL_SECONDS = 0.2
_TIMER_SECONDS = 0.05
_MOST_ERROR_BYTES = 65_536

_QUOTA_CODES = re.compile(
    r"insufficient_quota|billing_(?:hard_limit_reached|not_active)|credit_balance_exhausted|_spend_limit_exceeded$"
)
_CONTEXT_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_OVERLOAD_CODES = frozenset({"server_error", "server_is_overloaded", "capacity_exceeded", "overloaded_error"})
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation"})
_MODEL_CODES = frozenset({"model_not_found", "unknown_model"})
_KINDS_BY_STATUS = {
    401: ErrorKind.AUTH,
    402: ErrorKind.QUOTA,
    403: ErrorKind.AUTH,
    404: ErrorKind.UNKNOWN_MODEL,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.OVERLOADED,
    413: ErrorKind.CONTEXT_TOO_LONG,
    429: ErrorKind.RATE_LIMIT,
    498: ErrorKind.OVERLOADED,
}
_KIND_WITHOUT_STATUS = ErrorKind.OVERLOADED


@dataclass(frozen=True)
class TimeLimits:
    """In seconds: until the first word, between two pieces, and for the whole call."""

    first_token: float
    idle: float
    call: float


class _Error(BaseModel):
    message: str = ""
    type: str | None = None
    code: str | int | None = None


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


class _Groq(BaseModel):
    usage: _Usage | None = None
    error: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage | None = None
    error: _Error | None = None
    x_groq: _Groq | None = None


class _Failure(BaseModel):
    error: _Error


class _Reading:
    """One stream, as it comes."""

    timer: asyncio.Timeout

    def __init__(self, transcript: Transcript, limits: TimeLimits) -> None:
        self.transcript = transcript
        self.has_answered = False
        self.ended = False
        self._limits = limits
        self._began = asyncio.get_running_loop().time()
        self._due = 0.0
        self._finish = ""
        self._refusal = ""

    def first_word_due(self) -> float:
        """When the first word must be there, in the loop's time."""
        return self._began + min(self._limits.first_token, self._limits.call)

    def overdue(self) -> str:
        """What did not come in time."""
        if asyncio.get_running_loop().time() >= self._began + self._limits.call:
            return f"no end within {self._limits.call:g} s"
        if self.transcript.has_begun:
            return f"nothing more for {self._limits.idle:g} s"
        return f"no first word within {self._limits.first_token:g} s"

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        """All events up to the end marker."""
        events = EventReader()
        async for piece in pieces:
            for event in events.feed(piece):
                if self.ended:
                    return
                self._event(event)
            self._set_timer()

    def _event(self, event: str) -> None:
        if event == _DONE:
            self.ended = True
            return
        try:
            chunk = _Chunk.model_validate_json(event)
        except ValidationError:
            raise ProviderError(ErrorKind.PROTOCOL, f"a piece of the stream is not readable: {event[:200]}") from None
        self._take(chunk)

    def _set_timer(self) -> None:
        """Allow as much time until the next piece as there may pass."""
        now = asyncio.get_running_loop().time()
        if self.ended:
            self.timer.reschedule(now + _TAIL_SECONDS)
        elif self.transcript.has_begun:
            due = min(now + self._limits.idle, self._began + self._limits.call)
            # Hardly later than what is set: not worth a new timer for each of a thousand pieces a second.
            if due - self._due > _TIMER_SECONDS:
                self._due = due
                self.timer.reschedule(due)

    def _take(self, chunk: _Chunk) -> None:
        if chunk.error:
            raise _error_of(chunk.error, _KIND_WITHOUT_STATUS, {})
        if chunk.x_groq and chunk.x_groq.error:
            raise ProviderError(ErrorKind.OVERLOADED, chunk.x_groq.error)
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq else None)
        if usage:
            self.transcript.usage = _usage(usage)
        for choice in chunk.choices:
            # Some servers repeat their last pieces; the answer is over with the first finish reason.
            if not self._finish:
                self._refusal += choice.delta.refusal or ""
                if choice.delta.content:
                    self.transcript.add(choice.delta.content)
                self._finish = choice.finish_reason or ""

    def finish(self) -> Finish:
        """How the answer ended. Raises ProviderError where it is none."""
        if self._refusal or self._finish == "content_filter":
            raise ProviderError(ErrorKind.REFUSED, self._refusal[:500] or "a filter stopped the answer")
        if not self.ended or not self._finish:
            raise ProviderError(ErrorKind.PROTOCOL, "the stream ended before the answer did")
        if not self.transcript.text.strip():
            raise ProviderError(ErrorKind.PROTOCOL, "the answer is empty")
        return Finish.LENGTH if self._finish == "length" else Finish.STOP


def _usage(said: _Usage) -> Usage:
    inside, outside = said.prompt_tokens_details, said.completion_tokens_details
    return Usage(
        input=said.prompt_tokens,
        output=said.completion_tokens,
        cached=(inside and inside.cached_tokens) or 0,
        reasoning=(outside and outside.reasoning_tokens) or 0,
    )


class OpenAiChat:
    """One model at one deployment."""

    def __init__(self, link: Link, http: HttpClients, limits: TimeLimits) -> None:
        self.provider = link.deployment.name
        self.model = link.model
        self._deployment = link.deployment
        self._http = http
        self._limits = limits

    async def complete(
        self, request: Request, transcript: Transcript, call_id: UUID, guard: Callable[[], None]
    ) -> Completion:
        """Ask, and hand the answer on piece by piece through `transcript`. `call_id` is told to the provider.

        Raises: ProviderError, and what `guard` raises, which is called right before the request goes out.
        """
        reading = _Reading(transcript, self._limits)
        try:
            async with asyncio.timeout_at(reading.first_word_due()) as timer:
                reading.timer = timer
                await self._exchange(request, reading, call_id, guard)
        except TimeoutError:
            if not reading.ended:
                raise ProviderError(ErrorKind.TIMEOUT, reading.overdue()) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not reading.ended:
                raise _network_error(error, has_answered=reading.has_answered) from error
        return Completion(
            text=transcript.text,
            finish=reading.finish(),
            usage=transcript.used(request),
            provider=self.provider,
            model=self.model,
            request_id=transcript.request_id,
        )

    async def _exchange(self, request: Request, reading: "_Reading", call_id: UUID, guard: Callable[[], None]) -> None:
        transcript = reading.transcript

        def about_to_send() -> None:
            guard()
            # From here on the call may cost something.
            transcript.sent = True

        url = f"{self._deployment.base_url.rstrip('/')}/chat/completions"
        body = orjson.dumps(self._body(request))
        async with self._http.post(url, body, self._headers(call_id), about_to_send) as response:
            reading.has_answered = True
            transcript.request_id = response.headers.get("x-request-id", "")[:200]
            if response.status_code != httpx.codes.OK:
                raise await _refused(response)
            async with aclosing(self._http.pieces(response)) as pieces:
                await reading.read(pieces)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            self._deployment.limit_field: request.max_output_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.schema:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.schema.name, "strict": True, "schema": request.schema.body},
            }
        return body

    def _headers(self, call_id: UUID) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "x-client-request-id": str(call_id),
        }
        if self._deployment.key:
            headers["authorization"] = f"Bearer {self._deployment.key}"
        return headers


async def _refused(response: httpx.Response) -> ProviderError:
    """What an HTTP error means."""
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MOST_ERROR_BYTES:
            break
    try:
        said = _Failure.model_validate_json(body).error
    except ValidationError:
        said = _Error(message=f"HTTP {response.status_code}")
    status = response.status_code
    unnamed = ErrorKind.OVERLOADED if status >= httpx.codes.INTERNAL_SERVER_ERROR else ErrorKind.BAD_REQUEST
    return _error_of(said, _KINDS_BY_STATUS.get(status, unnamed), response.headers)


def _error_of(said: _Error, unnamed: ErrorKind, headers: Mapping[str, str]) -> ProviderError:
    """The one place where a provider's words become our kinds: its codes first, then the HTTP status."""
    codes = {str(said.code or ""), said.type or ""}
    kind = unnamed
    if any(map(_QUOTA_CODES.search, codes)):
        kind = ErrorKind.QUOTA
    elif codes & _CONTEXT_CODES:
        kind = ErrorKind.CONTEXT_TOO_LONG
    elif codes & _FILTER_CODES:
        kind = ErrorKind.REFUSED
    elif codes & _MODEL_CODES:
        kind = ErrorKind.UNKNOWN_MODEL
    elif codes & _OVERLOAD_CODES:
        kind = ErrorKind.OVERLOADED
    elif "rate_limit_exceeded" in codes:
        kind = ErrorKind.RATE_LIMIT
    return ProviderError(kind, said.message[:500] or "no reason given", retry_after=_retry_after(headers))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None


def _network_error(error: httpx.HTTPError | httpx.InvalidURL, *, has_answered: bool) -> ProviderError:
    if isinstance(error, httpx.TimeoutException):
        return ProviderError(ErrorKind.TIMEOUT, f"no connection in time ({type(error).__name__})")
    kind = ErrorKind.PROTOCOL if has_answered else ErrorKind.CONNECTION
    return ProviderError(kind, f"{type(error).__name__}: {error}"[:500])
