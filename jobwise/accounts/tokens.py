"""The two tokens of a session: a signed access token for an hour, and an opaque refresh token that works once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from jobwise.config import settings
from jobwise.errors import ErrorCode, JobWiseError

ACCESS_LIFETIME = timedelta(hours=1)
REFRESH_LIFETIME = timedelta(days=7)

_ALGORITHM = "HS256"
_ISSUER = "jobwise"
_AUDIENCE = "jobwise-api"
_TYPE = "access"
_LONGEST = 4096


class InvalidAccessToken(JobWiseError):
    """The access token is not valid: please sign in again."""

    code = ErrorCode.UNAUTHENTICATED


class ExpiredAccessToken(InvalidAccessToken):
    """The access token has expired: get a new one with refreshSession."""


@dataclass(frozen=True)
class AccessToken:
    """A signed access token and when it stops working."""

    value: str
    expires_at: datetime


@dataclass(frozen=True)
class Claims:
    """What a valid access token says: whose it is, and of which session."""

    user_id: UUID
    session_id: UUID


def issue_access(user_id: UUID, session_id: UUID) -> AccessToken:
    """A new access token, good for an hour while the session lives."""
    now = datetime.now(UTC).replace(microsecond=0)
    expires_at = now + ACCESS_LIFETIME
    claims = {
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": now,
        "exp": expires_at,
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "typ": _TYPE,
    }
    return AccessToken(jwt.encode(claims, _key(), algorithm=_ALGORITHM), expires_at)


def read_access(token: str) -> Claims:
    """What the token says. Raises ExpiredAccessToken, or InvalidAccessToken for anything else that is wrong with it."""
    if len(token) > _LONGEST:
        raise InvalidAccessToken
    try:
        claims = jwt.decode(
            token,
            _key(),
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={"require": ["sub", "sid", "iat", "exp", "iss", "aud", "typ"]},
        )
        if claims["typ"] != _TYPE:
            raise InvalidAccessToken
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]))
    except jwt.ExpiredSignatureError:
        raise ExpiredAccessToken from None
    except (jwt.PyJWTError, ValueError, AttributeError, TypeError):
        raise InvalidAccessToken from None


def new_refresh() -> str:
    """A new refresh token: 256 random bits."""
    return secrets.token_urlsafe(32)


def fingerprint(refresh_token: str) -> str:
    """What is stored of a refresh token. It is random, so a plain SHA-256 cannot be turned back."""
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()


def _key() -> bytes:
    # Each purpose signs with its own key, so that a signature for one can never pass for another.
    return hmac.digest(settings().signing_key().encode(), b"jobwise access token", "sha256")
