"""The errors that a person may see.

Every expected failure is a `JobWiseError`: it has a stable code for clients to branch on and a message for people that
says what is wrong and what would be right. Concrete errors live beside the service that raises them; their docstring is
their message. Anything else that is raised is a bug: it is logged in full and reported to the client as
INTERNAL without details.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes of expected failures; the GraphQL enum of the same name is made from this one."""

    VALIDATION_FAILED = "VALIDATION_FAILED"
    NOT_FOUND = "NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    INVALID_REFRESH_TOKEN = "INVALID_REFRESH_TOKEN"  # noqa: S105 - a code, not a password
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IMPORT_FAILED = "IMPORT_FAILED"
    POSTING_UNREADABLE = "POSTING_UNREADABLE"
    GENERATION_ENDED = "GENERATION_ENDED"
    PAGE_LIMIT_TOO_SMALL = "PAGE_LIMIT_TOO_SMALL"
    PROFILE_INCOMPLETE = "PROFILE_INCOMPLETE"
    RENDERING_FAILED = "RENDERING_FAILED"
    WORKER_LOST = "WORKER_LOST"
    TIMED_OUT = "TIMED_OUT"
    RATE_LIMITED = "RATE_LIMITED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    BAD_REQUEST = "BAD_REQUEST"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class JobWiseError(Exception):
    """An expected failure. Subclasses set `code`; their docstring is the default message."""

    code: ErrorCode = ErrorCode.INTERNAL

    def __init__(self, message: str | None = None, *, path: str | None = None) -> None:
        """`path` names the input at fault in the client's words, such as `experiences.0.startDate`."""
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.path = path
        super().__init__(self.message)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one input field. `path` is dotted and in the client's camelCase."""

    path: str
    message: str


class ValidationFailed(JobWiseError):
    """Some of the input is not valid: see the fields."""

    code = ErrorCode.VALIDATION_FAILED

    def __init__(self, fields: Iterable[FieldError], message: str | None = None) -> None:
        self.fields = tuple(fields)
        super().__init__(message or "; ".join(f"{field.path}: {field.message}" for field in self.fields))


class NotFound(JobWiseError):
    """There is nothing with this id among your own things."""

    code = ErrorCode.NOT_FOUND
