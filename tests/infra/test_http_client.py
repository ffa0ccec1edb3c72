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
    # One after the other would take 50.
    assert seconds < 40


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


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", b""])
async def test_what_a_proxy_lets_nobody_through_is_not_sent(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, sent = [], []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        host, port = proxy.sockets[0].getsockname()
        monkeypatch.setenv("HTTPS_PROXY", f"http://{host}:{port}")
        http = HttpClients(pools=1)
        with pytest.raises(httpx.HTTPError):
            async with http.post("https://models.example/v1", _BODY, {}, lambda: sent.append(True)):
                pass
        await http.aclose()

    assert asked == [b"CONNECT models.example:443 HTTP/1.1\r\n"]
    assert sent == []


async def test_a_socks_proxy_of_the_environment_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # RFC 1928: which methods, none needed, where to, granted.
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        wanted.append(await reader.readuntil(b"\x00\x50"))
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await reader.readuntil(_BODY)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as proxy:
        host, port = proxy.sockets[0].getsockname()
        monkeypatch.setenv("ALL_PROXY", f"socks5://{host}:{port}")
        http = HttpClients(pools=1)
        async with http.post("http://models.example/v1", _BODY, {}, _nothing) as response:
            assert await response.aread() == b"ok"
        await http.aclose()

    assert b"models.example" in wanted[0]
