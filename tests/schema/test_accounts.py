import pytest

from jobwise.accounts import tokens
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


async def _post(api: Api, query: str, headers: dict[str, str]) -> dict[str, object]:
    response = await api.http.post("/graphql", json={"query": query}, headers=headers)
    body: dict[str, object] = response.json()
    return body
