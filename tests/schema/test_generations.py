import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from jobwise.accounts.models import User
from jobwise.accounts.service import make_staff
from jobwise.config import settings
from jobwise.documents.content import DocumentKind
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.generation import events, queries, service
from jobwise.generation.models import Generation, Status
from jobwise.generation.types import Author, Stage
from jobwise.infra import db
from jobwise.infra.storage import Storage
from jobwise.jobs.analysis import analyze
from schema import ids
from schema.generation import types
from schema.generation.types import CursorOf, encode_cursor
from tests.schema.conftest import Api
from tests.schema.test_jobs import DELETE as DELETE_JOB
from tests.schema.test_jobs import _import, _profile
from tests.schema.test_websocket import Socket, _socket

LEASE = timedelta(seconds=30)

ERRORS = "... on ValidationFailed { fieldErrors { path message } } ... on UserError { code message }"
START = f"""mutation ($input: StartGenerationInput!) {{ startGeneration(input: $input) {{
    __typename ... on StartGenerationSuccess {{ generation {{ id status title }} }} {ERRORS} }} }}"""
CANCEL = """mutation ($id: ID!) { cancelGeneration(input: {id: $id}) {
    __typename ... on CancelGenerationSuccess { generation { status cancelRequested } } ... on UserError { code } } }"""
DELETE = "mutation ($id: ID!) { deleteGeneration(input: {id: $id}) { __typename ... on UserError { code } } }"
DELETE_DOCUMENT = "mutation ($id: ID!) { deleteDocument(input: {id: $id}) { __typename ... on UserError { code } } }"
PROGRESS = """subscription ($id: ID!, $after: String) { generationProgress(id: $id, after: $after) {
    cursor type stage status progress etaSeconds message document delta generation { status progress } } }"""
MINE = "subscription ($after: String) { myGenerations(after: $after) { cursor type status generation { id } } }"


@pytest.fixture
async def order(api: Api) -> dict[str, str]:
    return await _order(api)


async def _start(api: Api, order: dict[str, Any]) -> str:
    generation_id: str = (await api.run(START, input=order))["startGeneration"]["generation"]["id"]
    return generation_id


async def _claim() -> queries.Claim:
    claim = await queries.claim("worker", LEASE, 10)
    assert claim is not None
    return claim


def _key(global_id: str) -> UUID:
    return ids.parse(global_id)[1]


async def test_a_generation_is_ordered_listed_and_read(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)

    data = await api.run(
        """query ($id: ID!, $job: ID!) { generation(id: $id) { status stage progress attempts title error { code }
            profile { id } job { id } documents { id } usage { calls cost } analysis { title } match { score }
            events { type message } analytics { seconds stages { stage } } }
            generations(filter: {status: [QUEUED], jobId: $job}) { totalCount nodes { id } }
            other: generations(filter: {status: [FAILED]}) { totalCount } }""",
        id=generation_id,
        job=order["jobId"],
    )

    generation = data["generation"]
    assert (generation["status"], generation["stage"], generation["progress"]) == ("QUEUED", None, 0)
    assert (generation["profile"]["id"], generation["job"]["id"]) == (order["profileId"], order["jobId"])
    assert [event["type"] for event in generation["events"]] == ["ACCEPTED"]
    assert (generation["analysis"], generation["match"], generation["documents"]) == (None, None, [])
    assert generation["usage"] == {"calls": 0, "cost": 0.0}
    assert data["generations"] == {"totalCount": 1, "nodes": [{"id": generation_id}]}
    assert data["other"]["totalCount"] == 0


async def test_only_the_staff_may_name_models_and_only_configured_ones(
    api: Api, order: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def said(model: str) -> list[str]:
        answer = (await api.run(START, input={**order, "models": [model]}))["startGeneration"]
        return [f"{wrong['path']}: {wrong['message']}" for wrong in answer.get("fieldErrors", [])]

    monkeypatch.setattr(settings(), "llm_chain", "local:writer,builtin")
    assert await said("local:writer") == ["models: only staff may name models; leave this out, or choose a writer"]
    assert api.viewer
    await make_staff((await User.get(id=api.viewer.user_id)).email)

    assert await said("local:other") == [
        "models: 'local:other' is not among the models of this installation: it has local:writer"
    ]
    assert await said("local:writer") == []
    (row,) = await Generation.all()
    assert row.inputs["options"]["models"] == ["local:writer"]


async def test_a_generation_says_who_wrote_its_documents(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)
    read = "query ($id: ID!) { generation(id: $id) { authors { document provider model } } }"
    before = await api.run(read, id=generation_id)
    authors = [
        Author(document=DocumentKind.RESUME, provider="openai", model="gpt-6-luna"),
        Author(document=DocumentKind.COVER_LETTER),
    ]
    written = [author.model_dump(mode="json") for author in authors]
    await queries.finish(await _claim(), Status.COMPLETED, "Done", result={"authors": written})

    after = await api.run(read, id=generation_id)

    assert before["generation"]["authors"] == []
    assert after["generation"]["authors"] == [
        {"document": "RESUME", "provider": "openai", "model": "gpt-6-luna"},
        {"document": "COVER_LETTER", "provider": "builtin", "model": None},
    ]


async def test_the_same_key_answers_with_the_first_generation_and_never_with_another(
    api: Api, order: dict[str, str]
) -> None:
    first = await _start(api, {**order, "idempotencyKey": "k"})
    again = await _start(api, {**order, "idempotencyKey": "k"})
    other = (await api.run(START, input={**order, "idempotencyKey": "k", "maxPages": 1}))["startGeneration"]

    assert first == again
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")


async def test_a_key_answers_with_its_generation_when_the_posting_is_deleted(api: Api, order: dict[str, str]) -> None:
    first = await _start(api, {**order, "idempotencyKey": "k"})
    await api.run(DELETE_JOB, id=order["jobId"])

    assert await _start(api, {**order, "idempotencyKey": "k"}) == first
    without_key = (await api.run(START, input=order))["startGeneration"]
    assert without_key["__typename"] == "NotFound"


async def test_a_key_whose_generation_was_deleted_says_so_and_starts_nothing(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, {**order, "idempotencyKey": "k"})
    await api.run(CANCEL, id=generation_id)
    await api.run(DELETE, id=generation_id)

    again = (await api.run(START, input={**order, "idempotencyKey": "k"}))["startGeneration"]
    other = (await api.run(START, input={**order, "idempotencyKey": "k", "maxPages": 1}))["startGeneration"]

    assert (again["__typename"], again["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert "deleted" in again["message"]
    assert "another request" in other["message"]
    assert await Generation.all().count() == 0


async def test_mistakes_in_an_order_are_named_together(api: Api, order: dict[str, str]) -> None:
    wrong = {**order, "kinds": [], "template": "shiny", "maxPages": 9, "language": "german", "idempotencyKey": ""}

    result = (await api.run(START, input=wrong))["startGeneration"]

    paths = {error["path"] for error in result["fieldErrors"]}
    assert paths == {"kinds", "template", "maxPages", "language", "idempotencyKey"}


@pytest.mark.parametrize("unseen", ["\0", "\u00ad", "\u202e"])
async def test_a_key_with_what_nobody_sees_is_refused_in_words(api: Api, order: dict[str, str], unseen: str) -> None:
    result = (await api.run(START, input={**order, "idempotencyKey": f"a{unseen}b"}))["startGeneration"]

    assert [error["path"] for error in result["fieldErrors"]] == ["idempotencyKey"]
    assert "invisible" in result["message"]


async def test_what_nobody_sees_is_left_out_of_instructions(api: Api, order: dict[str, str]) -> None:
    wish = "\0I am Jo\u00ads\u00e9\u200b Gar\u200dc\u00eda,\n\tand\x1b brief\u202e."
    await _start(api, {**order, "instructions": wish})

    (row,) = await Generation.all()
    assert row.inputs["options"]["instructions"] == "I am Jos\u00e9 Garc\u00eda,\n\tand brief."


async def test_the_hours_allowance_is_an_answer_of_its_own(
    api: Api, order: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(settings()), "generations_an_hour", lambda _: 1)
    await _start(api, order)

    result = (await api.run(START, input=order))["startGeneration"]

    assert (result["__typename"], result["code"]) == ("QuotaExceeded", "QUOTA_EXCEEDED")


async def test_what_is_deleted_counts_towards_the_hours_allowance(
    api: Api, order: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(settings()), "generations_an_hour", lambda _: 2)
    for _ in range(2):
        generation_id = await _start(api, order)
        await api.run(CANCEL, id=generation_id)
        await api.run(DELETE, id=generation_id)

    assert (await api.run(START, input=order))["startGeneration"]["__typename"] == "QuotaExceeded"


async def test_an_empty_profile_is_too_little_to_write_from(api: Api, order: dict[str, str]) -> None:
    create = 'mutation { createProfile(input: {name: "Ada"}) { ... on ProfileSuccess { profile { id } } } }'
    empty = (await api.run(create))["createProfile"]["profile"]["id"]

    result = (await api.run(START, input={**order, "profileId": empty}))["startGeneration"]

    assert result["__typename"] == "ProfileIncomplete"


async def test_a_generation_is_cancelled_then_deleted_and_each_only_once(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)

    too_early = await api.run(DELETE, id=generation_id)
    cancelled = await api.run(CANCEL, id=generation_id)
    too_late = await api.run(CANCEL, id=generation_id)
    deleted = await api.run(DELETE, id=generation_id)
    gone = await api.run(DELETE, id=generation_id)

    assert too_early == {"deleteGeneration": {"__typename": "Conflict", "code": "CONFLICT"}}
    assert cancelled["cancelGeneration"]["generation"] == {"status": "CANCELLED", "cancelRequested": True}
    assert too_late == {"cancelGeneration": {"__typename": "Conflict", "code": "GENERATION_ENDED"}}
    assert deleted == {"deleteGeneration": {"__typename": "DeleteSuccess"}}
    assert gone == {"deleteGeneration": {"__typename": "NotFound", "code": "NOT_FOUND"}}


async def test_what_is_deleted_while_it_is_retried_stays(api: Api, order: dict[str, str], database: str) -> None:
    assert api.viewer
    generation_id = await _start(api, order)
    await api.run(CANCEL, id=generation_id)

    async def wait(count: int) -> None:
        while await _waiting_for_locks() < count:  # noqa: ASYNC110 (PostgreSQL alone knows)
            await asyncio.sleep(0.01)

    holder = await asyncpg.connect(**db.credentials(database))
    async with asyncio.timeout(60), holder.transaction():
        await holder.execute("select from generations where id = $1 for update", _key(generation_id))
        retry = asyncio.create_task(service.retry(api.viewer, _key(generation_id)))
        await wait(1)
        deletion = asyncio.create_task(api.run(DELETE, id=generation_id))
        await wait(2)
    await holder.close()
    await retry

    assert await deletion == {"deleteGeneration": {"__typename": "Conflict", "code": "CONFLICT"}}
    assert (await Generation.get(id=_key(generation_id))).status is Status.QUEUED


async def _waiting_for_locks() -> int:
    waits = "wait_event_type = 'Lock' and datname = current_database()"
    (row,) = await db.fetch_all(f"select count(*) as n from pg_stat_activity where {waits}")
    return int(row["n"])


async def test_a_failure_is_told_with_its_code_and_way_on(api: Api, order: dict[str, str]) -> None:
    from jobwise.errors import ErrorCode

    generation_id = await _start(api, order)
    await queries.finish(await _claim(), Status.FAILED, "Try again.", code=ErrorCode.WORKER_LOST, detail="secret")

    response = await api.post(
        "query ($id: ID!) { generation(id: $id) { status error { code message } } }", id=generation_id
    )

    generation = response.json()["data"]["generation"]
    assert generation == {"status": "FAILED", "error": {"code": "WORKER_LOST", "message": "Try again."}}
    assert "secret" not in response.text


async def test_progress_is_replayed_then_followed_live_to_the_end(live: str, api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)
    claim = await _claim()
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(PROGRESS, id=generation_id)
        replayed = [await _event(socket), await _event(socket)]
        await queries.start_stage(claim, Stage.ANALYZE, 5, 3.5, "Reading the posting")
        await events.announce(claim.id, claim.user_id)
        live_event = await _event(socket)
        await queries.finish(claim, Status.COMPLETED, "Done")
        await events.announce(claim.id, claim.user_id)
        last, end = await _event(socket), await socket.receive()

    assert [event["type"] for event in replayed] == ["ACCEPTED", "STARTED"]
    assert {
        name: live_event[name] for name in ("type", "stage", "status", "progress", "etaSeconds", "message", "delta")
    } == {
        "type": "STAGE_STARTED",
        "stage": "ANALYZE",
        "status": "RUNNING",
        "progress": 5,
        "etaSeconds": 3.5,
        "message": "Reading the posting",
        "delta": None,
    }
    # What an earlier event read is not shown again.
    assert live_event["generation"] == {"status": "RUNNING", "progress": 5}
    assert (last["type"], last["generation"]) == ("COMPLETED", {"status": "COMPLETED", "progress": 100})
    assert end == {"id": "1", "type": "complete"}


async def test_the_last_event_can_say_who_wrote_the_documents_and_what_to_know_of_them(
    live: str, api: Api, order: dict[str, str]
) -> None:
    generation_id = await _start(api, order)
    written = [Author(document=DocumentKind.RESUME).model_dump(mode="json")]
    result = {"authors": written, "warnings": ["No model could help."]}
    await queries.finish(await _claim(), Status.COMPLETED, "Done", result=result)
    follow = """subscription ($id: ID!) { generationProgress(id: $id) {
        type generation { warnings authors { document provider } } } }"""

    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(follow, id=generation_id)
        events = [(await socket.receive())["payload"]["data"]["generationProgress"] for _ in range(3)]

    assert events[-1]["type"] == "COMPLETED"
    assert events[-1]["generation"] == {
        "warnings": ["No model could help."],
        "authors": [{"document": "RESUME", "provider": "builtin"}],
    }


async def test_whoever_comes_back_with_a_cursor_misses_nothing_and_sees_nothing_twice(
    live: str, api: Api, order: dict[str, str]
) -> None:
    generation_id = await _start(api, order)
    claim = await _claim()
    for stage in Stage:
        await queries.start_stage(claim, stage, 10, None, stage.value)
    await queries.finish(claim, Status.COMPLETED, "Done")
    all_events = await _events(live, api, generation_id)

    for position, event in enumerate(all_events):
        assert await _events(live, api, generation_id, event["cursor"]) == all_events[position + 1 :]


async def test_another_persons_progress_is_an_error_of_that_operation(
    live: str, api: Api, order: dict[str, str]
) -> None:
    generation_id = await _start(api, order)
    other = await api.someone()
    async with _socket(live) as socket:
        await socket.init(other.token)
        await socket.subscribe(PROGRESS, id=generation_id)
        refused = await socket.receive()
        await socket.send({"type": "ping"})
        pong = await _until(socket, "pong")

    error = refused["payload"][0] if refused["type"] == "error" else refused["payload"]["errors"][0]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert pong == {"type": "pong"}


@pytest.mark.parametrize("after", ["x", "é", "ZXZlbnQ6LTE", "am9iOjE"])
async def test_a_cursor_of_something_else_is_refused(live: str, api: Api, order: dict[str, str], after: str) -> None:
    generation_id = await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(PROGRESS, id=generation_id, after=after)
        refused = await socket.receive()

    error = refused["payload"][0] if refused["type"] == "error" else refused["payload"]["errors"][0]
    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_a_person_follows_all_their_generations_and_comes_back_with_a_cursor(
    live: str, api: Api, order: dict[str, str]
) -> None:
    before = await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE, after=encode_cursor(0, CursorOf.PERSON))
        old = await _event(socket, "myGenerations")
        generation_id = await _start(api, order)
        new = await _event(socket, "myGenerations")
    claim = await _claim()
    other = await api.someone()
    await _start(other, await _order(other))
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE, after=new["cursor"])
        missed = await _event(socket, "myGenerations")

    assert [event["generation"]["id"] for event in (old, new)] == [before, generation_id]
    assert (missed["type"], missed["generation"]["id"]) == ("STARTED", ids.encode("Generation", claim.id))


async def test_without_a_cursor_a_person_sees_what_happens_from_now_on(
    live: str, api: Api, order: dict[str, str]
) -> None:
    await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE)
        await _followed()
        later = await _start(api, order)
        event = await _event(socket, "myGenerations")

    assert (event["type"], event["generation"]["id"]) == ("ACCEPTED", later)


async def test_whoever_reads_where_progress_stands_misses_nothing_that_happens_before_they_subscribe(
    live: str, api: Api, order: dict[str, str]
) -> None:
    await _start(api, order)
    cursor = (await api.run("{ viewer { generationsCursor } }"))["viewer"]["generationsCursor"]
    generation_id = await _start(api, order)

    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE, after=cursor)
        event = await _event(socket, "myGenerations")

    assert (event["type"], event["generation"]["id"]) == ("ACCEPTED", generation_id)


async def test_a_cursor_of_the_other_subscription_is_refused_by_name(
    live: str, api: Api, order: dict[str, str]
) -> None:
    generation_id = await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE, after=encode_cursor(1))
        mine = await socket.receive()
        await socket.subscribe(PROGRESS, id=generation_id, after=encode_cursor(1, CursorOf.PERSON))
        one = await _until(socket, "next", "error")

    messages = [
        (refused["payload"] if refused["type"] == "error" else refused["payload"]["errors"])[0]["message"]
        for refused in (mine, one)
    ]
    assert messages == [
        "This is a cursor of `generationProgress`, not of `myGenerations`.",
        "This is a cursor of `myGenerations`, not of `generationProgress`.",
    ]


async def test_text_arrives_as_it_is_written(live: str, api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(PROGRESS, id=generation_id)
        accepted = await _event(socket)
        heard = asyncio.create_task(_event(socket))
        while not heard.done():
            # Lost as long as Redis does not know yet who listens.
            events.tell_delta(_key(generation_id), DocumentKind.RESUME, "Built ")
            await asyncio.wait([heard], timeout=0.1)
        delta = await heard

    assert (delta["type"], delta["document"], delta["delta"][:6]) == ("DELTA", "RESUME", "Built ")
    assert (delta["cursor"], delta["status"]) == (accepted["cursor"], "QUEUED")


async def test_an_event_of_a_deleted_generation_arrives_without_it(
    live: str, api: Api, order: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _start(api, order)

    async def gone(_: Any) -> None:
        """As if it was deleted between the reading of the event and that of the generation."""

    monkeypatch.setattr(types._now, "load", gone)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(MINE, after=encode_cursor(0, CursorOf.PERSON))
        event = await _event(socket, "myGenerations")

    assert (event["type"], event["generation"]) == ("ACCEPTED", None)


async def test_an_event_that_wakes_many_subscribers_is_few_statements(
    live: str, api: Api, order: dict[str, str], counting: Any
) -> None:
    generation_id = await _start(api, order)
    async with _socket(live) as socket:
        await socket.init(api.token)
        for number in range(40):
            await socket.subscribe(PROGRESS, str(number), id=generation_id)
        for _ in range(40):
            await _event(socket)
        with counting() as seen:
            claim = await _claim()
            await events.announce(claim.id, claim.user_id)
            for _ in range(40):
                await _event(socket)

    # The claim, then heads, events and generations; a poll may come in between.
    assert len(seen.texts) <= 8


async def test_subscriptions_need_a_websocket(api: Api, order: dict[str, str]) -> None:
    response = await api.post(PROGRESS, id=await _start(api, order))

    assert response.status_code == 400
    assert "websocket" in response.json()["errors"][0]["message"]


async def test_a_document_shows_its_words_its_changes_with_evidence_and_links_that_work(
    api: Api, order: dict[str, str]
) -> None:
    generation_id = await _start(api, order)
    document_id = await _deliver(api, await _claim())

    data = await api.run(
        """query ($id: ID!) { document(id: $id) {
            kind title pageCount version
            content { __typename ... on ResumeContent { name sections { entries { title lines { text factId } } } } }
            changes { path original value reason transform evidence { id kind text } requirements { id quote } }
            refused { id } findings { kind severity message } coverage { percent covered }
            score { total factors { key } } versions { number reason } exports { filename url size } } }""",
        id=document_id,
    )
    document = data["document"]
    download = await api.http.get(document["exports"][0]["url"])
    listed = await api.run(
        """query ($g: ID!) { documents(filter: {kind: RESUME, generationId: $g}) { nodes { id } }
            generation(id: $g) { documents { id } analysis { requirements { id } } match { score } } }""",
        g=generation_id,
    )

    assert (document["kind"], document["pageCount"], document["version"]) == ("RESUME", 1, 1)
    assert document["content"]["sections"][0]["entries"][0]["title"] == "Engineer"
    change = document["changes"][0]
    assert change["evidence"] == [{"id": change["evidence"][0]["id"], "kind": "HIGHLIGHT", "text": change["original"]}]
    assert change["requirements"][0]["id"] == "r1"
    assert document["findings"][0]["severity"] == "WARN"
    assert document["coverage"] == {"percent": 50, "covered": ["Python"]}
    assert document["score"]["total"] == 88
    assert download.content == b"%PDF-1.7"
    assert listed["documents"]["nodes"] == listed["generation"]["documents"] == [{"id": document_id}]
    assert listed["generation"]["analysis"]["requirements"]


async def test_another_persons_generations_and_documents_do_not_exist(api: Api, order: dict[str, str]) -> None:
    generation_id = await _start(api, order)
    document_id = await _deliver(api, await _claim())
    other = await api.someone()
    own = {"profileId": await _profile(other), "jobId": await _import(other)}

    reads = [
        await other.error("query ($id: ID!) { generation(id: $id) { id } }", id=generation_id),
        await other.error("query ($id: ID!) { node(id: $id) { id } }", id=generation_id),
        await other.error("query ($id: ID!) { document(id: $id) { id } }", id=document_id),
        await other.error("query ($id: ID!) { node(id: $id) { id } }", id=document_id),
    ]
    writes = [
        await other.run(START, input={**own, "profileId": order["profileId"]}),
        await other.run(START, input={**own, "jobId": order["jobId"]}),
        await other.run(CANCEL, id=generation_id),
        await other.run(DELETE, id=generation_id),
        await other.run(DELETE_DOCUMENT, id=document_id),
    ]
    lists = await other.run(
        """query ($g: ID!, $p: ID!) { documents(filter: {generationId: $g}) { totalCount }
            generations(filter: {profileId: $p}) { totalCount }
            viewer { documents { totalCount } generations { totalCount } } }""",
        g=generation_id,
        p=order["profileId"],
    )

    assert [error["extensions"]["code"] for error in reads] == ["NOT_FOUND"] * 4
    assert [next(iter(result.values()))["code"] for result in writes] == ["NOT_FOUND"] * 5
    assert lists["documents"] == lists["generations"] == lists["viewer"]["documents"] == {"totalCount": 0}
    assert await api.run(DELETE_DOCUMENT, id=document_id) == {"deleteDocument": {"__typename": "DeleteSuccess"}}


async def test_twenty_generations_with_all_below_them_take_as_many_statements_as_one(
    api: Api, order: dict[str, str], counting: Any
) -> None:
    for _ in range(20):
        await _start(api, order)
        await _deliver(api, await _claim())
    query = """query ($first: Int!) { generations(first: $first) { nodes {
        title profile { name } job { title analysis { title } } events { type } usage { calls } analysis { title }
        match { score } analytics { seconds stages { seconds } }
        documents { title content { __typename } changes { evidence { text } } exports { url } versions { number } }
    } } }"""
    counts = []
    for first in (20, 20, 1):
        with counting() as seen:
            data = await api.run(query, first=first)
        assert [len(node["documents"]) for node in data["generations"]["nodes"]] == [1] * first
        counts.append(len(seen.texts))

    # The first time, the posting's analysis is stored as well.
    assert counts[1] == counts[2] <= 16


async def test_templates_and_formats_are_open_to_everybody(anonymous: Api) -> None:
    data = await anonymous.run("{ templates { key name description } exportFormats { key mediaType extension } }")

    assert {template["key"] for template in data["templates"]} >= {"ats"}
    assert {"key": "pdf", "mediaType": "application/pdf", "extension": "pdf"} in data["exportFormats"]


async def _event(socket: Socket, subscription: str = "generationProgress") -> dict[str, Any]:
    message = await socket.receive()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    event: dict[str, Any] = message["payload"]["data"][subscription]
    return event


async def _followed() -> None:
    """Wait until somebody follows a person."""
    async with asyncio.timeout(10):
        while not events._persons._followers:  # noqa: ASYNC110 (what is waited for has no flag)
            await asyncio.sleep(0.01)


async def _order(api: Api) -> dict[str, str]:
    return {"profileId": await _profile(api), "jobId": await _import(api)}


async def _events(live: str, api: Api, generation_id: str, after: str | None = None) -> list[dict[str, Any]]:
    """All events behind a cursor, until the subscription completes."""
    received = []
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe(PROGRESS, id=generation_id, after=after)
        while (message := await socket.receive())["type"] == "next":
            received.append(message["payload"]["data"]["generationProgress"])
    assert message["type"] == "complete"
    return received


async def _until(socket: Socket, *kinds: str) -> dict[str, Any]:
    while (message := await socket.receive())["type"] not in kinds:
        pass
    return message


async def _deliver(api: Api, claim: queries.Claim) -> str:
    """Finish a generation with a small résumé, as the pipeline would; the document's id."""
    assert api.viewer is not None
    experience = claim.inputs["profile"]["experiences"][0]
    highlight = experience["highlights"][0]
    posting = claim.inputs["posting"]
    analysis = analyze(posting["title"], posting["company"], posting["text"], posting["location"])
    await queries.save_checkpoint(claim, Stage.ANALYZE, "h", analysis.model_dump(mode="json"), 0.1, 20, "Read")
    await queries.save_checkpoint(claim, Stage.MATCH, "h", {"score": 70}, 0.2, 40, "Matched")
    await queries.finish(claim, Status.COMPLETED, "Done")
    entry = {
        "fact_id": experience["id"],
        "title": "Engineer",
        "lines": [{"text": highlight["text"], "fact_id": highlight["id"]}],
    }
    change = {
        "id": "c1",
        "document": "RESUME",
        "path": f"resume.highlights.{highlight['id']}",
        "op": "REPLACE",
        "original": highlight["text"],
        "value": "Better words",
        "reason": "Says it shorter",
        "evidence_ids": [highlight["id"]],
        "requirement_ids": ["r1"],
        "transform": "REPHRASE",
    }
    finding = {
        "document": "RESUME",
        "path": "resume.summary",
        "kind": "STYLE",
        "severity": "WARN",
        "text": "x",
        "message": "y",
    }
    factor = {"area": "PARSE", "key": "text", "earned": 40, "max": 40, "evidence": "All of it was read back."}
    document = await Document.create(
        user_id=api.viewer.user_id, generation_id=claim.id, kind="RESUME", title="Résumé", template="ats", paper="A4"
    )
    version = await DocumentVersion.create(
        document_id=document.id,
        number=1,
        reason="Generated",
        content={"kind": "RESUME", "name": "Ada", "sections": [{"kind": "EXPERIENCE", "entries": [entry]}]},
        changes=[change, {**change, "id": "c2", "document": "COVER_LETTER"}],
        findings=[finding],
        coverage={"covered": ["Python"], "uncovered_supported": ["SQL"]},
        score={"total": 88, "parse": 40, "match": 35, "content": 13, "factors": [factor]},
        page_count=1,
    )
    key = await Storage(settings().files_folder()).put(b"%PDF-1.7")
    await Export.create(
        document_version_id=version.id,
        format="pdf",
        filename="Ada.pdf",
        media_type="application/pdf",
        size=8,
        sha256=key,
        storage_key=key,
    )
    return ids.encode("Document", document.id)
