import time
from datetime import UTC, datetime
from typing import Any

import pytest

from jobwise.accounts import tokens
from schema import viewer
from tests.schema.conftest import Api

TOKENS = "session { accessToken refreshToken accessExpiresAt refreshExpiresAt user { id email name } }"
REGISTER = f"""mutation ($input: RegisterInput!) {{ register(input: $input) {{
    __typename ... on RegisterSuccess {{ {TOKENS} }}
    ... on ValidationFailed {{ fieldErrors {{ path message }} }} ... on UserError {{ code message }} }} }}"""
LOGIN = f"""mutation ($input: LoginInput!) {{ login(input: $input) {{
    __typename ... on LoginSuccess {{ {TOKENS} }} ... on UserError {{ code message }} }} }}"""
REFRESH = f"""mutation ($token: String!) {{ refreshSession(input: {{refreshToken: $token}}) {{
    __typename ... on RefreshSessionSuccess {{ {TOKENS} }} ... on UserError {{ code }} }} }}"""

ADA = {"email": "Ada@Example.com", "password": "Analytical-Engine-1", "name": "Ada"}


async def test_a_person_registers_signs_in_refreshes_and_signs_out(anonymous: Api) -> None:
    registered = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    credentials = {"email": ADA["email"], "password": ADA["password"]}
    signed_in = (await anonymous.run(LOGIN, input=credentials))["login"]["session"]
    refreshed = (await anonymous.run(REFRESH, token=signed_in["refreshToken"]))["refreshSession"]["session"]
    headers = {"authorization": f"Bearer {refreshed['accessToken']}"}
    me = await _post(anonymous, "{ viewer { user { id email name } sessions { isCurrent } } }", headers)
    out = await _post(anonymous, "mutation { logout { ok } }", headers)
    after = await _post(anonymous, "{ viewer { user { id } } }", headers)

    assert registered["user"]["email"] == "ada@example.com"
    assert me["data"]["viewer"]["user"] == registered["user"]
    assert sorted(session["isCurrent"] for session in me["data"]["viewer"]["sessions"]) == [False, True]
    assert out["data"] == {"logout": {"ok": True}}
    assert after["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_weak_password_and_a_bad_address_are_named_together(anonymous: Api) -> None:
    result = (await anonymous.run(REGISTER, input={"email": "ada", "password": "short"}))["register"]

    assert result["__typename"] == "ValidationFailed"
    assert result["code"] == "VALIDATION_FAILED"
    assert [error["path"] for error in result["fieldErrors"]] == ["email", "password"]


async def test_an_address_can_be_registered_once(anonymous: Api) -> None:
    await anonymous.run(REGISTER, input=ADA)
    result = (await anonymous.run(REGISTER, input=ADA))["register"]

    assert (result["__typename"], result["code"]) == ("EmailTaken", "EMAIL_TAKEN")


async def test_a_wrong_password_and_an_unknown_address_read_the_same(anonymous: Api) -> None:
    await anonymous.run(REGISTER, input=ADA)
    wrong = await anonymous.run(LOGIN, input={"email": "ada@example.com", "password": "Wrong-Password-1"})
    unknown = await anonymous.run(LOGIN, input={"email": "bob@example.com", "password": "Wrong-Password-1"})

    assert wrong == unknown
    assert wrong["login"]["__typename"] == "InvalidCredentials"


async def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(anonymous: Api) -> None:
    first = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    second = (await anonymous.run(REFRESH, token=first["refreshToken"]))["refreshSession"]["session"]
    reused = (await anonymous.run(REFRESH, token=first["refreshToken"]))["refreshSession"]
    after = (await anonymous.run(REFRESH, token=second["refreshToken"]))["refreshSession"]

    assert reused == after == {"__typename": "InvalidRefreshToken", "code": "INVALID_REFRESH_TOKEN"}


async def test_an_expired_token_says_so_and_does_not_keep_anybody_from_refreshing(
    anonymous: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ACCESS_LIFETIME", -tokens.ACCESS_LIFETIME)
    session = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    monkeypatch.undo()
    headers = {"authorization": f"Bearer {session['accessToken']}"}

    refused = await _post(anonymous, "{ viewer { user { id } } }", headers)
    refresh = f'mutation {{ refreshSession(input: {{refreshToken: "{session["refreshToken"]}"}}) {{ __typename }} }}'
    refreshed = await _post(anonymous, refresh, headers)

    assert "refreshSession" in refused["errors"][0]["message"]
    assert refreshed["data"] == {"refreshSession": {"__typename": "RefreshSessionSuccess"}}


async def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(anonymous: Api) -> None:
    change = """mutation { changePassword(input: {currentPassword: "%s", newPassword: "%s"}) {
        __typename ... on ValidationFailed { fieldErrors { path } } } }"""
    session = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    other = (await anonymous.run(LOGIN, input={"email": ADA["email"], "password": ADA["password"]}))["login"]["session"]
    headers = {"authorization": f"Bearer {session['accessToken']}"}

    wrong = await _post(anonymous, change % ("Wrong-Password-1", "Difference-Engine-2"), headers)
    weak = await _post(anonymous, change % (ADA["password"], "weak"), headers)
    changed = await _post(anonymous, change % (ADA["password"], "Difference-Engine-2"), headers)
    elsewhere = await _post(
        anonymous, "{ viewer { user { id } } }", {"authorization": f"Bearer {other['accessToken']}"}
    )
    here = await _post(anonymous, "{ viewer { user { email } } }", headers)

    assert wrong["data"] == {"changePassword": {"__typename": "InvalidCredentials"}}
    assert weak["data"] == {
        "changePassword": {"__typename": "ValidationFailed", "fieldErrors": [{"path": "newPassword"}]}
    }
    assert changed["data"] == {"changePassword": {"__typename": "ChangePasswordSuccess"}}
    assert "errors" in elsewhere
    assert here["data"] == {"viewer": {"user": {"email": "ada@example.com"}}}


async def test_an_account_is_deleted_only_with_its_password(anonymous: Api) -> None:
    delete = 'mutation { deleteAccount(input: {password: "%s"}) { __typename } }'
    session = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    headers = {"authorization": f"Bearer {session['accessToken']}"}

    wrong = await _post(anonymous, delete % "Wrong-Password-1", headers)
    deleted = await _post(anonymous, delete % ADA["password"], headers)
    after = await anonymous.run(LOGIN, input={"email": ADA["email"], "password": ADA["password"]})

    assert wrong["data"] == {"deleteAccount": {"__typename": "InvalidCredentials"}}
    assert deleted["data"] == {"deleteAccount": {"__typename": "DeleteAccountSuccess"}}
    assert after["login"]["__typename"] == "InvalidCredentials"


async def test_signing_out_everywhere_ends_all_sessions(anonymous: Api) -> None:
    session = (await anonymous.run(REGISTER, input=ADA))["register"]["session"]
    await anonymous.run(LOGIN, input={"email": ADA["email"], "password": ADA["password"]})
    headers = {"authorization": f"Bearer {session['accessToken']}"}

    out = await _post(anonymous, "mutation { logoutEverywhere { sessions } }", headers)

    assert out["data"] == {"logoutEverywhere": {"sessions": 2}}
    assert (await anonymous.run(REFRESH, token=session["refreshToken"]))["refreshSession"]["code"] == (
        "INVALID_REFRESH_TOKEN"
    )


async def _post(api: Api, query: str, headers: dict[str, str]) -> dict[str, Any]:
    response = await api.http.post("/graphql", json={"query": query}, headers=headers)
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_usage_since_a_time_that_no_calendar_has_is_refused(api: Api, since: str) -> None:
    error = await api.error("query ($since: DateTime) { viewer { usage(since: $since) { calls } } }", since=since)

    assert error["extensions"]["code"] == "BAD_REQUEST"


def test_a_time_without_a_zone_is_one_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert viewer._in_utc(datetime(2026, 3, 1, 12)) == datetime(2026, 3, 1, 12, tzinfo=UTC)  # noqa: DTZ001
    finally:
        monkeypatch.undo()
        time.tzset()
