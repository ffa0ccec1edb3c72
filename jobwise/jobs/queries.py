"""Reads of postings: one, a search, the best matches, the saved ones. Everything goes through what a viewer may see."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from jobwise.accounts.service import Viewer
from jobwise.embeddings import terms
from jobwise.errors import NotFound
from jobwise.infra import db, paging
from jobwise.infra.paging import BadCursor, Page
from jobwise.jobs.job_fields import Workplace
from jobwise.jobs.models import Job, JobSource, JobStatus, SavedJob
from jobwise.jobs.term_weights import profile_weights
from jobwise.jobs.validation import clean
from jobwise.profiles import queries as profiles

#: More than this of a search text is not read.
_LONGEST_QUERY = 400
#: What stands in cursors for the measure that needs no model; no model is called this.
_TERMS = "terms"


class JobSort(StrEnum):
    """Order of a list of postings. Without a search, RELEVANCE is NEWEST."""

    RELEVANCE = "RELEVANCE"
    NEWEST = "NEWEST"


@dataclass(frozen=True)
class JobFilter:
    """Which postings; everything that is given must hold. `company` and `location` are parts, in any case."""

    status: tuple[JobStatus, ...] | None = None
    workplace: tuple[Workplace, ...] | None = None
    source: tuple[JobSource, ...] | None = None
    company: str | None = None
    location: str | None = None
    language: str | None = None
    saved: bool | None = None


@dataclass(frozen=True)
class ScoredJob:
    """A posting and how well a profile answers it, 0 to 100."""

    job: Job
    score: int


def visible_to(viewer: Viewer) -> QuerySet[Job]:
    """The viewer's own postings: what is not among them does not exist for the viewer."""
    return Job.filter(user_id=viewer.user_id)


async def get(viewer: Viewer, job_id: UUID) -> Job:
    """One posting. Raises NotFound."""
    found = await visible_to(viewer).get_or_none(id=job_id)
    if found is None:
        raise NotFound
    return found


async def search(
    viewer: Viewer, *, query: str | None, filter: JobFilter, sort: JobSort, first: int, after: str | None
) -> Page[Job]:
    """A page of the viewer's postings that hold the words of `query` and pass the filter. Raises BadCursor.

    Words are found in their English forms and as they are written. Quotes keep words together, `-` excludes, `or` gives
    a choice; no text is a syntax error.
    """
    words = clean(query or "").strip()[:_LONGEST_QUERY] or None
    by_rank = sort is JobSort.RELEVANCE and words is not None
    place = paging.decode(after, float, datetime, UUID) if after is not None else (None, None, None)
    wanted = [viewer.user_id, words, *_filter_arguments(filter)]

    async def count() -> int:
        return len(await db.fetch_all(_SEARCH, *wanted, False, None, None, None, None))

    rows = await db.fetch_all(_SEARCH, *wanted, by_rank, *place, first + 1)
    jobs = await _rows(viewer, [row["id"] for row in rows[:first]])
    kept = [row for row in rows[:first] if row["id"] in jobs]
    cursors = [paging.encode(row["rank"], row["created_at"].isoformat(), row["id"]) for row in kept]
    return Page([jobs[row["id"]] for row in kept], cursors, len(rows) > first, count)


async def matching(
    viewer: Viewer, profile_id: UUID, *, first: int, after: str | None, model: str = ""
) -> Page[ScoredJob]:
    """A page of the viewer's active postings, the ones that are nearest to the profile first.

    By the vectors of `model` (`provider:model`) where the profile and all of these postings have one of their present
    text, else by their terms. The pages of a list all go by the same: their cursors say which.

    Raises: NotFound, BadCursor.
    """
    profile = await profiles.profile(viewer, profile_id)
    measure, *place = paging.decode(after, str, float, UUID) if after is not None else (None, None, None)
    if measure is None:
        has_vectors = model and await db.fetch_all(_READY, viewer.user_id, profile_id, model)
        measure = model if has_vectors else _TERMS
    if measure == _TERMS:
        content = await profiles.content_of(profile)
        vector = terms.embed_terms(await asyncio.to_thread(profile_weights, content))
        rows = await db.fetch_all(_MATCHING_BY_TERMS, viewer.user_id, terms.to_sql(vector), *place, first + 1)
    elif measure == model:
        rows = await db.fetch_all(_MATCHING_BY_MODEL, viewer.user_id, profile_id, *place, first + 1, model)
    else:
        raise BadCursor
    jobs = await _rows(viewer, [row["id"] for row in rows[:first]])
    kept = [row for row in rows[:first] if row["id"] in jobs]
    scored = [ScoredJob(jobs[row["id"]], max(0, round(100 * (1 - row["distance"])))) for row in kept]
    cursors = [paging.encode(measure, row["distance"], row["id"]) for row in kept]
    return Page(scored, cursors, len(rows) > first, visible_to(viewer).filter(status=JobStatus.ACTIVE).count)


def saved_by(viewer: Viewer) -> QuerySet[SavedJob]:
    """The viewer's list, each entry with its posting."""
    return SavedJob.filter(user_id=viewer.user_id).select_related("job")


async def saved(viewer: Viewer, *, first: int, after: str | None) -> Page[SavedJob]:
    """A page of the viewer's list, the newest first. Raises BadCursor."""
    return await paging.newest_first(saved_by(viewer), first, after)


async def _rows(viewer: Viewer, job_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """By id; without those that were deleted since they were found."""
    return {row.id: row for row in await visible_to(viewer).filter(id__in=job_ids)} if job_ids else {}


def _filter_arguments(wanted: JobFilter) -> list[Any]:
    """In the order of the parameters of `_SEARCH`. What is empty does not filter."""
    lists = [list(map(str, values)) if values else None for values in (wanted.status, wanted.workplace, wanted.source)]
    texts = [clean(text or "").strip() or None for text in (wanted.company, wanted.location, wanted.language)]
    return [*lists, *texts, wanted.saved]


# An `is null` beside each filter keeps this one statement; PostgreSQL plans it for the arguments that are given.
# Ranking needs every found row, so it is only done where it decides the order.
_SEARCH = """
with found as (
    select j.id, j.created_at,
           case when $10::bool
                then ts_rank_cd(j.search, websearch_to_tsquery('english', $2) || websearch_to_tsquery('simple', $2))
                else 0 end::float8 as rank
      from jobs j
     where j.user_id = $1
       and ($2::text is null
            or j.search @@ (websearch_to_tsquery('english', $2) || websearch_to_tsquery('simple', $2)))
       and ($3::text[] is null or j.status = any($3))
       and ($4::text[] is null or j.workplace = any($4))
       and ($5::text[] is null or j.source = any($5))
       and ($6::text is null or position(lower($6) in lower(j.company)) > 0)
       and ($7::text is null or position(lower($7) in lower(j.location)) > 0)
       and ($8::text is null or j.language = lower($8))
       and ($9::bool is null
            or $9 = exists (select from saved_jobs s where s.job_id = j.id and s.user_id = j.user_id)))
select id, rank, created_at from found
 where $11::float8 is null or (rank, created_at, id) < ($11, $12::timestamptz, $13::uuid)
 order by rank desc, created_at desc, id desc limit $14::int
"""

# A posting without terms is as far away as one with quite different terms.
_MATCHING_BY_TERMS = """
with near as (
    select id, coalesce(embedding <=> $2::text::vector, 1)::float8 as distance
      from jobs where user_id = $1 and status = 'ACTIVE')
select id, distance from near
 where $3::float8 is null or (distance, id) > ($3, $4::uuid)
 order by distance, id limit $5::int
"""

# Whether the profile and all postings that it is compared with have been read by the model, as they are now. Those that
# it could not read are as far away as can be. Vectors of another length are none: the model has changed under its name.
_READY = """
select from text_vectors p
 where p.id = $2 and p.model = $3 and p.due is null and p.vector is not null
   and not exists (
        select from jobs j
          left join text_vectors v on v.id = j.id and v.model = $3 and v.hash = j.content_hash
         where j.user_id = $1 and j.status = 'ACTIVE'
           and (v.id is null or vector_dims(v.vector) <> vector_dims(p.vector)))
"""

_MATCHING_BY_MODEL = """
with near as (
    select j.id, coalesce(v.vector <=> p.vector, 1)::float8 as distance
      from jobs j
      left join text_vectors p on p.id = $2 and p.model = $6
      left join text_vectors v on v.id = j.id and v.model = $6 and v.hash = j.content_hash
                              and vector_dims(v.vector) = vector_dims(p.vector)
     where j.user_id = $1 and j.status = 'ACTIVE')
select id, distance from near
 where $3::float8 is null or (distance, id) > ($3, $4::uuid)
 order by distance, id limit $5::int
"""
