"""What is special about generateContent."""

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Request, Schema, Usage
from tests.llm.adapters import line_to, script
from tests.providers.wires.base import frame

_SCHEMA = Schema(
    "numbers",
    {
        "type": "object",
        "properties": {"n": {"type": "array", "maxItems": 3, "items": {"type": "integer"}}, "kind": {"enum": ["odd"]}},
    },
)


async def test_a_request_is_put_as_the_vendor_documents_it() -> None:
    ask = Request("write", "Answer in JSON.", "Count.", 100, _SCHEMA, temperature=0.5)
    async with line_to("gemini") as line:
        await line.ask(ask)
        sent = line.sent()

    assert sent == {
        "systemInstruction": {"parts": [{"text": "Answer in JSON."}]},
        "contents": [{"role": "user", "parts": [{"text": "Count."}]}],
        "generationConfig": {
            "maxOutputTokens": 100,
            "thinkingConfig": {"thinkingLevel": "LOW"},
            "responseMimeType": "application/json",
            "responseJsonSchema": {
                "title": "numbers",
                "type": "object",
                "properties": {
                    "n": {"type": "array", "maxItems": 3, "items": {"type": "integer"}},
                    "kind": {"enum": ["odd"]},
                },
                "required": ["n", "kind"],
                "additionalProperties": False,
            },
        },
    }


async def test_what_is_thought_is_billed_as_output() -> None:
    async with line_to("gemini", script(cached_tokens=4, thought_tokens=6, text="Ready.")) as line:
        answer = await line.ask()
        (call,) = line.server.calls

    assert answer.usage == Usage(input=call.input_tokens, output=8, cached=4, reasoning=6)


async def test_counts_may_come_behind_the_last_word() -> None:
    words = {"candidates": [{"content": {"parts": [{"text": "Ready."}]}, "finishReason": "STOP"}]}
    counts = {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2}}
    async with line_to("gemini", script(stream=frame(words) + frame(counts))) as line:
        assert (await line.ask()).usage == Usage(input=9, output=2)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ({"fault": "content_filter"}, "the prompt was blocked: SAFETY"),
        ({"fault": "refusal"}, "a filter stopped the answer: PROHIBITED_CONTENT"),
    ],
)
async def test_a_filter_is_told_by_its_name(behaviour: dict[str, object], words: str) -> None:
    async with line_to("gemini", script(**behaviour)) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert (caught.value.kind, caught.value.message) == (ErrorKind.REFUSED, words)


@pytest.mark.parametrize("key", ["wrong-key", ""])
async def test_a_wrong_or_missing_key_is_told_as_that(key: str) -> None:
    async with line_to("gemini", gemini_api_key=key) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.AUTH
