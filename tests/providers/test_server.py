"""The scripted provider keeps its promises to the tests that believe it."""

import asyncio
import json
import signal
import sys
from typing import Any

import httpx
import pytest

from tests.providers.script import Behaviour, Script
from tests.providers.server import running

_BODY = {"model": "any", "stream": True, "messages": [{"role": "user", "content": "Are you ready?"}]}


async def _ask(client: httpx.AsyncClient, url: str, **body: Any) -> tuple[int, str]:
    response = await client.post(f"{url}/chat/completions", json={**_BODY, **body})
    return response.status_code, response.text


async def test_a_script_is_followed_call_by_call_then_by_shares_that_the_seed_repeats() -> None:
    script = Script(
        seed=4,
        next=[Behaviour(fault="status", status=503), Behaviour(fault="status", status=429)],
        rules=[Behaviour(fault="status", status=500, share=0.4)],
    )
    seen = []
    for _ in range(2):
        async with running(script) as provider, httpx.AsyncClient() as client:
            seen.append([(await _ask(client, provider.url))[0] for _ in range(20)])

    assert seen[0] == seen[1]
    assert seen[0][:2] == [503, 429]
    assert 3 < seen[0].count(500) < 14


async def test_the_bill_charges_what_was_sent_and_says_how_each_call_ended() -> None:
    script = Script(
        next=[
            Behaviour(text="12345678"),
            Behaviour(text="12345678", fault="cut", after_tokens=1),
            Behaviour(fault="status", status=500),
            Behaviour(text="12345678"),
        ]
    )
    async with running(script) as provider, httpx.AsyncClient() as client:
        await _ask(client, provider.url)
        with pytest.raises(httpx.RemoteProtocolError):
            await _ask(client, provider.url)
        await _ask(client, provider.url)
        await _ask(client, provider.url, model="another")
        bill = (await client.get(provider.url.replace("/v1", "/bill"))).json()

    assert [(call["outcome"], call["output_tokens"]) for call in bill] == [
        ("finished", 2),
        ("broken", 1),
        ("refused", 0),
        ("finished", 2),
    ]
    assert bill[0]["key"] == bill[1]["key"] == bill[2]["key"] != bill[3]["key"]


async def test_a_client_that_goes_away_is_noticed_while_the_model_is_silent() -> None:
    async with running(Script(default=Behaviour(fault="hang"))) as provider:
        async with httpx.AsyncClient(timeout=httpx.Timeout(60, read=0.1)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await _ask(client, provider.url)
        async with asyncio.timeout(60):
            await provider.asked(1)
            await provider.idle()

    assert provider.calls[0].outcome == "aborted"


@pytest.mark.parametrize(
    ("behaviour", "repeated"),
    [(Behaviour(fault="endless", text="on and on "), "on and on "), (Behaviour(fault="pings"), ": still here")],
    ids=["endless", "pings"],
)
async def test_a_model_may_go_on_for_ever(behaviour: Behaviour, repeated: str) -> None:
    async with running(Script(default=behaviour)) as provider, httpx.AsyncClient(base_url=provider.url) as client:
        said = ""
        async with client.stream("POST", "/chat/completions", json=_BODY) as response:
            async for text in response.aiter_text():
                said += text
                if said.count(repeated) > 3:
                    break
        await provider.idle()

    assert provider.calls[0].outcome == "aborted"


async def test_a_stream_may_be_scripted_byte_by_byte() -> None:
    script = Script(default=Behaviour(stream="data: \n\nno protocol"))
    async with running(script) as provider, httpx.AsyncClient() as client:
        assert await _ask(client, provider.url) == (200, "data: \n\nno protocol")


async def test_it_runs_as_a_program_whose_script_can_be_replaced() -> None:
    arguments = ("-m", "tests.providers.server", "--script", '{"default": {"text": "One."}}')
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient() as client:
        _, first = await _ask(client, url, stream=False)
        script = Script(default=Behaviour(text="Two."))
        await client.post(url.replace("/v1", "/script"), content=script.model_dump_json())
        _, second = await _ask(client, url, stream=False)
    process.send_signal(signal.SIGTERM)

    assert [json.loads(text)["choices"][0]["message"]["content"] for text in (first, second)] == ["One.", "Two."]
    assert await process.wait() == 0


async def test_a_few_hundred_streams_run_at_once() -> None:
    script = Script(default=Behaviour(text="word " * 40, stream_seconds=0.5))
    async with running(script) as provider, asyncio.timeout(60):
        host, port = provider.url.removeprefix("http://").removesuffix("/v1").split(":")

        async def stream() -> bytes:
            reader, writer = await asyncio.open_connection(host, int(port))
            body = json.dumps(_BODY).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            said = await reader.readuntil(b"[DONE]")
            writer.close()
            await writer.wait_closed()
            return said

        answers = await asyncio.gather(*(stream() for _ in range(300)))

    assert len(answers) == 300
    assert {call.outcome for call in provider.calls} == {"finished"}


async def test_every_protocol_bills_alike_and_keeps_what_was_sent() -> None:
    ask = {"messages": [{"role": "user", "content": "Are you ready?"}]}
    script = Script(default=Behaviour(text="Ready.", thought_tokens=4))
    async with running(script) as provider, httpx.AsyncClient(base_url=provider.root) as client:
        await client.post("/v1/chat/completions", json={"model": "any", **ask})
        headers = {"x-api-key": "key", "anthropic-version": "2026-10-21"}
        await client.post("/anthropic/v1/messages", json={"model": "any", "max_tokens": 9, **ask}, headers=headers)
        contents = {"contents": [{"role": "user", "parts": [{"text": "Are you ready?"}]}]}
        headers = {"x-goog-api-key": "key"}
        await client.post("/gemini/v1/models/any:generateContent", json=contents, headers=headers)
        sent = (await client.get("/requests")).json()

    assert [call.provider for call in provider.calls] == ["openai", "anthropic", "gemini"]
    assert {(call.input_tokens, call.output_tokens, call.reasoning_tokens) for call in provider.calls} == {(4, 6, 4)}
    assert sent[2] == contents


async def test_a_request_that_is_refused_is_neither_billed_nor_answered_by_the_script() -> None:
    async with running(Script(next=[Behaviour(text="Only once.")])) as provider, httpx.AsyncClient() as client:
        status, text = await _ask(client, provider.url, unheard_of=True)
        bill = list(provider.calls)
        _, answered = await _ask(client, provider.url)

    assert (status, json.loads(text)["error"]["code"]) == (400, "unknown_parameter")
    assert bill == []
    assert "Only" in answered


@pytest.mark.parametrize("path", ["/v1/nothing", "/anthropic/v1/nothing", "/gemini/v1beta/models/any:generateContent"])
async def test_there_is_nothing_at_other_addresses(path: str) -> None:
    async with running() as provider, httpx.AsyncClient() as client:
        response = await client.post(f"{provider.root}{path}", json={})

    assert response.status_code == 404


async def test_a_script_can_be_meant_for_one_provider_alone() -> None:
    script = Script(rules=[Behaviour(provider="groq", fault="status", status=503)])
    async with running(script) as provider, httpx.AsyncClient(headers={"authorization": "Bearer key"}) as client:
        statuses = [
            (await _ask(client, f"{provider.root}{base}"))[0]
            for base in ("/groq/openai/v1", "/v1", "/openrouter/api/v1")
        ]

    assert statuses == [503, 200, 200]
