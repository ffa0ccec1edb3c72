import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from jobwise.accounts import passwords, service, tokens
from jobwise.accounts.audit import AuditAction, Origin
from jobwise.accounts.models import AuditEvent, RefreshToken, Session, User
from jobwise.accounts.service import EmailTaken, InvalidCredentials, InvalidRefreshToken, SessionEnded, SignedIn
from jobwise.errors import NotFound, ValidationFailed
from tests.accounts.people import a_viewer

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "Correct1horse"
HERE = Origin("203.0.113.7", "Tests/1.0")


async def somebody(email: str | None = None) -> SignedIn:
    return await service.register(email or f"{uuid4().hex}@example.com", PASSWORD, "Ada", HERE)


async def actions(user_id: Any) -> list[str]:
    return [event.action for event in await AuditEvent.filter(user_id=user_id).order_by("id")]


async def test_registering_signs_in_and_is_remembered() -> None:
    email = f"{uuid4().hex}@Example.COM"

    signed_in = await service.register(f"  {email} ", PASSWORD, " Ada \x00 Lovelace ", HERE)

    assert signed_in.user.email == email.lower()
    assert signed_in.user.name == "Ada Lovelace"
    assert await service.authenticate(signed_in.access_token) == signed_in.viewer
    event = await AuditEvent.get(user_id=signed_in.user.id, action=AuditAction.REGISTERED)
    assert (event.address, event.user_agent) == ("203.0.113.7", "Tests/1.0")
    session = await Session.get(id=signed_in.session_id)
    assert (session.address, session.user_agent) == ("203.0.113.7", "Tests/1.0")


async def test_only_the_hash_of_a_password_and_of_a_refresh_token_is_stored() -> None:
    signed_in = await somebody()

    user = await User.get(id=signed_in.user.id)
    token = await RefreshToken.get(session_id=signed_in.session_id)
    assert user.password_hash.startswith("$argon2id$")
    assert token.token_hash != signed_in.refresh_token
    assert timedelta(days=6, hours=23) < token.expires_at - datetime.now(UTC) <= timedelta(days=7)


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ä@example.com"]
)
async def test_what_is_no_email_address_is_refused_together_with_a_weak_password(email: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        await service.register(email, "weak")

    assert [field.path for field in refusal.value.fields] == ["email", "password"]


async def test_an_email_address_has_one_account_in_whatever_case() -> None:
    signed_in = await somebody()

    with pytest.raises(EmailTaken):
        await service.register(signed_in.user.email.upper(), PASSWORD)


async def test_of_many_registrations_at_once_with_one_address_one_wins() -> None:
    email = f"{uuid4().hex}@example.com"

    results = await asyncio.gather(*(somebody(email) for _ in range(5)), return_exceptions=True)

    assert Counter(type(result) for result in results) == {SignedIn: 1, EmailTaken: 4}
    assert await User.filter(email=email).count() == 1


async def test_signing_in_opens_another_session() -> None:
    first = await somebody()

    second = await service.login(f" {first.user.email.upper()}", PASSWORD, HERE)

    assert second.user.id == first.user.id
    assert second.session_id != first.session_id
    assert await actions(first.user.id) == [AuditAction.REGISTERED, AuditAction.SIGNED_IN]


async def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words() -> None:
    signed_in = await somebody()

    with pytest.raises(InvalidCredentials) as wrong_password:
        await service.login(signed_in.user.email, "Wrong1horse", HERE)
    with pytest.raises(InvalidCredentials) as nobody:
        await service.login("nobody@example.com", PASSWORD, HERE)
    with pytest.raises(InvalidCredentials) as nonsense:
        await service.login("\x00", PASSWORD, HERE)

    assert wrong_password.value.message == nobody.value.message == nonsense.value.message
    assert (await actions(signed_in.user.id))[-1] == AuditAction.SIGN_IN_FAILED


async def test_signing_in_renews_a_hash_of_older_parameters() -> None:
    signed_in = await somebody()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await User.filter(id=signed_in.user.id).update(password_hash=old)

    await service.login(signed_in.user.email, PASSWORD)

    renewed = (await User.get(id=signed_in.user.id)).password_hash
    assert not passwords.is_outdated(renewed)
    assert await passwords.verify(PASSWORD, renewed)


async def test_refreshing_gives_new_tokens_in_the_same_session() -> None:
    first = await somebody()

    second = await service.refresh_session(first.refresh_token)
    third = await service.refresh_session(second.refresh_token)

    assert first.session_id == second.session_id == third.session_id
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert await service.authenticate(third.access_token) == first.viewer


async def test_using_a_refresh_token_again_ends_the_whole_session() -> None:
    first = await somebody()
    second = await service.refresh_session(first.refresh_token)

    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(first.refresh_token, HERE)

    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(second.refresh_token)
    with pytest.raises(SessionEnded):
        await service.authenticate(second.access_token)
    assert (await actions(first.user.id)).count(AuditAction.REFRESH_REUSED) == 1


async def test_of_ten_refreshes_at_once_with_one_token_one_wins_and_the_session_is_over() -> None:
    first = await somebody()

    results = await asyncio.gather(
        *(service.refresh_session(first.refresh_token) for _ in range(10)), return_exceptions=True
    )

    assert Counter(type(result) for result in results) == {SignedIn: 1, InvalidRefreshToken: 9}
    winner = next(result for result in results if isinstance(result, SignedIn))
    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(winner.refresh_token)
    assert (await actions(first.user.id)).count(AuditAction.REFRESH_REUSED) == 1


async def test_another_session_survives_the_reuse_in_one() -> None:
    first = await somebody()
    other = await service.login(first.user.email, PASSWORD)
    await service.refresh_session(first.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(first.refresh_token)

    assert await service.authenticate(other.access_token) == other.viewer


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "\ud800"])
async def test_an_unknown_refresh_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(token)


async def test_an_expired_refresh_token_is_refused_without_ending_the_session() -> None:
    signed_in = await somebody()
    await RefreshToken.filter(session_id=signed_in.session_id).update(expires_at=datetime.now(UTC))

    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(signed_in.refresh_token)

    assert await service.authenticate(signed_in.access_token) == signed_in.viewer


async def test_signing_out_stops_both_tokens_at_once() -> None:
    signed_in = await somebody()

    await service.logout(signed_in.viewer, HERE)
    await service.logout(signed_in.viewer, HERE)

    with pytest.raises(SessionEnded):
        await service.authenticate(signed_in.access_token)
    with pytest.raises(InvalidRefreshToken):
        await service.refresh_session(signed_in.refresh_token)
    assert (await actions(signed_in.user.id)).count(AuditAction.SIGNED_OUT) == 1


async def test_signing_out_everywhere_ends_all_ones_own_sessions_and_no_others() -> None:
    first, other = await somebody(), await somebody()
    second = await service.login(first.user.email, PASSWORD)

    assert await service.logout_everywhere(second.viewer) == 2

    assert await service.sessions(first.viewer) == []
    assert [session.id for session in await service.sessions(other.viewer)] == [other.session_id]


async def test_another_persons_session_is_not_found() -> None:
    me, other = await a_viewer(), await a_viewer()

    with pytest.raises(NotFound):
        await service.end_session(me, other.session_id)

    assert await Session.filter(id=other.session_id, revoked_at=None).exists()


async def test_a_token_that_names_another_persons_session_is_refused() -> None:
    me, other = await a_viewer(), await a_viewer()
    mixed = tokens.issue_access(me.user_id, other.session_id)

    with pytest.raises(SessionEnded):
        await service.authenticate(mixed.value)


async def test_a_new_password_ends_the_other_sessions() -> None:
    here = await somebody()
    elsewhere = await service.login(here.user.email, PASSWORD)

    await service.change_password(here.viewer, PASSWORD, "Another2horse")

    assert await service.authenticate(here.access_token) == here.viewer
    with pytest.raises(SessionEnded):
        await service.authenticate(elsewhere.access_token)
    assert (await service.login(here.user.email, "Another2horse")).user.id == here.user.id
    with pytest.raises(InvalidCredentials):
        await service.login(here.user.email, PASSWORD)


async def test_a_new_password_needs_the_current_one_and_must_be_good() -> None:
    signed_in = await somebody()

    with pytest.raises(InvalidCredentials):
        await service.change_password(signed_in.viewer, "Wrong1horse", "Another2horse")
    with pytest.raises(ValidationFailed) as refusal:
        await service.change_password(signed_in.viewer, PASSWORD, "weak")
    assert refusal.value.fields[0].path == "newPassword"


async def test_a_deleted_account_is_gone_but_for_its_audit_trail() -> None:
    signed_in = await somebody()
    before = await AuditEvent.all().count()

    with pytest.raises(InvalidCredentials):
        await service.delete_account(signed_in.viewer, "Wrong1horse")
    await service.delete_account(signed_in.viewer, PASSWORD)

    with pytest.raises(SessionEnded):
        await service.authenticate(signed_in.access_token)
    with pytest.raises(NotFound):
        await service.user_of(signed_in.viewer)
    assert await AuditEvent.all().count() == before + 1
    assert not await AuditEvent.filter(user_id=signed_in.user.id).exists()


async def test_what_a_client_says_about_itself_is_cut_and_cleaned_before_it_is_stored() -> None:
    origin = Origin("203.0.113.7" * 50, "Evil\x00\n" + "x" * 1000)

    signed_in = await service.register(f"{uuid4().hex}@example.com", PASSWORD, "", origin)

    session = await Session.get(id=signed_in.session_id)
    assert len(session.address) == 64
    assert session.user_agent.startswith("Evilxxx")


async def test_staff_is_who_was_named(database: str) -> None:
    signed_in = await service.register("ada@example.com", "Long-enough-1")
    assert not signed_in.user.is_staff

    await service.make_staff("Ada@Example.com")
    assert (await User.get(id=signed_in.user.id)).is_staff

    await service.make_staff("ada@example.com", is_staff=False)
    assert not (await User.get(id=signed_in.user.id)).is_staff
    with pytest.raises(NotFound, match="nobody"):
        await service.make_staff("nobody@example.com")
