"""One call to one model with all that goes with it: our own pace, the ledger, and what its breaker hears of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import structlog

from jobwise.llm.breaker import Admission, Breakers, LeftAlone
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import Client
from jobwise.llm.ledger import Ledger, Reservation
from jobwise.llm.models import Outcome
from jobwise.llm.pacing import Pacing
from jobwise.llm.types import Caller, Question, Texts, Transcript

#: The caller waits as long for what is to be done after a call; then that goes on behind its back.
_WAIT_SECONDS = 3.0

Answer = TypeVar("Answer")
Asked = TypeVar("Asked", bound=Question)
Model = TypeVar("Model", bound=Client, covariant=True)

#: Makes one attempt at a question, under the call's id.
Ask: TypeAlias = Callable[[Asked, UUID], Awaitable[Answer]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Target(Generic[Model]):
    """A model of the settings: how it is asked, and the name of its breaker."""

    model: Model
    breaker: str

    @property
    def name(self) -> str:
        """As in the settings."""
        return f"{self.model.provider}:{self.model.model}"

    @property
    def provider(self) -> str:
        """The name of its deployment."""
        return self.model.provider


@dataclass(frozen=True)
class Deadline:
    """When the time for a question is over, on the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """So long from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """In seconds, never below 0."""
        return max(0.0, self.at - time.monotonic())

    @asynccontextmanager
    async def enforced(self) -> AsyncIterator[None]:
        """Breaks off what takes longer. Raises ProviderError(TIMEOUT) then."""
        try:
            async with asyncio.timeout(self.left()) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise ProviderError(ErrorKind.TIMEOUT, "the time for this question is over") from None


class Calls:
    """Makes all calls of this process. What is left to do after them outlives their callers: see `ended`."""

    def __init__(self, ledger: Ledger, breakers: Breakers, pacing: Pacing) -> None:
        self._ledger = ledger
        self._breakers = breakers
        self._pacing = pacing
        self._ending: set[asyncio.Task[None]] = set()

    async def make(
        self,
        target: Target[Client],
        prepare: Callable[[], Asked],
        ask: Ask[Asked, Answer],
        caller: Caller,
        transcript: Transcript,
        until: Deadline,
        *,
        always: bool = False,
    ) -> Answer:
        """A call, with its place, its line in the ledger, and its breaker, which hears how it went.

        The question is what `prepare` says when there is a place for it. `always` asks whatever the breaker says.

        Raises: ProviderError, which is LeftAlone where the breaker is open, and of the kind TIMEOUT when the time is
        over; what `caller.guard` raises; DatabaseUnavailable where the call cannot be written down.
        """
        call = _Call(Reservation(target.provider, target.model.model), Admission(target.breaker))
        try:
            async with until.enforced(), self._pacing.place(target.provider):
                question = prepare()
                await self._breakers.admit(call.admission, always=always)
                # Vectors are made in the background, whereas somebody waits for what is written.
                await self._pacing.count(target.provider, leaves_half=isinstance(question, Texts))
                call.question = question
                await self._ledger.reserve(call.reservation, caller, question)
                self._watch(call.admission, transcript)
                answer = await ask(question, call.reservation.id)
            call.outcome = Outcome.COMPLETED
        except ProviderError as error:
            call.outcome, call.error = Outcome.FAILED, error
            raise
        finally:
            # The end of our own time says nothing about the provider.
            await self._wait_for(self._judge(call, heard=until.left() > 0), self._settle(call, transcript))
        return answer

    async def ended(self) -> None:
        """Wait for what is still to be done after calls. Call it before the database is closed."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=_WAIT_SECONDS)

    def _watch(self, admission: Admission, transcript: Transcript) -> None:
        """Let nobody wait for all that a probe has to say: its first word is enough."""
        hand_on = transcript.on_text

        def first(text: str) -> None:
            transcript.on_text = hand_on
            self._go_on(self._breakers.succeeded(admission))
            hand_on(text)

        if admission.is_probe:
            transcript.on_text = first

    async def _judge(self, call: "_Call", *, heard: bool) -> None:
        if call.outcome is Outcome.COMPLETED:
            await self._breakers.succeeded(call.admission)
        elif call.error and heard and not isinstance(call.error, LeftAlone):
            await self._breakers.failed(call.admission, call.error)
        else:
            await self._breakers.given_up(call.admission)

    async def _settle(self, call: "_Call", transcript: Transcript) -> None:
        if call.question is None:
            return
        await self._ledger.settle(
            call.reservation,
            call.outcome,
            transcript.used(call.question),
            error=call.error.kind if call.error else None,
            request_id=transcript.request_id,
        )

    async def _wait_for(self, *steps: Coroutine[Any, Any, None]) -> None:
        """Wait a few seconds; what takes longer goes on all the same, and all of it where the caller is cancelled."""
        await asyncio.wait([self._go_on(step) for step in steps], timeout=_WAIT_SECONDS)

    def _go_on(self, step: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(step)
        self._ending.add(task)
        task.add_done_callback(self._has_ended)
        return task

    def _has_ended(self, task: "asyncio.Task[None]") -> None:
        self._ending.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("model_call_not_ended", exc_info=error)


@dataclass
class _Call:
    """What has become of a call; as long as there is no question, nothing of it is in the ledger."""

    reservation: Reservation
    admission: Admission
    question: Question | None = None
    # Whatever else ends a call, it is us who break it off.
    outcome: Outcome = Outcome.CANCELLED
    error: ProviderError | None = None
