"""Reads of profiles in the API."""

from typing import Annotated

import strawberry

from jobwise.profiles import queries
from schema import ids
from schema.context import Info
from schema.profiles.types import Profile


async def profile_of(info: Info, profile_id: str) -> Profile:
    """One of the viewer's profiles by its global id. Raises NotFound."""
    return Profile.of(await queries.profile(info.context.viewer, ids.decode(profile_id, "Profile")))


@strawberry.type
class ProfileQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="One of your profiles.")
    async def profile(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Profile | None:
        """NOT_FOUND for somebody else's."""
        return await profile_of(info, id)
