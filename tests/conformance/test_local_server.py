"""Our adapters and the vendors' clients against a local server: the scripted one, and a real one where there is one.

The real one is `llama-server` on the PATH with the model that TEST_GGUF names; any small model will do.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from jobwise.infra.http_client import HttpClients
from jobwise.llm.deployments import adapter
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import Adapter, TimeLimits
from jobwise.llm.types import Completion, Deployment, Finish, Link, Request, Schema, Transcript, Wire
from tests.providers.script import Behaviour, Script
from tests.providers.server import running

_KEY = "key-of-the-house"
_CONTEXT = 1024
_START_SECONDS = 60.0
_PROGRAM, _MODEL = shutil.which("llama-server"), os.environ.get("TEST_GGUF", "")
_SERVERS = ["scripted", "llama-server"] if _PROGRAM and _MODEL else ["scripted"]
_SCHEMA = Schema(
    "tones",
    {
        "type": "object",
        "properties": {"tone": {"type": "string", "enum": ["warm", "cold"]}, "loud": {"type": "boolean"}},
        "required": ["tone", "loud"],
        "additionalProperties": False,
    },
)
_PLAIN = Request("write", "Answer briefly.", "Greet me.", 24)
_STRUCTURED = Request("analyze", "Answer in JSON.", "How do I sound?", 60, _SCHEMA)


@pytest.fixture(scope="module", params=_SERVERS)
async def addresses(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, str]]:
    """Where chat completions and messages are answered, without the version."""
    if request.param == "scripted":
        play = Script(default=Behaviour(context_tokens=_CONTEXT))
        async with running(play) as server:
            yield f"{server.root}/llama", f"{server.root}/anthropic"
    else:
        async with _llama_server(tmp_path_factory.mktemp("llama") / "log") as url:
            yield url, url


@pytest.fixture
def address(addresses: tuple[str, str]) -> str:
    """Where chat completions are answered."""
    return addresses[0]


@asynccontextmanager
async def _llama_server(log: Path) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert _PROGRAM
    # Without chance: a model may well choose to say nothing.
    given = f"--host 127.0.0.1 --port {port} -c {_CONTEXT} -np 1 -t 2 --temp 0 --no-webui --api-key {_KEY}"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(_PROGRAM, "-m", _MODEL, *given.split(), stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"
    try:
        await _healthy(url)
        yield url
    finally:
        process.kill()
        await process.wait()


async def _healthy(url: str) -> None:
    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{url}/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _adapter(address: str, key: str = _KEY, wire: Wire = Wire.OPENAI) -> AsyncIterator[Adapter]:
    http = HttpClients(pools=1)
    header = "authorization" if wire is Wire.OPENAI else "x-api-key"
    link = Link(Deployment("local", f"{address}/v1", key, wire, key_header=header), "any")
    try:
        yield adapter(link, http, TimeLimits(30, 30, 60))
    finally:
        await http.aclose()


async def _ask(address: str, request: Request, heard: list[str] | None = None, key: str = _KEY) -> Completion:
    transcript = Transcript((heard if heard is not None else []).append)
    async with _adapter(address, key) as model:
        return await model.complete(request, transcript, uuid4(), lambda: None)


async def test_our_adapter_streams_an_answer_with_its_usage(address: str) -> None:
    heard: list[str] = []
    answer = await _ask(address, _PLAIN, heard)

    assert answer.text == "".join(heard)
    assert answer.finish in {Finish.STOP, Finish.LENGTH}
    assert answer.usage.input > 0
    assert 0 < answer.usage.output <= 24
    assert not answer.usage.estimated


async def test_our_adapter_gets_what_the_schema_wants(address: str) -> None:
    answer = await _ask(address, _STRUCTURED)

    assert (answer.finish, answer.problems) == (Finish.STOP, ())


async def test_a_prompt_that_is_too_long_is_told_as_that(address: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await _ask(address, Request("write", "Answer.", "word " * 4 * _CONTEXT, 24))

    assert caught.value.kind is ErrorKind.CONTEXT_TOO_LONG


async def test_a_wrong_key_is_told_as_that(address: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await _ask(address, _PLAIN, key="wrong-key")

    assert caught.value.kind is ErrorKind.AUTH


async def test_openais_client_completes_plain_structured_and_streamed_calls(address: str, openai: Any) -> None:
    ask = {"model": "any", "messages": [{"role": "user", "content": "Answer in JSON."}], "max_tokens": 60}
    schema = {"name": "tones", "strict": True, "schema": _SCHEMA.body}
    async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=_KEY, max_retries=0) as client:
        plain = await client.chat.completions.create(**ask)
        wanted = {"type": "json_schema", "json_schema": schema}
        structured = await client.chat.completions.create(**ask, response_format=wanted)
        stream = await client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]

    assert plain.choices[0].finish_reason in {"stop", "length"}
    assert structured.choices[0].message.content.startswith("{")
    assert chunks[-1].usage.prompt_tokens > 0


async def test_our_adapter_for_messages_streams_an_answer_with_its_usage(addresses: tuple[str, str]) -> None:
    heard: list[str] = []
    async with _adapter(addresses[1], wire=Wire.ANTHROPIC) as model:
        answer = await model.complete(_PLAIN, Transcript(heard.append), uuid4(), lambda: None)

    assert answer.text == "".join(heard)
    assert 0 < answer.usage.output <= 24
    assert not answer.usage.estimated


async def test_anthropics_client_completes_plain_and_streamed_calls(addresses: tuple[str, str], anthropic: Any) -> None:
    ask = {"model": "any", "messages": [{"role": "user", "content": "Greet me."}], "max_tokens": 24}
    async with anthropic.AsyncAnthropic(base_url=addresses[1], api_key=_KEY, max_retries=0) as client:
        plain = await client.messages.create(**ask)
        async with client.messages.stream(**ask) as stream:
            streamed = await stream.get_final_message()

    for answer in (plain, streamed):
        assert answer.stop_reason in {"end_turn", "max_tokens"}
        assert answer.usage.input_tokens > 0
