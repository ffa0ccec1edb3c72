"""Google's SDK completes calls against the scripted server, and recognises its errors."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.providers.errors import GEMINI, Documented
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider

_MODEL = "gemini-3.8-flash"


class _Greeting(BaseModel):
    text: str
    tone: str


@pytest.fixture(scope="module")
async def client(genai: Any, shared_server: Provider) -> AsyncIterator[Any]:
    """A client of the server."""
    made = _made(genai, shared_server, "key")
    async with made.aio as talking:
        yield talking
    made.close()


def _made(genai: Any, server: Provider, key: str) -> Any:
    return genai.Client(api_key=key, http_options=genai.types.HttpOptions(base_url=f"{server.root}/gemini"))


async def test_a_plain_call_is_completed(client: Any, genai: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text="Ready.", cached_tokens=2, thought_tokens=5)))
    config = genai.types.GenerateContentConfig(system_instruction="Answer briefly.", max_output_tokens=100)
    answer = await client.models.generate_content(model=_MODEL, contents="Greet me.", config=config)

    (call,) = server.calls
    usage = answer.usage_metadata
    assert (answer.text, answer.candidates[0].finish_reason.value) == ("Ready.", "STOP")
    assert (usage.prompt_token_count, usage.cached_content_token_count) == (call.input_tokens, 2)
    assert (usage.candidates_token_count, usage.thoughts_token_count) == (2, 5)
    assert (answer.response_id, answer.model_version) == (call.id, _MODEL)


async def test_a_stream_is_read_to_its_end(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text="Ready when you are.", stream_seconds=0.2, thought_tokens=5)))
    stream = await client.models.generate_content_stream(model=_MODEL, contents="Greet me.")
    pieces = [piece async for piece in stream]

    assert "".join(piece.text or "" for piece in pieces) == "Ready when you are."
    assert any(part.thought for piece in pieces for part in piece.candidates[0].content.parts)
    assert pieces[-1].candidates[0].finish_reason.value == "STOP"
    assert pieces[-1].usage_metadata.total_token_count == (server.calls[0].input_tokens + server.calls[0].output_tokens)


async def test_structured_output_is_parsed(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text='{"text": "Hello.", "tone": "warm"}')))
    config = {"response_mime_type": "application/json", "response_json_schema": _Greeting.model_json_schema()}
    answer = await client.models.generate_content(model=_MODEL, contents="Greet me.", config=config)

    assert _Greeting.model_validate_json(answer.text) == _Greeting(text="Hello.", tone="warm")
    assert server.calls[0].schema_name == "_Greeting"


@pytest.mark.parametrize("failure", GEMINI, ids=lambda failure: failure.name)
async def test_documented_errors_are_of_the_documented_class(
    failure: Documented, client: Any, genai: Any, server: Provider
) -> None:
    expected = genai.errors.ServerError if failure.status >= 500 else genai.errors.ClientError
    server.follow(Script(default=failure.behaviour()))
    with pytest.raises(expected) as caught:
        await client.models.generate_content(model=_MODEL, contents="Greet me.")

    assert caught.value.code == failure.status
    if isinstance(failure.body, dict):
        assert caught.value.status == failure.body["error"]["status"]


async def test_an_error_in_the_stream_is_seen(client: Any, genai: Any, server: Provider) -> None:
    body = {"error": {"code": 503, "message": "Busy.", "status": "UNAVAILABLE"}}
    play = Script(default=Behaviour(fault="stream_error", after_tokens=1, text="A word", body=body))
    server.follow(play)
    stream = await client.models.generate_content_stream(model=_MODEL, contents="Greet me.")
    with pytest.raises(genai.errors.APIError):
        _ = [piece async for piece in stream]


@pytest.mark.parametrize(
    "config",
    [
        {"response_json_schema": {"type": "object"}},
        {"response_mime_type": "application/json", "response_json_schema": {"type": "object", "if": {}}},
        {"thinking_config": {"thinking_level": "MINIMAL"}},
    ],
)
async def test_what_the_vendor_refuses_is_refused(config: dict[str, Any], client: Any, genai: Any) -> None:
    with pytest.raises(genai.errors.ClientError) as caught:
        await client.models.generate_content(model=_MODEL, contents="Greet me.", config=config)

    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")


async def test_a_wrong_key_is_refused(genai: Any, server: Provider) -> None:
    made = _made(genai, server, "wrong-key")
    async with made.aio as client:
        with pytest.raises(genai.errors.ClientError, match="API_KEY_INVALID"):
            await client.models.generate_content(model=_MODEL, contents="Greet me.")
    made.close()


async def test_a_blocked_prompt_is_told(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(fault="content_filter")))
    stream = await client.models.generate_content_stream(model=_MODEL, contents="Greet me.")
    (piece,) = [piece async for piece in stream]

    assert piece.prompt_feedback.block_reason.value == "SAFETY"
