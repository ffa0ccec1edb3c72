from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from jobwise.accounts import tokens
from jobwise.accounts.tokens import ExpiredAccessToken, InvalidAccessToken
from jobwise.errors import ErrorCode

USER, SESSION = uuid4(), uuid4()


def forged(key: bytes | str | None = None, algorithm: str = "HS256", **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "iss": "jobwise",
        "aud": "jobwise-api",
        "typ": "access",
    } | changes
    used = tokens._key() if key is None else key
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, used, algorithm=algorithm)


def test_an_access_token_says_whose_it_is_for_an_hour() -> None:
    token = tokens.issue_access(USER, SESSION)

    assert tokens.read_access(token.value) == tokens.Claims(USER, SESSION)
    assert timedelta(minutes=59) < token.expires_at - datetime.now(UTC) <= timedelta(hours=1)


def test_an_expired_token_is_told_apart_from_a_bad_one() -> None:
    with pytest.raises(ExpiredAccessToken, match="refreshSession"):
        tokens.read_access(forged(exp=datetime.now(UTC) - timedelta(seconds=1)))


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "x" * 10_000, "é.ü.ö", "\ud800.a.b"])
def test_what_is_no_token_is_invalid(token: str) -> None:
    with pytest.raises(InvalidAccessToken) as refusal:
        tokens.read_access(token)

    assert refusal.value.code is ErrorCode.UNAUTHENTICATED
    assert not isinstance(refusal.value, ExpiredAccessToken)


@pytest.mark.parametrize(
    "difference",
    [
        {"key": b"another key that is long enough to sign with"},
        {"key": "", "algorithm": "none"},
        {"aud": "somebody-else"},
        {"iss": "somebody-else"},
        {"typ": "refresh"},
        {"typ": None},
        {"sub": "not-an-id"},
        {"sid": None},
        {"exp": None},
    ],
)
def test_a_token_that_is_not_ours_in_every_respect_is_invalid(difference: dict[str, Any]) -> None:
    assert tokens.read_access(forged())

    with pytest.raises(InvalidAccessToken):
        tokens.read_access(forged(**difference))


def test_refresh_tokens_are_never_alike_and_only_their_fingerprint_is_for_storing() -> None:
    first, second = tokens.new_refresh(), tokens.new_refresh()

    assert first != second
    assert len(first) >= 43
    assert first not in tokens.fingerprint(first)
    assert len(tokens.fingerprint(first)) == 64
