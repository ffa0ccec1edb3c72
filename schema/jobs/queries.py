"""Reads of postings in the API."""

import asyncio
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from jobwise.jobs import capture, queries
from schema import ids
from schema.context import Info
from schema.inputs import given
from schema.jobs.inputs import JobFilter
from schema.jobs.types import Job, JobDraft, MatchingJob
from schema.pagination import DEFAULT_FIRST, After, Connection, First, check_first, connection


async def job_of(info: Info, job_id: str) -> Job:
    """One of the viewer's postings by its global id. Raises NotFound."""
    return Job.of(await queries.get(info.context.viewer, ids.decode(job_id, "Job")))


@strawberry.type
class JobQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="One of your postings.")
    async def job(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Job | None:
        """NOT_FOUND for somebody else's."""
        return await job_of(info, id)

    @strawberry.field(description="Your postings, searched, filtered and sorted.")
    async def jobs(
        self,
        info: Info,
        query: Annotated[
            str | None, strawberry.argument(description='Words to search for; "in quotes" together, `-not` this one.')
        ] = None,
        filter: Annotated[JobFilter | None, strawberry.argument(description="Which of them.")] = None,
        sort: Annotated[
            queries.JobSort, strawberry.argument(description="In which order.")
        ] = queries.JobSort.RELEVANCE,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Connection[Job]:
        """Full text over title, company, place and description."""
        wanted = queries.JobFilter(**given(filter)) if filter else queries.JobFilter()
        page = await queries.search(
            info.context.viewer, query=query, filter=wanted, sort=sort, after=after, first=check_first(first)
        )
        return connection(page, after, Job.of)

    @strawberry.field(description="Your postings, the ones that a profile answers best first.")
    async def matching_jobs(
        self,
        info: Info,
        profile_id: Annotated[strawberry.ID, strawberry.argument(description="Id of the profile.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Connection[MatchingJob]:
        """Ranked by meaning and terms."""
        key = ids.decode(profile_id, "Profile")
        model = info.context.settings.embedding_model()
        page = await queries.matching(info.context.viewer, key, first=check_first(first), after=after, model=model)
        return connection(page, after, lambda scored: MatchingJob(job=Job.of(scored.job), score=scored.score))

    @strawberry.field(
        description="A posting to fill in by hand and pass to `importJob` as `json`. `_help` explains the fields."
    )
    def job_template(self) -> JSON:
        """The same for everybody."""
        return JSON(capture.template())

    @strawberry.field(description="Read a posting from pasted text without keeping it, to look it over first.")
    async def convert_job_text(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="Plain text, Markdown or a page's source.")],
    ) -> JobDraft | None:
        """Needs a signed-in person, since it is work; POSTING_UNREADABLE when there is nothing to read."""
        info.context.require_person()
        return JobDraft.of(await asyncio.to_thread(capture.capture_text, text))
