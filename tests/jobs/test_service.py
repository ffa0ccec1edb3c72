import asyncio
import threading
from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest

from jobwise import samples
from jobwise.accounts.models import User
from jobwise.errors import ErrorCode, JobWiseError, NotFound, ValidationFailed
from jobwise.infra import db
from jobwise.jobs import queries, service
from jobwise.jobs.capture import PostingUnreadable
from jobwise.jobs.job_fields import Workplace
from jobwise.jobs.models import UNTITLED, Job, JobSource, JobStatus, SavedJob, StoredAnalysis
from jobwise.jobs.salaries import PayInterval, Salary
from jobwise.jobs.service import JobInput
from jobwise.jobs.term_weights import posting_weights
from tests.accounts.people import a_viewer
from tests.jobs.postings import WORDS, a_job

pytestmark = pytest.mark.usefixtures("database")


async def fields_refused(attempt: Awaitable[object]) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        await attempt
    return [field.path for field in refusal.value.fields]


async def test_a_posting_that_is_typed_in_is_kept_tidied() -> None:
    viewer = await a_viewer()

    job = await a_job(
        viewer,
        " Senior\u200b  Baker ",
        company="Oven\nLtd",
        workplace=Workplace.ONSITE,
        employment_types=("full-time", "Teilzeit"),
        salary=Salary(min=3000, max=3500, currency="eur", interval=PayInterval.MONTH),
        url="example.com/jobs/1",
        posted_on=date(2026, 11, 1),
    )

    stored = await queries.get(viewer, job.id)
    assert (stored.title, stored.company, stored.workplace) == ("Senior Baker", "Oven Ltd", "ONSITE")
    assert stored.employment_types == ["FULL_TIME", "PART_TIME"]
    assert stored.salary == {"min": 3000, "max": 3500, "currency": "EUR", "interval": "MONTH"}
    assert (stored.url, stored.posted_on) == ("https://example.com/jobs/1", date(2026, 11, 1))
    assert (stored.source, stored.status) == (JobSource.MANUAL, JobStatus.ACTIVE)


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"title": " \u200b "}, ["title"]),
        ({"title": None}, ["title"]),
        ({"title": "x" * 301, "company": "x" * 301}, ["title", "company"]),
        ({"description": "Bakes."}, ["description"]),
        ({"description": "word " * 50_000}, ["description"]),
        ({"description": "家具の仕事 " * 33_000}, ["description"]),
        ({"salary": Salary(min=5, max=4)}, ["salary.max"]),
        ({"salary": Salary(min=-1)}, ["salary.min"]),
        ({"salary": Salary(min=1, currency="euros")}, ["salary.currency"]),
        ({"url": "ftp://example.com"}, ["url"]),
        ({"url": "javascript:alert(1)"}, ["url"]),
        ({"url": "https://example.com/" + "x" * 2000}, ["url"]),
        ({"posted_on": date(2026, 2, 1), "valid_through": date(2026, 1, 1)}, ["validThrough"]),
    ],
)
async def test_each_mistake_is_refused_with_its_path(values: dict[str, Any], paths: list[str]) -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)

    new = JobInput(**{"title": "Baker", "description": WORDS, **values})
    assert await fields_refused(service.create_manual(viewer, new)) == paths
    assert await fields_refused(service.update(viewer, job.id, JobInput(**values))) == paths
    assert await Job.all().count() == 1


async def test_the_longest_text_that_is_allowed_fits_into_the_search_index() -> None:
    words = " ".join(f"{n:x}" for n in range(60_000))[:200_000]

    job = await service.create_manual(await a_viewer(), JobInput(title="Baker", description=words))

    assert len(job.description) > 199_000


async def test_what_postgresql_cannot_store_is_left_out() -> None:
    viewer = await a_viewer()
    posting = {"@type": "JobPosting", "title": "Ba\x00ker\ud800", "description": f"<p>\x00\ud800{WORDS}</p>"}

    job = await a_job(viewer, "Ba\x00ker\ud800", "\x00\ud800")
    from_json = await service.create_from_json(viewer, posting)

    assert (job.title, from_json.title) == ("Baker", "Baker")
    assert not from_json.captured


async def test_samples_of_all_fields_are_read_from_text() -> None:
    viewer = await a_viewer()

    for sample in samples.postings()[::12]:
        job = await service.create_from_text(viewer, f"{sample.title}\n\n{sample.text}")
        assert job.title
        assert (job.source, job.language) == (JobSource.TEXT, sample.language)


async def test_a_text_without_a_title_is_kept_and_says_so() -> None:
    job = await service.create_from_text(await a_viewer(), samples.default_posting().text)

    assert job.title == "Untitled position"
    assert any("No title" in warning for warning in job.warnings)


async def test_a_page_keeps_its_address_and_what_it_was_read_from() -> None:
    viewer = await a_viewer()
    posting = {"@type": "JobPosting", "title": "Chef", "description": f"<p>{WORDS}</p>", "datePosted": "2026-11-02"}
    page = f'<html><script type="application/ld+json">{orjson.dumps(posting).decode()}</script></html>'

    job = await service.create_from_html(viewer, page, "https://www.example.com/chef")

    stored = await queries.get(viewer, job.id)
    assert (stored.title, stored.source, stored.url) == ("Chef", JobSource.HTML, "https://www.example.com/chef")
    assert (stored.posted_on, stored.captured) == (date(2026, 11, 2), posting)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://[", "\x00"])
async def test_an_address_of_a_page_that_is_none_is_left_out(address: str) -> None:
    posting = {"title": "Chef", "description": WORDS, "url": address}

    assert (await service.create_from_json(await a_viewer(), posting)).url == ""


async def test_what_is_no_posting_is_not_kept() -> None:
    viewer = await a_viewer()

    for attempt in (
        service.create_from_text(viewer, "hello"),
        service.create_from_html(viewer, "<p>hello</p>"),
        service.create_from_json(viewer, "{"),
    ):
        with pytest.raises(PostingUnreadable):
            await attempt

    assert await Job.all().count() == 0


async def test_an_account_can_have_so_many_postings_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, other = await a_viewer(), await a_viewer()
    monkeypatch.setattr(service, "MOST_JOBS", 2)
    await a_job(viewer)
    job = await a_job(viewer)

    with pytest.raises(JobWiseError, match="as many postings") as refusal:
        await a_job(viewer)
    await service.delete(viewer, job.id)
    await a_job(viewer)
    await a_job(other)

    assert refusal.value.code is ErrorCode.CONFLICT


async def test_only_the_fields_that_are_given_change() -> None:
    viewer = await a_viewer()
    before = await a_job(viewer, company="Oven Ltd", location="Kiel", salary=Salary(min=1))

    after = await service.update(viewer, before.id, JobInput(title="Chef", location=None, salary=None))

    assert after.updated_at > before.updated_at
    assert (after.title, after.company, after.location) == ("Chef", "Oven Ltd", "")
    assert not after.salary
    assert after.description == before.description
    stored = await queries.get(viewer, before.id)
    assert (stored.title, stored.location, stored.content_hash) == ("Chef", "", after.content_hash)


async def test_the_hash_is_that_of_the_words_however_they_are_spaced() -> None:
    viewer, other = await a_viewer(), await a_viewer()

    one = await a_job(viewer, "Baker", company="Oven  Ltd")
    same = await a_job(other, " Baker", company="Oven Ltd ", url="example.com", salary=Salary(min=1))
    shifted = await a_job(viewer, "Baker Oven", company="Ltd")
    changed = await service.update(viewer, one.id, JobInput(company="Oven"))

    assert one.content_hash == same.content_hash
    assert len({one.content_hash, shifted.content_hash, changed.content_hash}) == 3


async def test_nobody_waits_for_a_posting_whose_new_text_is_still_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = await a_viewer()
    job, equal = await a_job(viewer), await a_job(viewer, "Potter", "Docker and Kubernetes")
    loop, reading, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    read: list[str] = []

    def slow_at_first(title: str, description: str) -> Mapping[str, float]:
        read.append(title)
        if len(read) == 1:
            loop.call_soon_threadsafe(reading.set)
            assert go_on.wait(60)
        return posting_weights(title, description)

    monkeypatch.setattr(service, "posting_weights", slow_at_first)
    slow = asyncio.create_task(service.update(viewer, job.id, JobInput(description=equal.description)))
    await reading.wait()

    try:
        async with asyncio.timeout(10):
            await service.update(viewer, job.id, JobInput(title="Potter"))
    finally:
        go_on.set()
    await slow

    # What was read first had the old title, so it was read once more.
    assert read == ["Baker", "Potter", "Potter"]
    one, other = await db.fetch_all("select title, description, content_hash, embedding::text from jobs")
    assert one == other
    assert one["embedding"]


async def test_a_change_of_the_dates_is_checked_with_those_that_stay() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer, posted_on=date(2026, 2, 1))

    refused = await fields_refused(service.update(viewer, job.id, JobInput(valid_through=date(2026, 1, 1))))

    assert refused == ["validThrough"]
    assert (await queries.get(viewer, job.id)).valid_through is None


async def test_any_status_may_follow_any_other() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)

    for status in (JobStatus.CLOSED, JobStatus.ARCHIVED, JobStatus.ACTIVE):
        await service.set_status(viewer, job.id, status)
        assert (await queries.get(viewer, job.id)).status is status


async def test_deleting_a_posting_takes_it_off_the_list_as_well() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)
    await service.save(viewer, job.id)

    await service.delete(viewer, job.id)

    assert await SavedJob.all().count() == 0
    with pytest.raises(NotFound):
        await queries.get(viewer, job.id)


async def test_a_posting_is_saved_once_even_at_the_same_time() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)

    saved = await asyncio.gather(*(service.save(viewer, job.id, f"note {n}") for n in range(5)))
    last = await service.save(viewer, job.id, " a\nb ")

    assert {entry.id for entry in saved} == {last.id}
    assert (last.notes, last.job.id) == ("a\nb", job.id)


async def test_notes_have_an_end() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)

    assert await fields_refused(service.save(viewer, job.id, "x" * 10_001)) == ["notes"]
    await service.save(viewer, job.id)
    assert await fields_refused(service.update_saved(viewer, job.id, "x" * 10_001)) == ["notes"]


async def test_what_is_not_on_the_list_cannot_be_changed_or_taken_off() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)

    with pytest.raises(NotFound):
        await service.update_saved(viewer, job.id, "x")
    with pytest.raises(NotFound):
        await service.unsave(viewer, job.id)


async def test_another_persons_posting_does_not_exist() -> None:
    owner, other = await a_viewer(), await a_viewer()
    job = await a_job(owner)
    await service.save(owner, job.id, "mine")

    for job_id in (job.id, uuid4()):
        for attempt in (
            queries.get(other, job_id),
            service.update(other, job_id, JobInput(title="x")),
            service.set_status(other, job_id, JobStatus.CLOSED),
            service.delete(other, job_id),
            service.save(other, job_id),
            service.update_saved(other, job_id, "x"),
            service.unsave(other, job_id),
        ):
            with pytest.raises(NotFound):
                await attempt

    assert (await queries.saved(owner, first=5, after=None)).rows[0].notes == "mine"
    assert (await queries.get(owner, job.id)).status is JobStatus.ACTIVE


async def test_deleting_an_account_deletes_its_postings() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer)
    await service.save(viewer, job.id)

    await User.filter(id=viewer.user_id).delete()

    assert await Job.filter(id=job.id).count() == 0


async def test_an_analysis_is_made_once_for_equal_texts_and_its_quotes_stand_in_the_posting() -> None:
    viewer, other = await a_viewer(), await a_viewer()
    sample = samples.default_posting()
    mine = await a_job(viewer, sample.title, sample.text)
    theirs = await a_job(other, sample.title, sample.text)

    (first,) = await service.analyses_of([mine])
    again, equal = await service.analyses_of([mine, theirs])
    for_pipeline = await service.analysis_for(
        mine.content_hash, mine.title, mine.company, mine.location, mine.description
    )

    assert first == again == equal == for_pipeline
    assert first.requirements
    assert all(requirement.quote in mine.description for requirement in first.requirements)
    assert await StoredAnalysis.all().count() == 1


async def test_analyses_come_in_the_order_of_their_postings() -> None:
    viewer = await a_viewer()
    jobs = [await a_job(viewer, sample.title, sample.text) for sample in samples.postings()[:6]]

    await service.analyses_of([jobs[3]])
    analyses = await service.analyses_of([*jobs, jobs[0]])

    assert [analysis.title for analysis in analyses] == [job.title for job in [*jobs, jobs[0]]]
    assert await service.analyses_of([]) == []


async def test_a_stored_analysis_is_used_instead_of_a_new_one() -> None:
    job = await a_job(await a_viewer())
    await service.analyses_of([job])
    await db.fetch_all("""update job_analyses set analysis = analysis || '{"warnings": ["stored"]}'""")

    assert (await service.analyses_of([job]))[0].warnings == ("stored",)


async def test_the_same_text_can_be_analysed_at_the_same_time() -> None:
    job = await a_job(await a_viewer())

    analyses = await asyncio.gather(*(service.analyses_of([job]) for _ in range(6)))

    assert all(analysis == analyses[0] for analysis in analyses)
    assert await StoredAnalysis.all().count() == 1


async def test_the_stand_in_for_a_missing_title_is_never_read_as_the_position() -> None:
    job = await service.create_from_text(await a_viewer(), "we want somebody who knows python and sql well. " * 8)

    assert job.title == UNTITLED
    assert (await service.analyses_of([job]))[0].title == ""
