"""From the setting to the ranking: workers have vectors made, the API ranks by them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from jobwise.accounts.models import User
from jobwise.accounts.service import make_staff
from jobwise.config import settings
from jobwise.infra import db
from jobwise.llm.router import opened
from jobwise.profiles import service as profiles
from jobwise.profiles.inputs import ProfileInput
from schema import ids
from tests.jobs.postings import a_job
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running
from tests.schema.conftest import Api
from workers.runtime import embedding

_MATCHING = "query ($id: ID!) { matchingJobs(profileId: $id) { nodes { job { title } } } }"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch, database: str) -> AsyncIterator[Provider]:
    """The server behind the model of the settings, to which shepherds and sheep mean the same."""
    same = [["shepherd", "ovine"], ["flocks", "grazing"], ["hills", "uplands"]]
    async with running(Script(default=Behaviour(same=same))) as provider:
        monkeypatch.setenv("JOBWISE_EMBEDDINGS", "local:our-own")
        monkeypatch.setenv("LOCAL_LLM_BASE_URL", provider.url)
        settings.cache_clear()
        yield provider


async def _made() -> None:
    """Wait until nothing is due."""
    async with asyncio.timeout(20):
        while await db.fetch_all("select 1 from text_vectors where due is not null"):  # noqa: ASYNC110 (rows)
            await asyncio.sleep(0.05)


async def _titles(api: Api, profile_id: str) -> list[str]:
    found = await api.run(_MATCHING, id=profile_id)
    return [node["job"]["title"] for node in found["matchingJobs"]["nodes"]]


async def test_postings_are_ranked_by_meaning_once_workers_have_read_them(server: Provider, api: Api) -> None:
    assert api.viewer
    values = ProfileInput(name="Ada", headline="Shepherd", summary="Flocks on hills, and some Python.")
    profile_id = ids.encode("Profile", (await profiles.create(api.viewer, values)).profile.id)
    await a_job(api.viewer, "Python developer", "Python all day.")
    await a_job(api.viewer, "Ovine keeper", "Grazing in the uplands.")
    assert (await _titles(api, profile_id))[0] == "Python developer"

    async with opened(settings()) as router:
        assert router is not None
        async with embedding(router, 30.0):
            await _made()

    assert (await _titles(api, profile_id))[0] == "Ovine keeper"
    assert len(server.calls) <= 2


async def test_the_staff_see_how_the_model_has_been_doing(server: Provider, api: Api) -> None:
    assert api.viewer
    await make_staff((await User.get(id=api.viewer.user_id)).email)

    (found,) = (await api.run("{ providers { provider model breaker } }"))["providers"]

    assert found == {"provider": "local", "model": "our-own", "breaker": "CLOSED"}
