"""Vectors of texts, in both wire formats."""

from math import hypot
from typing import Any

import pytest

from jobwise.config import Settings
from jobwise.llm.capabilities import embedding_capabilities
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.types import Texts, Usage, estimated_input
from tests.llm.adapters import script
from tests.llm.vectors import vectors_from
from tests.providers.deployments import addresses
from tests.providers.errors import GEMINI, OPENAI, Documented
from tests.providers.meaning import vector
from tests.providers.script import Behaviour, Script

_MODELS = {
    "openai": "text-embedding-3-small",
    "azure": "our-embeddings",
    "gemini": "gemini-embedding-2",
    "mistral": "mistral-embed",
    "local": "nomic-embed-text",
    "openrouter": "openai/text-embedding-3-small",
    "house": "anything",
}
_BOTH = pytest.mark.parametrize("provider", ["openai", "gemini"])
_TEXTS = ("Sheep on a hill", "Compilers", "A hill with sheep")


@pytest.mark.parametrize("provider", list(_MODELS))
async def test_each_text_gets_its_vector_and_the_usage_is_that_of_the_bill(provider: str) -> None:
    async with vectors_from(provider, _MODELS[provider]) as line:
        found = await line.embed(*_TEXTS)
        (call,) = line.server.calls

    assert len(found) == len(_TEXTS)
    for text, one in zip(_TEXTS, found, strict=True):
        assert one == pytest.approx(vector(text, len(found[0])), abs=1e-6)
        assert hypot(*one) == pytest.approx(1)
    (transcript,) = line.transcripts
    assert transcript.usage == Usage(input=call.input_tokens)
    assert transcript.request_id == call.id
    assert len(call.client_request_id) == 36


async def test_openai_is_asked_as_it_documents_it() -> None:
    async with vectors_from("openai", "text-embedding-3-small") as line:
        await line.embed("One", "Two")

        assert line.sent() == {
            "model": "text-embedding-3-small",
            "input": ["One", "Two"],
            "encoding_format": "float",
            "dimensions": 512,
        }


async def test_gemini_is_asked_as_it_documents_it() -> None:
    async with vectors_from("gemini", "models/gemini-embedding-001") as line:
        await line.embed("One", "Two")

        assert line.sent() == {
            "requests": [
                {
                    "model": "models/gemini-embedding-001",
                    "content": {"parts": [{"text": text}]},
                    "outputDimensionality": 768,
                }
                for text in ("One", "Two")
            ]
        }


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_azure_is_asked_at_both_of_its_addresses_with_its_own_header(version: str) -> None:
    async with vectors_from("azure", "our-embeddings", azure_api_version=version) as line:
        await line.embed("One")

        assert line.server.calls[0].model == "our-embeddings"


async def test_vectors_are_told_apart_by_their_index_in_whatever_order_they_come() -> None:
    async with vectors_from("openai", "anything", script(fault="shuffled")) as line:
        found = await line.embed(*_TEXTS)

    assert found[0] == pytest.approx(vector(_TEXTS[0], 64), abs=1e-6)


async def test_a_model_that_does_not_tell_what_it_has_read_is_estimated() -> None:
    async with vectors_from("gemini", "gemini-embedding-001") as line:
        await line.embed(*_TEXTS)

    used = line.transcripts[0].used(Texts(_TEXTS))
    assert used == Usage(input=estimated_input(Texts(_TEXTS)), estimated=True)


async def test_a_server_that_cannot_be_told_dimensions_is_asked_without_at_once_and_from_then_on() -> None:
    refusal = Behaviour(
        fault="status", status=400, code="", message="This model does not support specifying dimensions."
    )
    async with vectors_from("openai", "text-embedding-3-small", Script(next=[refusal])) as line:
        assert len((await line.embed("One"))[0]) == 1536
        assert len((await line.embed("Two"))[0]) == 1536

        assert ["dimensions" in sent for sent in line.server.requests] == [True, False, False]


async def test_any_other_mistake_in_a_request_is_not_repeated() -> None:
    refusal = Behaviour(fault="status", status=400, code="invalid_value", message="'$.input' is invalid.")
    async with vectors_from("openai", "text-embedding-3-small", Script(next=[refusal])) as line:
        with pytest.raises(ProviderError, match="BAD_REQUEST"):
            await line.embed("One")

        assert len(line.server.calls) == 1


@_BOTH
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("too_few", "2 vectors for 3 texts"),
        ("uneven", "numbers where"),
        ("long", "numbers where at most 16000 are kept"),
        ("words", "no readable vectors"),
        ("not_a_number", "no readable vectors"),
        ("not_json", "no readable vectors"),
    ],
)
async def test_what_cannot_be_the_vectors_of_the_texts_is_no_answer(provider: str, fault: str, words: str) -> None:
    async with vectors_from(provider, _MODELS[provider], script(fault=fault)) as line:
        with pytest.raises(ProviderError, match=words) as caught:
            await line.embed(*_TEXTS)
        (call,) = line.server.calls

    assert caught.value.kind is ErrorKind.PROTOCOL
    # It is charged all the same.
    used = line.transcripts[0].used(Texts(_TEXTS))
    assert abs(used.input - call.input_tokens) <= 2


@_BOTH
async def test_a_vector_without_direction_is_all_zero_and_the_largest_numbers_are_of_length_one(provider: str) -> None:
    for fault, length in (("zeros", 0.0), ("huge", 1.0)):
        async with vectors_from(provider, _MODELS[provider], script(fault=fault)) as line:
            found = await line.embed(*_TEXTS)

        assert [hypot(*one) for one in found] == pytest.approx([1.0, 1.0, length])


def _failures() -> list[Any]:
    return [pytest.param(failure, id=failure.id) for failure in (*OPENAI, *GEMINI)]


@pytest.mark.parametrize("failure", _failures())
async def test_every_documented_failure_has_its_kind_costs_nothing_and_says_how_long_to_wait(
    failure: Documented,
) -> None:
    async with vectors_from(failure.provider, _MODELS[failure.provider], Script(default=failure.behaviour())) as line:
        with pytest.raises(ProviderError) as caught:
            await line.embed("One")

    assert (caught.value.kind, caught.value.retry_after) == (failure.kind, failure.retry_after)
    assert line.transcripts[0].usage == Usage()


@_BOTH
@pytest.mark.parametrize(
    ("behaviour", "kind"), [({"fault": "cut"}, ErrorKind.CONNECTION), ({"fault": "hang"}, ErrorKind.TIMEOUT)]
)
async def test_who_does_not_answer_is_given_up(provider: str, behaviour: dict[str, str], kind: ErrorKind) -> None:
    limits = TimeLimits(5, 5, 0.3)
    async with vectors_from(provider, _MODELS[provider], script(**behaviour), limits=limits) as line:
        with pytest.raises(ProviderError) as caught:
            await line.embed("One")

    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("model", "dimensions", "texts", "tokens"),
    [
        ("text-embedding-3-large", 512, 2048, 8192),
        ("openai/text-embedding-ada-002", None, 2048, 8192),
        ("models/gemini-embedding-001", 768, 100, 2048),
        ("gemini-embedding-2", 768, 100, 8192),
        ("mistral-embed", None, 64, 8192),
        ("our-own", None, 10, None),
    ],
)
def test_what_a_model_can_is_known_by_its_family(
    model: str, dimensions: int | None, texts: int, tokens: int | None
) -> None:
    known = embedding_capabilities(model)

    assert (known.dimensions, known.texts, known.text_tokens) == (dimensions, texts, tokens)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("anthropic:claude-haiku-5-5", "anthropic has no embeddings"),
        ("openai:", "JOBWISE_EMBEDDINGS names no model of openai"),
        ("nobody:anything", "JOBWISE_EMBEDDINGS: 'nobody' is none of"),
        ("gemini:gemini-embedding-001", "JOBWISE_EMBEDDINGS names gemini, which needs GEMINI_API_KEY"),
        ("openai:one,openai:two", "names one model"),
    ],
)
def test_a_setting_that_cannot_work_is_told_at_the_start(named: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(embeddings=named, openai_api_key="a-key")


@pytest.mark.parametrize("named", ["", "builtin"])
def test_without_a_model_there_are_hashed_terms_alone(named: str) -> None:
    assert Settings(embeddings=named).embedding_link() is None


def test_a_model_that_can_be_asked_is_taken() -> None:
    given = Settings.model_validate({**addresses("http://127.0.0.1:1"), "embeddings": "local:nomic-embed-text:v1.5"})

    assert given.embedding_link() == ("local", "nomic-embed-text:v1.5")
