"""Texts on their way to a model: how many go at once, and what becomes of those that it does not take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jobwise.config import Settings
from jobwise.embeddings.by_model import embedded
from jobwise.llm.embedding import Vector
from jobwise.llm.errors import ProviderError
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Caller
from tests.providers.deployments import addresses
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

pytestmark = pytest.mark.usefixtures("database")


@asynccontextmanager
async def _router(model: str, play: Script | None = None) -> AsyncIterator[tuple[Router, Provider]]:
    async with running(play) as server:
        settings = Settings.model_validate({**addresses(server.root), "embeddings": model})
        async with opened(settings) as router:
            assert router is not None
            yield router, server


async def _all(
    router: Router, texts: list[str], found: dict[int, Vector | None] | None = None
) -> dict[int, Vector | None]:
    found = {} if found is None else found
    async for vectors in embedded(router, texts, Caller()):
        found.update(vectors)
    return found


def _refusal(message: str, code: str = "invalid_request_error") -> Behaviour:
    return Behaviour(fault="status", status=400, code=code, message=message)


async def test_no_more_texts_go_at_once_than_the_model_takes() -> None:
    async with _router("house:unknown") as (router, server):
        found = await _all(router, [f"text {n}" for n in range(25)])

        assert [len(sent["input"]) for sent in server.requests] == [10, 10, 5]
    assert sorted(found) == list(range(25))
    assert all(found.values())


async def test_no_more_tokens_go_at_once_than_the_model_takes_and_each_text_is_cut_to_its_limit() -> None:
    async with _router("mistral:mistral-embed") as (router, server):
        await _all(router, ["word " * 20_000] * 5)

        sent = [list(map(len, sent["input"])) for sent in server.requests]
    assert sent == [[24_000, 24_000], [24_000, 24_000], [24_000]]


async def test_a_text_that_is_too_long_all_the_same_is_cut_until_it_fits() -> None:
    script = Script(default=Behaviour(context_tokens=1_000))
    async with _router("openai:text-embedding-3-small", script) as (router, server):
        found = await _all(router, ["short", "経歴" * 4_000, "brief"])
        served = [call for call in server.calls if call.outcome == "finished"]

    assert all(found[place] for place in range(3))
    assert 500 < max(call.input_tokens for call in served) <= 1_000


async def test_one_text_that_is_refused_does_not_keep_the_others_from_their_vectors() -> None:
    texts = [f"text {n}" for n in range(8)]
    refused = _refusal("Your input was flagged.", "content_policy_violation")
    # The whole, the first half, its first half, and the first text.
    async with _router("openai:text-embedding-3-small", Script(next=[refused] * 4)) as (router, _server):
        found = await _all(router, texts)

    assert [place for place in range(8) if found[place] is None] == [0]


async def test_a_single_text_that_is_not_taken_is_not_to_blame_unless_the_model_says_so() -> None:
    flagged, mistaken = _refusal("Flagged.", "content_policy_violation"), _refusal("A mistake in the request.")
    async with _router("openai:text-embedding-3-small", Script(next=[flagged, mistaken])) as (router, _server):
        assert await _all(router, ["text"]) == {0: None}
        with pytest.raises(ProviderError, match="BAD_REQUEST"):
            await _all(router, ["text"])


async def test_a_text_that_is_not_taken_is_to_blame_where_another_is() -> None:
    mistaken = [_refusal("A mistake in the request.")] * 2
    async with _router("openai:text-embedding-3-small", Script(next=mistaken)) as (router, _server):
        found = await _all(router, ["one", "another"])

    assert (found[0], bool(found[1])) == (None, True)


async def test_a_model_that_refuses_every_text_is_soon_left_alone() -> None:
    script = Script(default=_refusal("This model makes no vectors."))
    async with _router("openai:gpt-6-luna", script) as (router, server):
        with pytest.raises(ProviderError, match="BAD_REQUEST"):
            await _all(router, [f"text {n}" for n in range(32)])

        assert len(server.calls) <= 2 * 10


async def test_what_came_before_a_failure_is_not_lost() -> None:
    script = Script(next=[Behaviour(), Behaviour(fault="status", status=503)])
    found: dict[int, Vector | None] = {}
    async with _router("house:unknown", script) as (router, _server):
        with pytest.raises(ProviderError, match="OVERLOADED"):
            await _all(router, [f"text {n}" for n in range(25)], found)

    assert sorted(found) == list(range(10))
