"""The chain of models: asks one after the other until one answers, and keeps the ledger of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from jobwise.config import Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm.deployments import chain
from jobwise.llm.errors import ErrorKind, Failure, LlmUnavailable, ProviderError
from jobwise.llm.ledger import Ledger, Reservation
from jobwise.llm.models import Outcome
from jobwise.llm.openai import OpenAiChat, TimeLimits
from jobwise.llm.types import Caller, Completion, Request, Transcript, nobody_listens

# Every provider would say the same to a request that is wrong in itself.
_FINAL = frozenset({ErrorKind.BAD_REQUEST})

log = structlog.get_logger(__name__)


class Router:
    """The models that the settings name, in their order. `opened` makes one."""

    def __init__(self, models: tuple[OpenAiChat, ...], ledger: Ledger) -> None:
        self._models = models
        self._ledger = ledger

    def links(self, purpose: str, caller: Caller) -> tuple[str, ...]:
        """The models that would be asked for a purpose, as `provider:model`, in order."""
        return tuple(f"{model.provider}:{model.model}" for model in self._models)

    async def complete(
        self, request: Request, caller: Caller, on_text: Callable[[str], None] = nobody_listens
    ) -> Completion:
        """The answer of the first model that gives one, handed on piece by piece as it comes.

        The next model is asked at once when one fails, unless a part of its answer was already handed on.

        Raises: LlmUnavailable; whatever `caller.guard` raises; DatabaseUnavailable where a call cannot be written down.
        """
        failures: list[Failure] = []
        for model in self._models:
            transcript = Transcript(on_text)
            try:
                return await self._ask(model, request, caller, transcript)
            except ProviderError as error:
                failures.append(Failure(model.provider, model.model, error))
                log.warning("model_failed", provider=model.provider, model=model.model, error=str(error))
                if transcript.has_begun or error.kind in _FINAL:
                    break
        raise LlmUnavailable(tuple(failures))

    async def _ask(self, model: OpenAiChat, request: Request, caller: Caller, transcript: Transcript) -> Completion:
        """One call to one model, with its line in the ledger."""
        reservation = Reservation(model.provider, model.model)
        # Whatever else ends the call, it is us who break it off.
        outcome, kind = Outcome.CANCELLED, None
        try:
            await self._ledger.reserve(reservation, caller, request)
            completion = await model.complete(request, transcript, reservation.id, caller.guard)
            outcome = Outcome.COMPLETED
        except ProviderError as error:
            outcome, kind = Outcome.FAILED, error.kind
            raise
        finally:
            await self._ledger.settle(
                reservation,
                outcome,
                transcript.used(request),
                error=kind,
                request_id=transcript.request_id,
            )
        return completion


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Router | None]:
    """The router that the settings describe, None where the built-in writer writes alone."""
    links = chain(settings)
    if not links:
        yield None
        return
    limits = TimeLimits(settings.llm_first_token_seconds, settings.llm_idle_seconds, settings.llm_call_seconds)
    http, ledger = HttpClients(), Ledger()
    try:
        yield Router(tuple(OpenAiChat(link, http, limits) for link in links), ledger)
    finally:
        await ledger.settled()
        await http.aclose()
