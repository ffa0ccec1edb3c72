"""Errors of the API, and the one place where what is raised becomes what a client sees.

An expected failure is a member of the mutation's result union where the field declares it. Everything else is a top-
level error with `extensions.code`: refusals (sign-in, limits), what is unavailable, and bugs, which are logged in
full and shown without details.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from pydantic import ValidationError
from strawberry.schema.exception_handlers import ExceptionHandler
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info
from strawberry.types.union import StrawberryUnion
from strawberry.utils.str_converters import to_camel_case

from jobwise import errors
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra.rate_limits import RateLimited
from schema.enums import describe

log = structlog.get_logger(__name__)

describe(
    ErrorCode,
    "ErrorCode",
    "Stable codes of failures, for clients to branch on. Messages may change, codes do not.",
    VALIDATION_FAILED="Some of the input is not valid; see the fields.",
    NOT_FOUND="There is nothing with this id among your own things.",
    UNAUTHENTICATED="Sign in, or refresh your session.",
    FORBIDDEN="You are signed in, but may not do this.",
    INVALID_CREDENTIALS="E-mail and password do not match an account.",
    EMAIL_TAKEN="There is an account with this e-mail already.",
    INVALID_REFRESH_TOKEN="The refresh token is unknown, used, expired or revoked: sign in again.",  # noqa: S106
    CONFLICT="The thing is in a state that does not allow this.",
    IDEMPOTENCY_CONFLICT="The idempotency key was used for another request, or for what has been deleted since.",
    IMPORT_FAILED="The file could not be read as a profile.",
    POSTING_UNREADABLE="No posting could be read from this.",
    GENERATION_ENDED="The generation has ended already.",
    PAGE_LIMIT_TOO_SMALL="The document cannot fit on so few pages.",
    PROFILE_INCOMPLETE="The profile says too little to write from.",
    RENDERING_FAILED="The document's file could not be made.",
    WORKER_LOST="The work was interrupted too many times.",
    TIMED_OUT="The work took longer than is allowed for one generation.",
    RATE_LIMITED="Too many requests; `retryAfterSeconds` says when to try again.",
    QUOTA_EXCEEDED="Your allowance is used up for now.",
    QUERY_TOO_COMPLEX="The query asks for too much at once; see the limits in docs/graphql.md.",
    BAD_REQUEST="The request itself is malformed.",
    PAYLOAD_TOO_LARGE="The request body is too large.",
    UNAVAILABLE="Something that is needed does not answer just now. Try again, with the same idempotency key.",
    INTERNAL="A bug. It was logged with the request id.",
)


class Unauthenticated(JobWiseError):
    """Sign in first: send the access token as `Authorization: Bearer …`, or in a websocket's connection_init."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(JobWiseError):
    """This is for the staff of this installation: `jobwise staff EMAIL` makes somebody a member."""

    code = ErrorCode.FORBIDDEN


@strawberry.interface(description="An expected failure: a code to branch on and a message to show.")
class UserError:
    """What every error in a result union has."""

    code: ErrorCode = strawberry.field(description="What kind of failure it is.")
    message: str = strawberry.field(description="What is wrong and what would be right, for people.")

    @classmethod
    def of(cls, error: JobWiseError) -> "UserError":
        """The GraphQL object for an error that was raised."""
        return cls(code=error.code, message=error.message)


@strawberry.type(description="What is wrong with one field of the input.")
class FieldError:
    """One line of a ValidationFailed."""

    path: str = strawberry.field(
        description="The input field, dotted and with list positions: `experience.highlights.0`."
    )
    message: str = strawberry.field(description="What is wrong with it and what would be right.")


@strawberry.type(description="Some of the input is not valid. Nothing was changed.")
class ValidationFailed(UserError):
    """Carries one entry for each field at fault."""

    field_errors: list[FieldError] = strawberry.field(description="One entry for each field at fault.")

    @classmethod
    def of(cls, error: JobWiseError) -> "ValidationFailed":
        """The failed fields; an error that names a single path has one."""
        fields = error.fields if isinstance(error, errors.ValidationFailed) else ()
        listed = [FieldError(path=field.path, message=field.message) for field in fields]
        if not listed:
            listed = [FieldError(path=error.path or "input", message=error.message)]
        return cls(code=error.code, message=error.message, field_errors=listed)


@strawberry.type(description="There is nothing with this id among your own things.")
class NotFound(UserError):
    """Also for what belongs to somebody else: the two cannot be told apart."""


@strawberry.type(description="E-mail and password do not match an account.")
class InvalidCredentials(UserError):
    """Says the same for an unknown e-mail and a wrong password."""


@strawberry.type(description="There is an account with this e-mail already.")
class EmailTaken(UserError):
    """Only from `register`."""


@strawberry.type(description="The refresh token is unknown, used, expired or revoked: sign in again.")
class InvalidRefreshToken(UserError):
    """Only from `refreshSession`."""


@strawberry.type(description="The file could not be read as a profile. The message says why and what would help.")
class ImportFailed(UserError):
    """Only from `importProfile`."""


@strawberry.type(description="No posting could be read from this. The message says why and what would help.")
class PostingUnreadable(UserError):
    """From everything that reads a posting."""


@strawberry.type(description="The thing is in a state that does not allow this, such as a generation that has ended.")
class Conflict(UserError):
    """The code says which state."""


@strawberry.type(
    description="The idempotency key was used before, for another request or for what has been deleted since. Use a "
    "new key for a new request."
)
class IdempotencyConflict(UserError):
    """Only from mutations that take an idempotency key."""


@strawberry.type(description="Your allowance is used up for now. The message says until when.")
class QuotaExceeded(UserError):
    """From mutations that cost money or much work."""


@strawberry.type(description="The profile says too little to write from. The message says what is missing.")
class ProfileIncomplete(UserError):
    """From `startGeneration`."""


MEMBERS: dict[ErrorCode, type[UserError]] = {
    ErrorCode.VALIDATION_FAILED: ValidationFailed,
    ErrorCode.NOT_FOUND: NotFound,
    ErrorCode.INVALID_CREDENTIALS: InvalidCredentials,
    ErrorCode.EMAIL_TAKEN: EmailTaken,
    ErrorCode.INVALID_REFRESH_TOKEN: InvalidRefreshToken,
    ErrorCode.IMPORT_FAILED: ImportFailed,
    ErrorCode.POSTING_UNREADABLE: PostingUnreadable,
    ErrorCode.CONFLICT: Conflict,
    ErrorCode.GENERATION_ENDED: Conflict,
    ErrorCode.IDEMPOTENCY_CONFLICT: IdempotencyConflict,
    ErrorCode.QUOTA_EXCEEDED: QuotaExceeded,
    ErrorCode.PROFILE_INCOMPLETE: ProfileIncomplete,
}


class _UnionErrors(ExceptionHandler[JobWiseError | ValidationError, Any]):
    """Turns an expected failure into the member for its code, where the field's union declares that member.

    Strawberry asks only the first handler whose `error_type` is in the union, so each instance can answer for all
    members.
    """

    def __init__(self, error_type: type[UserError]) -> None:
        self.error_type = error_type

    def handle(
        self, exception: JobWiseError | ValidationError, *, field: StrawberryField, info: Info[Any, Any]
    ) -> UserError | None:
        error = validation_failed(exception) if isinstance(exception, ValidationError) else exception
        member = MEMBERS.get(error.code)
        return member.of(error) if member is not None and member in _members(field) else None


HANDLERS = [_UnionErrors(member) for member in dict.fromkeys(MEMBERS.values())]


@lru_cache(maxsize=1024)
def _members(field: StrawberryField) -> frozenset[type]:
    union = field.type
    if not isinstance(union, StrawberryUnion):
        return frozenset()
    return frozenset(member.origin if hasattr(member, "origin") else member for member in union.types)  # type: ignore[misc]


def validation_failed(error: ValidationError) -> errors.ValidationFailed:
    """Pydantic's complaints in the client's words: camelCase paths, no class names."""
    return errors.ValidationFailed(
        errors.FieldError(
            ".".join(to_camel_case(part) if isinstance(part, str) else str(part) for part in item["loc"]) or "input",
            item["msg"].removeprefix("Value error, "),
        )
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )


def present(raised: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """What a client may see of errors at the top level. Bugs are logged here, once."""
    return [_presented(error).formatted for error in raised]  # type: ignore[misc]


def _presented(error: GraphQLError) -> GraphQLError:
    cause = _cause(error)
    if isinstance(cause, ValidationError):
        cause = validation_failed(cause)
    if isinstance(cause, JobWiseError):
        if cause.code is ErrorCode.UNAVAILABLE:
            log.warning("unavailable", path=_path(error), reason=type(cause.__cause__ or cause).__name__)
        return _replaced(error, cause.message, extensions_of(cause))
    if isinstance(cause, CannotGetOperationTypeError):
        return _replaced(error, _no_operation(cause.operation_name), {"code": ErrorCode.BAD_REQUEST.value})
    if cause is None:
        return _replaced(error, error.message, {"code": _code_of_request_error(error), **(error.extensions or {})})
    if isinstance(cause, RecursionError):
        return _replaced(error, "The query is nested too deeply.", {"code": ErrorCode.QUERY_TOO_COMPLEX.value})
    log.error("unexpected_error", path=_path(error), exc_info=cause)
    return _replaced(error, INTERNAL_MESSAGE, internal_extensions())


INTERNAL_MESSAGE = "Something went wrong on our side. It has been logged; the request id helps us to find it."


def internal_extensions() -> dict[str, Any]:
    """The extensions of a masked error, with the id under which it was logged."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return {"code": ErrorCode.INTERNAL.value, "requestId": request_id}


def extensions_of(error: JobWiseError) -> dict[str, Any]:
    """The machine-readable part of an expected failure."""
    extensions: dict[str, Any] = {"code": error.code.value}
    if isinstance(error, RateLimited):
        extensions["retryAfterSeconds"] = error.retry_after
    if isinstance(error, errors.ValidationFailed):
        extensions["fieldErrors"] = [{"path": field.path, "message": field.message} for field in error.fields]
    return extensions


def refusal(error: JobWiseError) -> dict[str, Any]:
    """A whole response that refuses the request."""
    return {"errors": [{"message": error.message, "extensions": extensions_of(error)}]}


def _cause(error: GraphQLError) -> Exception | None:
    """What was raised inside, or None when the complaint is GraphQL's own about the request."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _no_operation(name: str | None) -> str:
    if name is None:
        return "The document has nothing to run: it needs a query, mutation or subscription."
    return f"The document has no operation {name[:100]!r}."


def _code_of_request_error(error: GraphQLError) -> str:
    too_many_tokens = isinstance(error, GraphQLSyntaxError) and "tokens" in error.message
    return (ErrorCode.QUERY_TOO_COMPLEX if too_many_tokens else ErrorCode.BAD_REQUEST).value


def _replaced(error: GraphQLError, message: str, extensions: Mapping[str, Any]) -> GraphQLError:
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=dict(extensions))


def _path(error: GraphQLError) -> str:
    return ".".join(map(str, error.path or ()))
