"""The signed-in person and all that is theirs."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from jobwise.accounts import models, service
from jobwise.documents import queries as documents
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.generation import events
from jobwise.generation import queries as generations
from jobwise.jobs import queries as jobs
from jobwise.llm import usage
from jobwise.profiles import queries as profiles
from schema import ids
from schema.accounts import User
from schema.context import Info
from schema.documents.types import Document
from schema.generation.types import CursorOf, Generation, encode_cursor
from schema.jobs.types import Job, SavedJob
from schema.pagination import DEFAULT_FIRST, After, Connection, First, check_first, connection
from schema.profiles.types import Profile
from schema.usage import Usage


class BadTime(JobWiseError):
    """`since` is a time that no calendar has: give one of the years 1 to 9999 in UTC."""

    code = ErrorCode.BAD_REQUEST


@strawberry.type(description="A sign-in on one device.")
class Session(ids.Node):
    """Ends with `logout`, after seven days without a refresh, or when a refresh token is used twice."""

    user_agent: str = strawberry.field(description="What the device said about itself.")
    address: str = strawberry.field(description="Network address of the sign-in.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_used_at: datetime = strawberry.field(description="When it was last refreshed.")
    is_current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, row: models.Session, viewer: service.Viewer) -> "Session":
        """From the table's row."""
        return cls(
            id=ids.encode("Session", row.id),
            user_agent=row.user_agent,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            is_current=row.id == viewer.session_id,
        )


@strawberry.type(description="You: the signed-in person and all that is yours.")
class Viewer:
    """The way into one's own things."""

    who: strawberry.Private[service.Viewer]

    @strawberry.field(description="Your account.")
    async def user(self) -> User:
        """Read anew."""
        return User.of(await service.user_of(self.who))

    @strawberry.field(description="Your newest profile, or null while there is none.")
    async def profile(self) -> Profile | None:
        """Most people have one."""
        rows = await profiles.profiles(self.who)
        return Profile.of(rows[0]) if rows else None

    @strawberry.field(description="All your profiles, the newest first.")
    async def profiles(self) -> list[Profile]:
        """There are few."""
        return [Profile.of(row) for row in await profiles.profiles(self.who)]

    @strawberry.field(description="Your postings, the newest first. To search them, there is `jobs`.")
    async def jobs(self, first: First = DEFAULT_FIRST, after: After = None) -> Connection[Job]:
        """All of them, whatever their status."""
        wanted, sort = jobs.JobFilter(), jobs.JobSort.NEWEST
        page = await jobs.search(self.who, query=None, filter=wanted, sort=sort, after=after, first=check_first(first))
        return connection(page, after, Job.of)

    @strawberry.field(description="The postings on your list, the newest first.")
    async def saved_jobs(self, first: First = DEFAULT_FIRST, after: After = None) -> Connection[SavedJob]:
        """With your notes."""
        return connection(await jobs.saved(self.who, first=check_first(first), after=after), after, SavedJob.of)

    @strawberry.field(
        description="Where `myGenerations` stands now. Who reads this, then the generations, and subscribes behind it, "
        "misses nothing."
    )
    async def generations_cursor(self) -> str:
        """Of what has happened to all generations."""
        return encode_cursor(await events.newest(self.who.user_id), CursorOf.PERSON)

    @strawberry.field(description="Your generations, the newest first.")
    async def generations(self, first: First = DEFAULT_FIRST, after: After = None) -> Connection[Generation]:
        """Also those that wait or run."""
        wanted = generations.GenerationFilter()
        page = await generations.page(self.who, wanted, first=check_first(first), after=after)
        return connection(page, after, Generation.of)

    @strawberry.field(description="Your documents, the newest first.")
    async def documents(self, first: First = DEFAULT_FIRST, after: After = None) -> Connection[Document]:
        """Of all generations."""
        wanted = documents.DocumentFilter()
        page = await documents.page(self.who, wanted, first=check_first(first), after=after)
        return connection(page, after, Document.of)

    @strawberry.field(description="What you have used of models.")
    async def usage(
        self,
        since: Annotated[
            datetime | None,
            strawberry.argument(description="From when on; left out, from the beginning of this month in UTC."),
        ] = None,
    ) -> Usage:
        """Spending limits for a person count by months."""
        return Usage.of(await usage.of_person(self.who.user_id, _in_utc(since) if since else usage.month_began()))

    @strawberry.field(description="Where you are signed in.")
    async def sessions(self) -> list[Session]:
        """The one used last first."""
        return [Session.of(row, self.who) for row in await service.sessions(self.who)]


def _in_utc(time: datetime) -> datetime:
    """A time without a zone is taken for one in UTC. Raises BadTime."""
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise BadTime from None


@strawberry.type
class ViewerQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="You, or an UNAUTHENTICATED error when nobody is signed in.")
    def viewer(self, info: Info) -> Viewer | None:
        """Asks for the viewer so that nobody gets further without one."""
        return Viewer(who=info.context.viewer)
