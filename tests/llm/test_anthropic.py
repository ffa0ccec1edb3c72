"""What is special about messages."""

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Request, Schema, Usage
from tests.llm.adapters import line_to, script

_SCHEMA = Schema(
    "numbers",
    {
        "type": "object",
        "properties": {
            "n": {
                "type": "array",
                "maxItems": 3,
                "items": {"type": "integer", "minimum": 1},
            }
        },
    },
)


async def test_a_request_is_put_as_the_vendor_documents_it() -> None:
    ask = Request("write", "Answer in JSON.", "Count.", 100, _SCHEMA, temperature=0.5)
    async with line_to("anthropic") as line:
        await line.ask(ask)
        sent = line.sent()

    assert sent == {
        "model": "claude-haiku-5-5",
        "max_tokens": 100,
        "system": "Answer in JSON.",
        "messages": [{"role": "user", "content": "Count."}],
        "stream": True,
        "output_config": {
            "effort": "low",
            "format": {
                "type": "json_schema",
                "schema": {
                    "title": "numbers",
                    "type": "object",
                    "properties": {"n": {"type": "array", "items": {"type": "integer"}}},
                    "required": ["n"],
                    "additionalProperties": False,
                },
            },
        },
    }


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-4-5", "claude-haiku-4-5-20251001"])
async def test_sampling_parameters_are_sent_to_no_model(model: str) -> None:
    async with line_to("anthropic", model=model) as line:
        await line.ask(Request("write", "Answer.", "Greet me.", 100, temperature=0.5))

        assert not {"temperature", "top_p", "top_k"} & set(line.sent())


@pytest.mark.parametrize("path", ["/anthropic", "/anthropic/", "/anthropic/v1"])
async def test_the_address_may_have_the_version_or_not(path: str) -> None:
    async with line_to("anthropic") as line:
        object.__setattr__(line.model.deployment, "base_url", f"{line.server.root}{path}")

        assert (await line.ask()).text == "Ready."


async def test_all_of_the_prompt_is_counted_also_what_came_from_a_cache() -> None:
    async with line_to("anthropic", script(cached_tokens=4, thought_tokens=6, text="Ready.")) as line:
        answer = await line.ask()
        (call,) = line.server.calls

    assert answer.usage == Usage(input=call.input_tokens, output=8, cached=4, reasoning=6)


async def test_a_wrong_key_is_told_as_that() -> None:
    async with line_to("anthropic", anthropic_api_key="wrong-key") as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.AUTH
