"""The whole way of a client that we did not write: register, import, start, follow, be cut off, come back, download."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from jobwise import samples
from tests.cli.running import record, start_up

REGISTER = """mutation ($input: RegisterInput!) { register(input: $input) {
    ... on RegisterSuccess { session { accessToken } } ... on UserError { message } } }"""
IMPORT = """mutation ($input: ImportProfileInput!) { importProfile(input: $input) {
    ... on ImportProfileSuccess { profile { id name } } ... on UserError { message } } }"""
POSTING = """mutation ($input: CreateJobInput!) { createJob(input: $input) {
    ... on JobSuccess { job { id } } ... on UserError { message } } }"""
START = """mutation ($input: StartGenerationInput!) { startGeneration(input: $input) {
    ... on StartGenerationSuccess { generation { id } } ... on UserError { message } } }"""
FOLLOW = """subscription ($id: ID!, $after: String) { generationProgress(id: $id, after: $after) {
    cursor type stage status progress } }"""
RESULT = """query ($id: ID!) { generation(id: $id) { status documents {
    kind pageCount exports { format filename mediaType url size } } } }"""

STAGES = ["ANALYZE", "MATCH", "WRITE", "VERIFY", "EXPORT"]


class Person:
    """Somebody with the gql client and an access token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.headers: dict[str, str] = {}

    async def run(self, document: str, **variables: Any) -> dict[str, Any]:
        """One operation over HTTP."""
        transport = HTTPXAsyncTransport(f"{self.url}/graphql", headers=self.headers)
        async with Client(transport=transport) as session:
            return dict(await session.execute(GraphQLRequest(document, variable_values=variables)))

    async def follow(self, generation_id: str, after: str | None = None, at_most: int = 100) -> list[dict[str, Any]]:
        """Events over a websocket of its own, which is cut after `at_most`."""
        socket = WebsocketsTransport(self.url.replace("http", "ws") + "/graphql", init_payload=_lower(self.headers))
        seen: list[dict[str, Any]] = []
        async with Client(transport=socket) as session:
            request = GraphQLRequest(FOLLOW, variable_values={"id": generation_id, "after": after})
            async for event in session.subscribe(request):
                seen.append(event["generationProgress"])
                if len(seen) == at_most:
                    break
        return seen


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture
async def person(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Person]:
    home = tmp_path_factory.mktemp("service")
    process = start_up(home)
    yield Person(str(record(home)["url"]).removesuffix("/graphql"))
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output


async def test_a_foreign_client_goes_the_whole_way_and_misses_nothing_when_it_is_cut_off(person: Person) -> None:
    account = {"email": "ada@example.com", "password": "Correct-horse-1", "name": "Ada"}
    session = (await person.run(REGISTER, input=account))["register"]["session"]
    person.headers = {"Authorization": f"Bearer {session['accessToken']}"}
    resume = orjson.dumps(samples.default_profile().resume).decode()
    profile = (await person.run(IMPORT, input={"content": resume}))["importProfile"]["profile"]
    posting = samples.default_posting()
    draft = {"title": posting.title, "company": posting.company, "description": posting.text}
    job = (await person.run(POSTING, input=draft))["createJob"]["job"]
    order = {"profileId": profile["id"], "jobId": job["id"]}
    generation_id = (await person.run(START, input=order))["startGeneration"]["generation"]["id"]

    first = await person.follow(generation_id, at_most=6)
    rest = await person.follow(generation_id, after=first[-1]["cursor"])

    events = [*first, *rest]
    assert len({event["cursor"] for event in events}) == len(events)
    assert [event["stage"] for event in events if event["type"] == "STAGE_COMPLETED"] == STAGES
    progress = [event["progress"] for event in events]
    assert progress == sorted(progress)
    assert (events[-1]["status"], progress[-1]) == ("COMPLETED", 100)

    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert [document["kind"] for document in result["documents"]] == ["RESUME", "COVER_LETTER"]
    async with httpx.AsyncClient(base_url=person.url) as http:
        for export in (export for document in result["documents"] for export in document["exports"]):
            file = await http.get(export["url"])
            assert (file.status_code, len(file.content)) == (200, export["size"])
            assert file.headers["content-type"] == export["mediaType"]
            assert profile["name"] in export["filename"]
