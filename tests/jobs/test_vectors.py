"""Vectors of postings and profiles: made in the background, once, and what the ranking makes of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from jobwise import samples
from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.infra import db, redis_client
from jobwise.infra.paging import BadCursor, Page
from jobwise.jobs import queries, service, vectors
from jobwise.jobs.models import Job
from jobwise.jobs.queries import ScoredJob
from jobwise.jobs.service import JobInput
from jobwise.jobs.vectors import Ran
from jobwise.llm.models import LlmCall
from jobwise.llm.router import Router, opened
from jobwise.profiles import service as profiles
from jobwise.profiles.inputs import ProfileInput
from tests.accounts.people import a_viewer
from tests.jobs.postings import a_job
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

pytestmark = pytest.mark.usefixtures("database")

_MODEL = "openai:text-embedding-3-small"
_SAME = [["shepherd", "ovine"], ["flocks", "grazing"], ["hills", "uplands"]]
_USUAL = Behaviour(same=_SAME)
_SECONDS = 30.0


@dataclass(frozen=True)
class _Scene:
    router: Router
    server: Provider

    async def work(self) -> int:
        """What a worker does in its background."""
        return (await vectors.run(self.router, _SECONDS)).done

    def texts(self) -> list[str]:
        """All that was sent."""
        return [text for sent in self.server.requests for text in sent["input"]]


@asynccontextmanager
async def _scene(play: Script | None = None, model: str = _MODEL, **others: Any) -> AsyncIterator[_Scene]:
    async with running(play or Script(default=_USUAL)) as server:
        settings = Settings(embeddings=model, openai_base_url=server.url, openai_api_key="a-key", **others)
        async with opened(settings) as router:
            assert router is not None
            yield _Scene(router, server)


def _held_up(scene: _Scene, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """What is asked for is sent on only after the second event; the first says that somebody asks."""
    embed, asked, over = scene.router.embed, asyncio.Event(), asyncio.Event()

    async def wait(*question: Any) -> Any:
        asked.set()
        await over.wait()
        return await embed(*question)

    monkeypatch.setattr(scene.router, "embed", wait)
    return asked, over


async def _a_shepherd(viewer: Viewer) -> UUID:
    values = ProfileInput(name="Ada Quill", headline="Shepherd", summary="Flocks on hills, and some Python.")
    return (await profiles.create(viewer, values)).profile.id


async def _matches(viewer: Viewer, profile_id: UUID, model: str = _MODEL, **paging: Any) -> Page[ScoredJob]:
    return await queries.matching(viewer, profile_id, model=model, **{"first": 50, "after": None, **paging})


async def _titles(viewer: Viewer, profile_id: UUID, model: str = _MODEL) -> list[str]:
    return [match.job.title for match in (await _matches(viewer, profile_id, model)).rows]


async def _two_jobs(viewer: Viewer) -> tuple[Job, Job]:
    """One that means the same as the shepherd's profile, and one that has a term of it."""
    meant = await a_job(viewer, "Ovine keeper", "Grazing in the uplands.")
    return meant, await a_job(viewer, "Python developer", "Python all day.")


async def test_a_posting_of_the_same_meaning_comes_first_though_it_shares_no_term() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    await _two_jobs(viewer)
    assert await _titles(viewer, profile_id) == ["Python developer", "Ovine keeper"]

    async with _scene() as scene:
        assert await scene.work() == 3

    assert await _titles(viewer, profile_id) == ["Ovine keeper", "Python developer"]
    assert await _titles(viewer, profile_id, model="") == ["Python developer", "Ovine keeper"]
    (call,) = await LlmCall.all()
    assert (call.user_id, call.stage, call.purpose) == (viewer.user_id, "EMBED", "embed")


async def test_while_any_vector_is_missing_all_postings_are_ranked_by_their_terms() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    await _two_jobs(viewer)
    async with _scene() as scene:
        await scene.work()
        new = await a_job(viewer, "Baker")
        assert (await _titles(viewer, profile_id))[0] == "Python developer"
        await scene.work()
        assert (await _titles(viewer, profile_id))[0] == "Ovine keeper"

        await service.update(viewer, new.id, JobInput(title="Ovine grazing hills shepherd flocks"))
        assert (await _titles(viewer, profile_id))[0] == "Python developer"
        await scene.work()
        assert (await _titles(viewer, profile_id))[0] == "Ovine grazing hills shepherd flocks"

        await profiles.update(viewer, profile_id, ProfileInput(headline="Python developer", summary="Python."))
        assert (await _titles(viewer, profile_id))[0] == "Python developer"
        await scene.work()
        assert (await _titles(viewer, profile_id))[0] == "Python developer"


async def test_the_pages_of_a_list_go_by_what_its_first_page_went_by() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    jobs = [await a_job(viewer, f"Baker {n}", "Python " * n) for n in range(6)]
    whole = await _matches(viewer, profile_id)
    first = await _matches(viewer, profile_id, first=2)
    async with _scene() as scene:
        await scene.work()
        rest = await _matches(viewer, profile_id, after=first.cursors[-1])
        assert [match.job.id for match in [*first.rows, *rest.rows]] == [match.job.id for match in whole.rows]

        first = await _matches(viewer, profile_id, first=2)
        new = await a_job(viewer, "Nobody has read this yet")
        rest = await _matches(viewer, profile_id, after=first.cursors[-1])

    found = [match.job.id for match in [*first.rows, *rest.rows]]
    assert set(found) == {new.id, *(job.id for job in jobs)}
    assert len(found) == 7
    assert (rest.rows[-1].job.id, rest.rows[-1].score) == (new.id, 0)
    with pytest.raises(BadCursor):
        await _matches(viewer, profile_id, model="gemini:gemini-embedding-2", after=first.cursors[-1])


async def test_what_has_not_changed_is_not_asked_for_again() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    meant, _ = await _two_jobs(viewer)
    async with _scene() as scene:
        await scene.work()
        assert await scene.work() == 0
        await profiles.update(viewer, profile_id, ProfileInput(name="Ada Byron"))
        await service.update(viewer, meant.id, JobInput(url="https://example.com/job"))
        await service.update(viewer, meant.id, JobInput(title=meant.title))
        await scene.work()

        assert len(scene.server.calls) == 1
    assert await _titles(viewer, profile_id) == ["Ovine keeper", "Python developer"]


async def test_another_model_makes_all_vectors_anew() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    await _two_jobs(viewer)
    async with _scene() as scene:
        await scene.work()
    other = "openai:text-embedding-3-large"
    async with _scene(model=other) as scene:
        assert await _titles(viewer, profile_id, other) == ["Python developer", "Ovine keeper"]
        assert await vectors.make_due(_MODEL) == 0
        assert await vectors.make_due(other) == 3
        await scene.work()

    assert await _titles(viewer, profile_id, other) == ["Ovine keeper", "Python developer"]
    assert await _titles(viewer, profile_id, _MODEL) == ["Python developer", "Ovine keeper"]


async def test_vectors_of_different_length_are_never_compared() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    await _two_jobs(viewer)
    async with _scene() as scene:
        await scene.work()
    first = await _matches(viewer, profile_id, first=1)
    await db.fetch_all("update text_vectors set vector = '[1,2,3]' where id = $1", profile_id)

    assert (await _titles(viewer, profile_id))[0] == "Python developer"
    assert [match.score for match in (await _matches(viewer, profile_id, after=first.cursors[-1])).rows] == [0, 0]


async def test_a_model_that_makes_vectors_of_another_length_makes_all_anew() -> None:
    viewer, other = await a_viewer(), await a_viewer()
    profile_id = await _a_shepherd(viewer)
    await _two_jobs(viewer)
    async with _scene() as scene:
        await scene.work()
        await db.fetch_all("update text_vectors set vector = '[1,2,3]'")
        await a_job(other)
        await scene.work()
        assert await db.fetch_all("select 1 from text_vectors where due is not null") == []

        await a_job(viewer, "Baker")
        await scene.work()
        assert (await _titles(viewer, profile_id))[0] == "Python developer"
        rows = await db.fetch_all("select due - now() as rest from text_vectors where due is not null")
        assert [round(row["rest"].total_seconds() / 60) for row in rows] == [10, 10, 10]

        await db.fetch_all("update text_vectors set due = now() where due is not null")
        assert await scene.work() == 3
        assert await scene.work() == 0
        assert (await _titles(viewer, profile_id))[0] == "Ovine keeper"


async def test_workers_at_the_same_time_do_not_pay_twice() -> None:
    people = [await a_viewer() for _ in range(2)]
    for number in range(45):
        await a_job(people[number % 2], f"Job {number}")
    slow = Script(default=Behaviour(first_token_seconds=0.05))
    async with _scene(slow) as scene:
        done = await asyncio.gather(*(scene.work() for _ in range(4)))

        texts = scene.texts()
        assert len(texts) == len(set(texts)) == sum(done) == 45
        assert {call.user_id for call in await LlmCall.all()} == {viewer.user_id for viewer in people}
        bill = {call.client_request_id: call.input_tokens for call in scene.server.calls}
    assert {str(call.id): call.input_tokens for call in await LlmCall.all()} == bill


async def test_a_change_does_not_wait_for_the_provider_and_the_old_text_gets_no_vector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = await a_viewer()
    job = await a_job(viewer, "Old title")
    async with _scene() as scene:
        asked, over = _held_up(scene, monkeypatch)
        working = asyncio.create_task(scene.work())
        await asked.wait()
        await service.update(viewer, job.id, JobInput(title="New title"))
        over.set()
        await working

        assert [text.split("\n")[0] for text in scene.texts()] == ["Old title", "New title"]
    job = await Job.get(id=job.id)
    row = await db.fetch_one("select hash, due from text_vectors where id = $1", job.id)
    assert row == {"hash": job.content_hash, "due": None}


async def test_a_worker_that_is_asked_to_leave_hands_back_what_it_had_claimed() -> None:
    await a_job(await a_viewer())
    async with _scene(Script(next=[Behaviour(fault="hang")], default=_USUAL)) as scene:
        working = asyncio.create_task(scene.work())
        await scene.server.asked(1)
        assert await scene.work() == 0
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

        assert await scene.work() == 1


async def test_what_a_dead_worker_had_claimed_is_taken_over_when_its_time_is_over() -> None:
    await a_job(await a_viewer())
    async with _scene() as scene:
        await vectors._claimed(scene.router, _SECONDS)
        assert await scene.work() == 0
        await db.fetch_all(
            "update text_vectors set due = now() where due > now() + $1::float8 * interval '1 s'", _SECONDS
        )

        assert await scene.work() == 1


async def test_texts_that_take_too_long_are_put_off() -> None:
    await a_job(await a_viewer())
    async with _scene(Script(default=Behaviour(fault="hang"))) as scene:
        assert await vectors.run(scene.router, 0.2) == Ran(0)

    (row,) = await db.fetch_all("select due - now() as rest from text_vectors")
    assert 50 < row["rest"].total_seconds() <= 60


async def test_what_is_paid_for_is_kept_when_the_database_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    await a_job(await a_viewer())
    keep, failures = vectors._keep, [db.DatabaseUnavailable()] * 2

    async def away(*arguments: Any) -> None:
        if arguments[1] and failures:
            raise failures.pop()
        await keep(*arguments)

    monkeypatch.setattr(vectors, "_keep", away)
    async with _scene() as scene:
        assert await scene.work() == 1

        assert len(scene.server.calls) == 1
    assert (await db.fetch_one("select due from text_vectors where vector is not null")) == {"due": None}


async def test_what_cannot_be_kept_is_not_paid_for_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    await a_job(await a_viewer())
    monkeypatch.setattr(vectors, "to_sql", lambda vector: "no vector at all")
    async with _scene() as scene:
        assert await scene.work() == 0
        assert await scene.work() == 0

        assert len(scene.server.calls) == 1
    (row,) = await db.fetch_all("select due - now() as rest from text_vectors")
    assert 23 < row["rest"].total_seconds() / 3600 <= 24


async def test_no_one_is_put_off_because_the_calls_of_this_minute_are_used_up(redis_url: str) -> None:
    for _ in range(2):
        await a_job(await a_viewer())
    redis_client.connect(redis_url)
    try:
        async with _scene(llm_requests_per_minute=2) as scene:
            first, second = [await vectors.run(scene.router, _SECONDS) for _ in range(2)]
            assert (first.done, second.done) == (1, 0)
            assert 50 < second.rest <= first.rest <= 60

            assert len(scene.server.calls) == 1
    finally:
        await redis_client.close()
    assert len(await db.fetch_all("select 1 from text_vectors where due <= now()")) == 1


async def test_nothing_is_in_the_way_of_an_account_that_is_deleted(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await a_viewer()
    jobs = [await a_job(viewer, f"Job {number}") for number in range(4)]
    connection = await asyncpg.connect(database)
    try:
        async with _scene() as scene, asyncio.timeout(60):
            asked, over = _held_up(scene, monkeypatch)
            working = asyncio.create_task(scene.work())
            await asked.wait()
            # In whatever order: the last is locked, and the others are wanted.
            await connection.execute("begin")
            last = max(job.id for job in jobs)
            await connection.execute("delete from jobs where id = $1", last)
            over.set()
            # Whoever waited for the lock would be out of time, and be done with none.
            assert await working == len(jobs)
            await connection.execute("delete from users where id = $1", viewer.user_id)
            await connection.execute("commit")
    finally:
        await connection.close()

    assert await db.fetch_all("select 1 from text_vectors") == []


async def test_what_is_put_off_waits_for_nobody_who_deletes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = await a_viewer()
    # The last is not claimed with the others, and put off with them.
    jobs = [await a_job(viewer, f"Job {number}") for number in range(vectors._MOST_AT_ONCE + 2)]
    down = Script(default=Behaviour(fault="status", status=503))
    connection = await asyncpg.connect(database)
    try:
        async with _scene(down) as scene, asyncio.timeout(60):
            asked, over = _held_up(scene, monkeypatch)
            working = asyncio.create_task(vectors.run(scene.router, _SECONDS))
            await asked.wait()
            await connection.execute("begin")
            await connection.execute("delete from jobs where id = any($1)", [jobs[0].id, jobs[-1].id])
            over.set()
            assert await working == Ran(0)
            await connection.execute("commit")
        assert await db.fetch_all("select 1 from text_vectors where due <= now()") == []
    finally:
        await connection.close()


async def test_who_may_spend_nothing_more_does_not_keep_others_waiting() -> None:
    poor, rich = await a_viewer(), await a_viewer()
    for number in range(40):
        await a_job(poor, f"Job {number}")
    await a_job(rich, "Shepherd")
    await LlmCall.create(
        user_id=poor.user_id, provider="openai", model="any", purpose="write", outcome="COMPLETED", cost=Decimal(1)
    )
    async with _scene(llm_person_month_dollars=Decimal(1)) as scene:
        assert await scene.work() == 0
        assert await scene.work() == 1

        assert [text.split("\n")[0] for text in scene.texts()] == ["Shepherd"]
    rows = await db.fetch_all("select due - now() as rest from text_vectors where user_id = $1", poor.user_id)
    assert {round(row["rest"].total_seconds() / 60) for row in rows} == {10}


async def test_a_posting_that_the_model_does_not_take_comes_last_and_is_tried_again_the_next_day() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    async with _scene() as scene:
        await _two_jobs(viewer)
        await scene.work()
        await a_job(viewer, "Refused, with Python")
        refusal = Behaviour(fault="status", status=400, code="content_policy_violation")
        scene.server.follow(Script(next=[refusal], default=_USUAL))
        await scene.work()

        assert await _titles(viewer, profile_id) == ["Ovine keeper", "Python developer", "Refused, with Python"]
        assert await scene.work() == 0
    (row,) = await db.fetch_all("select due - now() as rest from text_vectors where due is not null")
    assert 23 < row["rest"].total_seconds() / 3600 <= 24


async def test_a_single_posting_waits_minutes_where_the_provider_may_take_nothing_at_all() -> None:
    await a_job(await a_viewer())
    wrong = Behaviour(fault="status", status=400, code="invalid_request_error", message="Not for this account.")
    async with _scene(Script(default=wrong)) as scene:
        assert await scene.work() == 0

    (row,) = await db.fetch_all("select due - now() as rest, model from text_vectors")
    assert (round(row["rest"].total_seconds() / 60), row["model"]) == (10, None)


async def test_an_empty_profile_costs_nothing_and_is_matched_by_terms() -> None:
    viewer = await a_viewer()
    profile_id = (await profiles.create(viewer, ProfileInput(name="Ada"))).profile.id
    async with _scene() as scene:
        assert await scene.work() == 1
        assert scene.server.calls == []
        await a_job(viewer)
        await scene.work()

    assert [match.score for match in (await _matches(viewer, profile_id)).rows] == [0]


async def test_nothing_is_sent_that_says_who_somebody_is() -> None:
    viewer = await a_viewer()
    sample = samples.profile("backend-engineer").resume
    basics = sample["basics"]
    told = f"I am {basics['name']}, write to {basics['email']} or call {basics['phone']}; see {basics['url']}."
    values = {**sample, "basics": {**basics, "summary": f"{told} {basics.get('summary', '')}"}}
    profile_id = (await profiles.import_profile(viewer, values)).profile.id
    await a_job(viewer, "Baker", "Write to jane.recruiter@bakery.example.com or see https://bakery.example.com/jobs")
    async with _scene() as scene:
        await scene.work()
        sent = orjson.dumps(list(scene.server.requests)).decode().lower()

    assert "python" in sent
    content = (await profiles.update(viewer, profile_id, ProfileInput())).content
    contact = content.contact
    links = [contact.url, *(link.url for link in contact.links), *(link.username for link in contact.links)]
    private = [content.name, *content.name.split(), contact.email, contact.phone, contact.address, *links]
    private += ["jane.recruiter", "bakery.example.com"]
    assert [text for text in private if text and text.lower() in sent] == []


async def test_a_deleted_posting_or_profile_leaves_no_vector() -> None:
    viewer = await a_viewer()
    profile_id = await _a_shepherd(viewer)
    job = await a_job(viewer)
    async with _scene() as scene:
        await scene.work()
    await service.delete(viewer, job.id)
    await profiles.delete(viewer, profile_id)

    assert await db.fetch_all("select 1 from text_vectors") == []


async def test_without_a_model_nothing_is_claimed() -> None:
    await a_job(await a_viewer())
    async with _scene(model="builtin", llm_chain="openai:gpt-6-luna") as scene:
        assert await scene.work() == 0

        assert scene.server.calls == []
