"""What surrounds one operation: who asks, from where, and the loaders that batch its reads."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import strawberry

from jobwise.accounts.audit import Origin
from jobwise.accounts.service import Viewer
from jobwise.config import Settings
from jobwise.errors import JobWiseError
from schema.errors import Forbidden, Unauthenticated
from schema.loaders import Loaders


@dataclass
class Context:
    """Made anew for every operation, over HTTP and over a websocket alike.

    `refusal` says why a token that was presented does not count. It only matters to fields that need a person: an
    expired token must not keep anybody from refreshing their session. `deadline` is the operation's time-out.
    """

    settings: Settings
    origin: Origin = field(default_factory=Origin)
    identity: Viewer | None = None
    refusal: JobWiseError | None = None
    deadline: asyncio.Timeout | None = None
    loaders: Loaders = field(default_factory=Loaders)

    @property
    def viewer(self) -> Viewer:
        """Who is signed in. Raises Unauthenticated."""
        self.require_person()
        return cast("Viewer", self.identity)

    def require_person(self) -> None:
        """For work that is nobody's in particular, but not for everybody. Raises Unauthenticated."""
        if self.identity is None:
            raise Unauthenticated(self.refusal.message if self.refusal else None)

    def require_staff(self) -> None:
        """For what concerns the whole installation. Raises Unauthenticated, Forbidden."""
        if not self.viewer.is_staff:
            raise Forbidden

    def forget(self) -> None:
        """Read everything anew from here on: what was read for an earlier event or mutation may be so no more."""
        self.loaders = Loaders()


Info = strawberry.Info[Context, Any]
