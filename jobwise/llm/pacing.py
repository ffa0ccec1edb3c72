"""How many calls a provider gets from us: so many at a time from one process, so many a minute from all.

What providers say of their own limits with every answer (`x-ratelimit-remaining-...`, `...-reset-...`) is not looked
at. Their reset is when everything is free again, not when the next call fits; some count requests by the day and tokens
by the minute under the same names; and none knows the calls that are just under way. What they say when they refuse a
call is exact, and costs one round trip and no money: `retry-after` opens the breaker for all processes, and the next
link is asked at once.
"""

import asyncio
from collections import defaultdict

from jobwise.infra import rate_limits, redis_client
from jobwise.infra.rate_limits import Limit, RateLimited
from jobwise.llm.errors import ErrorKind, ProviderError

_MINUTE = 60


class Pacing:
    """The limits that the settings name; the providers' own are told by their answers, and kept by the breakers."""

    def __init__(self, concurrency: int, per_minute: int | None) -> None:
        """`concurrency` is for each provider and this process, `per_minute` for each provider and all processes."""
        self._per_minute = per_minute
        self._places: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(concurrency))

    def place(self, provider: str) -> asyncio.Semaphore:
        """One of the places at a provider, to be held while a call goes on."""
        return self._places[provider]

    async def count(self, provider: str, *, leaves_half: bool = False) -> None:
        """Count a call that is about to be made. Raises ProviderError(PACED) when it is one too many.

        `leaves_half`: half of the minute's calls are left to others, unless there is only one.
        """
        if self._per_minute is None or not redis_client.is_connected():
            return
        calls = max(1, self._per_minute // 2) if leaves_half else self._per_minute
        limit = Limit("models", calls, _MINUTE, f"at most {calls} model calls a minute")
        try:
            await rate_limits.check(limit, provider)
        except RateLimited as error:
            raise ProviderError(ErrorKind.PACED, error.message, retry_after=float(error.retry_after)) from None
