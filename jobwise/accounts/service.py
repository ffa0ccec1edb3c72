"""Accounts: register, sign in, keep a session going, end it.

A session is the family of its refresh tokens. Each refresh token works once; the second use of one, by whomever, ends
the session at once. There is no grace period: of several refreshes racing with one token exactly one gets new tokens,
the others are a reuse like any other, and the session is over.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from jobwise.accounts import audit, endings, passwords, tokens
from jobwise.accounts.audit import AuditAction, Origin
from jobwise.accounts.models import RefreshToken, Session, User
from jobwise.errors import ErrorCode, FieldError, JobWiseError, NotFound, ValidationFailed
from jobwise.infra import db

_LONGEST_EMAIL = 254
_LONGEST_NAME = 200
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_NOWHERE = Origin()


class EmailTaken(JobWiseError):
    """There is an account with this e-mail address already: sign in instead."""

    code = ErrorCode.EMAIL_TAKEN


class InvalidCredentials(JobWiseError):
    """The e-mail address or the password is wrong."""

    code = ErrorCode.INVALID_CREDENTIALS


class InvalidRefreshToken(JobWiseError):
    """The refresh token is not valid any more: please sign in again."""

    code = ErrorCode.INVALID_REFRESH_TOKEN


class SessionEnded(tokens.InvalidAccessToken):
    """This session was ended: please sign in again."""


@dataclass(frozen=True)
class Viewer:
    """Who is asking: the argument of every use case, and what visibility is decided by."""

    user_id: UUID
    is_staff: bool
    session_id: UUID


@dataclass(frozen=True)
class SignedIn:
    """A session's new pair of tokens. The refresh token is shown this once and stored nowhere."""

    user: User
    session_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime

    @property
    def viewer(self) -> Viewer:
        """The viewer that the access token stands for."""
        return Viewer(self.user.id, self.user.is_staff, self.session_id)


async def register(email: str, password: str, name: str = "", origin: Origin = _NOWHERE) -> SignedIn:
    """Make an account and sign in. Raises ValidationFailed, EmailTaken."""
    address, display = _normal_email(email), _plain_name(name)
    _require_valid(
        FieldError("email", "" if _is_email(address) else "This is not an e-mail address such as name@example.com."),
        FieldError("password", passwords.weaknesses(password)),
        FieldError("name", f"A name has at most {_LONGEST_NAME} characters." if len(display) > _LONGEST_NAME else ""),
    )
    if await User.exists(email=address):
        raise EmailTaken(path="email")
    password_hash = await passwords.hash_password(password)
    try:
        async with db.transaction():
            user = await User.create(email=address, name=display, password_hash=password_hash)
            await audit.record(AuditAction.REGISTERED, user.id, origin)
            return await _open_session(user, origin)
    except IntegrityError:
        raise EmailTaken(path="email") from None


async def login(email: str, password: str, origin: Origin = _NOWHERE) -> SignedIn:
    """Sign in. Raises InvalidCredentials, in the same words and time whether the account exists or not."""
    address = _normal_email(email)
    user = await User.get_or_none(email=address) if _is_email(address) else None
    if not await passwords.verify(password, user.password_hash if user else None) or user is None:
        await audit.record(AuditAction.SIGN_IN_FAILED, user.id if user else None, origin)
        raise InvalidCredentials
    if passwords.is_outdated(user.password_hash):
        stronger = await passwords.hash_password(password)
        # Only over the hash that was just verified: a password changed meanwhile must not come back.
        await User.filter(id=user.id, password_hash=user.password_hash).update(password_hash=stronger)
    async with db.transaction():
        signed_in = await _open_session(user, origin)
        await audit.record(AuditAction.SIGNED_IN, user.id, origin)
    return signed_in


async def refresh_session(refresh_token: str, origin: Origin = _NOWHERE) -> SignedIn:
    """Exchange a refresh token for a new pair; a used one ends its session instead. Raises InvalidRefreshToken."""
    fresh, old = tokens.new_refresh(), tokens.fingerprint(refresh_token)
    expires_at = datetime.now(UTC) + tokens.REFRESH_LIFETIME
    row = await db.fetch_one(_ROTATE, old, uuid4(), tokens.fingerprint(fresh), expires_at)
    if row is None:
        await _end_if_reused(old, origin)
        raise InvalidRefreshToken
    user = await User.get_or_none(id=row["user_id"])
    if user is None:
        raise InvalidRefreshToken
    return _signed_in(user, row["session_id"], fresh, expires_at)


async def authenticate(access_token: str) -> Viewer:
    """The viewer of an access token whose session is alive: one indexed statement.

    Raises InvalidAccessToken, ExpiredAccessToken or SessionEnded, all of them UNAUTHENTICATED.
    """
    claims = tokens.read_access(access_token)
    row = await db.fetch_one(_VIEWER, claims.session_id, claims.user_id)
    if row is None:
        raise SessionEnded
    return Viewer(claims.user_id, row["is_staff"], claims.session_id)


async def make_staff(email: str, *, is_staff: bool = True) -> None:
    """Make somebody a member of the staff, or end it; it holds from their next request on. Raises NotFound."""
    user = await User.get_or_none(email=_normal_email(email))
    if user is None:
        raise NotFound(f"There is no account with the e-mail address {email}.")
    async with db.transaction():
        await User.filter(id=user.id).update(is_staff=is_staff)
        await audit.record(AuditAction.STAFF_CHANGED, user.id, _NOWHERE, is_staff=is_staff)


async def logout(viewer: Viewer, origin: Origin = _NOWHERE) -> None:
    """End this session: its access and refresh tokens stop working at once."""
    await end_session(viewer, viewer.session_id, origin)


async def end_session(viewer: Viewer, session_id: UUID, origin: Origin = _NOWHERE) -> None:
    """End one of the viewer's sessions; ending it twice is no error. Raises NotFound."""
    async with db.transaction():
        if not await Session.exists(id=session_id, user_id=viewer.user_id):
            raise NotFound
        ended = await _end(Session.filter(id=session_id, revoked_at=None))
        if ended:
            await audit.record(AuditAction.SIGNED_OUT, viewer.user_id, origin, session=str(session_id))
    await endings.announce(viewer.user_id)


async def logout_everywhere(viewer: Viewer, origin: Origin = _NOWHERE) -> int:
    """End all sessions, this one too. Returns how many there were."""
    async with db.transaction():
        ended = await _end(Session.filter(user_id=viewer.user_id, revoked_at=None))
        await audit.record(AuditAction.SIGNED_OUT_EVERYWHERE, viewer.user_id, origin, sessions=ended)
    await endings.announce(viewer.user_id)
    return ended


async def sessions(viewer: Viewer) -> list[Session]:
    """The sessions that may still be refreshed, the one used last first."""
    alive_since = datetime.now(UTC) - tokens.REFRESH_LIFETIME
    return await Session.filter(user_id=viewer.user_id, revoked_at=None, last_used_at__gt=alive_since).order_by(
        "-last_used_at", "-id"
    )


async def user_of(viewer: Viewer) -> User:
    """The viewer's account. Raises NotFound if it was deleted meanwhile."""
    user = await User.get_or_none(id=viewer.user_id)
    if user is None:
        raise NotFound
    return user


async def change_password(viewer: Viewer, current: str, new: str, origin: Origin = _NOWHERE) -> None:
    """Set a new password and end all other sessions. Raises ValidationFailed, InvalidCredentials."""
    _require_valid(FieldError("newPassword", passwords.weaknesses(new)))
    user = await _verified(viewer, current)
    password_hash = await passwords.hash_password(new)
    async with db.transaction():
        await User.filter(id=user.id).update(password_hash=password_hash)
        await _end(Session.filter(user_id=user.id, revoked_at=None).exclude(id=viewer.session_id))
        await audit.record(AuditAction.CREDENTIALS_CHANGED, user.id, origin)
    await endings.announce(user.id)


async def delete_account(viewer: Viewer, password: str, origin: Origin = _NOWHERE) -> None:
    """Delete the account and everything that belongs to it. Raises InvalidCredentials."""
    user = await _verified(viewer, password)
    async with db.transaction():
        await audit.record(AuditAction.ACCOUNT_DELETED, user.id, origin)
        await user.delete()
    await endings.announce(viewer.user_id)


async def _verified(viewer: Viewer, password: str) -> User:
    user = await user_of(viewer)
    if not await passwords.verify(password, user.password_hash):
        raise InvalidCredentials("The current password is wrong.")
    return user


async def _open_session(user: User, origin: Origin) -> SignedIn:
    session = await Session.create(user_id=user.id, address=origin.address, user_agent=origin.user_agent)
    refresh_token = tokens.new_refresh()
    expires_at = datetime.now(UTC) + tokens.REFRESH_LIFETIME
    await RefreshToken.create(
        session_id=session.id, token_hash=tokens.fingerprint(refresh_token), expires_at=expires_at
    )
    return _signed_in(user, session.id, refresh_token, expires_at)


def _signed_in(user: User, session_id: UUID, refresh_token: str, expires_at: datetime) -> SignedIn:
    access = tokens.issue_access(user.id, session_id)
    return SignedIn(user, session_id, access.value, access.expires_at, refresh_token, expires_at)


async def _end(open_sessions: QuerySet[Session]) -> int:
    return await open_sessions.update(revoked_at=datetime.now(UTC))


async def _end_if_reused(token_hash: str, origin: Origin) -> None:
    async with db.transaction():
        ended = await db.fetch_one(_END_IF_REUSED, token_hash)
        if ended:
            await audit.record(AuditAction.REFRESH_REUSED, ended["user_id"], origin, session=str(ended["session_id"]))
    if ended:
        await endings.announce(ended["user_id"])


def _normal_email(email: str) -> str:
    return email.strip().lower()


def _is_email(address: str) -> bool:
    return len(address) <= _LONGEST_EMAIL and _EMAIL.fullmatch(address) is not None


def _plain_name(name: str) -> str:
    kept = (sign for sign in name if unicodedata.category(sign) not in ("Cs", "Cc") or sign.isspace())
    return " ".join("".join(kept).split())


def _require_valid(*checks: FieldError) -> None:
    if wrong := [check for check in checks if check.message]:
        raise ValidationFailed(wrong)


# One statement: of two requests with the same token, the second waits for the first and then finds it used.
_ROTATE = """
with taken as (
    update refresh_tokens t set used_at = now() from sessions s
     where t.token_hash = $1 and t.used_at is null and t.expires_at > now()
       and s.id = t.session_id and s.revoked_at is null
    returning t.session_id),
issued as (
    insert into refresh_tokens (id, session_id, token_hash, created_at, expires_at)
    select $2, session_id, $3, now(), $4 from taken)
update sessions set last_used_at = now() where id in (select session_id from taken) returning id as session_id, user_id
"""

_END_IF_REUSED = """
update sessions s set revoked_at = now() from refresh_tokens t
 where t.token_hash = $1 and t.used_at is not null and s.id = t.session_id and s.revoked_at is null
returning s.id as session_id, s.user_id
"""

_VIEWER = """
select u.is_staff from sessions s join users u on u.id = s.user_id
 where s.id = $1 and s.user_id = $2 and s.revoked_at is null
"""
