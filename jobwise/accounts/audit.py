"""The audit trail: who did what to an account, and from where."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jobwise.accounts.models import AuditEvent

_LONGEST_ADDRESS = 64
_LONGEST_AGENT = 300


class AuditAction(StrEnum):
    """What is worth remembering about an account."""

    REGISTERED = "REGISTERED"
    SIGNED_IN = "SIGNED_IN"
    SIGN_IN_FAILED = "SIGN_IN_FAILED"
    SIGNED_OUT = "SIGNED_OUT"
    SIGNED_OUT_EVERYWHERE = "SIGNED_OUT_EVERYWHERE"
    REFRESH_REUSED = "REFRESH_REUSED"
    """A refresh token came a second time: it was stolen, or a client lost its answer. The session is over."""
    CREDENTIALS_CHANGED = "CREDENTIALS_CHANGED"
    STAFF_CHANGED = "STAFF_CHANGED"
    ACCOUNT_DELETED = "ACCOUNT_DELETED"


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, as far as it says so. Made fit for storing."""

    address: str = ""
    user_agent: str = ""

    def __post_init__(self) -> None:
        """Cut to the columns' lengths, without control characters."""
        object.__setattr__(self, "address", _printable(self.address, _LONGEST_ADDRESS))
        object.__setattr__(self, "user_agent", _printable(self.user_agent, _LONGEST_AGENT))


async def record(action: AuditAction, user_id: UUID | None, origin: Origin, **data: object) -> None:
    """Write a line of the audit trail, in the caller's transaction if there is one. `data` must not hold secrets."""
    await AuditEvent.create(
        user_id=user_id, action=action.value, address=origin.address, user_agent=origin.user_agent, data=data
    )


def _printable(text: str, limit: int) -> str:
    return "".join(filter(str.isprintable, text[:limit]))
