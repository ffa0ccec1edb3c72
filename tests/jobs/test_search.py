from typing import Any

import pytest

from jobwise import samples
from jobwise.accounts.service import Viewer
from jobwise.errors import NotFound
from jobwise.infra.paging import BadCursor, Page, encode
from jobwise.jobs import queries, service
from jobwise.jobs.job_fields import Workplace
from jobwise.jobs.models import Job, JobSource, JobStatus
from jobwise.jobs.queries import JobFilter, JobSort
from jobwise.jobs.service import JobInput
from jobwise.profiles import service as profiles
from jobwise.profiles.inputs import ProfileInput
from tests.accounts.people import a_viewer
from tests.jobs.postings import a_job

pytestmark = pytest.mark.usefixtures("database")


async def found(viewer: Viewer, query: str | None = None, **filter: Any) -> list[str]:
    return [job.title for job in (await page(viewer, query, **filter)).rows]


async def page(
    viewer: Viewer,
    query: str | None = None,
    *,
    sort: JobSort = JobSort.RELEVANCE,
    first: int = 50,
    after: str | None = None,
    **filter: Any,
) -> Page[Job]:
    wanted = JobFilter(**filter)
    return await queries.search(viewer, query=query, filter=wanted, sort=sort, first=first, after=after)


async def test_words_of_the_title_count_most_then_the_employer_then_the_text() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "In the text", "Beside the harbour.")
    await a_job(viewer, "At the employer", company="Harbour Ltd")
    await a_job(viewer, "Harbour pilot")
    await a_job(viewer, "Nowhere")

    assert await found(viewer, "harbour") == ["Harbour pilot", "At the employer", "In the text"]


async def test_other_forms_of_english_words_are_found_and_names_as_they_are_written() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "One", "You will be managing kitchens with Kubernetes.")
    await a_job(viewer, "Two", "Sie arbeiten mit Kälteanlagen.")

    assert await found(viewer, "managed kitchen") == ["One"]
    assert await found(viewer, "KUBERNETES") == ["One"]
    assert await found(viewer, "kälteanlagen") == ["Two"]


async def test_quotes_minus_and_or_work_as_in_search_engines() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "One", "Rolls and bread.")
    await a_job(viewer, "Two", "Bread and cakes.")

    assert await found(viewer, '"rolls and bread"') == ["One"]
    assert await found(viewer, "bread -cakes") == ["One"]
    assert sorted(await found(viewer, "rolls or cakes")) == ["One", "Two"]
    assert await found(viewer, "rolls cakes") == []


@pytest.mark.parametrize("query", ["'", "a & | !", "\\", "%", "(((", "\x00", "\ud800", "ﷺ" * 400, "-", '"', "x" * 9999])
async def test_any_text_can_be_searched_for(query: str) -> None:
    viewer = await a_viewer()
    await a_job(viewer, "Baker")

    assert await found(viewer, query) in ([], ["Baker"])


async def test_a_search_without_words_is_a_list() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "First")
    await a_job(viewer, "Second")

    assert await found(viewer) == await found(viewer, "  ") == ["Second", "First"]


async def test_found_postings_can_be_sorted_by_age() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "Harbour pilot")
    await a_job(viewer, "In the text", "Beside the harbour.")

    by_age = (await page(viewer, "harbour", sort=JobSort.NEWEST)).rows
    assert [job.title for job in by_age] == ["In the text", "Harbour pilot"]


async def test_everything_in_a_filter_must_hold() -> None:
    viewer = await a_viewer()
    one = await a_job(viewer, "One", company="50% Inn_House", location="Kiel", workplace=Workplace.REMOTE)
    two = await a_job(
        viewer, "Two", "Sie arbeiten mit uns in der Stadt und auf dem Land, und das sehr gern.", location="Köln"
    )
    await service.set_status(viewer, two.id, JobStatus.CLOSED)
    await service.save(viewer, one.id)

    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"company": "50% inn_"}, ["One"]),
        ({"company": "x%"}, []),
        ({"location": "KÖ"}, ["Two"]),
        ({"workplace": (Workplace.REMOTE, Workplace.HYBRID)}, ["One"]),
        ({"status": (JobStatus.CLOSED,)}, ["Two"]),
        ({"source": (JobSource.MANUAL,)}, ["Two", "One"]),
        ({"source": (JobSource.HTML,)}, []),
        ({"language": one.language, "status": (JobStatus.ACTIVE,)}, ["One"]),
        ({"saved": True}, ["One"]),
        ({"saved": False}, ["Two"]),
        ({"saved": True, "status": (JobStatus.CLOSED,)}, []),
        ({"status": (), "company": "", "location": None}, ["Two", "One"]),
        ({"language": "xx"}, []),
    ]
    for wanted, titles in cases:
        assert await found(viewer, **wanted) == titles, wanted


@pytest.mark.parametrize(("query", "sort"), [("harbour", JobSort.RELEVANCE), (None, JobSort.NEWEST)])
async def test_pages_join_without_gaps_and_know_how_many_there_are(query: str | None, sort: JobSort) -> None:
    viewer = await a_viewer()
    for n in range(7):
        await a_job(viewer, f"Job {n}", "Harbour. " * (n // 2 + 1))
    whole = [job.id for job in (await page(viewer, query, sort=sort)).rows]

    seen: list[Any] = []
    after = None
    while True:
        part = await page(viewer, query, sort=sort, first=2, after=after)
        seen += [job.id for job in part.rows]
        assert await part.count() == 7
        if not part.more:
            break
        after = part.cursors[-1]

    assert seen == whole
    assert len(whole) == 7


@pytest.mark.parametrize("after", ["", "x", "é", encode(1), encode(None, 1, 2), encode("a", "b", "c")])
async def test_a_cursor_of_something_else_is_refused(after: str) -> None:
    viewer = await a_viewer()

    with pytest.raises(BadCursor):
        await page(viewer, after=after)
    with pytest.raises(BadCursor):
        await queries.saved(viewer, first=5, after=after)


async def test_a_search_finds_only_ones_own_postings() -> None:
    viewer, other = await a_viewer(), await a_viewer()
    job = await a_job(other, "Harbour pilot")
    await service.save(other, job.id)

    mine = await page(viewer, "harbour")

    assert (list(mine.rows), await mine.count()) == ([], 0)
    assert (await queries.saved(viewer, first=5, after=None)).rows == []


async def test_a_changed_posting_is_found_by_its_new_words() -> None:
    viewer = await a_viewer()
    job = await a_job(viewer, "Harbour pilot")

    await service.update(viewer, job.id, JobInput(title="Baker"))

    assert await found(viewer, "harbour") == []
    assert await found(viewer, "baker") == ["Baker"]


async def a_sample_profile(viewer: Viewer, key: str) -> Any:
    return (await profiles.import_profile(viewer, samples.profile(key).resume)).profile.id


async def matches(viewer: Viewer, profile_id: Any, **paging: Any) -> Page[queries.ScoredJob]:
    return await queries.matching(viewer, profile_id, **{"first": 50, "after": None, **paging})


@pytest.mark.parametrize(
    ("profile", "posting"),
    [
        ("backend-engineer", "platform-backend-engineer-grid"),
        ("registered-nurse", "registered-nurse-cardiac-telemetry"),
        ("bauleiterin", "bauleiter-schluesselfertigbau"),
        ("logistics-director", "warehouse-operations-manager"),
    ],
)
async def test_the_posting_for_ones_profession_comes_first(profile: str, posting: str) -> None:
    viewer = await a_viewer()
    for sample in [*samples.postings()[::10], samples.posting(posting)]:
        await a_job(viewer, sample.title, sample.text)

    scored = (await matches(viewer, await a_sample_profile(viewer, profile))).rows

    assert scored[0].job.title == samples.posting(posting).title
    assert [match.score for match in scored] == sorted((match.score for match in scored), reverse=True)
    assert all(0 <= match.score <= 100 for match in scored)


async def test_a_changed_posting_is_ranked_by_its_new_words() -> None:
    viewer = await a_viewer()
    profile_id = await a_sample_profile(viewer, "backend-engineer")
    job = await a_job(viewer, "Pastry chef", "Bread.")
    before = (await matches(viewer, profile_id)).rows[0].score

    await service.update(viewer, job.id, JobInput(title="Backend engineer, Python and PostgreSQL"))

    assert (await matches(viewer, profile_id)).rows[0].score > before + 20


async def test_matches_are_paged_and_leave_out_what_is_closed() -> None:
    viewer = await a_viewer()
    profile_id = await a_sample_profile(viewer, "backend-engineer")
    jobs = [await a_job(viewer, f"Baker {n}") for n in range(3)]
    jobs += [await a_job(viewer, sample.title, sample.text) for sample in samples.postings()[:4]]
    await service.set_status(viewer, jobs[0].id, JobStatus.CLOSED)

    whole = await matches(viewer, profile_id)
    first = await matches(viewer, profile_id, first=4)
    rest = await matches(viewer, profile_id, first=4, after=first.cursors[-1])

    assert [match.job.id for match in [*first.rows, *rest.rows]] == [match.job.id for match in whole.rows]
    assert {match.job.id for match in whole.rows} == {job.id for job in jobs[1:]}
    assert (first.more, rest.more, await whole.count()) == (True, False, 6)


async def test_an_empty_profile_matches_nothing_well() -> None:
    viewer = await a_viewer()
    await a_job(viewer, "Python developer")
    profile = (await profiles.create(viewer, ProfileInput(name="Ada"))).profile

    assert [match.score for match in (await matches(viewer, profile.id)).rows] == [0]


async def test_another_persons_profile_or_postings_are_not_matched() -> None:
    viewer, other = await a_viewer(), await a_viewer()
    theirs = await a_sample_profile(other, "backend-engineer")
    mine = await a_sample_profile(viewer, "backend-engineer")
    await a_job(other)

    with pytest.raises(NotFound):
        await matches(viewer, theirs)
    assert (await matches(viewer, mine)).rows == []


async def test_the_list_of_saved_postings_is_paged_with_its_notes() -> None:
    viewer = await a_viewer()
    for n in range(3):
        await service.save(viewer, (await a_job(viewer, f"Job {n}")).id, f"note {n}")

    first = await queries.saved(viewer, first=2, after=None)
    rest = await queries.saved(viewer, first=2, after=first.cursors[-1])

    listed = [(entry.job.title, entry.notes) for entry in [*first.rows, *rest.rows]]
    assert listed == [("Job 2", "note 2"), ("Job 1", "note 1"), ("Job 0", "note 0")]
    assert (first.more, rest.more, await first.count()) == (True, False, 3)
