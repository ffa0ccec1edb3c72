"""The chains of models: who is asked next, who is left alone for now, and when to stop asking.

The only owner of retries: adapters make one attempt each.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from jobwise.config import Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm import prices
from jobwise.llm.breaker import Breakers, LeftAlone, State, breaker_of
from jobwise.llm.calls import Calls, Deadline, Target
from jobwise.llm.deployments import adapter, embedder, embedding_link, links
from jobwise.llm.embedding import Embedder, Vector
from jobwise.llm.errors import ErrorKind, Failure, LlmUnavailable, ProviderError
from jobwise.llm.exchange import Adapter, TimeLimits
from jobwise.llm.ledger import Ceilings, Ledger
from jobwise.llm.pacing import Pacing
from jobwise.llm.types import Budget, Caller, Completion, Preference, Request, Texts, Transcript, nobody_listens

# The same link would say the same again.
_FINAL_FOR_LINK = frozenset(
    {
        ErrorKind.AUTH,
        ErrorKind.QUOTA,
        ErrorKind.UNKNOWN_MODEL,
        ErrorKind.ADDRESS,
        ErrorKind.BAD_REQUEST,
        ErrorKind.REFUSED,
        ErrorKind.NO_ROOM,
        ErrorKind.CONTEXT_TOO_LONG,
        ErrorKind.SPENDING,
    }
)
#: Nobody waits longer because a provider asks for it.
_LONGEST_WAIT = 60.0
#: Nor altogether for providers that fail and do not say for how long: people wait, and the built-in writer can write.
_PATIENCE = 10.0
#: So often at least whoever waits looks whether that is still needed.
_LOOK_SECONDS = 1.0
_PROBE_LOOK_SECONDS = 0.2
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
        question = _Question(self, request, caller, nobody_listens, [target], seconds)
        return await question.attempt(target, transcript, always=True)

    async def embed(
        self, target: Target[Embedder], texts: Texts, caller: Caller, *, always: bool = False
    ) -> list[Vector]:
        """A vector for each text, of length 1 or all zero, by one attempt at `embedding`. Nobody else can stand in.

        `always` asks whatever its breaker says.

        Raises: ProviderError, whose `retry_after` says when it may be asked again while it is left alone; what
        `complete` raises beside LlmUnavailable.
        """
        until, transcript = Deadline.after(self._settings.llm_total_seconds), Transcript()

        async def ask(asked: Texts, call_id: UUID) -> list[Vector]:
            return await target.model.embed(asked, transcript, call_id, caller.guard)

        return await self.calls.make(target, lambda: texts, ask, caller, transcript, until, always=always)

    async def can_embed(self) -> bool:
        """Whether there is a model for vectors, and its breaker lets a call through."""
        if self.embedding is None:
            return False
        now, (state,) = await self.breakers.look([self.embedding.breaker])
        return state.admits(now)

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
        self._calls = router.calls
        self._breakers = router.breakers
        self._request = request
        self._caller = caller
        self._on_text = on_text
        self._left = list(targets)
        self._until = Deadline.after(seconds)
        self._failures: list[Failure] = []
        self._patience = _PATIENCE
        self._had_a_chance: set[str] = set()
        self._paced: dict[str, Deadline] = {}

    async def answer(self) -> Completion:
        """Turn after turn, until one answers, none can be expected to, or the time is over."""
        turn = 0
        while self._left and turn < _MOST_TURNS:
            failures, ready = len(self._failures), await self._ready()
            # Where it is no use to wait, those who had no chance yet are asked all the same.
            for target in ready or await self._without_a_chance():
                if target in self._left and (completion := await self._try(target, always=not ready)):
                    return completion
            if not ready:
                break
            if len(self._failures) > failures:
                await self._pause(min(_FIRST_PAUSE * 2**turn, _LONGEST_PAUSE) * _JITTER.uniform(0.5, 1.0))
                turn += 1
        raise await self._unavailable()

    async def _ready(self) -> list[_Link]:
        """Who may be asked now. Where nobody may, the first who will is waited for; empty where that is no use."""
        while True:
            standing = await self._standing()
            if ready := [each.target for each in standing if each.is_ready]:
                return ready
            waited_for = [each for each in standing if each.rests < min(self._longest_wait(each), self._until.left())]
            if not waited_for:
                return []
            self._had_a_chance.update(each.target.breaker for each in waited_for)
            first = min(waited_for, key=lambda each: each.rests)
            began = time.monotonic()
            await asyncio.sleep(min(first.rests or _PROBE_LOOK_SECONDS, _LOOK_SECONDS) * _JITTER.uniform(1.0, 1.2))
            if not first.is_told:
                self._patience -= time.monotonic() - began

    def _longest_wait(self, standing: "_Standing") -> float:
        """Who says for how long is believed; for all others there is one patience, also while a probe goes on."""
        return _LONGEST_WAIT if standing.is_told else self._patience

    async def _standing(self) -> list["_Standing"]:
        """How those who are left stand."""
        now, states = await self._breakers.look([target.breaker for target in self._left])
        return [self._stands(target, state, now) for target, state in zip(self._left, states, strict=True)]

    def _stands(self, target: _Link, state: State, now: float) -> "_Standing":
        paced = self._paced[target.provider].left() if target.provider in self._paced else 0.0
        rests = max(state.rests(now), paced)
        is_told = rests > 0 and (state.is_told or paced > state.rests(now))
        return _Standing(target, state.admits(now) and not paced, rests, is_told, state.why)

    async def _without_a_chance(self) -> list[_Link]:
        """Those who were neither asked nor waited for, the first to close first; not those who let everybody wait."""
        standing = sorted(await self._standing(), key=lambda each: each.rests)
        had = self._had_a_chance
        return [
            each.target for each in standing if each.target.breaker not in had and each.kind is not ErrorKind.TIMEOUT
        ]

    async def _unavailable(self) -> LlmUnavailable:
        """What has failed, and why those were left alone who were not asked."""
        asked = {(failure.provider, failure.model) for failure in self._failures}
        now, states = await self._breakers.look([target.breaker for target in self._left])
        alone = [
            Failure(target.provider, target.model.model, state.left_alone(now))
            for target, state in zip(self._left, states, strict=True)
            if state.open_until and (target.provider, target.model.model) not in asked
        ]
        return LlmUnavailable((*self._failures, *alone))

    async def _pause(self, seconds: float) -> None:
        """Raises LlmUnavailable where there is nobody left to wait for, or no time."""
        if not self._left or seconds >= self._until.left():
            raise await self._unavailable()
        await asyncio.sleep(seconds)

    async def _try(self, target: _Link, *, always: bool) -> Completion | None:
        """One attempt; None when it has failed, or its breaker does not allow it. Raises LlmUnavailable at the end."""
        transcript = Transcript(self._on_text)
        try:
            return await self.attempt(target, transcript, always=always)
        except LeftAlone:
            return None
        except ProviderError as error:
            self._note(target, error, has_begun=transcript.has_begun)
            return None

    def _note(self, target: _Link, error: ProviderError, *, has_begun: bool) -> None:
        """Decide what a failure means for this question. Raises LlmUnavailable where it ends it."""
        self._failures.append(Failure(target.provider, target.model.model, error))
        self._had_a_chance.add(target.breaker)
        log.warning("model_failed", provider=target.provider, model=target.model.model, error=str(error))
        if has_begun or not self._until.left():
            raise LlmUnavailable(tuple(self._failures))
        if error.kind is ErrorKind.PACED:
            self._paced[target.provider] = Deadline.after(error.retry_after or 0.0)
        self._left = [each for each in self._left if not _is_final(error, target, each)]

    async def attempt(self, target: _Link, transcript: Transcript, *, always: bool) -> Completion:
        """One call to one model. Raises ProviderError."""
        model, caller, prepared = target.model, self._caller, self._request

        def prepare() -> Request:
            nonlocal prepared
            prepared = _within(caller.budget, self._request, model)
            return prepared

        async def ask(request: Request, call_id: UUID) -> Completion:
            return await model.complete(request, transcript, call_id, caller.guard)

        try:
            return await self._calls.make(target, prepare, ask, caller, transcript, self._until, always=always)
        finally:
            if caller.budget:
                caller.budget.spend(transcript.used(prepared))


@dataclass(frozen=True)
class _Standing:
    """A link: whether it may be asked now, else in how many seconds, told or hoped; and what had happened."""

    target: _Link
    is_ready: bool
    rests: float
    is_told: bool
    kind: ErrorKind


def _is_final(error: ProviderError, failed: _Link, other: _Link) -> bool:
    """Whether a link need not be asked any more after this error of one of them, perhaps itself."""
    context = failed.model.capabilities.context
    if error.kind is ErrorKind.CONTEXT_TOO_LONG and context is not None:
        return other is failed or (other.model.capabilities.context or math.inf) <= context
    is_final = error.kind in _FINAL_FOR_LINK or (error.retry_after or 0.0) > _LONGEST_WAIT
    return is_final and other is failed


def _within(budget: Budget | None, request: Request, model: Adapter) -> Request:
    """The request, with what is left of the budget as its limit where a model does not think. Raises ProviderError."""
    if budget is None:
        return request
    if not budget.left:
        raise ProviderError(ErrorKind.SPENDING, "the tokens for this stage are used up")
    if model.capabilities.thinks:
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
    router = Router(settings, http, ledger)
    try:
        yield router
    finally:
        await router.calls.ended()
        await http.aclose()
