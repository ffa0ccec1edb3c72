"""The account of the command line: made on first use, its random password kept in the data folder."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from jobwise.api_client import ApiClient, ApiError

_SESSION = "session { accessToken }"
_ERROR = "... on UserError { code message }"
_LOGIN = f"""
mutation($input: LoginInput!) {{
  login(input: $input) {{ __typename ... on LoginSuccess {{ {_SESSION} }} {_ERROR} }}
}}"""
_REGISTER = f"""
mutation($input: RegisterInput!) {{
  register(input: $input) {{
    __typename ... on RegisterSuccess {{ {_SESSION} }} {_ERROR}
  }}
}}"""


@dataclass(frozen=True)
class Account:
    """How to sign in. `is_own`: made here, so that it may be registered when it is unknown."""

    email: str
    password: str
    is_own: bool = False


def own_account(home: Path) -> Account:
    """The account of this data folder, kept in `cli-account.json`; made when there is none."""
    path = home / "cli-account.json"
    if not path.exists():
        _create(path)
    return Account(**json.loads(path.read_text()), is_own=True)


async def sign_in(client: ApiClient, account: Account) -> None:
    """Give the client a token; an own account is registered on first use. Raises ApiError."""
    values = {"email": account.email, "password": account.password}
    try:
        result = await client.mutate(_LOGIN, input=values)
    except ApiError as error:
        if error.code != "INVALID_CREDENTIALS" or not account.is_own:
            raise
        result = await _register(client, values)
    client.token = result["session"]["accessToken"]


async def _register(client: ApiClient, values: dict[str, str]) -> dict[str, object]:
    try:
        return await client.mutate(_REGISTER, input={**values, "name": "Command line"})
    except ApiError as error:
        if error.code != "EMAIL_TAKEN":
            raise
        # Another command of ours was faster.
        return await client.mutate(_LOGIN, input=values)


def _create(path: Path) -> None:
    """Whole or not at all, and only once, also when two commands start at the same time."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    account = {"email": f"cli-{secrets.token_hex(6)}@jobwise.example", "password": f"Aa1-{secrets.token_urlsafe(24)}"}
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(account))
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
