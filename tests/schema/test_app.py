import re
from typing import Any

import httpx
import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from jobwise.app import create_app
from jobwise.config import Environment, Settings, settings
from jobwise.infra import db, redis_client, storage
from jobwise.infra.storage import SignedFile, Storage
from schema import graphiql
from schema.build import schema
from tests.schema.conftest import Api


def _client(application: Starlette, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application, **options), base_url="http://test")


async def _link(
    filename: str, data: bytes = b"%PDF-1.7", media_type: str = "application/pdf", now: float | None = None
) -> str:
    key = await Storage(settings().files_folder()).put(data)
    return "/files/" + storage.sign(SignedFile(key, filename, media_type), settings().signing_key(), now=now)


async def test_the_process_is_alive_whatever_else_is_not(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "fetch_one", None)

    response = await anonymous.http.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_it_is_ready_when_database_redis_and_migrations_are(anonymous: Api) -> None:
    response = await anonymous.http.get("/health/ready")

    body = response.json()
    assert (response.status_code, body["status"]) == (200, "ok")
    assert {name: part["ok"] for name, part in body["parts"].items()} == {
        "database": True,
        "redis": True,
        "migrations": True,
    }


async def test_without_redis_it_is_not_ready_and_says_which_part(anonymous: Api) -> None:
    redis_client.connect("redis://127.0.0.1:1")

    response = await anonymous.http.get("/health/ready")

    parts = response.json()["parts"]
    assert response.status_code == 503
    assert (parts["database"]["ok"], parts["redis"]["ok"]) == (True, False)
    assert "127.0.0.1" not in response.text


async def test_a_missing_migration_is_named(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobwise.observability.health._shipped", lambda: frozenset({"0001_initial", "9999_future"}))

    response = await anonymous.http.get("/health/ready")

    assert response.status_code == 503
    assert "9999_future" in response.json()["parts"]["migrations"]["detail"]


async def test_a_signed_link_downloads_the_file_under_its_name(anonymous: Api) -> None:
    response = await anonymous.http.get(await _link('Zoë "Z" Müller\r\n – résumé.pdf'))

    assert response.status_code == 200
    assert response.content == b"%PDF-1.7"
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["cache-control"] == "private, max-age=3600"
    disposition = response.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Zo_ _Z_ M_ller__ _ r_sum_.pdf"')
    assert disposition.endswith(
        "filename*=UTF-8''Zo%C3%AB%20%22Z%22%20M%C3%BCller%0D%0A%20%E2%80%93%20r%C3%A9sum%C3%A9.pdf"
    )


async def test_a_link_that_expired_or_was_changed_or_is_made_up_says_so(anonymous: Api) -> None:
    good = await _link("a.pdf")
    links = [
        await _link("a.pdf", now=0),
        good[:-2],
        good.replace("/files/", "/files/A"),
        "/files/x",
        "/files/..%2f..%2fetc/passwd",
    ]

    for link in links:
        response = await anonymous.http.get(link)
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "FORBIDDEN"


async def test_a_link_to_a_file_that_is_gone_is_404(anonymous: Api) -> None:
    file = SignedFile("0" * 64, "a.pdf", "application/pdf")

    response = await anonymous.http.get("/files/" + storage.sign(file, settings().signing_key()))

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"


async def test_a_bug_outside_of_graphql_shows_no_traceback(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("jobwise.observability.health.parts", broken)
    async with _client(app, raise_app_exceptions=True) as http:
        response = await http.get("/health/ready")

    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("environment", "listed", "origin", "allowed"),
    [
        (Environment.DEVELOPMENT, "", "http://localhost:54321", True),
        (Environment.DEVELOPMENT, "", "https://localhost.evil.example", False),
        (Environment.DEVELOPMENT, "", "https://app.example", False),
        (Environment.PRODUCTION, "", "http://localhost:54321", False),
        (Environment.PRODUCTION, "https://app.example, https://beta.example", "https://beta.example", True),
        (Environment.PRODUCTION, "https://app.example", "https://evil.example", False),
    ],
)
async def test_other_origins_may_call_only_where_they_are_allowed(
    environment: Environment, listed: str, origin: str, allowed: bool
) -> None:
    chosen = settings().model_copy(update={"env": environment, "allowed_origins": listed})
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }

    async with _client(create_app(chosen)) as http:
        response = await http.options("/graphql", headers=headers)

    assert (response.headers.get("access-control-allow-origin") == origin) is allowed


@pytest.mark.parametrize(("trusted", "address"), [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.7")])
async def test_forwarded_addresses_count_only_from_trusted_proxies(
    app: Starlette, monkeypatch: pytest.MonkeyPatch, trusted: str, address: str
) -> None:
    seen: list[str] = []

    async def note(_: Any, caller: str) -> None:
        seen.append(caller)

    monkeypatch.setattr("jobwise.infra.rate_limits.check", note)
    async with _client(create_app(settings().model_copy(update={"trusted_proxies": trusted}))) as http:
        await http.post("/graphql", json={"query": "{ __typename }"}, headers={"x-forwarded-for": "203.0.113.7"})

    assert seen == [address]


async def test_browsers_get_the_explorer_and_no_script_but_its_own_may_run(anonymous: Api) -> None:
    response = await anonymous.http.get("/graphql", headers={"accept": "text/html,application/xhtml+xml"})

    assert response.headers["content-type"].startswith("text/html")
    nonce = re.search(r"script-src 'nonce-([\w-]+)';", response.headers["content-security-policy"])
    assert nonce is not None
    scripts = re.findall(r"<script[^>]*>", response.text)
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    again = await anonymous.http.get("/graphql", headers={"accept": "text/html"})
    assert nonce[1] not in again.text


async def test_the_explorers_example_is_valid_for_the_schema(api: Api) -> None:
    for tab in graphiql.example():
        assert validate(schema._schema, parse(tab["query"])) == []


async def test_the_explorers_own_files_are_served(anonymous: Api) -> None:
    response = await anonymous.http.get("/static/explorer.js")

    assert response.status_code == 200
    assert "javascript" in response.headers["content-type"]
    assert (await anonymous.http.get("/static/../graphiql.py")).status_code == 404


async def test_in_production_the_schema_is_shown_only_to_those_who_are_signed_in(api: Api, anonymous: Api) -> None:
    chosen = Settings.model_construct(**{**settings().model_dump(), "env": Environment.PRODUCTION})
    body = {"query": "{ __schema { queryType { name } } }"}

    async with _client(create_app(chosen)) as http:
        closed = await http.post("/graphql", json=body)
        opened = await http.post("/graphql", json=body, headers=api.headers)

    assert "introspection" in closed.json()["errors"][0]["message"].lower()
    assert opened.json()["data"]["__schema"]["queryType"]["name"] == "Query"
    assert "strict-transport-security" in opened.headers
