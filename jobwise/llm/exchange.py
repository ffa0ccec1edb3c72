"""What all wire formats share: one exchange over plain HTTP, its time limits, and what becomes of it.

A stream counts as an answer only with a reason for its end and whatever marks the end; anything else is an error,
however much of the text has come. An adapter is a subclass of `Adapter` with its own `Reading`; those for vectors,
which come in one piece, are in `embedding`.
"""

import asyncio
import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import httpx
import orjson
import structlog

from jobwise.infra.http_client import HttpClients
from jobwise.llm import schemas
from jobwise.llm.capabilities import Mode, capabilities
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.failures import LONGEST_MESSAGE, network_error
from jobwise.llm.sse import EventReader
from jobwise.llm.thoughts import without_thoughts
from jobwise.llm.types import Completion, Finish, Link, Request, Transcript, Usage, estimated_input

# What follows the end marker is only waited for so that the connection can be used again.
_TAIL_SECONDS = 0.2
_TIMER_SECONDS = 0.05
_MOST_ERROR_BYTES = 65_536
# Most tokens have four. Not all servers count what a model thinks.
_CHARACTERS_PER_TOKEN = 40
# Servers that want no key get any word for one.
_SHORTEST_SECRET = 8
# A prompt of fewer tokens fits everywhere, and estimates of short texts are poor.
_SHORTEST_CUT_PROMPT = 1_500

#: Called right before a request goes out; it raises where none may.
Guard = Callable[[], None]

log = structlog.get_logger(__name__)


class Feature(StrEnum):
    """A part of a request that a server may refuse, and that the next request then does without."""

    EFFORT = "effort"
    SAMPLING = "sampling"
    ASKED_USAGE = "asked_usage"
    LIMIT_FIELD = "limit_field"
    SCHEMA = "schema"
    DIMENSIONS = "dimensions"


# In the order in which a message is looked through.
_REFUSED_WORDS = {
    Feature.ASKED_USAGE: re.compile(r"stream_options|include_usage", re.IGNORECASE),
    Feature.EFFORT: re.compile(r"reasoning[_.]?effort|\beffort\b|thinking[ _]?(?:config|level|budget)", re.IGNORECASE),
    Feature.SAMPLING: re.compile(r"temperature|top_[pk]\b", re.IGNORECASE),
    Feature.SCHEMA: re.compile(
        r"response[_ ]?format|json[_ ]?(?:schema|object|mode)|output_config|structured output|response_?mime|grammar",
        re.IGNORECASE,
    ),
    # Not where the number is what is wrong.
    Feature.LIMIT_FIELD: re.compile(
        r"max_(?:completion_)?tokens\b.{0,80}(?:not supported|unsupported|not permitted|instead)"
        r"|(?:unsupported|unknown|unrecognized)[^.]{0,60}max_(?:completion_)?tokens",
        re.IGNORECASE,
    ),
    Feature.DIMENSIONS: re.compile(r"dimension", re.IGNORECASE),
}


@dataclass(frozen=True)
class TimeLimits:
    """In seconds: until the first word, between two pieces, and for the whole call."""

    first_token: float
    idle: float
    call: float


@dataclass(frozen=True)
class Manner:
    """How one request is put: what a model can be told, less what the server has refused before."""

    mode: Mode
    effort: str
    temperature: float | None
    without: frozenset[Feature]


class Reading(ABC):
    """One stream, as it comes. Subclasses know the wire format."""

    timer: asyncio.Timeout
    #: Whether the format has no end marker: then the end of the stream is that, once there is a reason for it.
    ends_by_closing: ClassVar[bool] = False

    def __init__(self, transcript: Transcript, limits: TimeLimits, most_characters: int) -> None:
        self.transcript = transcript
        self.ended = False
        self.finish: Finish | None = None
        self.refusal = ""
        self._odd_end = ""
        self._limits = limits
        self._left = most_characters
        self._is_alive = False
        #: The beginning of what has come, as long as none of it is an event.
        self.unread = b""
        self._has_events = False
        self._began = self._heard_at = asyncio.get_running_loop().time()
        self._due = 0.0

    @abstractmethod
    def take(self, data: str) -> None:
        """One event of the stream. Sets `ended` with the end marker. Raises ProviderError, ValueError (unreadable)."""

    def say(self, text: str) -> None:
        """A piece of the answer."""
        if text:
            self.hear(text)
            self.transcript.add(text)

    def hear(self, text: str) -> None:
        """A sign that the model is at work, with what it thinks or why it refuses. Raises ProviderError."""
        self._is_alive = True
        self._heard_at = asyncio.get_running_loop().time()
        self._left -= len(text)
        if self._left < 0:
            raise ProviderError(ErrorKind.PROTOCOL, "the answer goes on and on, far beyond its limit")

    def stop(self, reason: str, finishes: Mapping[str, Finish], why: str = "") -> None:
        """The reason for the end, which may be none that an answer ends with; `why` is what else is said of it."""
        self.finish = finishes.get(reason)
        if self.finish is None:
            self._odd_end = why or f"the model broke off: {reason}"

    @property
    def is_over(self) -> bool:
        """Whether all words have come."""
        return bool(self.finish or self.refusal or self._odd_end)

    def first_word_due(self) -> float:
        """When the first word must be there, in the loop's time."""
        return self._began + min(self._limits.first_token, self._limits.call)

    def overdue(self) -> str:
        """What did not come in time."""
        if asyncio.get_running_loop().time() >= self._began + self._limits.call - _TIMER_SECONDS:
            return f"no end within {self._limits.call:g} s"
        if self._is_alive:
            return f"nothing more for {self._limits.idle:g} s"
        return f"no first word within {self._limits.first_token:g} s"

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        """All events up to the end marker."""
        events = EventReader()
        async for piece in pieces:
            if not self._has_events:
                self.unread = (self.unread + piece)[:_MOST_ERROR_BYTES]
            if self._take_all(events.feed(piece)):
                return
            self._set_timer()
        self._take_all(events.flush())
        self.ended = self.ended or (self.ends_by_closing and self.finish is not None)

    def result(self) -> Finish:
        """How the answer ended. Raises ProviderError where it is none."""
        if self.refusal:
            raise ProviderError(ErrorKind.REFUSED, self.refusal[:LONGEST_MESSAGE])
        if self._odd_end:
            raise ProviderError(ErrorKind.PROTOCOL, self._odd_end[:LONGEST_MESSAGE])
        if not self.ended or not self.finish:
            raise ProviderError(ErrorKind.PROTOCOL, "the stream ended before the answer did")
        if self.transcript.text.strip():
            return self.finish
        if self.finish is Finish.LENGTH:
            raise ProviderError(ErrorKind.NO_ROOM, "the answer is empty; all of its tokens went into thinking")
        # What a model has worked on is paid for; an answer without any work may be an accident.
        if self._is_alive or (self.transcript.usage and self.transcript.usage.reasoning):
            raise ProviderError(ErrorKind.NO_ROOM, "the answer is empty; the model has only thought")
        raise ProviderError(ErrorKind.PROTOCOL, "the answer is empty")

    def _take_all(self, events: Iterable[str]) -> bool:
        """Whether there was anything behind the end marker; nothing of that is taken."""
        for event in events:
            self._has_events, self.unread = True, b""
            if self.ended:
                return True
            self._event(event)
        return False

    def _event(self, event: str) -> None:
        try:
            self.take(event)
        except ValueError:
            raise ProviderError(ErrorKind.PROTOCOL, "a piece of the stream is not readable") from None

    def _set_timer(self) -> None:
        """Allow as much time until the next piece as there may pass."""
        now = asyncio.get_running_loop().time()
        if self.ended:
            self.timer.reschedule(now + _TAIL_SECONDS)
        elif self._is_alive:
            due = min(self._heard_at + self._limits.idle, self._began + self._limits.call)
            # Hardly later than what is set: not worth a new timer for each of a thousand pieces a second.
            if due - self._due > _TIMER_SECONDS:
                self._due = due
                self.timer.reschedule(due)


class Client(ABC):
    """Whoever speaks with one model at one deployment. It remembers what the server has refused (`_without`), so keep
    it for as long as the process.
    """

    #: The header that names the provider's own id of a request.
    request_id_header: ClassVar[str] = "x-request-id"

    def __init__(self, link: Link, http: HttpClients, limits: TimeLimits) -> None:
        self.provider = link.deployment.name
        self.model = link.model
        self.deployment = link.deployment
        self._http = http
        self._limits = limits
        self._without: frozenset[Feature] = frozenset()

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """What identifies us to the provider."""

    @abstractmethod
    def error(self, status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
        """What an HTTP error means: the one place where a provider's words become our kinds."""

    @contextmanager
    def _explained(self, transcript: Transcript, guard: Guard) -> Iterator[Guard]:
        """Whatever goes wrong inside is a ProviderError, except what the guard raises: call that which is given."""
        objections: list[Exception] = []

        def remembered() -> None:
            try:
                guard()
            except Exception as error:
                objections.append(error)
                raise

        try:
            yield remembered
        except ProviderError as error:
            raise self._without_key(error) from error.__cause__
        except Exception as error:
            if error in objections:
                raise
            if not isinstance(error, httpx.HTTPError | httpx.InvalidURL):
                # Not with the variables, among which are prompts and keys, as some renderers of logs would.
                lines = "".join(traceback.format_exception(error))
                log.error("exchange_failed", provider=self.provider, model=self.model, traceback=lines)
            # The cause of some errors has what was in a header.
            raise network_error(error, has_answered=transcript.answered) from None

    def _without_key(self, error: ProviderError) -> ProviderError:
        """Some servers repeat the key that they do not like."""
        key = self.deployment.key
        if len(key) < _SHORTEST_SECRET or key not in error.message:
            return error
        return ProviderError(error.kind, error.message.replace(key, "[key]"), retry_after=error.retry_after)

    @asynccontextmanager
    async def _answered(
        self, url: str, body: dict[str, Any], accept: str, transcript: Transcript, call_id: UUID, guard: Guard
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; its response is one of success, still to be read. Raises ProviderError, httpx.HTTPError."""

        def about_to_send() -> None:
            guard()
            # From here on the call may cost something.
            transcript.sent = True

        transcript.answered = False
        headers = {
            "content-type": "application/json",
            "accept": accept,
            "x-client-request-id": str(call_id),
            **self.headers(),
        }
        async with self._http.post(url, orjson.dumps(body), headers, about_to_send) as response:
            transcript.answered = True
            transcript.request_id = response.headers.get(self.request_id_header, "")[:200]
            if response.status_code != httpx.codes.OK:
                # Nobody charges for what they refuse.
                transcript.usage = Usage()
                raise self.error(response.status_code, await whole(response, _MOST_ERROR_BYTES), response.headers)
            transcript.usage = None
            yield response


class Adapter(Client):
    """One model that writes."""

    #: The ways of structured output that the wire format has.
    modes: ClassVar[tuple[Mode, ...]] = tuple(Mode)
    #: What reads one answer.
    reading: ClassVar[type[Reading]]

    def __init__(self, link: Link, http: HttpClients, limits: TimeLimits) -> None:
        super().__init__(link, http, limits)
        self.capabilities = capabilities(link.model)
        self._mode = next(mode for mode in self.modes if mode.rank >= self.capabilities.mode.rank)

    @abstractmethod
    def url(self) -> str:
        """Where the request goes."""

    @abstractmethod
    def body(self, request: Request, manner: Manner) -> dict[str, Any]:
        """The request in the wire format."""

    async def complete(self, request: Request, transcript: Transcript, call_id: UUID, guard: Guard) -> Completion:
        """Ask, and hand the answer on piece by piece through `transcript`. `call_id` is told to the provider.

        What a server refuses of the form of a request is left out at once, and from then on; see `Feature`.

        Raises: ProviderError, and what `guard` raises, which is called right before a request goes out.
        """
        while True:
            manner = self._manner(request)
            try:
                return await self._ask(request, manner, transcript, call_id, guard)
            except ProviderError as error:
                if transcript.has_begun or not self._concede(error, manner, request):
                    raise
                transcript.again(request)

    def _manner(self, request: Request) -> Manner:
        known = self.capabilities
        effort = "" if Feature.EFFORT in self._without else known.effort
        is_told = known.takes_temperature and Feature.SAMPLING not in self._without
        return Manner(self._mode, effort, request.temperature if is_told else None, self._without)

    def _concede(self, error: ProviderError, manner: Manner, request: Request) -> bool:
        """Whether to ask once more, without what this error is about."""
        feature = refused_feature(error)
        if feature is Feature.SCHEMA:
            return request.schema is not None and self._step_down(manner.mode)
        if feature is None or feature is Feature.DIMENSIONS or feature in manner.without:
            return False
        self._without |= {feature}
        return True

    def _step_down(self, refused: Mode) -> bool:
        # Another call may have been refused the same way meanwhile.
        if self._mode is refused:
            self._mode = next((mode for mode in self.modes if mode.rank > refused.rank), refused)
        return self._mode is not refused

    async def _ask(
        self, request: Request, manner: Manner, transcript: Transcript, call_id: UUID, guard: Guard
    ) -> Completion:
        reading = self.reading(transcript, self._limits, _CHARACTERS_PER_TOKEN * request.max_output_tokens)
        with self._explained(transcript, guard) as remembered:
            try:
                async with asyncio.timeout_at(reading.first_word_due()) as timer:
                    reading.timer = timer
                    await self._exchange(self.body(request, manner), reading, call_id, remembered)
            except TimeoutError:
                if not reading.ended:
                    raise ProviderError(ErrorKind.TIMEOUT, reading.overdue()) from None
            except httpx.HTTPError:
                if not reading.ended:
                    raise
            return self._completion(request, transcript, reading.result())

    async def _exchange(self, body: dict[str, Any], reading: Reading, call_id: UUID, guard: Guard) -> None:
        accept = "text/event-stream"
        async with (
            self._answered(self.url(), body, accept, reading.transcript, call_id, guard) as response,
            aclosing(self._http.pieces(response)) as pieces,
        ):
            await reading.read(pieces)
            if reading.unread.strip():
                raise self._no_stream(reading, response)

    def _no_stream(self, reading: Reading, response: httpx.Response) -> ProviderError:
        """What an answer means that is none in spite of its status: an error, or from somebody else."""
        error = self.error(response.status_code, reading.unread, response.headers)
        if error.kind is not ErrorKind.PROTOCOL:
            reading.transcript.usage = Usage()
            return error
        return ProviderError(error.kind, f"not a stream of events; {error.message}")

    def _completion(self, request: Request, transcript: Transcript, finish: Finish) -> Completion:
        text, usage = transcript.text, transcript.used(request)
        if request.schema:
            text = schemas.extracted(without_thoughts(text))
        return Completion(
            text=text,
            finish=finish,
            usage=usage,
            provider=self.provider,
            model=self.model,
            request_id=transcript.request_id,
            problems=schemas.problems(text, request.schema.body) if request.schema else (),
            warnings=_warnings(request, usage),
        )


def told(request: Request, mode: Mode) -> str:
    """The system prompt, with the schema in words where the provider does not enforce it."""
    if request.schema is None or mode is Mode.JSON_SCHEMA:
        return request.system
    return f"{request.system}\n\n{schemas.in_words(request.schema.titled())}"


def refused_feature(error: ProviderError) -> Feature | None:
    """The part of a request that a server says it does not take; None where it says nothing of the kind."""
    if error.kind is not ErrorKind.BAD_REQUEST:
        return None
    return next((feature for feature, words in _REFUSED_WORDS.items() if words.search(error.message)), None)


async def whole(response: httpx.Response, most: int) -> bytes:
    """The body; of a longer one than so many bytes, a little more than these."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def _warnings(request: Request, usage: Usage) -> tuple[str, ...]:
    """Some local servers cut a prompt to the context that they were started with, and say nothing."""
    sent = estimated_input(request)
    if usage.estimated or not usage.input or sent < _SHORTEST_CUT_PROMPT or usage.input * 2 > sent:
        return ()
    return (
        f"The model has read {usage.input} tokens of a prompt of about {sent}: "
        "its server cuts prompts; give it a larger context.",
    )
