import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from schema import http as endpoint
from tests.schema.conftest import Api

MODERN = "application/graphql-response+json"
LEGACY = "application/json"


async def _post(api: Api, content: bytes, **headers: str) -> httpx.Response:
    headers = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await api.http.post("/graphql", content=content, headers=headers)


def _message(response: httpx.Response) -> str:
    body = response.json()
    assert "data" not in body
    message: str = body["errors"][0]["message"]
    return message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not valid JSON"),
        (b"null", "must be a JSON object"),
        (b"1", "must be a JSON object"),
        (b'"{__typename}"', "must be a JSON object"),
        (b'[{"query": "{__typename}"}]', "Batches are not offered"),
        (b"{", "not valid JSON"),
        (b'{"query": "\xff"}', "not valid JSON in UTF-8"),
        (b"[" * 100_000, "not valid JSON"),
        (b"{}", "`query` is missing"),
        (b'{"query": ""}', "`query` is missing"),
        (b'{"query": {}}', "must be a string"),
        (b'{"query": "{__typename}", "variables": [1]}', "`variables` must be an object"),
        (b'{"query": "{__typename}", "operationName": 1}', "`operationName` must be a string"),
        (b'{"query": "{__typename}", "extensions": "x"}', "`extensions` must be an object"),
    ],
)
async def test_a_body_that_is_no_graphql_request_is_refused_with_the_reason(
    api: Api, body: bytes, message: str
) -> None:
    response = await _post(api, body)

    assert response.status_code == 400
    assert message in _message(response)
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_accepted(api: Api, content_type: str) -> None:
    response = await _post(api, b'{"query": "{__typename}"}', content_type=content_type)

    assert response.status_code == 415


async def test_another_encoding_than_utf_8_is_refused(api: Api) -> None:
    response = await _post(api, b'{"query": "{__typename}"}', content_type="application/json; charset=utf-16")

    assert response.status_code == 415


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (MODERN, MODERN),
        (LEGACY, LEGACY),
        ("*/*", LEGACY),
        ("application/*", LEGACY),
        (f"{MODERN}, {LEGACY};q=0.9", MODERN),
        (f"{MODERN};q=0.5, {LEGACY}", LEGACY),
        (f"{MODERN};q=0, */*", LEGACY),
        (f"{MODERN};q=high, */*;q=0.1", LEGACY),
        ("text/html", LEGACY),
    ],
)
async def test_the_media_type_is_what_the_client_prefers(api: Api, accept: str, media_type: str) -> None:
    response = await _post(api, b'{"query": "{__typename}"}', accept=accept)

    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "query",
    ["{", "{ nothing }", "query ($n: Int!) { __typename @include(if: true) node(id: $n) { id } }", "{ ...Nope }"],
)
async def test_a_refused_document_has_400_under_the_new_media_type_and_200_under_the_old(api: Api, query: str) -> None:
    body = orjson.dumps({"query": query})

    modern, legacy = await _post(api, body, accept=MODERN), await _post(api, body, accept=LEGACY)

    assert (modern.status_code, legacy.status_code) == (400, 200)
    assert "data" not in modern.json()
    assert "data" not in legacy.json()


async def test_a_missing_variable_is_a_refused_request(api: Api) -> None:
    response = await _post(api, b'{"query": "query ($id: ID!) { node(id: $id) { id } }"}', accept=MODERN)

    assert response.status_code == 400
    assert "Variable '$id'" in _message(response)


async def test_one_of_several_operations_must_be_named(api: Api) -> None:
    query = "query A { __typename } query B { b: __typename }"

    unnamed = await api.http.post("/graphql", json={"query": query})
    named = await api.http.post("/graphql", json={"query": query, "operationName": "B"})
    unknown = await api.http.post("/graphql", json={"query": query, "operationName": "C"}, headers={"accept": MODERN})

    assert _message(unnamed) == "Say with `operationName` which operation to run: A, B."
    assert named.json()["data"] == {"b": "Query"}
    assert unknown.status_code == 400


async def test_queries_may_come_by_get_but_mutations_may_not(api: Api) -> None:
    query = await api.http.get(
        "/graphql", params={"query": "query ($a: Boolean!) { __typename @include(if: $a) }", "variables": '{"a": true}'}
    )
    mutation = await api.http.get("/graphql", params={"query": "mutation { logout { ok } }"})
    broken = await api.http.get("/graphql", params={"query": "{__typename}", "variables": "{"})

    assert query.json()["data"] == {"__typename": "Query"}
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert broken.status_code == 400


async def test_other_methods_are_not_offered(api: Api) -> None:
    assert (await api.http.put("/graphql")).status_code == 405


async def test_a_body_over_one_megabyte_is_refused(api: Api) -> None:
    large = orjson.dumps({"query": "{__typename}", "variables": {"a": "x" * 1_000_001}})

    declared = await _post(api, large)
    signed_in = await _post(api, large, authorization=api.headers["authorization"])

    for response in (declared, signed_in):
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_a_body_without_a_length_is_cut_off_at_the_limit(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(13):
            yield b" " * 1_000_000
        raise AssertionError("the body was read beyond the limit")

    response = await api.http.post(
        "/graphql", content=endless(), headers={"content-type": "application/json", **api.headers}
    )

    assert response.status_code == 413


async def test_an_import_may_be_larger_than_other_requests(api: Api) -> None:
    query = """mutation ($input: ImportProfileInput!) {
        importProfile(input: $input) { ... on UserError { code } ... on ImportProfileSuccess { profile { name } } } }"""
    resume = {"basics": {"name": "Ada"}, "notes": "x" * 1_500_000}

    data = await api.run(query, input={"content": orjson.dumps(resume).decode()})

    assert data == {"importProfile": {"profile": {"name": "Ada"}}}


async def test_the_room_for_imports_cannot_be_used_for_something_else(api: Api) -> None:
    query = "mutation ($i: ImportProfileInput!) { importProfile(input: $i) { __typename } logout { ok } }"

    response = await api.post(query, i={"content": "x" * 1_500_000})

    assert response.status_code == 413


async def test_a_bug_shows_no_details_and_is_logged_under_the_id_that_the_client_gets(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("the secret of the universe")

    monkeypatch.setattr("jobwise.profiles.queries.profiles", broken)
    response = await api.http.post(
        "/graphql",
        json={"query": "{ viewer { profiles { id } } }"},
        headers={**api.headers, "x-request-id": "request-0815"},
    )
    error = response.json()["errors"][0]

    assert error["extensions"] == {"code": "INTERNAL", "requestId": "request-0815"}
    assert "secret of the universe" not in response.text
    logged = caplog.text + capsys.readouterr().out
    assert "secret of the universe" in logged
    assert response.headers["x-request-id"] == "request-0815"


async def test_a_request_id_that_is_not_one_is_replaced(api: Api) -> None:
    response = await api.http.get("/health", headers={"x-request-id": "a b\tc"})

    assert len(response.headers["x-request-id"]) == 32


async def test_a_database_that_does_not_answer_is_unavailable_not_a_bug(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = api.headers

    async def refused(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError("5432")

    monkeypatch.setattr(asyncpg.Pool, "_acquire", refused)
    response = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "5432" not in response.text


async def test_an_operation_that_takes_too_long_is_stopped(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("jobwise.profiles.queries.profiles", stuck)
    monkeypatch.setattr(endpoint, "TIMEOUT_SECONDS", 0.05)
    response = await api.post("{ viewer { profiles { id } } }")

    assert response.status_code == 503
    assert "took too long" in _message(response)


async def test_without_a_token_the_reason_is_said_at_the_field(anonymous: Api) -> None:
    error = await anonymous.error("{ viewer { user { email } } }")

    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["path"] == ["viewer"]


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer a.b.c"])
async def test_a_token_that_does_not_count_leaves_the_caller_signed_out(anonymous: Api, value: str) -> None:
    response = await anonymous.http.post(
        "/graphql", json={"query": "{ __typename viewer { user { email } } }"}, headers={"authorization": value}
    )

    assert response.json()["data"] == {"__typename": "Query", "viewer": None}
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_security_headers_are_on_every_answer(api: Api) -> None:
    for path in ("/graphql", "/health", "/nothing", "/files/x"):
        headers = (await api.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
async def test_the_specifications_own_audits_pass(live: str) -> None:
    folder = _audits()
    if folder is None:
        pytest.skip(
            "the npm package graphql-http is not installed; `npm install graphql-http graphql` somewhere and "
            "name the folder in GRAPHQL_HTTP_MODULES"
        )
    script = f"""
        const {{ auditServer }} = await import('{folder}/graphql-http/lib/index.mjs');
        const results = await auditServer({{ url: '{live}/graphql', fetchFn: fetch }});
        const bad = results.filter((result) => result.status !== 'ok').map((result) => result.name);
        console.log(JSON.stringify({{ count: results.length, bad }}));
    """
    run = await asyncio.to_thread(
        subprocess.run, ["node", "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60
    )

    assert run.returncode == 0, run.stderr
    assert orjson.loads(run.stdout) == {"count": 61, "bad": []}


def _audits() -> Path | None:
    import os

    folder = Path(os.environ.get("GRAPHQL_HTTP_MODULES", "node_modules"))
    return folder.resolve() if (folder / "graphql-http").is_dir() else None


@pytest.mark.parametrize("bug", [asyncio.CancelledError(), ZeroDivisionError("secret")])
async def test_what_goes_wrong_outside_of_a_field_is_an_internal_error_in_json_and_can_be_read_from_elsewhere(
    api: Api, monkeypatch: pytest.MonkeyPatch, bug: BaseException
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise bug

    monkeypatch.setattr("schema.execution.JobWiseSchema.execute", broken)
    headers = {"origin": "http://localhost:5173", "x-request-id": "of-my-client", "accept": MODERN}
    response = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

    assert response.status_code == 500
    assert response.headers["content-type"] == f"{MODERN}; charset=utf-8"
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert response.headers["x-request-id"] == "of-my-client"
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "of-my-client"}
    assert "secret" not in response.text
