import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import pytest

from jobwise.accounts.service import Viewer
from jobwise.errors import NotFound
from jobwise.jobs import service as jobs
from jobwise.jobs.models import Job
from jobwise.profiles import queries as profiles
from jobwise.profiles import service as profile_service
from jobwise.profiles.inputs import ProfileInput
from jobwise.profiles.models import Profile
from schema import ids
from schema.loaders import Loaders
from tests.jobs.postings import a_job
from tests.schema.conftest import Api

LOADERS = sorted(name for name in vars(Loaders) if not name.startswith("_") and name != "own_profile")

#: Two parts of an answer that read the same. The first one fails in between, and what else it reads is cancelled.
SAME_ANALYSIS = """query ($job: ID!, $profile: ID!, $gone: ID!) {
    a: job(id: $job) { analysis { title } match(profileId: $gone) { score } }
    b: job(id: $job) { analysis { title } own: match(profileId: $profile) { years } } }"""
SAME_PROFILE = """query ($job: ID!, $profile: ID!, $gone: ID!) {
    a: job(id: $job) { own: match(profileId: $profile) { years } match(profileId: $gone) { score } }
    b: job(id: $job) { own: match(profileId: $profile) { years } analysis { title } } }"""


def _key_of(name: str) -> Any:
    if name == "analyses":
        return Job(id=uuid4(), content_hash="x", title="Baker", company="", location="", description="Bread.")
    return (uuid4(), 1) if name in ("profile_versions", "versions_with_content") else uuid4()


async def _one_of_two_is_cancelled(first: Awaitable[Any], second: Awaitable[Any]) -> list[Any]:
    readers = [asyncio.ensure_future(first), asyncio.ensure_future(second)]
    await asyncio.sleep(0)
    readers[0].cancel()
    return await asyncio.gather(*readers, return_exceptions=True)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", LOADERS)
async def test_a_reader_that_is_cancelled_takes_nothing_from_another_of_the_same_key(name: str) -> None:
    loader, key = getattr(Loaders(), name), _key_of(name)

    cancelled, read = await _one_of_two_is_cancelled(loader.load(key), loader.load(key))

    assert isinstance(cancelled, asyncio.CancelledError)
    assert not isinstance(read, asyncio.CancelledError)


async def test_who_is_cancelled_takes_no_profile_from_another(api: Api) -> None:
    assert api.viewer is not None
    mine = (await profile_service.create(api.viewer, ProfileInput(name="Ada"))).profile
    read = Loaders().own_profile

    cancelled, row = await _one_of_two_is_cancelled(read(api.viewer, mine.id), read(api.viewer, mine.id))

    assert isinstance(cancelled, asyncio.CancelledError)
    assert row.id == mine.id


@pytest.mark.parametrize(("query", "readers"), [(SAME_ANALYSIS, 1), (SAME_PROFILE, 2)])
async def test_a_field_that_fails_leaves_other_parts_of_the_answer_whole(
    api: Api, monkeypatch: pytest.MonkeyPatch, query: str, readers: int
) -> None:
    assert api.viewer is not None
    mine = (await profile_service.create(api.viewer, ProfileInput(name="Ada"))).profile
    job, gone = await a_job(api.viewer), uuid4()
    _fail_in_the_middle(monkeypatch, gone, readers)

    response = await api.post(
        query, job=ids.encode("Job", job.id), profile=ids.encode("Profile", mine.id), gone=ids.encode("Profile", gone)
    )

    body = response.json()
    assert response.status_code == 200
    assert body["data"] == {"a": None, "b": {"analysis": {"title": "Baker"}, "own": {"years": 0}}}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_FOUND"]


async def test_what_is_read_below_a_mutation_is_not_from_before_it(api: Api) -> None:
    assert api.viewer is not None
    mine = (await profile_service.create(api.viewer, ProfileInput(name="Ada"))).profile
    job = await a_job(api.viewer)
    variables = {"job": ids.encode("Job", job.id), "profile": ids.encode("Profile", mine.id)}
    changes = """mutation ($job: ID!, $profile: ID!) {
        a: updateJob(input: {id: $job, title: "Miller"}) { ... on JobSuccess { job { analysis { title } } } }
        b: updateJob(input: {id: $job, title: "Brewer"}) { ... on JobSuccess { job { analysis { title } } } }
        c: addSkill(input: {profileId: $profile, name: "Rye"}) { ... on SkillSuccess { profile { skills { name } } } }
        d: addSkill(input: {profileId: $profile, name: "Oats"}) { ... on SkillSuccess { profile { skills { name } } } }
        }"""
    deletion = """mutation ($job: ID!, $profile: ID!) {
        a: setJobStatus(input: {id: $job, status: CLOSED}) { ...Matched }
        b: deleteProfile(input: {id: $profile}) { __typename }
        c: setJobStatus(input: {id: $job, status: ACTIVE}) { ...Matched } }
        fragment Matched on JobSuccess { job { match(profileId: $profile) { years } } }"""

    said = await api.run(changes, **variables)
    error = await api.error(deletion, **variables)

    assert [said[name]["job"]["analysis"]["title"] for name in "ab"] == ["Miller", "Brewer"]
    assert [[skill["name"] for skill in said[name]["profile"]["skills"]] for name in "cd"] == [["Rye"], ["Rye", "Oats"]]
    assert (error["extensions"]["code"], error["path"]) == ("NOT_FOUND", ["c", "job", "match"])


def _fail_in_the_middle(monkeypatch: pytest.MonkeyPatch, gone: UUID, readers: int) -> None:
    """The profile `gone` is not found once all else is being read, which ends when its neighbours are cancelled."""
    asked, failed = asyncio.Semaphore(0), asyncio.Event()
    ask, find, analyse = Loaders.own_profile, profiles.profile, jobs.analyses_of

    async def own_profile(self: Loaders, viewer: Viewer, profile_id: UUID) -> Profile:
        if profile_id != gone:
            asked.release()
        return await ask(self, viewer, profile_id)

    async def profile(viewer: Viewer, profile_id: UUID) -> Profile:
        if profile_id == gone:
            for _ in range(readers):
                await asked.acquire()
            failed.set()
            raise NotFound
        await _cancelled()
        return await find(viewer, profile_id)

    async def analyses_of(postings: Any) -> Any:
        await _cancelled()
        return await analyse(postings)

    async def _cancelled() -> None:
        await failed.wait()
        for _ in range(20):
            await asyncio.sleep(0)

    monkeypatch.setattr(Loaders, "own_profile", own_profile)
    monkeypatch.setattr(profiles, "profile", profile)
    monkeypatch.setattr(jobs, "analyses_of", analyses_of)
