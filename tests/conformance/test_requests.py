"""What our adapters send is valid by the vendors' own request types, and by OpenAI's rules for the request body."""

import importlib
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from jobwise.llm.types import Request, Schema
from tests.llm.adapters import line_to
from tests.providers.deployments import MODELS

_SCHEMA = Schema(
    "posting_parts",
    {
        "type": "object",
        "properties": {
            "parts": {
                "type": "array",
                "maxItems": 5,
                "items": {
                    "type": "object",
                    "properties": {
                        "kind": {"enum": ["SKILL", "DEGREE"]},
                        "years": {"type": "integer", "minimum": 0},
                        "quote": {"type": "string", "maxLength": 200},
                    },
                    "required": ["kind", "years", "quote"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["parts"],
        "additionalProperties": False,
    },
)
_REQUESTS = {
    "plain": Request("write", "Answer briefly.", "Greet me.", 100),
    "structured": Request("analyze", "Answer in JSON.", "Greet me.", 100, _SCHEMA),
    "with-wishes": Request("write", "Answer in JSON.", "Greet me.", 100, _SCHEMA, temperature=0.3),
}
_CHAT = [name for name in MODELS if name not in ("anthropic", "gemini", "groq")]
_MODELS = {
    "anthropic": ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5"],
    "gemini": ["gemini-4-argon", "gemini-3.8-flash", "gemini-3.5-flash-lite"],
    "groq": ["openai/gpt-oss-120b", "openai/gpt-oss-20b", "llama-3.3-70b-versatile"],
    "openai": ["gpt-6-astra", "gpt-6.1-sol", "gpt-6-luna", "gpt-5.6-sol", "gpt-5.4-mini"],
}


async def _sent(provider: str, model: str, request: Request) -> dict[str, Any]:
    """The body that goes out; the scripted server has found nothing wrong with it."""
    async with line_to(provider, model=model) as line:
        await line.ask(request)
        assert [call.outcome for call in line.server.calls] == ["finished"]
        assert len(line.server.requests) == 1
        return line.sent()


def objections(kind: Any, body: dict[str, Any]) -> list[str]:
    """What keeps a body from being one of a typed dictionary, without anything besides; or one of a model."""
    try:
        found = TypeAdapter(kind).validate_python(body, strict=False)
        for value in found.values() if isinstance(found, dict) else ():
            # Pydantic looks at what is only iterable when it is read.
            if isinstance(value, Iterator):
                list(value)
    except ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    # Typed dictionaries let what they do not name pass; the models of Google's SDK do not.
    unknown = set(body) - set(get_type_hints(kind)) if isinstance(found, dict) else ()
    return [f"{name}: unknown" for name in sorted(unknown)]


def _cases(providers: list[str]) -> list[Any]:
    return [
        pytest.param(provider, model, request, id=f"{provider}-{model}-{name}")
        for provider in providers
        for model in _MODELS.get(provider, [MODELS[provider]])
        for name, request in _REQUESTS.items()
    ]


@pytest.mark.parametrize(("provider", "model", "request_"), _cases(_CHAT))
async def test_chat_completions_are_valid_by_openais_types(provider: str, model: str, request_: Request) -> None:
    kind = importlib.import_module("openai.types.chat.completion_create_params").CompletionCreateParamsStreaming

    assert objections(kind, await _sent(provider, model, request_)) == []


@pytest.mark.parametrize(("provider", "model", "request_"), _cases(["groq"]))
async def test_chat_completions_are_valid_by_groqs_types(provider: str, model: str, request_: Request) -> None:
    kind = importlib.import_module("groq.types.chat.completion_create_params").CompletionCreateParams

    assert objections(kind, await _sent(provider, model, request_)) == []


@pytest.mark.parametrize(("provider", "model", "request_"), _cases(["anthropic"]))
async def test_messages_are_valid_by_anthropics_types(provider: str, model: str, request_: Request) -> None:
    kind = importlib.import_module("anthropic.types.message_create_params").MessageCreateParamsStreaming

    assert objections(kind, await _sent(provider, model, request_)) == []


@pytest.mark.parametrize(("provider", "model", "request_"), _cases(["gemini"]))
async def test_contents_are_valid_by_googles_types(provider: str, model: str, request_: Request) -> None:
    types = importlib.import_module("google.genai.types")
    sent = await _sent(provider, model, request_)

    assert objections(types.GenerationConfig, sent.pop("generationConfig")) == []
    assert [objections(types.Content, each) for each in (sent.pop("systemInstruction"), *sent.pop("contents"))] == [
        [],
        [],
    ]
    assert sent == {}


async def test_a_body_that_is_not_valid_is_found_out() -> None:
    kind = importlib.import_module("openai.types.chat.completion_create_params").CompletionCreateParamsStreaming
    sent = await _sent("openai", "gpt-6-luna", _REQUESTS["plain"])

    for wrong in ({"messages": [{"role": "nobody", "content": 1}]}, {"reasoning_effort": "some"}, {"max_tokens": "x"}):
        assert objections(kind, {**sent, **wrong}) != []
    assert objections(kind, {**sent, "unknown": 1}) == ["unknown: unknown"]
