"""Accounts in the API: register, sign in, keep a session going, see who one is."""

from datetime import datetime
from typing import Annotated

import strawberry

from jobwise.accounts import models, service
from schema import access, ids
from schema.context import Info
from schema.errors import EmailTaken, InvalidCredentials, InvalidRefreshToken, ValidationFailed


@strawberry.input(description="A new account.")
class RegisterInput:
    """Input of `register`."""

    email: str = strawberry.field(description="E-mail address; it is the name to sign in with.")
    password: str = strawberry.field(description="At least 8 characters with upper case, lower case and a digit.")
    name: str = strawberry.field(default="", description="How the person wants to be called.")


@strawberry.input(description="Who signs in.")
class LoginInput:
    """Input of `login`."""

    email: str = strawberry.field(description="E-mail address of the account.")
    password: str = strawberry.field(description="Its password.")


@strawberry.input(description="The refresh token of a session.")
class RefreshSessionInput:
    """Input of `refreshSession`."""

    refresh_token: str = strawberry.field(description="The newest one of the session; each works once.")


@strawberry.type(description="An account.")
class User(ids.Node):
    """Only ever one's own."""

    email: str = strawberry.field(description="E-mail address; it is the name to sign in with.")
    name: str = strawberry.field(description="How the person wants to be called.")
    created_at: datetime = strawberry.field(description="When the account was made.")

    @classmethod
    def of(cls, user: models.User) -> "User":
        """From the table's row."""
        return cls(id=ids.encode("User", user.id), email=user.email, name=user.name, created_at=user.created_at)


@strawberry.type(description="A session's tokens. Keep the refresh token as safe as a password.")
class SessionTokens:
    """A new pair; the refresh token that was used for it works no more."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    access_expires_at: datetime = strawberry.field(description="An hour after it was made.")
    refresh_token: str = strawberry.field(description="Exchange it once for a new pair with `refreshSession`.")
    refresh_expires_at: datetime = strawberry.field(description="Seven days after it was made.")
    user: User = strawberry.field(description="Who is signed in.")

    @classmethod
    def of(cls, signed_in: service.SignedIn) -> "SessionTokens":
        """From the service's pair."""
        return cls(
            access_token=signed_in.access_token,
            access_expires_at=signed_in.access_expires_at,
            refresh_token=signed_in.refresh_token,
            refresh_expires_at=signed_in.refresh_expires_at,
            user=User.of(signed_in.user),
        )


@strawberry.type(description="The account is made and signed in.")
class RegisterSuccess:
    """Result of `register`."""

    session: SessionTokens = strawberry.field(description="Tokens of the new session.")


@strawberry.type(description="Signed in.")
class LoginSuccess:
    """Result of `login`."""

    session: SessionTokens = strawberry.field(description="Tokens of the new session.")


@strawberry.type(description="The session goes on.")
class RefreshSessionSuccess:
    """Result of `refreshSession`."""

    session: SessionTokens = strawberry.field(description="The session's new tokens.")


@strawberry.type(description="The session is over.")
class LogoutSuccess:
    """Result of `logout`."""

    ok: bool = strawberry.field(default=True, description="Always true.")


@strawberry.type(description="All sessions are over.")
class LogoutEverywhereSuccess:
    """Result of `logoutEverywhere`."""

    sessions: int = strawberry.field(description="How many there were, this one included.")


@strawberry.input(description="A new password, and the old one as a proof.")
class ChangePasswordInput:
    """Input of `changePassword`."""

    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="At least 8 characters with upper case, lower case and a digit.")


@strawberry.type(description="The new password counts; all other sessions are over.")
class ChangePasswordSuccess:
    """Result of `changePassword`."""

    ok: bool = strawberry.field(default=True, description="Always true.")


@strawberry.input(description="The password, as a proof.")
class DeleteAccountInput:
    """Input of `deleteAccount`."""

    password: str = strawberry.field(description="The account's password.")


@strawberry.type(description="The account and everything that belonged to it is gone.")
class DeleteAccountSuccess:
    """Result of `deleteAccount`."""

    ok: bool = strawberry.field(default=True, description="Always true.")


RegisterResult = Annotated[
    RegisterSuccess | ValidationFailed | EmailTaken,
    strawberry.union("RegisterResult", description="What `register` answers."),
]
LoginResult = Annotated[
    LoginSuccess | InvalidCredentials, strawberry.union("LoginResult", description="What `login` answers.")
]
RefreshSessionResult = Annotated[
    RefreshSessionSuccess | InvalidRefreshToken,
    strawberry.union("RefreshSessionResult", description="What `refreshSession` answers."),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | ValidationFailed | InvalidCredentials,
    strawberry.union("ChangePasswordResult", description="What `changePassword` answers."),
]
DeleteAccountResult = Annotated[
    DeleteAccountSuccess | InvalidCredentials,
    strawberry.union("DeleteAccountResult", description="What `deleteAccount` answers."),
]


@strawberry.type
class AccountMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(description="Make an account and sign in.")
    async def register(
        self, info: Info, input: Annotated[RegisterInput, strawberry.argument(description="The new account.")]
    ) -> RegisterResult:
        """Counted like a sign-in, so that addresses cannot be tried out."""
        await access.count_sign_in(info.context.origin, input.email)
        signed_in = await service.register(input.email, input.password, input.name, info.context.origin)
        return RegisterSuccess(session=SessionTokens.of(signed_in))

    @strawberry.mutation(description="Sign in. At most 10 failed attempts a minute from one address to one account.")
    async def login(
        self, info: Info, input: Annotated[LoginInput, strawberry.argument(description="Who signs in.")]
    ) -> LoginResult:
        """Says the same for an unknown e-mail and a wrong password."""
        await access.count_sign_in(info.context.origin, input.email)
        signed_in = await service.login(input.email, input.password, info.context.origin)
        await access.forgive_sign_in(info.context.origin, input.email)
        return LoginSuccess(session=SessionTokens.of(signed_in))

    @strawberry.mutation(
        description="Exchange a refresh token for new tokens. A token that was used before ends its session."
    )
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The session.")]
    ) -> RefreshSessionResult:
        """Works without an access token, and with an expired one."""
        signed_in = await service.refresh_session(input.refresh_token, info.context.origin)
        return RefreshSessionSuccess(session=SessionTokens.of(signed_in))

    @strawberry.mutation(description="End this session: its tokens stop working at once.")
    async def logout(self, info: Info) -> LogoutSuccess:
        """Other sessions go on."""
        await service.logout(info.context.viewer, info.context.origin)
        return LogoutSuccess()

    @strawberry.mutation(description="End all your sessions, this one too.")
    async def logout_everywhere(self, info: Info) -> LogoutEverywhereSuccess:
        """For a device that was lost."""
        return LogoutEverywhereSuccess(
            sessions=await service.logout_everywhere(info.context.viewer, info.context.origin)
        )

    @strawberry.mutation(description="Set a new password. All your other sessions end.")
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description="Both passwords.")]
    ) -> ChangePasswordResult:
        """Counted like a sign-in, since it can be used to guess."""
        viewer = info.context.viewer
        await access.count_sign_in(info.context.origin, str(viewer.user_id))
        await service.change_password(viewer, input.current_password, input.new_password, info.context.origin)
        return ChangePasswordSuccess()

    @strawberry.mutation(description="Delete your account and everything that belongs to it, for good.")
    async def delete_account(
        self, info: Info, input: Annotated[DeleteAccountInput, strawberry.argument(description="The password.")]
    ) -> DeleteAccountResult:
        """Counted like a sign-in, since it can be used to guess."""
        viewer = info.context.viewer
        await access.count_sign_in(info.context.origin, str(viewer.user_id))
        await service.delete_account(viewer, input.password, info.context.origin)
        return DeleteAccountSuccess()
