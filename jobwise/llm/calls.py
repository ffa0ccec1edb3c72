"""One call to one model with all that goes with it: our own pace, the ledger, and what its breaker hears of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from jobwise.llm.breaker import Breakers
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import Client
from jobwise.llm.ledger import Ledger, Reservation
from jobwise.llm.models import Outcome
from jobwise.llm.pacing import Pacing
from jobwise.llm.types import Caller, Question, Transcript

Answer = TypeVar("Answer")
Model = TypeVar("Model", bound=Client, covariant=True)


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


@dataclass(frozen=True)
class Calls:
    """What all calls of this process have in common."""

    ledger: Ledger
    breakers: Breakers
    pacing: Pacing

    async def judged(self, target: Target[Client], until: Deadline, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """A call, after which the breaker knows how it went. Raises ProviderError."""
        try:
            await self.pacing.count(target.provider)
            answer = await call()
        except ProviderError as error:
            # Neither our own ceilings nor the end of our own time say anything about the provider.
            if error.kind is not ErrorKind.SPENDING and until.left():
                await self.breakers.failed(target.breaker, error)
            raise
        else:
            await self.breakers.succeeded(target.breaker)
        finally:
            await self.breakers.given_up(target.breaker)
        return answer

    async def recorded(
        self,
        target: Target[Client],
        question: Question,
        caller: Caller,
        transcript: Transcript,
        until: Deadline,
        ask: Callable[[UUID], Awaitable[Answer]],
    ) -> Answer:
        """A call with its line in the ledger, whose id `ask` is given. Raises ProviderError."""
        reservation = Reservation(target.provider, target.model.model)
        # Whatever else ends the call, it is us who break it off.
        outcome, failed = Outcome.CANCELLED, None
        try:
            await self.ledger.reserve(reservation, caller, question)
            answer = await _in_time(ask, reservation.id, until)
            outcome = Outcome.COMPLETED
        except ProviderError as error:
            outcome, failed = Outcome.FAILED, error.kind
            raise
        finally:
            used = transcript.used(question)
            await self.ledger.settle(reservation, outcome, used, error=failed, request_id=transcript.request_id)
        return answer


async def _in_time(ask: Callable[[UUID], Awaitable[Answer]], call_id: UUID, until: Deadline) -> Answer:
    try:
        async with asyncio.timeout(until.left()):
            return await ask(call_id)
    except TimeoutError:
        raise ProviderError(ErrorKind.TIMEOUT, "the time for this question is over") from None
