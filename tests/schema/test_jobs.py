from typing import Any
from uuid import UUID

import orjson
import pytest

from jobwise import samples
from schema import ids
from tests.schema.conftest import Api

ERRORS = "... on ValidationFailed { fieldErrors { path message } } ... on UserError { code message }"
JOB = "... on JobSuccess { job { id title company source status workplace salary { min max currency interval } } }"
IMPORT = f"mutation ($input: ImportJobInput!) {{ importJob(input: $input) {{ __typename {JOB} {ERRORS} }} }}"
CREATE = f"mutation ($input: CreateJobInput!) {{ createJob(input: $input) {{ __typename {JOB} {ERRORS} }} }}"
UPDATE = f"mutation ($input: UpdateJobInput!) {{ updateJob(input: $input) {{ __typename {JOB} {ERRORS} }} }}"
STATUS = f"mutation ($input: SetJobStatusInput!) {{ setJobStatus(input: $input) {{ {JOB} {ERRORS} }} }}"
ANALYZE = f"""mutation ($input: AnalyzeJobInput!) {{ analyzeJob(input: $input) {{
    ... on JobSuccess {{ job {{ analysis {{ requirements {{ id quote }} }} }} }} {ERRORS} }} }}"""
DELETE = "mutation ($id: ID!) { deleteJob(input: {id: $id}) { __typename ... on UserError { code } } }"
SAVED = "... on SavedJobSuccess { savedJob { notes job { id } } } ... on UserError { code }"
SAVE = f"mutation ($input: SaveJobInput!) {{ saveJob(input: $input) {{ {SAVED} }} }}"
UPDATE_SAVED = f"mutation ($input: SaveJobInput!) {{ updateSavedJob(input: $input) {{ {SAVED} }} }}"
UNSAVE = "mutation ($id: ID!) { unsaveJob(input: {jobId: $id}) { __typename ... on UserError { code } } }"
LIST = """query ($query: String, $filter: JobFilter, $sort: JobSort, $first: Int, $after: String) {
    jobs(query: $query, filter: $filter, sort: $sort, first: $first, after: $after) {
        nodes { id title } edges { cursor node { id } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

# A posting has at least 25 words.
TEXT = "We are looking forward to somebody friendly and reliable who enjoys the work and learns every day. " * 2


async def _import(api: Api, key: str = samples.DEFAULT_POSTING) -> str:
    job_id: str = (await api.run(IMPORT, input={"text": samples.posting(key).text}))["importJob"]["job"]["id"]
    return job_id


async def _profile(api: Api) -> str:
    content = orjson.dumps(samples.default_profile().resume).decode()
    query = """mutation ($content: String!) { importProfile(input: {content: $content}) {
        ... on ImportProfileSuccess { profile { id } } } }"""
    profile_id: str = (await api.run(query, content=content))["importProfile"]["profile"]["id"]
    return profile_id


async def test_a_posting_is_read_from_text_analysed_and_matched(api: Api) -> None:
    job_id, profile_id = await _import(api), await _profile(api)

    data = await api.run(
        """query ($id: ID!, $profile: ID!) { job(id: $id) { title source description
            analysis { requirements { id quote importance terms } }
            match(profileId: $profile) { score requirements { requirementId strength evidenceIds } } } }""",
        id=job_id,
        profile=profile_id,
    )

    job = data["job"]
    assert job["source"] == "TEXT"
    assert job["analysis"]["requirements"]
    text = " ".join(job["description"].split())
    assert all(" ".join(item["quote"].split()) in text for item in job["analysis"]["requirements"])
    assert 0 < job["match"]["score"] <= 100
    asked = {item["id"] for item in job["analysis"]["requirements"]}
    assert {item["requirementId"] for item in job["match"]["requirements"]} <= asked


async def test_a_posting_is_read_from_a_page_and_from_json(api: Api) -> None:
    text = samples.default_posting().text
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": "Chef",
        "description": f"<p>{text}</p>",
    }
    page = f'<html><script type="application/ld+json">{orjson.dumps(posting).decode()}</script></html>'

    url = "https://www.example.com/jobs/1"
    from_page = (await api.run(IMPORT, input={"html": page, "url": url}))["importJob"]
    from_json = (await api.run(IMPORT, input={"json": orjson.dumps(posting).decode()}))["importJob"]
    data = await api.run("query ($id: ID!) { job(id: $id) { attribution } }", id=from_page["job"]["id"])

    assert (from_page["job"]["source"], from_page["job"]["title"]) == ("HTML", "Chef")
    assert (from_json["job"]["source"], from_json["job"]["title"]) == ("JSON", "Chef")
    assert data["job"]["attribution"] == "example.com"


async def test_what_is_no_posting_is_refused_with_a_way_on(api: Api) -> None:
    result = (await api.run(IMPORT, input={"text": "hello"}))["importJob"]

    assert (result["__typename"], result["code"]) == ("PostingUnreadable", "POSTING_UNREADABLE")
    assert result["message"]


@pytest.mark.parametrize("sources", [{}, {"text": "a", "html": "b"}, {"text": "a", "html": "b", "json": "{}"}])
async def test_an_import_names_exactly_one_source(api: Api, sources: dict[str, str]) -> None:
    result = (await api.run(IMPORT, input=sources))["importJob"]

    assert result["__typename"] == "ValidationFailed"


async def test_a_posting_is_typed_in_changed_closed_and_deleted(api: Api) -> None:
    salary = {"min": 50000, "max": 60000, "currency": "EUR", "interval": "YEAR"}
    values = {
        "title": "Cook",
        "description": f"Cooks. {TEXT}",
        "company": "Inn",
        "salary": salary,
        "workplace": "ONSITE",
    }

    created = (await api.run(CREATE, input=values))["createJob"]["job"]
    updated = (await api.run(UPDATE, input={"id": created["id"], "title": "Chef", "salary": None}))["updateJob"]["job"]
    closed = (await api.run(STATUS, input={"id": created["id"], "status": "CLOSED"}))["setJobStatus"]["job"]
    deleted = await api.run(DELETE, id=created["id"])
    again = await api.run(DELETE, id=created["id"])

    assert (created["source"], created["salary"], created["workplace"]) == ("MANUAL", salary, "ONSITE")
    assert (updated["title"], updated["company"], updated["salary"]) == ("Chef", "Inn", None)
    assert closed["status"] == "CLOSED"
    assert deleted == {"deleteJob": {"__typename": "DeleteSuccess"}}
    assert again == {"deleteJob": {"__typename": "NotFound", "code": "NOT_FOUND"}}


async def test_a_posting_without_a_title_or_text_is_not_kept(api: Api) -> None:
    result = (await api.run(CREATE, input={"title": " ", "description": ""}))["createJob"]

    assert {error["path"] for error in result["fieldErrors"]} == {"title", "description"}


async def test_pasted_text_can_be_looked_over_before_it_is_kept(api: Api) -> None:
    query = "query ($text: String!) { convertJobText(text: $text) { title description missing warnings } }"

    data = await api.run(query, text=samples.default_posting().text)
    error = await api.error(query, text="hello")
    listed = await api.run(LIST)

    assert data["convertJobText"]["description"]
    assert error["extensions"]["code"] == "POSTING_UNREADABLE"
    assert listed["jobs"]["totalCount"] == 0


async def test_the_template_can_be_filled_in_and_imported(api: Api) -> None:
    template = (await api.run("{ jobTemplate }"))["jobTemplate"]
    template |= {"title": "Platform Engineer", "description": samples.default_posting().text}

    result = (await api.run(IMPORT, input={"json": orjson.dumps(template).decode()}))["importJob"]

    assert result["job"]["title"] == "Platform Engineer"


async def test_a_posting_is_saved_once_with_notes(api: Api) -> None:
    job_id = await _import(api)

    await api.run(SAVE, input={"jobId": job_id, "notes": "ask Tom"})
    saved = (await api.run(SAVE, input={"jobId": job_id, "notes": "ask Tim"}))["saveJob"]["savedJob"]
    changed = (await api.run(UPDATE_SAVED, input={"jobId": job_id, "notes": "asked"}))["updateSavedJob"]["savedJob"]
    listed = await api.run("{ viewer { savedJobs { totalCount nodes { notes job { id } } } } }")
    gone = [await api.run(UNSAVE, id=job_id), await api.run(UNSAVE, id=job_id)]

    assert saved == {"notes": "ask Tim", "job": {"id": job_id}}
    assert changed["notes"] == "asked"
    assert listed["viewer"]["savedJobs"] == {"totalCount": 1, "nodes": [{"notes": "asked", "job": {"id": job_id}}]}
    assert [result["unsaveJob"]["__typename"] for result in gone] == ["UnsaveJobSuccess", "NotFound"]


async def test_pages_join_without_gaps_or_repetitions_while_postings_come_in(api: Api) -> None:
    created = [await _create(api, f"Job {n}") for n in range(7)]
    seen: list[str] = []
    after = None
    while True:
        page = (await api.run(LIST, sort="NEWEST", first=3, after=after))["jobs"]
        seen += [node["id"] for node in page["nodes"]]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        await _create(api, "A new one")
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert seen == created[::-1]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_size_out_of_bounds_is_refused(api: Api, first: int) -> None:
    error = await api.error(LIST, first=first)

    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "between 1 and 100" in error["message"]


@pytest.mark.parametrize("after", ["", "x", "bm9uc2Vuc2U", "WzFd", "W251bGwsMSwyXQ", "é"])
async def test_a_cursor_that_is_not_one_is_refused(api: Api, after: str) -> None:
    error = await api.error(LIST, after=after)

    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "cursor" in error["message"]


async def test_postings_are_searched_and_filtered(api: Api) -> None:
    cook = await _create(api, "Cook", company="The Inn", workplace="ONSITE")
    await _create(api, "Baker", company="Oven Ltd", workplace="REMOTE", description=f"Bakes beside the cook. {TEXT}")

    async def found(**arguments: Any) -> list[str]:
        return [node["title"] for node in (await api.run(LIST, **arguments))["jobs"]["nodes"]]

    assert await found(query="cook") == ["Cook", "Baker"]
    assert await found(query='"bakes beside"') == ["Baker"]
    assert await found(query="nothing of the kind") == []
    assert await found(filter={"company": "inn"}) == ["Cook"]
    assert await found(filter={"workplace": ["REMOTE"]}) == ["Baker"]
    assert await found(filter={"status": ["CLOSED"]}) == []
    await api.run(SAVE, input={"jobId": cook})
    assert await found(filter={"saved": True}) == ["Cook"]
    assert await found(filter={"saved": False}) == ["Baker"]


@pytest.mark.parametrize("query", ["'", "a & | !", "\\", "%", "(((", "\x00", "ﷺ" * 400, "-", '"'])
async def test_any_search_text_is_answered(api: Api, query: str) -> None:
    await _create(api, "Cook")

    assert "jobs" in await api.run(LIST, query=query)


async def test_the_best_matching_postings_come_first(api: Api) -> None:
    profile_id = await _profile(api)
    for key in (samples.DEFAULT_POSTING, "sous-chef-hotel", "commercial-paralegal"):
        await _import(api, key)
    query = """query ($id: ID!, $first: Int!, $after: String) {
        matchingJobs(profileId: $id, first: $first, after: $after) {
        nodes { score job { title } } pageInfo { hasNextPage endCursor } } }"""

    first = (await api.run(query, id=profile_id, first=2))["matchingJobs"]
    rest = (await api.run(query, id=profile_id, first=2, after=first["pageInfo"]["endCursor"]))["matchingJobs"]

    nodes = first["nodes"] + rest["nodes"]
    assert [node["score"] for node in nodes] == sorted((node["score"] for node in nodes), reverse=True)
    assert nodes[0]["score"] > nodes[-1]["score"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_another_persons_postings_do_not_exist(api: Api) -> None:
    job_id, profile_id = await _import(api), await _profile(api)
    await api.run(SAVE, input={"jobId": job_id})
    other = await api.someone()
    own_job = await _import(other)
    match = "query ($job: ID!, $profile: ID!) { job(id: $job) { match(profileId: $profile) { score } } }"

    reads = [
        await other.error("query ($id: ID!) { job(id: $id) { title } }", id=job_id),
        await other.error("query ($id: ID!) { node(id: $id) { id } }", id=job_id),
        await other.error("query ($id: ID!) { matchingJobs(profileId: $id) { nodes { score } } }", id=profile_id),
        await other.error(match, job=own_job, profile=profile_id),
    ]
    writes = [
        await other.run(UPDATE, input={"id": job_id, "title": "x"}),
        await other.run(STATUS, input={"id": job_id, "status": "CLOSED"}),
        await other.run(ANALYZE, input={"id": job_id}),
        await other.run(DELETE, id=job_id),
        await other.run(SAVE, input={"jobId": job_id}),
        await other.run(UPDATE_SAVED, input={"jobId": job_id}),
        await other.run(UNSAVE, id=job_id),
    ]

    assert [error["extensions"]["code"] for error in reads] == ["NOT_FOUND"] * 4
    assert [next(iter(result.values()))["code"] for result in writes] == ["NOT_FOUND"] * 7
    assert (await other.run(LIST))["jobs"]["totalCount"] == 1


@pytest.mark.parametrize("bad", [ids.encode("Profile", UUID(int=7)), ids.encode("Job", UUID(int=7))])
async def test_an_id_of_something_else_is_not_found(api: Api, bad: str) -> None:
    result = await api.run(UPDATE, input={"id": bad, "title": "x"})

    assert result["updateJob"]["__typename"] == "NotFound"


async def test_twenty_postings_with_analysis_and_match_take_as_many_statements_as_one(api: Api, counting: Any) -> None:
    profile_id = await _profile(api)
    keys = [posting.key for posting in samples.postings()][:20]
    for key in keys:
        await _import(api, key)
    query = """query ($first: Int!, $profile: ID!) { jobs(first: $first) { nodes {
        title analysis { keywords } match(profileId: $profile) { score } } } }"""
    counts = []
    for first in (20, 1, 20):
        with counting() as seen:
            data = await api.run(query, first=first, profile=profile_id)
        assert len(data["jobs"]["nodes"]) == first
        counts.append(len(seen.texts))

    # The first time, the analyses are stored as well.
    assert counts[0] == counts[1] + 1
    assert counts[1] == counts[2] <= 6


async def _create(api: Api, title: str, **values: Any) -> str:
    values = {"title": title, "description": f"{title} wanted. {TEXT}", **values}
    job_id: str = (await api.run(CREATE, input=values))["createJob"]["job"]["id"]
    return job_id
