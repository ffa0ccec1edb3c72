"""The vendors' SDKs get vectors from the scripted server, and what we ask for is valid by their request types."""

import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.test_requests import objections
from tests.llm.vectors import vectors_from
from tests.providers.meaning import vector
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider

_TEXTS = ["Sheep on a hill", "A hill with sheep", "Compilers"]
_SMALL = "text-embedding-3-small"


@pytest.fixture(scope="module", params=["openai", "azure-general", "azure-classic", "mistral", "local"])
async def client(request: pytest.FixtureRequest, openai: Any, shared_server: Provider) -> AsyncIterator[Any]:
    """OpenAI's client, as it is pointed at each of these servers."""
    root = shared_server.root
    usual: dict[str, Any] = {"api_key": "key", "max_retries": 0}
    paths = {"openai": "/v1", "azure-general": "/azure/openai/v1", "mistral": "/mistral/v1", "local": "/llama/v1"}
    if request.param == "azure-classic":
        made = openai.AsyncAzureOpenAI(azure_endpoint=f"{root}/azure", api_version="2024-10-21", **usual)
    else:
        base_url = root + paths[request.param]
        made = openai.AsyncOpenAI(base_url=base_url, default_headers={"api-key": "key"}, **usual)
    async with made:
        yield made


@pytest.fixture(scope="module")
async def plain(openai: Any, shared_server: Provider) -> AsyncIterator[Any]:
    """OpenAI's client for OpenAI."""
    async with openai.AsyncOpenAI(base_url=shared_server.url, api_key="key", max_retries=0) as made:
        yield made


@pytest.mark.parametrize("encoding", [None, "float"])
async def test_openais_sdk_gets_a_vector_for_each_text(client: Any, server: Provider, encoding: str | None) -> None:
    options = {"encoding_format": encoding} if encoding else {}
    answer = await client.embeddings.create(model=_SMALL, input=_TEXTS, **options)

    (call,) = server.calls
    assert [one.index for one in answer.data] == [0, 1, 2]
    assert answer.data[0].embedding == pytest.approx(vector(_TEXTS[0], 1536), abs=1e-6)
    assert (answer.model, answer.usage.prompt_tokens) == (_SMALL, call.input_tokens)
    assert (call.output_tokens, call.outcome) == (0, "finished")


@pytest.mark.usefixtures("server")
async def test_openais_sdk_chooses_the_length_of_vectors_where_the_model_lets_it(plain: Any, openai: Any) -> None:
    answer = await plain.embeddings.create(model=_SMALL, input=_TEXTS, dimensions=256)

    assert [len(one.embedding) for one in answer.data] == [256] * 3
    with pytest.raises(openai.BadRequestError, match="does not support specifying dimensions"):
        await plain.embeddings.create(model="text-embedding-ada-002", input=_TEXTS, dimensions=256)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "invalid_api_key", "AuthenticationError"),
        (429, "rate_limit_exceeded", "RateLimitError"),
        (500, "server_error", "InternalServerError"),
    ],
)
async def test_openais_sdk_recognises_errors(
    plain: Any, openai: Any, server: Provider, status: int, code: str, error: str
) -> None:
    server.follow(Script(default=Behaviour(fault="status", status=status, code=code)))
    with pytest.raises(getattr(openai, error)) as caught:
        await plain.embeddings.create(model=_SMALL, input=_TEXTS)

    assert caught.value.code == code


async def test_googles_sdk_gets_a_vector_for_each_text(genai: Any, server: Provider) -> None:
    options = genai.types.HttpOptions(base_url=f"{server.root}/gemini")
    contents = [genai.types.Content(parts=[genai.types.Part(text=text)]) for text in _TEXTS]
    made = genai.Client(api_key="key", http_options=options)
    async with made.aio as client:
        answer = await client.models.embed_content(
            model="gemini-embedding-2", contents=contents, config={"output_dimensionality": 128}
        )
        with pytest.raises(genai.errors.ClientError, match="at most 100 requests"):
            await client.models.embed_content(model="gemini-embedding-2", contents=contents * 34)
    made.close()

    (call,) = server.calls
    assert [len(one.values) for one in answer.embeddings] == [128] * 3
    assert answer.embeddings[2].values == pytest.approx(vector(_TEXTS[2], 128))
    assert answer.usage_metadata.prompt_token_count == call.input_tokens


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", _SMALL),
        ("openai", "text-embedding-ada-002"),
        ("azure", "text-embedding-3-large"),
        ("mistral", "mistral-embed"),
        ("local", "nomic-embed-text"),
    ],
)
async def test_what_we_ask_of_servers_is_valid_by_openais_types(provider: str, model: str) -> None:
    kind = importlib.import_module("openai.types.embedding_create_params").EmbeddingCreateParams
    async with vectors_from(provider, model) as line:
        await line.embed(*_TEXTS)

        assert len(line.server.requests) == 1
        assert objections(kind, line.sent()) == []


@pytest.mark.parametrize("model", ["gemini-embedding-001", "gemini-embedding-2"])
async def test_what_we_ask_of_gemini_is_valid_by_googles_types(model: str) -> None:
    types = importlib.import_module("google.genai.types")
    async with vectors_from("gemini", model) as line:
        await line.embed(*_TEXTS)
        sent = line.sent()

    for request in sent.pop("requests"):
        assert request.pop("model") == f"models/{model}"
        types.Content.model_validate(request.pop("content"))
        assert types.EmbedContentConfig.model_validate(request).output_dimensionality == 768
    assert sent == {}
