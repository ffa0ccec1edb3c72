"""Who may come in: the token, and the limits on how often. The same for HTTP requests and websocket operations."""

import structlog
from starlette.requests import HTTPConnection

from jobwise.accounts import service as accounts
from jobwise.accounts.audit import Origin
from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra import rate_limits
from jobwise.infra.rate_limits import Limit
from schema.context import Context
from schema.errors import Unauthenticated

_MINUTE = 60
_DAY = 86_400


def bearer(header: object) -> str | None:
    """The token of an `Authorization: Bearer …` value, or None when there is no value.

    Anything else is an empty token.
    """
    if header is None or header == "":
        return None
    scheme, _, token = header.partition(" ") if isinstance(header, str) else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def origin(connection: HTTPConnection) -> Origin:
    """Where a request or socket comes from."""
    return Origin(
        address=connection.client.host if connection.client else "",
        user_agent=connection.headers.get("user-agent", "")[:300],
    )


async def admit(settings: Settings, origin: Origin, token: str | None) -> Context:
    """The context of an operation, once it is counted. Raises RateLimited.

    A token that does not count leaves the caller signed out, and the reason in the context.
    """
    identity, refusal = await _identify(token)
    await _count(settings, origin, identity)
    structlog.contextvars.bind_contextvars(user_id=str(identity.user_id) if identity else None)
    return Context(settings=settings, origin=origin, identity=identity, refusal=refusal)


_SIGN_IN = Limit("sign-in", 10, _MINUTE, "at most 10 failed attempts a minute to sign in")


async def count_sign_in(origin: Origin, email: str) -> None:
    """Count an attempt to sign in, to slow down guessing. Raises RateLimited."""
    await rate_limits.check(_SIGN_IN, _guesser(origin, email))


async def forgive_sign_in(origin: Origin, email: str) -> None:
    """Somebody who knows the password was not guessing."""
    await rate_limits.forgive(_SIGN_IN, _guesser(origin, email))


def _guesser(origin: Origin, email: str) -> str:
    return f"{origin.address}:{email.strip().lower()[:254]}"


async def _identify(token: str | None) -> tuple[Viewer | None, JobWiseError | None]:
    if token is None:
        return None, None
    if not token:
        return None, Unauthenticated("The Authorization value must be `Bearer` and an access token.")
    try:
        return await accounts.authenticate(token), None
    except JobWiseError as error:
        if error.code is not ErrorCode.UNAUTHENTICATED:
            raise
        return None, error


async def _count(settings: Settings, origin: Origin, identity: Viewer | None) -> None:
    if identity is not None:
        calls = settings.requests_a_minute()
        await rate_limits.check(Limit("user", calls, _MINUTE, f"at most {calls} a minute"), str(identity.user_id))
    else:
        calls = settings.anonymous_requests_a_day()
        limit = Limit("address", calls, _DAY, f"at most {calls} a day from one address without signing in")
        await rate_limits.check(limit, origin.address)
