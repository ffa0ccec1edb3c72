from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from jobwise.accounts.models import User
from jobwise.accounts.service import make_staff
from jobwise.config import settings
from jobwise.generation.models import Generation
from jobwise.llm.models import LlmCall, Outcome
from schema import ids
from schema import providers as product
from schema.execution import TIMEOUT_SECONDS
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running
from tests.schema.conftest import Api

_NUMBERS = '{"words": ["one", "two", "three", "four", "five", "six", "seven"]}'
_GOOD = Behaviour(text=_NUMBERS, stream_seconds=0.3)

PROVIDERS = """{ providers {
    provider model breaker openUntil failures reason calls errorRate latencyP50Ms latencyP95Ms cost } }"""
TEST = """mutation ($input: TestProviderInput!) { testProvider(input: $input) { __typename
    ... on ValidationFailed { message }
    ... on TestProviderSuccess { isGood isReachable keyIsValid modelIsKnown followsSchema streams firstTokenMs
                                 latencyMs priceIsKnown errorKind error } } }"""
_TEST_FIRST = """mutation { testProvider(input: {provider: "openai", model: "gpt-6-luna"}) { __typename } }"""
_FIRST = {"provider": "openai", "model": "gpt-6-luna"}
_SECOND = {"provider": "local", "model": "second"}
_VECTORS = {"provider": "openai", "model": "text-embedding-3-small"}


@pytest.fixture
async def providers(monkeypatch: pytest.MonkeyPatch, database: str) -> AsyncIterator[tuple[Provider, Provider]]:
    """The servers behind the two links of the settings."""
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(running(Script(default=_GOOD))) for _ in range(2)]
        monkeypatch.setenv("JOBWISE_LLM_CHAIN", "openai:gpt-6-luna,local:second,builtin")
        monkeypatch.setenv("OPENAI_BASE_URL", one.url)
        monkeypatch.setenv("OPENAI_API_KEY", "a-key")
        monkeypatch.setenv("LOCAL_LLM_BASE_URL", two.url)
        settings.cache_clear()
        yield one, two


@pytest.fixture
async def staff(providers: tuple[Provider, Provider], api: Api) -> Api:
    """The API, used by a member of the staff."""
    assert api.viewer
    user = await User.get(id=api.viewer.user_id)
    await make_staff(user.email)
    return api


async def _call(provider: str = "openai", **values: Any) -> LlmCall:
    usual = {"model": "gpt-6-luna", "purpose": "write", "outcome": Outcome.COMPLETED, "cost": Decimal("0.01")}
    return await LlmCall.create(**{"provider": provider, "input_tokens": 100, "output_tokens": 10, **usual, **values})


@pytest.mark.parametrize("operation", [PROVIDERS, _TEST_FIRST], ids=["providers", "testProvider"])
async def test_only_the_staff_see_and_test_providers(
    providers: tuple[Provider, Provider], api: Api, operation: str
) -> None:
    error = await api.error(operation)

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert providers[0].calls == []


async def test_who_is_no_longer_of_the_staff_sees_nothing_more(staff: Api) -> None:
    assert staff.viewer
    user = await User.get(id=staff.viewer.user_id)

    await make_staff(user.email.upper(), is_staff=False)

    assert (await staff.error(PROVIDERS))["extensions"]["code"] == "FORBIDDEN"


async def test_without_a_chain_there_are_no_providers(api: Api) -> None:
    assert api.viewer
    await User.filter(id=api.viewer.user_id).update(is_staff=True)

    assert (await api.run(PROVIDERS))["providers"] == []


async def test_a_provider_that_is_well_passes_all_tests(staff: Api, providers: tuple[Provider, Provider]) -> None:
    found = (await staff.run(TEST, input=_FIRST))["testProvider"]

    times = {name: found.pop(name) for name in ("firstTokenMs", "latencyMs")}
    assert 0 < times["firstTokenMs"] < times["latencyMs"]
    assert found == {
        "__typename": "TestProviderSuccess",
        "isGood": True,
        "isReachable": True,
        "keyIsValid": True,
        "modelIsKnown": True,
        "followsSchema": True,
        "streams": True,
        "priceIsKnown": True,
        "errorKind": None,
        "error": None,
    }
    (call,) = await LlmCall.all()
    assert staff.viewer
    assert (call.user_id, call.purpose, call.outcome) == (staff.viewer.user_id, "probe", Outcome.COMPLETED)
    assert (await staff.run(TEST, input=_SECOND))["testProvider"]["priceIsKnown"] is False


@pytest.mark.parametrize(
    ("behaviour", "kind", "reachable", "key", "model"),
    [
        (Behaviour(fault="status", status=401, code="invalid_api_key"), "AUTH", True, False, None),
        (Behaviour(fault="status", status=404, code="model_not_found"), "UNKNOWN_MODEL", True, True, False),
        (Behaviour(fault="status", status=429, code="insufficient_quota"), "QUOTA", True, True, None),
        (Behaviour(fault="status", status=503), "OVERLOADED", True, None, None),
        (Behaviour(fault="cut"), "CONNECTION", False, None, None),
        (Behaviour(fault="cut", after_tokens=3), "PROTOCOL", True, True, True),
    ],
)
async def test_a_failing_provider_is_described_and_its_own_words_are_shown(
    staff: Api,
    providers: tuple[Provider, Provider],
    behaviour: Behaviour,
    kind: str,
    reachable: bool,
    key: bool | None,
    model: bool | None,
) -> None:
    providers[0].follow(Script(default=behaviour))

    found = (await staff.run(TEST, input=_FIRST))["testProvider"]

    assert (found["isGood"], found["errorKind"]) == (False, kind)
    assert (found["isReachable"], found["keyIsValid"], found["modelIsKnown"]) == (reachable, key, model)
    assert found["error"]
    if behaviour.fault == "status":
        assert found["error"] == behaviour.message


async def test_an_answer_that_does_not_follow_the_schema_is_not_good(
    staff: Api, providers: tuple[Provider, Provider]
) -> None:
    providers[0].follow(Script(default=Behaviour(text='{"numbers": 20}')))

    found = (await staff.run(TEST, input=_FIRST))["testProvider"]

    assert (found["isGood"], found["followsSchema"], found["error"]) == (False, False, None)


@pytest.mark.parametrize(("after_tokens", "is_heard"), [(None, False), (3, True)])
async def test_a_provider_that_hangs_is_told_before_the_operation_is_stopped(
    staff: Api,
    providers: tuple[Provider, Provider],
    monkeypatch: pytest.MonkeyPatch,
    after_tokens: int | None,
    is_heard: bool,
) -> None:
    # With some time for what is to be written down after it.
    assert product._SECONDS + 4 < TIMEOUT_SECONDS
    monkeypatch.setattr(product, "_SECONDS", 2.0)
    providers[0].follow(Script(default=Behaviour(text=_NUMBERS, fault="hang", after_tokens=after_tokens)))

    found = (await staff.run(TEST, input=_FIRST))["testProvider"]

    assert (found["isGood"], found["errorKind"], found["isReachable"]) == (False, "TIMEOUT", is_heard)
    assert found["error"] == "no whole answer within 2 s"
    assert (found["firstTokenMs"] is not None, found["latencyMs"]) == (is_heard, None)
    # With more patience than ours it may be well.
    first, _ = (await staff.run(PROVIDERS))["providers"]
    assert (first["breaker"], first["failures"]) == ("CLOSED", 0)


@pytest.fixture
def vectors(monkeypatch: pytest.MonkeyPatch, providers: tuple[Provider, Provider]) -> Provider:
    """The server behind the model for vectors."""
    monkeypatch.setenv("JOBWISE_EMBEDDINGS", ":".join(_VECTORS.values()))
    settings.cache_clear()
    return providers[0]


async def test_the_model_for_vectors_is_tested_with_two_texts(vectors: Provider, staff: Api) -> None:
    assert [found["model"] for found in (await staff.run(PROVIDERS))["providers"]][-1] == _VECTORS["model"]

    found = (await staff.run(TEST, input=_VECTORS))["testProvider"]

    assert found.pop("latencyMs") >= 0
    assert found == {
        "__typename": "TestProviderSuccess",
        "isGood": True,
        "isReachable": True,
        "keyIsValid": True,
        "modelIsKnown": True,
        "followsSchema": None,
        "streams": None,
        "firstTokenMs": None,
        "priceIsKnown": True,
        "errorKind": None,
        "error": None,
    }
    (sent,) = vectors.requests
    assert len(sent["input"]) == 2


async def test_a_failing_model_for_vectors_is_described_and_asked_again_all_the_same(
    vectors: Provider, staff: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_key = Behaviour(fault="status", status=401, code="invalid_api_key", message="Incorrect API key provided")
    vectors.follow(Script(next=[wrong_key, Behaviour(fault="hang")]))

    refused = (await staff.run(TEST, input=_VECTORS))["testProvider"]
    with monkeypatch.context() as patch:
        patch.setattr(product, "_SECONDS", 0.5)
        silent = (await staff.run(TEST, input=_VECTORS))["testProvider"]
    well = (await staff.run(TEST, input=_VECTORS))["testProvider"]

    assert (refused["isGood"], refused["keyIsValid"], refused["errorKind"]) == (False, False, "AUTH")
    assert refused["error"] == "Incorrect API key provided"
    assert (silent["isGood"], silent["errorKind"]) == (False, "TIMEOUT")
    assert well["isGood"]
    assert (await staff.run(PROVIDERS))["providers"][-1]["breaker"] == "CLOSED"


async def test_only_what_is_in_the_settings_is_tested(vectors: Provider, staff: Api) -> None:
    found = (await staff.run(TEST, input={"provider": "openai", "model": "gpt-other"}))["testProvider"]

    assert found["__typename"] == "ValidationFailed"
    assert "openai:gpt-6-luna, local:second, openai:text-embedding-3-small" in found["message"]


async def test_providers_tell_their_breakers_and_a_good_test_closes_them(
    staff: Api, providers: tuple[Provider, Provider]
) -> None:
    providers[0].follow(Script(next=[Behaviour(fault="status", status=401, code="invalid_api_key")], default=_GOOD))
    await staff.run(TEST, input=_FIRST)

    first, second = (await staff.run(PROVIDERS))["providers"]
    assert (first["provider"], first["breaker"], first["failures"]) == ("openai", "OPEN", 1)
    assert first["openUntil"]
    assert first["reason"].startswith("AUTH: ")
    assert (second["provider"], second["breaker"], second["reason"], second["cost"]) == ("local", "CLOSED", None, 0.0)

    await staff.run(TEST, input=_FIRST)
    first, _ = (await staff.run(PROVIDERS))["providers"]
    assert (first["breaker"], first["failures"], first["openUntil"]) == ("CLOSED", 0, None)


async def test_providers_tell_what_the_last_day_was_like(staff: Api) -> None:
    for latency in range(100, 1_100, 100):
        await _call(latency_ms=latency)
    for _ in range(10):
        await _call(outcome=Outcome.FAILED, cost=Decimal(0), latency_ms=1)
    await _call("local", model="second", cost=None)

    first, second = (await staff.run(PROVIDERS))["providers"]

    assert (first["calls"], first["errorRate"], first["latencyP50Ms"], first["latencyP95Ms"]) == (20, 0.5, 550, 955)
    assert first["cost"] == pytest.approx(0.1)
    assert (second["calls"], second["cost"], second["latencyP95Ms"]) == (1, None, None)


USAGE = """{ viewer { usage { calls inputTokens cachedTokens reasoningTokens outputTokens cost estimated
    byProvider { provider calls inputTokens cost estimated } } } }"""
OF_GENERATION = """query ($id: ID!) { generation(id: $id) {
    usage { calls inputTokens outputTokens cost estimated byProvider { provider calls cost } }
    modelCalls { stage purpose provider model outcome error inputTokens outputTokens cost estimated latencyMs } } }"""


async def test_people_see_what_they_have_used_by_provider(api: Api) -> None:
    assert api.viewer
    mine: dict[str, Any] = {"user_id": api.viewer.user_id}
    await _call(**mine, cached_tokens=60)
    await _call(**mine, reasoning_tokens=5)
    await _call("anthropic", **mine, outcome=Outcome.RESERVED, reserved_cost=Decimal("0.5"), cost=None, estimated=True)
    await _call()

    usage = (await api.run(USAGE))["viewer"]["usage"]

    assert usage == {
        "calls": 3,
        "inputTokens": 300,
        "cachedTokens": 60,
        "reasoningTokens": 5,
        "outputTokens": 30,
        "cost": 0.52,
        "estimated": True,
        "byProvider": [
            {"provider": "anthropic", "calls": 1, "inputTokens": 100, "cost": 0.5, "estimated": True},
            {"provider": "openai", "calls": 2, "inputTokens": 200, "cost": 0.02, "estimated": False},
        ],
    }


async def test_a_cost_that_is_not_known_is_null_and_never_nothing(api: Api) -> None:
    assert api.viewer
    assert (await api.run(USAGE))["viewer"]["usage"]["cost"] == 0.0
    await _call(user_id=api.viewer.user_id)
    await _call("local", user_id=api.viewer.user_id, cost=None)

    usage = (await api.run(USAGE))["viewer"]["usage"]

    assert usage["cost"] is None
    assert [part["cost"] for part in usage["byProvider"]] == [None, 0.01]


async def test_usage_counts_from_a_moment_on(api: Api) -> None:
    query = """{ viewer { usage(since: "2100-01-01T00:00:00Z") { calls byProvider { provider } } } }"""
    assert api.viewer
    await _call(user_id=api.viewer.user_id)

    assert (await api.run(query))["viewer"]["usage"] == {"calls": 0, "byProvider": []}


async def test_a_generation_lists_its_calls_and_adds_them_up(api: Api) -> None:
    assert api.viewer
    row = await Generation.create(user_id=api.viewer.user_id, title="Engineer", inputs={})
    await _call(generation_id=row.id, stage="WRITE", outcome=Outcome.FAILED, error="TIMEOUT", cost=Decimal(0))
    await _call("anthropic", model="claude", generation_id=row.id, stage="WRITE", latency_ms=900)
    await _call(generation_id=uuid4())

    found = (await api.run(OF_GENERATION, id=ids.encode("Generation", row.id)))["generation"]

    assert [(call["provider"], call["outcome"], call["error"]) for call in found["modelCalls"]] == [
        ("openai", "FAILED", "TIMEOUT"),
        ("anthropic", "COMPLETED", None),
    ]
    assert (found["modelCalls"][1]["latencyMs"], found["modelCalls"][1]["cost"]) == (900, 0.01)
    assert (found["usage"]["calls"], found["usage"]["cost"]) == (2, 0.01)
    assert [part["provider"] for part in found["usage"]["byProvider"]] == ["anthropic", "openai"]
