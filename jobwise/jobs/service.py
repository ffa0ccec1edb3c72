"""Use cases of postings: keep, change, delete, analyse, and the list of saved ones."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import orjson
from pydantic import BaseModel, ConfigDict

from jobwise.accounts.service import Viewer
from jobwise.embeddings import terms
from jobwise.errors import ErrorCode, JobWiseError, NotFound
from jobwise.infra import db
from jobwise.jobs import capture, queries, validation
from jobwise.jobs.analysis import ANALYSER_VERSION, analyze
from jobwise.jobs.capture import CapturedPosting
from jobwise.jobs.job_fields import Workplace
from jobwise.jobs.models import UNTITLED, Job, JobSource, JobStatus, SavedJob, StoredAnalysis
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.salaries import Salary
from jobwise.jobs.term_weights import posting_weights
from jobwise.language import detect

MOST_JOBS = 5_000
"""Postings of one account."""
_RULES = "rules"
_HASHED = ("title", "company", "location", "description")
_EMBEDDED = ("title", "description")
_LONGEST_CAPTURED = 200_000


class TooManyJobs(JobWiseError):
    """There are as many postings as an account can have: delete some first."""

    code = ErrorCode.CONFLICT


class JobInput(BaseModel):
    """What a client says about a posting. In an update, what was not given stays; None empties a field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    company: str | None = None
    location: str | None = None
    workplace: Workplace | None = None
    employment_types: tuple[str, ...] | None = None
    salary: Salary | None = None
    url: str | None = None
    posted_on: date | None = None
    valid_through: date | None = None
    description: str | None = None

    def given(self) -> dict[str, Any]:
        """Only the fields that the client gave."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


@dataclass(frozen=True)
class _Text:
    """What an analysis is made from, and its hash."""

    content_hash: str
    title: str
    company: str
    location: str
    description: str


async def create_manual(viewer: Viewer, values: JobInput, *, source: JobSource = JobSource.MANUAL) -> Job:
    """Keep a posting that was typed in. Raises ValidationFailed, TooManyJobs."""
    columns = validation.checked({"title": "", "description": "", **values.given()})
    validation.check_dates(columns.get("posted_on"), columns.get("valid_through"))
    language = (await asyncio.to_thread(detect, columns["description"])).code
    return await _create(viewer, {**columns, "language": language, "source": source})


async def create_from_text(viewer: Viewer, text: str) -> Job:
    """Read a posting from pasted text and keep it. Raises PostingUnreadable, ValidationFailed, TooManyJobs."""
    return await _keep(viewer, await asyncio.to_thread(capture.capture_text, text), JobSource.TEXT)


async def create_from_html(viewer: Viewer, html: str, url: str = "") -> Job:
    """Read a posting from a page's source and keep it. Raises PostingUnreadable, ValidationFailed, TooManyJobs."""
    return await _keep(viewer, await asyncio.to_thread(capture.capture_html, html, url), JobSource.HTML)


async def create_from_json(viewer: Viewer, value: str | Mapping[str, Any]) -> Job:
    """Read a posting from JSON and keep it. Raises PostingUnreadable, ValidationFailed, TooManyJobs."""
    return await _keep(viewer, await asyncio.to_thread(capture.capture_json, value), JobSource.JSON)


async def update(viewer: Viewer, job_id: UUID, values: JobInput) -> Job:
    """Change a posting; fields not given stay. Raises NotFound, ValidationFailed."""
    job = await queries.get(viewer, job_id)
    columns = validation.checked(values.given())
    if "description" in columns:
        columns["language"] = (await asyncio.to_thread(detect, columns["description"])).code
    is_new_text = not columns.keys().isdisjoint(_EMBEDDED)
    while True:
        # Made before the row is locked: nobody need wait for it.
        text = [columns.get(name, getattr(job, name)) for name in _EMBEDDED]
        vector = await _vector_of(*text) if is_new_text else None
        async with db.transaction():
            job = (await _locked(viewer, job_id)).update_from_dict(columns)
            if is_new_text and text != [getattr(job, name) for name in _EMBEDDED]:
                # Somebody else has changed the rest of it meanwhile.
                continue
            validation.check_dates(job.posted_on, job.valid_through)
            job.content_hash = _hash_of(*(getattr(job, name) for name in _HASHED))
            await job.save()
            if is_new_text:
                await _set_vector(job, vector)
        return job


async def set_status(viewer: Viewer, job_id: UUID, status: JobStatus) -> Job:
    """Say whether a posting is still of interest. Raises NotFound."""
    async with db.transaction():
        job = await _locked(viewer, job_id)
        job.status = status
        await job.save(update_fields=["status", "updated_at"])
    return job


async def delete(viewer: Viewer, job_id: UUID) -> None:
    """Delete a posting, also from the list. Documents made for it stay. Raises NotFound."""
    if not await queries.visible_to(viewer).filter(id=job_id).delete():
        raise NotFound


async def save(viewer: Viewer, job_id: UUID, notes: str = "") -> SavedJob:
    """Put a posting on the list; once more, and only the notes change. Raises NotFound, ValidationFailed."""
    row = await db.fetch_one(
        """
        insert into saved_jobs (id, user_id, job_id, notes, created_at, updated_at)
        select $1, j.user_id, j.id, $4, now(), now() from jobs j where j.user_id = $2 and j.id = $3 for key share
        on conflict (user_id, job_id) do update set notes = excluded.notes, updated_at = excluded.updated_at
        returning id
        """,
        uuid4(), viewer.user_id, job_id, validation.checked_notes(notes),
    )  # fmt: skip
    if row is None:
        raise NotFound
    return await _saved(viewer, job_id)


async def update_saved(viewer: Viewer, job_id: UUID, notes: str) -> SavedJob:
    """Change the notes about a posting on the list. Raises NotFound, ValidationFailed."""
    text = validation.checked_notes(notes)
    saved = await _saved(viewer, job_id)
    saved.notes = text
    await saved.save(update_fields=["notes", "updated_at"])
    return saved


async def unsave(viewer: Viewer, job_id: UUID) -> None:
    """Take a posting off the list. Raises NotFound when it is not on it."""
    if not await SavedJob.filter(user_id=viewer.user_id, job_id=job_id).delete():
        raise NotFound


async def analyses_of(jobs: Sequence[Job]) -> list[JobAnalysis]:
    """What postings ask for, in their order; read once, then kept by their text.

    One statement, and one more when any of them is new.
    """
    return await _analyses([_Text(job.content_hash, *(getattr(job, name) for name in _HASHED)) for job in jobs])


async def analysis_for(content_hash: str, title: str, company: str, location: str, text: str) -> JobAnalysis:
    """What the posting with this text asks for; `content_hash` is that of the `Job` which it was taken from."""
    return (await _analyses([_Text(content_hash, title, company, location, text)]))[0]


async def kept_analysis(content_hash: str, readers: Sequence[str]) -> JobAnalysis | None:
    """What the first of these readers that has read this text found in it; None where none has, by today's rules."""
    rows = await StoredAnalysis.filter(content_hash=content_hash, version=ANALYSER_VERSION, model__in=readers)
    found = {row.model: row.analysis for row in rows}
    first = next((found[reader] for reader in readers if reader in found), None)
    return JobAnalysis.model_validate(first) if first else None


async def keep_analysis(content_hash: str, reader: str, analysis: JobAnalysis) -> None:
    """Keep what a reader other than the rules has found; its name says all that its findings depend on."""
    await _store({content_hash: analysis}, reader)


async def _analyses(texts: Sequence[_Text]) -> list[JobAnalysis]:
    hashes = {text.content_hash for text in texts}
    rows = await StoredAnalysis.filter(content_hash__in=hashes, version=ANALYSER_VERSION, model=_RULES)
    known = {row.content_hash: JobAnalysis.model_validate(row.analysis) for row in rows}
    new = {text.content_hash: text for text in texts if text.content_hash not in known}
    if new:
        made = await asyncio.to_thread(lambda: {key: _analyze(text) for key, text in new.items()})
        await _store(made, _RULES)
        known |= made
    return [known[text.content_hash] for text in texts]


def _analyze(text: _Text) -> JobAnalysis:
    return analyze("" if text.title == UNTITLED else text.title, text.company, text.description, text.location)


async def _store(made: Mapping[str, JobAnalysis], reader: str) -> None:
    """Whoever analysed the same text at the same time came to the same result: the first one stays."""
    await db.fetch_all(
        """
        insert into job_analyses (id, content_hash, version, model, analysis, created_at)
        select t.id, t.content_hash, $3, $4, t.analysis::jsonb, now()
          from unnest($1::uuid[], $2::text[], $5::text[]) as t (id, content_hash, analysis)
        on conflict (content_hash, version, model) do nothing
        """,
        [uuid4() for _ in made], list(made), ANALYSER_VERSION, reader,
        [analysis.model_dump_json() for analysis in made.values()],
    )  # fmt: skip


async def _keep(viewer: Viewer, draft: CapturedPosting, source: JobSource) -> Job:
    """A draft as it is: what a page states wrongly is left out or cut, since the person cannot correct the page."""
    title = validation.one_line(draft.title)[:300]
    untitled = () if title else ("No title was found: give this posting the position's title.",)
    columns = validation.checked({"description": draft.description})
    return await _create(viewer, {
        **columns,
        "title": title or UNTITLED,
        "company": validation.one_line(draft.company)[:300],
        "location": validation.one_line(draft.location)[:300],
        "workplace": draft.workplace,
        "employment_types": [validation.clean(item) for item in draft.employment_types],
        "salary": draft.salary.model_dump(mode="json") if draft.salary else None,
        "url": validation.clean(draft.url)[:2000],
        "posted_on": draft.posted,
        "valid_through": draft.valid_through,
        "language": draft.language,
        "warnings": [*draft.warnings, *untitled],
        "captured": _storable(draft.raw),
        "source": source,
    })  # fmt: skip


def _storable(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """The structured data of a page, or None where it is too much or nothing that PostgreSQL can hold."""
    try:
        text = orjson.dumps(raw)
    except TypeError:
        return None
    return raw if len(text) <= _LONGEST_CAPTURED and b"\\u0000" not in text else None


async def _create(viewer: Viewer, columns: dict[str, Any]) -> Job:
    content_hash = _hash_of(*(columns.get(name, "") for name in _HASHED))
    job = Job(user_id=viewer.user_id, content_hash=content_hash, **columns)
    vector = await _vector_of(job.title, job.description)
    async with db.transaction():
        if await queries.visible_to(viewer).count() >= MOST_JOBS:
            raise TooManyJobs
        await job.save()
        await _set_vector(job, vector)
    return job


async def _locked(viewer: Viewer, job_id: UUID) -> Job:
    job = await queries.visible_to(viewer).select_for_update().get_or_none(id=job_id)
    if job is None:
        raise NotFound
    return job


async def _saved(viewer: Viewer, job_id: UUID) -> SavedJob:
    found = await queries.saved_by(viewer).get_or_none(job_id=job_id)
    if found is None:
        raise NotFound
    return found


async def _vector_of(title: str, description: str) -> str | None:
    """By which terms the posting is found for a profile; None where it has none."""
    return terms.to_sql(terms.embed_terms(await asyncio.to_thread(posting_weights, title, description)))


async def _set_vector(job: Job, vector: str | None) -> None:
    await db.fetch_all("update jobs set embedding = $2::text::vector where id = $1", job.id, vector)


def _hash_of(title: str, company: str, location: str, description: str) -> str:
    """The texts were made uniform when they were checked, so that equal postings have equal hashes."""
    return hashlib.sha256(orjson.dumps([title, company, location, description])).hexdigest()
