"""The chains of models: who is asked next, who is left alone for now, and when to stop asking.

The only owner of retries: adapters make one attempt each.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import structlog

from jobwise.config import Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm import prices
from jobwise.llm.breaker import Breakers, State, breaker_of
from jobwise.llm.calls import Calls, Deadline, Target
from jobwise.llm.deployments import adapter, embedder, embedding_link, links
from jobwise.llm.embedding import Embedder, Vector
from jobwise.llm.errors import ErrorKind, Failure, LlmUnavailable, ProviderError
from jobwise.llm.exchange import Adapter, TimeLimits
from jobwise.llm.ledger import Ceilings, Ledger
from jobwise.llm.pacing import Pacing
from jobwise.llm.types import Budget, Caller, Completion, Preference, Request, Texts, Transcript, nobody_listens

# Every provider would say the same to a request that is wrong in itself.
_FINAL = frozenset({ErrorKind.BAD_REQUEST})
# The same link would say the same again.
_FINAL_FOR_LINK = frozenset(
    {
        ErrorKind.AUTH,
        ErrorKind.QUOTA,
        ErrorKind.UNKNOWN_MODEL,
        ErrorKind.REFUSED,
        ErrorKind.CONTEXT_TOO_LONG,
        ErrorKind.SPENDING,
    }
)
#: Nobody waits longer because a provider asks for it.
_LONGEST_RETRY_AFTER = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_MOST_TURNS = 6
_JITTER = random.SystemRandom()
#: Settling what a probe has found out must not wait for its own time limit.
_PROBE_MARGIN = 5.0

_Link = Target[Adapter]

log = structlog.get_logger(__name__)


class Router:
    """The models that the settings name, in the order that the purpose and the caller want. `opened` makes one."""

    def __init__(self, settings: Settings, http: HttpClients, ledger: Ledger) -> None:
        limits = TimeLimits(settings.llm_first_token_seconds, settings.llm_idle_seconds, settings.llm_call_seconds)
        vectors = embedding_link(settings)
        self._settings = settings
        self._targets = {
            (link.deployment.name, link.model): Target(adapter(link, http, limits), breaker_of(link))
            for link in links(settings)
        }
        #: Who makes vectors of texts; None where nobody does.
        self.embedding = Target(embedder(vectors, http, limits), breaker_of(vectors)) if vectors else None
        self.breakers = Breakers(settings.llm_call_seconds + _PROBE_MARGIN)
        self.pacing = Pacing(settings.llm_concurrency, settings.llm_requests_per_minute)
        self.calls = Calls(ledger, self.breakers, self.pacing)

    def serves(self, purpose: str) -> bool:
        """Whether there is any model for this purpose."""
        return bool(self._settings.model_chain(purpose))

    def links(self, purpose: str, caller: Caller) -> tuple[str, ...]:
        """The models that would be asked for a purpose, as `provider:model`, in order."""
        return tuple(target.name for target in self._order(purpose, caller))

    async def complete(
        self, request: Request, caller: Caller, on_text: Callable[[str], None] = nobody_listens
    ) -> Completion:
        """The answer of the first model that gives one, handed on piece by piece as it comes.

        The next model is asked at once when one fails, unless a part of its answer was already handed on. Only when
        all have failed are they asked again, with pauses, within the time that the settings give to one question.

        Raises: LlmUnavailable; whatever `caller.guard` raises; DatabaseUnavailable where a call cannot be written down.
        """
        targets = self._order(request.purpose, caller)
        return await _Question(self, request, caller, on_text, targets, self._settings.llm_total_seconds).answer()

    async def ask_once(
        self, link: tuple[str, str], request: Request, caller: Caller, transcript: Transcript
    ) -> Completion:
        """One attempt at one link (provider, model), whatever its breaker says; the breaker hears how it went.

        Raises: KeyError for a link that is not configured; ProviderError; what `complete` raises beside LlmUnavailable.
        """
        target, seconds = self._targets[link], self._settings.llm_total_seconds
        return await _Question(self, request, caller, nobody_listens, [target], seconds).judged(target, transcript)

    async def embed(self, target: Target[Embedder], texts: Texts, caller: Caller) -> list[Vector]:
        """A vector for each text, of length 1 or all zero, by one attempt at `embedding`. Nobody else can stand in.

        Raises: ProviderError, whose `retry_after` says when it may be asked again while it is left alone; what
        `complete` raises beside LlmUnavailable.
        """
        until, transcript = Deadline.after(self._settings.llm_total_seconds), Transcript()

        async def ask(call_id: UUID) -> list[Vector]:
            return await target.model.embed(texts, transcript, call_id, caller.guard)

        async with self.pacing.place(target.provider):
            if not await self.breakers.admit(target.breaker):
                raise await self._left_alone(target)
            return await self.calls.judged(
                target, until, lambda: self.calls.recorded(target, texts, caller, transcript, until, ask)
            )

    async def can_embed(self) -> bool:
        """Whether there is a model for vectors, and its breaker lets a call through."""
        if self.embedding is None:
            return False
        now, (state,) = await self.breakers.look([self.embedding.breaker])
        return state.admits(now)

    async def _left_alone(self, target: Target[Embedder]) -> ProviderError:
        now, (state,) = await self.breakers.look([target.breaker])
        kind = ErrorKind(state.kind) if state.kind else ErrorKind.OVERLOADED
        return ProviderError(kind, f"left alone for now: {state.message}", retry_after=state.closes_in(now))

    def _order(self, purpose: str, caller: Caller) -> list[_Link]:
        usual = self._settings.model_chain(purpose, speed=caller.prefer is Preference.SPEED)
        # Whom the caller has not named still stands in for those named.
        named = [link for link in self._targets if ":".join(link) in caller.order] if usual else []
        named.sort(key=lambda link: caller.order.index(":".join(link)))
        return [self._targets[link] for link in dict.fromkeys((*named, *usual))]


class _Question:
    """One question on its way along a chain."""

    def __init__(
        self,
        router: Router,
        request: Request,
        caller: Caller,
        on_text: Callable[[str], None],
        targets: Sequence[_Link],
        seconds: float,
    ) -> None:
        self._pacing = router.pacing
        self._calls = router.calls
        self._breakers = router.breakers
        self._request = request
        self._caller = caller
        self._on_text = on_text
        self._left = list(targets)
        self._until = Deadline.after(seconds)
        self._failures: list[Failure] = []

    async def answer(self) -> Completion:
        """Turn after turn, until one answers, none can be expected to, or the time is over."""
        for turn in range(_MOST_TURNS):
            now, states = await self._breakers.look([target.breaker for target in self._left])
            standing = list(zip(self._left, states, strict=True))
            ready = [target for target, state in standing if state.admits(now)]
            for target in ready:
                if target in self._left and (completion := await self._try(target)):
                    return completion
            if ready:
                await self._pause(min(_FIRST_PAUSE * 2**turn, _LONGEST_PAUSE) * _JITTER.uniform(0.5, 1.0))
            elif completion := await self._with_all_open(standing, now):
                return completion
        raise LlmUnavailable(tuple(self._failures))

    async def _with_all_open(self, standing: Sequence[tuple[_Link, State]], now: float) -> Completion | None:
        """Nobody is to be asked just now: wait for a provider that has said for how long, else try once all the same.

        None after the wait. Raises LlmUnavailable.
        """
        if not standing:
            raise LlmUnavailable(tuple(self._failures))
        target, state = min(standing, key=lambda each: each[1].closes_in(now))
        wait = state.closes_in(now)
        if state.kind == ErrorKind.RATE_LIMIT and wait <= min(_LONGEST_RETRY_AFTER, self._until.left()):
            await self._pause(wait + _JITTER.uniform(0.0, 0.25))
            return None
        if completion := await self._try(target, always=True):
            return completion
        raise LlmUnavailable(tuple(self._failures))

    async def _pause(self, seconds: float) -> None:
        """Raises LlmUnavailable where there is nobody left to wait for, or no time."""
        if not self._left or seconds >= self._until.left():
            raise LlmUnavailable(tuple(self._failures))
        await asyncio.sleep(seconds)

    async def _try(self, target: _Link, *, always: bool = False) -> Completion | None:
        """One attempt; None when it has failed, or its breaker does not allow it. Raises LlmUnavailable at the end."""
        transcript = Transcript(self._on_text)
        try:
            async with self._pacing.place(target.provider):
                if not always and not await self._breakers.admit(target.breaker):
                    return None
                completion = await self.judged(target, transcript)
        except ProviderError as error:
            self._note(target, error, has_begun=transcript.has_begun)
            return None
        return completion

    def _note(self, target: _Link, error: ProviderError, *, has_begun: bool) -> None:
        """Decide what a failure means for this question. Raises LlmUnavailable where it ends it."""
        self._failures.append(Failure(target.provider, target.model.model, error))
        log.warning("model_failed", provider=target.provider, model=target.model.model, error=str(error))
        if has_begun or error.kind in _FINAL or not self._until.left():
            raise LlmUnavailable(tuple(self._failures))
        if error.kind in _FINAL_FOR_LINK or (error.retry_after or 0.0) > _LONGEST_RETRY_AFTER:
            self._left.remove(target)
        context = target.model.capabilities.context
        if error.kind is ErrorKind.CONTEXT_TOO_LONG and context is not None:
            self._left = [each for each in self._left if (each.model.capabilities.context or math.inf) > context]

    async def judged(self, target: _Link, transcript: Transcript) -> Completion:
        """A call, after which the breaker knows how it went."""
        return await self._calls.judged(target, self._until, lambda: self._call(target, transcript))

    async def _call(self, target: _Link, transcript: Transcript) -> Completion:
        """One call to one model, with its line in the ledger."""
        model, caller = target.model, self._caller
        request = _within(caller.budget, self._request, model)

        async def ask(call_id: UUID) -> Completion:
            return await model.complete(request, transcript, call_id, caller.guard)

        try:
            return await self._calls.recorded(target, request, caller, transcript, self._until, ask)
        finally:
            if caller.budget:
                caller.budget.spend(transcript.used(request))


def _within(budget: Budget | None, request: Request, model: Adapter) -> Request:
    """The request, with what is left of the budget as its limit where a model does not think. Raises ProviderError."""
    if budget is None:
        return request
    if not budget.left:
        raise ProviderError(ErrorKind.SPENDING, "the tokens for this stage are used up")
    if model.capabilities.efforts:
        return request
    return replace(request, max_output_tokens=min(request.max_output_tokens, budget.left))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Router | None]:
    """The router that the settings describe, None where no model is to be asked for anything."""
    if not settings.model_links() and not settings.embedding_link():
        yield None
        return
    await prices.load()
    http = HttpClients()
    ledger = Ledger(
        Ceilings(settings.llm_generation_dollars, settings.llm_person_month_dollars, settings.llm_month_dollars)
    )
    try:
        yield Router(settings, http, ledger)
    finally:
        await ledger.settled()
        await http.aclose()
