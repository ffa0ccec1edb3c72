"""The statements that move a generation from state to state, and the reads.

Each write is one statement: it either happened or it did not, and a cancelled task cannot leave half of it. Every write
of a worker is fenced by the lease token; when it affects no row, the lease is lost. Only PostgreSQL's clock judges
leases.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from tortoise.queryset import QuerySet

from jobwise.accounts.service import Viewer
from jobwise.errors import ErrorCode
from jobwise.generation.models import Event, Generation, Status
from jobwise.generation.types import Stage
from jobwise.infra import db, paging
from jobwise.infra.paging import Page

#: How much later in virtual time a user's next generation starts for each that they already have open.
_FAIR_SHARE = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another worker has the generation now, or it was cancelled: stop without writing anything."""


def visible_to(viewer: Viewer) -> QuerySet[Generation]:
    """The generations that a person may see."""
    return Generation.filter(user_id=viewer.user_id)


async def events_after(generation_id: UUID, seq: int, limit: int = 200) -> list[Event]:
    """A generation's events after a sequence number, oldest first."""
    return await Event.filter(generation_id=generation_id, seq__gt=seq).order_by("seq").limit(limit)


@dataclass(frozen=True)
class GenerationFilter:
    """Which generations; everything that is given must hold."""

    status: tuple[Status, ...] | None = None
    profile_id: UUID | None = None
    job_id: UUID | None = None


async def page(viewer: Viewer, wanted: GenerationFilter, *, first: int, after: str | None) -> Page[Generation]:
    """A page of the viewer's generations, the newest first. Raises BadCursor."""
    given = {"status__in": wanted.status or None, "profile_id": wanted.profile_id, "job_id": wanted.job_id}
    rows = visible_to(viewer).filter(**{name: value for name, value in given.items() if value is not None})
    return await paging.newest_first(rows, first, after)


@dataclass(frozen=True)
class Claim:
    """A generation that this worker may work on, for as long as the lease of its token lasts."""

    id: UUID
    user_id: UUID
    token: int
    attempt: int
    max_attempts: int
    inputs: dict[str, Any]


async def insert(generation_id: UUID, user_id: UUID, profile_id: UUID, job_id: UUID, title: str, inputs: Any) -> None:
    """Write an accepted generation and its first event."""
    await db.fetch_all(
        """
        with g as (
            insert into generations (id, user_id, profile_id, job_id, title, inputs, status, progress, token, attempt,
                                     max_attempts, not_before, last_seq, created_at, vt)
            values ($1, $2, $3, $4, $5, $6::jsonb, 'QUEUED', 0, 0, 0, 5, now(), 1, clock_timestamp(),
                    clock_timestamp() + $7::interval * (
                        select count(*) from generations where user_id = $2 and status in ('QUEUED', 'RUNNING')))
            returning id)
        insert into generation_events (generation_id, seq, type, status, progress, message, created_at)
        select g.id, 1, 'ACCEPTED', 'QUEUED', 0, 'Waiting for a worker', clock_timestamp() from g
        """,
        generation_id, user_id, profile_id, job_id, title, _json(inputs), _FAIR_SHARE,
    )  # fmt: skip


async def accepted_within(user_id: UUID, period: timedelta) -> int:
    """How many generations a person started lately. Locks out their next count until the transaction ends."""
    await db.fetch_all("select pg_advisory_xact_lock(hashtextextended($1::text, 7340003))", str(user_id))
    row = await db.fetch_one(
        "select count(*) as n from generations where user_id = $1 and created_at > now() - $2::interval",
        user_id,
        period,
    )
    return int(row["n"]) if row else 0


async def claim(worker: str, lease: timedelta, cap: int) -> Claim | None:
    """The next generation in fair order, now leased to `worker`; at most `cap` run for one person at a time."""
    row = await db.fetch_one(
        "select id, user_id, token, attempt, max_attempts, inputs from claim_generation($1, $2, $3)", worker, lease, cap
    )
    if row is None:
        return None
    return Claim(**{**row, "inputs": orjson.loads(row["inputs"])})


async def heartbeat(claim: Claim, lease: timedelta) -> bool:
    """Extend the lease. True when the person asked to cancel. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        update generations set lease_until = now() + $3::interval where id = $1 and token = $2 and status = 'RUNNING'
        returning cancel_requested_at is not null as cancel
        """,
        claim.id, claim.token, lease,
    )  # fmt: skip
    if row is None:
        raise LeaseLost
    return bool(row["cancel"])


async def checkpoints(generation_id: UUID) -> dict[tuple[str, str], Any]:
    """Finished stages: (stage, input hash) → output."""
    rows = await db.fetch_all(
        "select stage, input_hash, output from generation_checkpoints where generation_id = $1", generation_id
    )
    return {(row["stage"], row["input_hash"]): orjson.loads(row["output"]) for row in rows}


async def stage_seconds() -> dict[Stage, float]:
    """How long each stage took lately, on average, over all generations."""
    rows = await db.fetch_all(
        """
        select stage, avg(seconds) as seconds
          from (select stage, seconds from generation_checkpoints order by created_at desc limit 250) lately
         group by stage
        """
    )
    return {Stage(row["stage"]): float(row["seconds"]) for row in rows}


async def start_stage(claim: Claim, stage: Stage, progress: int, eta: float | None, message: str) -> None:
    """Say that a stage begins. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with g as (
            update generations
               set stage = $3, progress = greatest(progress, $4), eta_seconds = $5, last_seq = last_seq + 1
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null
            returning id, last_seq, progress)
        insert into generation_events
            (generation_id, seq, type, stage, status, progress, eta_seconds, message, created_at)
        select id, last_seq, 'STAGE_STARTED', $3, 'RUNNING', progress, $5, $6, clock_timestamp() from g
        returning seq
        """,
        claim.id, claim.token, stage.value, progress, eta, message,
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def save_checkpoint(
    claim: Claim, stage: Stage, input_hash: str, output: Any, seconds: float, progress: int, message: str
) -> None:
    """Keep a stage's output and say so. Safe to repeat. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with f as (
            select id from generations
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null for no key update),
        c as (
            insert into generation_checkpoints (id, generation_id, stage, input_hash, output, seconds, created_at)
            select $3, f.id, $4, $5, $6::jsonb, $7, clock_timestamp() from f on conflict do nothing returning 1),
        g as (
            update generations set progress = greatest(progress, $8), last_seq = last_seq + (select count(*) from c)
             where id in (select id from f) returning id, last_seq, progress, eta_seconds),
        e as (
            insert into generation_events
                   (generation_id, seq, type, stage, status, progress, eta_seconds, message, created_at)
            select g.id, g.last_seq, 'STAGE_COMPLETED', $4, 'RUNNING', g.progress, g.eta_seconds, $9, clock_timestamp()
              from g, c)
        select last_seq from g
        """,
        claim.id, claim.token, uuid4(), stage.value, input_hash, _json(output), seconds, progress, message,
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def finish(
    claim: Claim,
    status: Status,
    message: str,
    *,
    code: ErrorCode | None = None,
    detail: str | None = None,
    result: Any = None,
) -> None:
    """End a generation, once: as CANCELLED if and only if the person asked for that. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with g as (
            update generations
               set status = $3::text, progress = case when $3::text = 'COMPLETED' then 100 else progress end,
                   eta_seconds = null, lease_until = null, worker = null, finished_at = clock_timestamp(),
                   last_seq = last_seq + 1, error_code = $4::text,
                   error_message = case when $4::text is null then null else $5 end,
                   error_detail = $6, result = $7::jsonb
             where id = $1 and token = $2 and status = 'RUNNING'
               and ($3::text = 'CANCELLED') = (cancel_requested_at is not null)
            returning id, last_seq, stage, progress)
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        select id, last_seq, $3::text, stage, $3::text, progress, $5, clock_timestamp() from g
        returning seq
        """,
        claim.id, claim.token, status.value, code.value if code else None, message, detail,
        None if result is None else _json(result),
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def release(claim: Claim, delay: timedelta, message: str, *, keep_attempt: bool) -> None:
    """Hand a generation back. A graceful release gives the attempt back; the token stays used. Raises nothing."""
    await db.fetch_all(
        """
        with g as (
            update generations
               set status = 'QUEUED', attempt = attempt - case when $5 then 0 else 1 end,
                   lease_until = null, worker = null, not_before = now() + $3::interval, last_seq = last_seq + 1
             where id = $1 and token = $2 and status = 'RUNNING'
            returning id, last_seq, stage, progress)
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        select id, last_seq, 'RELEASED', stage, 'QUEUED', progress, $4, clock_timestamp() from g
        """,
        claim.id, claim.token, delay, message, keep_attempt,
    )  # fmt: skip


async def request_cancel(generation_id: UUID, user_id: UUID) -> bool:
    """Cancel: at once what waits, by its worker what runs. False when it had already ended or is not the person's."""
    row = await db.fetch_one(
        """
        with g as (
            update generations
               set cancel_requested_at = coalesce(cancel_requested_at, now()),
                   status = case when status = 'QUEUED' then 'CANCELLED' else status end,
                   finished_at = case when status = 'QUEUED' then clock_timestamp() end,
                   last_seq = last_seq + case when status = 'QUEUED' then 1 else 0 end
             where id = $1 and user_id = $2 and status in ('QUEUED', 'RUNNING')
            returning id, last_seq, status, stage, progress),
        e as (
            insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
            select id, last_seq, 'CANCELLED', stage, status, progress, 'Cancelled', clock_timestamp()
              from g where status = 'CANCELLED')
        select status from g
        """,
        generation_id, user_id,
    )  # fmt: skip
    return row is not None


async def reap() -> list[UUID]:
    """End what no worker may take again: expired and cancelled, or expired once too often. Returns the ids."""
    rows = await db.fetch_all(
        """
        with dead as (
            select id, cancel_requested_at is not null as cancelled from generations
             where status = 'RUNNING' and lease_until <= now()
               and (cancel_requested_at is not null or attempt >= max_attempts)
             for no key update skip locked),
        g as (
            update generations g
               set status = case when d.cancelled then 'CANCELLED' else 'FAILED' end, lease_until = null, worker = null,
                   eta_seconds = null, finished_at = clock_timestamp(), last_seq = g.last_seq + 1,
                   error_code = case when d.cancelled then null else 'WORKER_LOST' end,
                   error_message = case when d.cancelled then null else
                       'The work was interrupted too many times. Nothing was charged; please start it again.' end
              from dead d where g.id = d.id
            returning g.id, g.last_seq, g.stage, g.status, g.progress, g.error_message),
        e as (
            insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
            select id, last_seq, status, stage, status, progress, coalesce(error_message, 'Cancelled'),
                   clock_timestamp()
              from g)
        select id from g
        """
    )
    return [row["id"] for row in rows]


async def runnable() -> int:
    """How many generations a worker could take now."""
    row = await db.fetch_one(
        """
        select (select count(*)
                  from (select 1 from generations where status = 'QUEUED' and not_before <= now() limit 100) q)
             + (select count(*) from generations where status = 'RUNNING' and lease_until <= now()) as n
        """
    )
    return int(row["n"]) if row else 0


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
