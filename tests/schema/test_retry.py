from datetime import timedelta
from typing import Any

import pytest

from jobwise.config import settings
from jobwise.errors import ErrorCode
from jobwise.generation import queries
from jobwise.generation.models import Status
from jobwise.infra import redis_client
from tests.schema.conftest import Api
from tests.schema.test_generations import CANCEL, _start
from tests.schema.test_jobs import _import, _profile

RETRY = """mutation ($id: ID!) { retryGeneration(input: {id: $id}) { __typename
    ... on RetryGenerationSuccess { notice generation { status error { code } events { type } } }
    ... on UserError { code message } } }"""
START = """mutation ($input: StartGenerationInput!) { startGeneration(input: $input) {
    ... on StartGenerationSuccess { notice generation { id status } } } }"""


@pytest.fixture
async def order(api: Api) -> dict[str, str]:
    return {"profileId": await _profile(api), "jobId": await _import(api)}


async def _retry(api: Api, generation_id: str) -> dict[str, Any]:
    result: dict[str, Any] = (await api.run(RETRY, id=generation_id))["retryGeneration"]
    return result


async def test_what_failed_waits_again_when_it_is_retried(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)
    claim = await queries.claim("worker", timedelta(seconds=30), 10)
    assert claim
    await queries.finish(claim, Status.FAILED, "No.", code=ErrorCode.RENDERING_FAILED)

    result = await _retry(api, generation_id)

    assert (result["__typename"], result["notice"]) == ("RetryGenerationSuccess", None)
    generation = result["generation"]
    assert (generation["status"], generation["error"]) == ("QUEUED", None)
    assert [event["type"] for event in generation["events"]] == ["ACCEPTED", "STARTED", "FAILED", "RETRIED"]


async def test_only_what_has_failed_or_was_stopped_can_be_retried(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)

    too_early = await _retry(api, generation_id)
    elsewhere = await _retry(await api.someone(), generation_id)
    await api.run(CANCEL, id=generation_id)
    stopped = await _retry(api, generation_id)

    assert (too_early["__typename"], too_early["code"]) == ("Conflict", "CONFLICT")
    assert "complete" in too_early["message"]
    assert elsewhere["__typename"] == "NotFound"
    assert stopped["__typename"] == "RetryGenerationSuccess"


async def test_a_retry_counts_like_a_new_generation(
    api: Api, order: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await _start(api, order)
    await api.run(CANCEL, id=generation_id)
    monkeypatch.setattr(type(settings()), "generations_an_hour", lambda _: 1)

    assert (await _retry(api, generation_id))["__typename"] == "QuotaExceeded"


async def test_without_redis_a_generation_is_accepted_with_a_notice(api: Api, order: dict[str, str]) -> None:
    await redis_client.close()
    redis_client.connect("redis://127.0.0.1:1")

    result = (await api.run(START, input=order))["startGeneration"]

    assert result["generation"]["status"] == "QUEUED"
    assert "later" in result["notice"]
