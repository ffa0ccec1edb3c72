"""Anthropic's SDK completes calls against the scripted server, and recognises its errors."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.providers.errors import ANTHROPIC, Documented
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider

_ASK: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 100,
    "system": "Answer briefly.",
    "messages": [{"role": "user", "content": "Greet me."}],
}
_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    402: "PaymentRequiredError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    413: "RequestTooLargeError",
    429: "RateLimitError",
    502: "InternalServerError",
    504: "GatewayTimeoutError",
    529: "OverloadedError",
}


class _Greeting(BaseModel):
    text: str
    tone: str


@pytest.fixture(scope="module")
async def client(anthropic: Any, shared_server: Provider) -> AsyncIterator[Any]:
    """A client of the server."""
    async with _made(anthropic, shared_server, "key") as made:
        yield made


def _made(anthropic: Any, server: Provider, key: str) -> Any:
    return anthropic.AsyncAnthropic(api_key=key, base_url=f"{server.root}/anthropic", max_retries=0)


async def test_a_plain_call_is_completed(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text="Ready.", cached_tokens=3)))
    answer = await client.messages.create(**_ASK)

    (call,) = server.calls
    assert (answer.content[0].text, answer.stop_reason, answer.model) == ("Ready.", "end_turn", "claude-haiku-5-5")
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (call.input_tokens - 3, 3)
    assert answer._request_id == call.id


async def test_a_stream_is_read_to_its_end(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text="Ready when you are.", stream_seconds=0.2)))
    async with client.messages.stream(**_ASK) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        whole = await stream.get_final_message()

    assert text == whole.content[0].text == "Ready when you are."
    assert (whole.stop_reason, whole.usage.output_tokens) == ("end_turn", server.calls[0].output_tokens)


async def test_structured_output_is_parsed(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(text='{"text": "Hello.", "tone": "warm"}')))
    answer = await client.messages.parse(**_ASK, output_format=_Greeting)

    assert answer.parsed_output == _Greeting(text="Hello.", tone="warm")
    assert server.calls[0].schema_name == "_Greeting"


@pytest.mark.parametrize("failure", ANTHROPIC, ids=lambda failure: failure.name)
async def test_documented_errors_are_of_the_documented_class(
    failure: Documented, client: Any, anthropic: Any, server: Provider
) -> None:
    expected = getattr(anthropic, _ERRORS.get(failure.status, "InternalServerError"), anthropic.InternalServerError)
    server.follow(Script(default=failure.behaviour()))
    with pytest.raises(expected) as caught:
        await client.messages.create(**_ASK)

    assert caught.value.request_id == "call-1"
    if isinstance(failure.body, dict):
        assert caught.value.type == failure.body["error"]["type"]


async def test_an_error_in_the_stream_is_seen(client: Any, anthropic: Any, server: Provider) -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    play = Script(default=Behaviour(fault="stream_error", after_tokens=1, text="A word", body=body))
    server.follow(play)
    with pytest.raises(anthropic.APIStatusError) as caught:
        async with client.messages.stream(**_ASK) as stream:
            await stream.get_final_message()

    assert caught.value.type == "overloaded_error"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extra_body": {"temperature": 0.5}}, "temperature: Extra inputs are not permitted"),
        ({"extra_body": {"max_completion_tokens": 5}}, "Extra inputs are not permitted"),
        ({"max_tokens": 0}, "max_tokens: Field required"),
        ({"output_config": {"effort": "little"}}, "output_config.effort"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "integer", "minimum": 1}}}},
            "'minimum' is not supported",
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}}},
            "'additionalProperties' must be false",
        ),
    ],
)
async def test_what_the_vendor_refuses_is_refused(
    options: dict[str, Any], words: str, client: Any, anthropic: Any
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words):
        await client.messages.create(**{**_ASK, **options})


async def test_a_wrong_key_is_refused(anthropic: Any, server: Provider) -> None:
    async with _made(anthropic, server, "wrong-key") as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.messages.create(**_ASK)


@pytest.mark.parametrize(("fault", "stop"), [("length", "max_tokens"), ("refusal", "refusal")])
async def test_the_reason_for_the_end_is_told(fault: Any, stop: str, client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(fault=fault, text="All of it.")))
    answer = await client.messages.create(**_ASK)

    assert answer.stop_reason == stop
