import asyncio
import time
from collections.abc import Callable

import httpx
import pytest

from jobwise.infra.http_client import HttpClients
from tests.providers.script import Behaviour, Script
from tests.providers.server import running

_BODY = b'{"model": "any", "stream": true, "messages": [{"role": "user", "content": "Go on."}]}'
_TEXT = "word " * 60


class _Stop(Exception):
    pass


def _nothing() -> None:
    pass


async def test_many_streams_at_once_arrive_whole_and_in_time() -> None:
    script = Script(default=Behaviour(text=_TEXT, stream_seconds=0.5, piece_seconds=0.02))
    http = HttpClients(pools=4)

    async def read(url: str) -> bytes:
        async with http.post(f"{url}/chat/completions", _BODY, {}, _nothing) as response:
            return b"".join([piece async for piece in http.pieces(response)])

    async with running(script) as provider:
        began = time.monotonic()
        bodies = await asyncio.gather(*(read(provider.url) for _ in range(100)))
        seconds = time.monotonic() - began
        await http.aclose()

    assert {body.count(b"[DONE]") for body in bodies} == {1}
    assert {call.outcome for call in provider.calls} == {"finished"}
    assert seconds < 8


async def test_what_is_stopped_at_the_last_moment_is_not_sent_and_the_pool_goes_on() -> None:
    async def attempt(about_to_send: Callable[[], None]) -> int:
        async with http.post(f"{provider.url}/chat/completions", _BODY, {}, about_to_send) as response:
            await response.aread()
            return response.status_code

    def stop() -> None:
        raise _Stop

    async with running() as provider:
        http = HttpClients(pools=1)
        for _ in range(3):
            with pytest.raises(_Stop):
                await attempt(stop)
        assert provider.calls == []
        assert await attempt(_nothing) == httpx.codes.OK
        await http.aclose()
