"""OpenAI's and Groq's SDKs complete calls against the scripted server, and recognise its errors."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.providers.errors import OPENAI, Documented
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider

_MESSAGES = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Greet me."}]
_GREETING = '{"text": "Hello.", "tone": "warm"}'
_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}


class _Greeting(BaseModel):
    text: str
    tone: str


@pytest.fixture(scope="module")
async def clients(openai: Any, groq: Any, shared_server: Provider) -> AsyncIterator[dict[str, Any]]:
    """A client for each of the server's roles, made as its own documentation says."""
    root = shared_server.root
    usual: dict[str, Any] = {"api_key": "key", "max_retries": 0}
    general = {"base_url": f"{root}/azure/openai/v1", "default_headers": {"api-key": "key"}}
    made = {
        "openai": openai.AsyncOpenAI(base_url=f"{root}/v1", **usual),
        "groq": groq.AsyncGroq(base_url=f"{root}/groq", **usual),
        "azure": openai.AsyncAzureOpenAI(azure_endpoint=f"{root}/azure", api_version="2024-10-21", **usual),
        "azure-general": openai.AsyncOpenAI(**general, **usual),
        "llama": openai.AsyncOpenAI(base_url=f"{root}/llama/v1", **usual),
        "ollama": openai.AsyncOpenAI(base_url=f"{root}/ollama/v1", **usual),
    }
    yield made
    for client in made.values():
        await client.close()


@pytest.fixture
def client(clients: dict[str, Any]) -> Any:
    """OpenAI's own."""
    return clients["openai"]


_NAMES = ["openai", "groq", "azure", "azure-general", "llama", "ollama"]


@pytest.mark.parametrize("name", _NAMES)
async def test_a_plain_call_is_completed(name: str, clients: dict[str, Any], server: Provider) -> None:
    client = clients[name]
    answer = await client.chat.completions.create(model="any", messages=_MESSAGES)

    (call,) = server.calls
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Ready.", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (call.input_tokens, call.output_tokens)


@pytest.mark.parametrize("name", _NAMES)
async def test_a_stream_is_read_to_its_end(name: str, clients: dict[str, Any], server: Provider) -> None:
    server.follow(Script(default=Behaviour(text="Ready when you are.", stream_seconds=0.2, thought_tokens=3)))
    options: dict[str, Any] = {} if name == "groq" else {"stream_options": {"include_usage": True}}
    client = clients[name]
    stream = await client.chat.completions.create(model="any", messages=_MESSAGES, stream=True, **options)
    chunks = [chunk async for chunk in stream]

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    usage = chunks[-1].x_groq.usage if name == "groq" else chunks[-1].usage
    assert text == "Ready when you are."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert usage.completion_tokens == server.calls[0].output_tokens
    assert usage.completion_tokens_details.reasoning_tokens == 3


@pytest.mark.parametrize("name", [name for name in _NAMES if name != "groq"])
async def test_structured_output_is_parsed(name: str, clients: dict[str, Any], server: Provider) -> None:
    server.follow(Script(default=Behaviour(text=_GREETING)))
    client = clients[name]
    answer = await client.chat.completions.parse(model="any", messages=_MESSAGES, response_format=_Greeting)

    assert answer.choices[0].message.parsed == _Greeting(text="Hello.", tone="warm")
    assert server.calls[0].schema_name == "_Greeting"


async def test_groqs_structured_output_is_json(clients: dict[str, Any], server: Provider) -> None:
    schema = {**_Greeting.model_json_schema(), "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "greeting", "schema": schema, "strict": True}}
    server.follow(Script(default=Behaviour(text=_GREETING)))
    client = clients["groq"]
    answer = await client.chat.completions.create(model="any", messages=_MESSAGES, response_format=wanted)

    assert _Greeting.model_validate_json(answer.choices[0].message.content)


@pytest.mark.parametrize("failure", OPENAI, ids=lambda failure: failure.name)
async def test_documented_errors_are_of_the_documented_class(
    failure: Documented, client: Any, openai: Any, server: Provider
) -> None:
    expected = getattr(openai, _ERRORS.get(failure.status, "InternalServerError"))
    server.follow(Script(default=failure.behaviour()))
    with pytest.raises(expected) as caught:
        await client.chat.completions.create(model="any", messages=_MESSAGES)

    assert caught.value.request_id == "call-1"
    if isinstance(failure.body, dict):
        assert caught.value.code == failure.body["error"]["code"]


async def test_an_error_in_the_stream_is_seen(client: Any, openai: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(fault="stream_error", after_tokens=1, text="A word")))
    stream = await client.chat.completions.create(model="any", messages=_MESSAGES, stream=True)
    with pytest.raises(openai.APIError):
        _ = [chunk async for chunk in stream]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"model": "gpt-6-luna", "temperature": 0.5}, "unsupported_parameter"),
        ({"model": "gpt-6-luna", "max_tokens": 5}, "unsupported_parameter"),
        ({"model": "gpt-6-astra", "reasoning_effort": "none"}, "unsupported_value"),
        ({"extra_body": {"top_k": 1}}, "unknown_parameter"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "open", "strict": True, "schema": {"type": "object", "properties": {}}},
                }
            },
            "invalid_json_schema",
        ),
    ],
)
async def test_what_the_vendor_refuses_is_refused(
    options: dict[str, Any], code: str, client: Any, openai: Any, server: Provider
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(**{"model": "any", "messages": _MESSAGES, **options})

    assert caught.value.code == code
    assert server.calls == []


@pytest.mark.parametrize(("fault", "finish"), [("length", "length"), ("content_filter", "content_filter")])
async def test_the_reason_for_the_end_is_told(fault: Any, finish: str, client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(fault=fault, text="All of it.")))
    answer = await client.chat.completions.create(model="any", messages=_MESSAGES)

    assert answer.choices[0].finish_reason == finish


async def test_a_refusal_is_told(client: Any, server: Provider) -> None:
    server.follow(Script(default=Behaviour(fault="refusal")))
    answer = await client.chat.completions.create(model="any", messages=_MESSAGES)

    assert answer.choices[0].message.refusal == "I cannot help with this."
