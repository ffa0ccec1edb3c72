"""Circuit breakers: who fails is left alone a while, by all workers at once.

There is one for each provider, model, address and key, so that another key or address begins anew. Their states are in
Redis, on Redis's clock. While Redis is away each process goes on with what it knows.
"""

import asyncio
import hashlib
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

import orjson
import structlog
from pydantic import TypeAdapter
from redis.asyncio import Redis

from jobwise.infra import redis_client
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Link

#: So many failures without a success between them, in all workers together, open a breaker.
FAILURES_TO_OPEN = 3
#: How long a breaker stays open the first time; twice as long each time that the probe fails, up to the longest.
_FIRST_REST = 5.0
_LONGEST_REST = 60.0
#: What only people can mend is not tried for so long. Mending it by another key or address makes another breaker.
_LONG_REST = 1_800.0
#: A provider that asks for more patience is asked again after this.
_LONGEST_DELAY = 600.0
#: What failed longer ago than this says nothing any more.
_MEMORY_SECONDS = 120.0
_MOST_RACES = 20
#: What was read a moment ago need not be read again: a thousand calls at once ask Redis once.
_FRESH_SECONDS = 0.1

_FOR_PEOPLE_TO_MEND = frozenset({ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.UNKNOWN_MODEL, ErrorKind.ADDRESS})
_FAULTS = frozenset(
    {ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.TIMEOUT, ErrorKind.CONNECTION, ErrorKind.PROTOCOL}
)
# Who answers so is there and works; this request was not to its liking.
_ANSWERS = frozenset({ErrorKind.REFUSED, ErrorKind.CONTEXT_TOO_LONG, ErrorKind.NO_ROOM})

_READ = "return {redis.call('TIME'), redis.call('MGET', unpack(KEYS))}"
# Only over what was read, so that no worker's word is lost.
_SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""


class Position(StrEnum):
    """What a breaker does."""

    CLOSED = "CLOSED"
    """Everything goes through."""
    OPEN = "OPEN"
    """Nothing goes through."""
    HALF_OPEN = "HALF_OPEN"
    """One call goes through; the next ones do when it has gone well."""


@dataclass(frozen=True)
class State:
    """What is known of a link. Times are seconds on Redis's clock; 0 where there is none.

    `times` counts how often it was opened in a row. `probe_until` is when a probe under way is given up for lost.
    `is_told` where `open_until` is what the provider itself has asked for.
    """

    failures: int = 0
    times: int = 0
    open_until: float = 0.0
    probe_until: float = 0.0
    kind: str = ""
    message: str = ""
    is_told: bool = False

    def position(self, now: float) -> Position:
        """What it does now."""
        if not self.open_until:
            return Position.CLOSED
        return Position.OPEN if self.open_until > now else Position.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether a call may be made; in half-open, whether it may be the probe."""
        position = self.position(now)
        return position is Position.CLOSED or (position is Position.HALF_OPEN and self.probe_until <= now)

    def rests(self, now: float) -> float:
        """Seconds until it is half-open."""
        return max(0.0, self.open_until - now)

    def closes_in(self, now: float) -> float:
        """Seconds until a call may be made, at the latest."""
        return max(0.0, self.open_until - now, self.probe_until - now if self.open_until else 0.0)

    def after_success(self, admission: "Admission") -> "State":
        """What a success makes of it: nothing, where the call had been begun before this opened."""
        return CLOSED if self.open_until == admission.open_until else self

    def after_failure(self, error: ProviderError, now: float, admission: "Admission") -> "State":
        """What a failure makes of it: it may open, and never closes sooner than it would have."""
        if error.kind in _ANSWERS:
            return self.after_success(admission)
        if error.kind not in _FAULTS | _FOR_PEOPLE_TO_MEND:
            return self
        failures, times = self.failures + 1, self.times
        # Of calls that fail together, one opens it.
        is_news = not self.open_until or self.open_until == admission.open_until
        if rest := _rest_at_once(error):
            times += is_news
        elif is_news and self.open_until <= now and (self.open_until or failures >= FAILURES_TO_OPEN):
            rest = min(_FIRST_REST * 2 ** min(times, 10), _LONGEST_REST)
            times += 1
        until = max(self.open_until, now + rest) if rest else self.open_until
        is_told = bool(error.retry_after) if until > self.open_until else self.is_told
        return State(failures, times, until, self.probe_until, error.kind.value, error.message[:300], is_told)

    def without(self, admission: "Admission") -> "State":
        """Another call may be the probe, if this one was it."""
        is_over = admission.is_probe and self.probe_until == admission.probe_until
        return replace(self, probe_until=0.0) if is_over else self

    @property
    def why(self) -> ErrorKind:
        """The last failure."""
        # Another version of this program may know other kinds.
        return next((kind for kind in ErrorKind if kind.value == self.kind), ErrorKind.OVERLOADED)

    def left_alone(self, now: float) -> "LeftAlone":
        """Why nobody is asked now, and for how long."""
        return LeftAlone(self.why, f"left alone for now: {self.message}", retry_after=self.closes_in(now))


@dataclass
class Admission:
    """One call's leave to be made. What is known of the provider only changes by calls that were begun since.

    `open_until` is as it stood when the call was begun, `probe_until` as this call has set it; 0 where it is no probe.
    Who gives up while still beginning `is_over`.
    """

    name: str
    open_until: float = 0.0
    probe_until: float = 0.0
    is_over: bool = False

    @property
    def is_probe(self) -> bool:
        """Whether all others wait for what becomes of this call."""
        return bool(self.probe_until)


class LeftAlone(ProviderError):
    """Nobody was asked. `retry_after` says when somebody may be."""


CLOSED = State()
_STATES = TypeAdapter(State)


def _rest_at_once(error: ProviderError) -> float:
    """How long a single failure keeps everybody away; 0 where it may be an accident."""
    if error.kind in _FOR_PEOPLE_TO_MEND:
        return _LONG_REST
    return min(error.retry_after or 0.0, _LONGEST_DELAY)


def breaker_of(link: Link) -> str:
    """The name of a link's breaker: it tells addresses and keys apart without telling what they are."""
    deployment = link.deployment
    secret = f"{deployment.base_url}{deployment.query}\n{deployment.key}"
    return f"{deployment.name}:{link.model}:{hashlib.sha256(secret.encode()).hexdigest()[:12]}"


Change = Callable[[State, float], State]

log = structlog.get_logger(__name__)


class Breakers:
    """The breakers of this process's links, each known by a name that is the same in all processes."""

    def __init__(self, probe_seconds: float) -> None:
        """`probe_seconds` is the longest that a probe may take."""
        self._probe_seconds = probe_seconds
        self._known: dict[str, State] = {}
        self._read_at: dict[str, float] = {}
        self._ahead = 0.0
        self._texts: dict[str, str] = {}
        self._looking = asyncio.Lock()
        self._changing: set[asyncio.Task[State]] = set()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def look(self, names: Sequence[str]) -> tuple[float, list[State]]:
        """The clock, and how each of these stood a moment ago at most."""
        async with self._looking:
            if not all(map(self._is_fresh, names)):
                await self._read_again(names)
        return self._now(), [self._known.get(name, CLOSED) for name in names]

    async def admit(self, admission: Admission, *, always: bool = False) -> None:
        """Begin a call. Whoever is admitted to half-open is the probe; `always` admits whatever stands in the way.

        Raises LeftAlone. End what was begun here by `succeeded`, `failed` or `given_up`, also when this is cancelled.
        """
        _, (state,) = await self.look([admission.name])
        if not state.open_until:
            return
        refused: LeftAlone | None = None

        def begin(state: State, now: float) -> State:
            nonlocal refused
            if admission.is_over:
                return state
            admits = state.admits(now)
            refused = None if admits or always else state.left_alone(now)
            is_probe = admits and bool(state.open_until)
            admission.open_until = state.open_until
            admission.probe_until = now + self._probe_seconds if is_probe else 0.0
            return replace(state, probe_until=admission.probe_until) if is_probe else state

        await self._change(admission.name, begin)
        if refused:
            raise refused

    async def failed(self, admission: Admission, error: ProviderError) -> None:
        """A call has failed."""
        opened = False

        def fail(state: State, now: float) -> State:
            nonlocal opened
            failed = state.after_failure(error, now, admission).without(admission)
            opened = failed.position(now) is Position.OPEN and state.position(now) is not Position.OPEN
            return failed

        state = await self._change(admission.name, fail)
        if opened:
            log.warning("breaker_opened", link=admission.name, failures=state.failures, error=str(error))

    async def succeeded(self, admission: Admission) -> None:
        """A call has gone well."""
        _, (state,) = await self.look([admission.name])
        if state != CLOSED:
            await self._change(admission.name, lambda state, now: state.after_success(admission).without(admission))

    async def given_up(self, admission: Admission) -> None:
        """A call has ended without saying anything about the provider."""
        admission.is_over = True
        if admission.is_probe:
            await self._change(admission.name, lambda state, now: state.without(admission))

    async def _change(self, name: str, change: Change) -> State:
        """Change a state to its end, also when the caller is cancelled: half a change could not be taken back."""
        task = asyncio.create_task(self._changed(name, change))
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)
        return await asyncio.shield(task)

    async def _changed(self, name: str, change: Change) -> State:
        # Calls of one process that fail together need not race with one another.
        async with self._turns[name]:
            for _ in range(_MOST_RACES):
                await self._read_again([name])
                now, state = self._now(), self._known.get(name, CLOSED)
                changed = change(state, now)
                if changed == state or await self._swapped(name, changed, now):
                    break
            self._keep(name, changed)
            return changed

    async def _read_again(self, names: Sequence[str]) -> None:
        """What Redis says now; without Redis, what is known stays."""
        found = await _asked(lambda redis: _read(redis, names))
        if found is None:
            self._ahead = 0.0
            return
        now, texts = found
        self._ahead = now - time.time()
        for name, text in zip(names, texts, strict=True):
            self._texts[name] = (text or b"").decode(errors="replace")
            self._keep(name, _state(text))

    async def _swapped(self, name: str, new: State, now: float) -> bool:
        """Whether the new state has taken the place of what was read, or there is no Redis to keep it."""
        keep = round((max(new.open_until, new.probe_until, now) - now + _MEMORY_SECONDS) * 1000)

        def swap(redis: Redis) -> Awaitable[Any]:
            answer: Any = redis.eval(_SWAP, 1, _key(name), self._texts.get(name, ""), _text(new), str(keep))
            return cast("Awaitable[Any]", answer)

        answer = await _asked(swap)
        return answer is None or bool(answer)

    def _keep(self, name: str, state: State) -> None:
        self._known[name] = state
        self._read_at[name] = time.monotonic()

    def _is_fresh(self, name: str) -> bool:
        return time.monotonic() - self._read_at.get(name, -math.inf) < _FRESH_SECONDS

    def _now(self) -> float:
        """Redis's clock, as far as it is known."""
        return time.time() + self._ahead


async def _asked(call: Callable[[Redis], Awaitable[Any]]) -> Any:
    """Redis's answer; None without Redis."""
    if not redis_client.is_connected():
        return None
    try:
        return await redis_client.ask(call)
    except redis_client.REDIS_ERRORS:
        return None


async def _read(redis: Redis, names: Sequence[str]) -> tuple[float, list[bytes | None]]:
    # redis-py's types are those of its blocking client.
    answer: Any = redis.eval(_READ, len(names), *map(_key, names))
    (seconds, micros), texts = await answer
    return int(seconds) + int(micros) / 1e6, texts


def _key(name: str) -> str:
    return f"jobwise:breaker:{name}"


def _text(state: State) -> str:
    return "" if state == CLOSED else orjson.dumps(state).decode()


def _state(text: bytes | None) -> State:
    """What was kept; nothing is known where another version of this program has kept what this one cannot read."""
    if not text:
        return CLOSED
    try:
        return _STATES.validate_json(text)
    except ValueError as error:
        log.warning("breaker_state_not_readable", error=str(error))
        return CLOSED
