"""The statements that move a generation from state to state, and the reads.

Each write is one statement: it either happened or it did not, and a cancelled task cannot leave half of it. Every write
of a worker is fenced by the lease token; when it affects no row, the lease is lost. Only PostgreSQL's clock judges
leases. Each may be repeated when it is not known whether it happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from tortoise.queryset import QuerySet

from jobwise.accounts.service import Viewer
from jobwise.errors import ErrorCode
from jobwise.generation.models import Generation, Status
from jobwise.generation.types import Stage
from jobwise.infra import db, paging
from jobwise.infra.paging import Page

#: Distance in virtual time between two open generations of one person; any length would do.
_TURN = timedelta(seconds=30)
# Start-time fair queueing: a person's first generation joins the round that is being served, each further one comes a
# round later. So whoever has one waiting is served before the second of whoever has many.
_NEXT_TURN = """
    greatest(coalesce((select min(vt) from generations where status = 'QUEUED'), clock_timestamp()),
             (select max(vt) + $3::interval from generations where user_id = $2 and status in ('QUEUED', 'RUNNING')))
"""


#: A generation's id and the token of one claim of it.
Key = tuple[UUID, int]


class LeaseLost(Exception):
    """Another worker has the generation now, or it was cancelled: stop without writing anything."""


def visible_to(viewer: Viewer) -> QuerySet[Generation]:
    """The generations that a person may see."""
    return Generation.filter(user_id=viewer.user_id)


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
    spent_seconds: float
    inputs: dict[str, Any]

    @property
    def key(self) -> Key:
        """No other claim of this or any other generation has the same."""
        return self.id, self.token


async def insert(generation_id: UUID, user_id: UUID, profile_id: UUID, job_id: UUID, title: str, inputs: Any) -> None:
    """Write an accepted generation and its first event."""
    await db.fetch_all(
        f"""
        with g as (
            insert into generations (id, user_id, profile_id, job_id, title, inputs, status, progress, token, attempt,
                                     max_attempts, not_before, last_seq, created_at, vt)
            values ($1, $2, $4, $5, $6, $7::jsonb, 'QUEUED', 0, 0, 0, 5, now(), 1, clock_timestamp(), {_NEXT_TURN})
            returning id)
        insert into generation_events (generation_id, seq, type, status, progress, message, created_at)
        select g.id, 1, 'ACCEPTED', 'QUEUED', 0, 'Waiting for a worker', clock_timestamp() from g
        """,  # noqa: S608 (a constant)
        generation_id, user_id, _TURN, profile_id, job_id, title, _json(inputs),
    )  # fmt: skip


async def requeue(generation_id: UUID, user_id: UUID) -> bool:
    """Let a failed or cancelled generation of the person go on from its checkpoints. False when there is none."""
    row = await db.fetch_one(
        f"""
        with g as (
            update generations
               set status = 'QUEUED', attempt = 0, spent_seconds = 0, cancel_requested_at = null, finished_at = null,
                   error_code = null, error_message = null, error_detail = null, not_before = now(),
                   last_seq = last_seq + 1, vt = {_NEXT_TURN}
             where id = $1 and user_id = $2 and status in ('FAILED', 'CANCELLED')
            returning id, last_seq, stage, progress),
        e as (
            insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
            select id, last_seq, 'RETRIED', stage, 'QUEUED', progress, 'Waiting for a worker, to go on where it stood',
                   clock_timestamp()
              from g)
        select id from g
        """,  # noqa: S608 (a constant)
        generation_id, user_id, _TURN,
    )  # fmt: skip
    return row is not None


async def ordered_within(user_id: UUID, period: timedelta) -> int:
    """How often a person started or retried lately, whatever was deleted since.

    Locks out their next count until the transaction ends.
    """
    await db.fetch_all("select pg_advisory_xact_lock(hashtextextended($1::text, 7340003))", str(user_id))
    row = await db.fetch_one(
        """
        select count(*) as n from generation_orders where user_id = $1 and created_at > now() - $2::interval
        """,
        user_id, period,
    )  # fmt: skip
    return int(row["n"]) if row else 0


@dataclass(frozen=True)
class Reaped:
    """A generation that the sweeper ended."""

    id: UUID
    user_id: UUID


async def claim(worker: str, lease: timedelta, cap: int) -> Claim | None:
    """The next generation in fair order, now leased to `worker`; at most `cap` run for one person at a time."""
    row = await db.fetch_one(
        """
        select id, user_id, token, attempt, max_attempts, spent_seconds, inputs from claim_generation($1, $2, $3)
        """,
        worker, lease, cap,
    )  # fmt: skip
    if row is None:
        return None
    return Claim(**{**row, "inputs": orjson.loads(row["inputs"])})


async def extend_leases(claims: Sequence[Claim], seconds: Sequence[float], lease: timedelta) -> set[Key]:
    """Extend the leases that are still held, and return their keys.

    `seconds` are the times worked on each since it was last extended.
    """
    rows = await db.fetch_all(
        """
        update generations g set lease_until = now() + $4::interval, spent_seconds = g.spent_seconds + held.seconds
          from unnest($1::uuid[], $2::int[], $3::float8[]) as held (id, token, seconds)
         where g.id = held.id and g.token = held.token and g.status = 'RUNNING'
        returning g.id, g.token
        """,
        [claim.id for claim in claims], [claim.token for claim in claims], list(seconds), lease,
    )  # fmt: skip
    return {(row["id"], row["token"]) for row in rows}


async def ended_leases(claims: Sequence[Claim]) -> set[Key]:
    """The keys of those claims that must not be worked on any more: cancelled, or claimed anew since."""
    rows = await db.fetch_all(
        """
        select held.id, held.token from unnest($1::uuid[], $2::int[]) as held (id, token)
          left join generations g on g.id = held.id and g.token = held.token and g.status = 'RUNNING'
         where g.id is null or g.cancel_requested_at is not null
        """,
        [claim.id for claim in claims], [claim.token for claim in claims],
    )  # fmt: skip
    return {(row["id"], row["token"]) for row in rows}


@dataclass(frozen=True)
class Kept:
    """What is kept of a stage, or of a step within one: its output, and what a person is told of it. Plain JSON."""

    output: Any
    notices: Any = ()


async def checkpoints(generation_id: UUID) -> dict[tuple[str, str], Kept]:
    """Finished stages: (stage, input hash) → what is kept of them."""
    rows = await db.fetch_all(
        "select stage, input_hash, output, notices from generation_checkpoints where generation_id = $1", generation_id
    )
    return {
        (row["stage"], row["input_hash"]): Kept(orjson.loads(row["output"]), orjson.loads(row["notices"]))
        for row in rows
    }


async def save_step(claim: Claim, step: str, input_hash: str, output: Any, notices: Any = ()) -> None:
    """Keep what was found out within a stage, without a word to followers. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with f as (
            select id from generations
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null for no key update),
        c as (
            insert into generation_checkpoints
                   (id, generation_id, stage, input_hash, output, notices, seconds, created_at)
            select $3, f.id, $4, $5, $6::jsonb, $7::jsonb, 0, clock_timestamp() from f on conflict do nothing)
        select id from f
        """,
        claim.id, claim.token, uuid4(), step, input_hash, _json(output), _json(notices),
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def stage_seconds() -> dict[tuple[Stage, bool], float]:
    """How long each stage took lately, in generations that models had a part in (True) and in others: the median."""
    rows = await db.fetch_all(
        """
        with lately as (
            select generation_id, stage, seconds from generation_checkpoints where stage = any($1::text[])
             order by created_at desc limit 500),
        helped as (
            select distinct generation_id from generation_checkpoints
             where generation_id in (select generation_id from lately) and output_tokens > 0)
        select stage, helped.generation_id is not null as with_models,
               percentile_cont(0.5) within group (order by seconds) as seconds
          from lately left join helped using (generation_id)
         group by 1, 2
        """,
        list(Stage),
    )
    return {(Stage(row["stage"]), row["with_models"]): float(row["seconds"]) for row in rows}


async def start_stage(claim: Claim, stage: Stage, progress: int, eta: float | None, message: str) -> None:
    """Say that a stage begins; said again without anything in between, it counts once. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with f as (
            select id, last_seq from generations
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null for no key update),
        g as (
            update generations
               set stage = $3, progress = greatest(progress, $4), eta_seconds = $5, last_seq = last_seq + 1
             where id in (
                 select f.id from f
                  where not exists (select 1 from generation_events
                                     where generation_id = f.id and seq = f.last_seq
                                       and type = 'STAGE_STARTED' and stage = $3))
            returning id, last_seq, progress),
        e as (
            insert into generation_events
                   (generation_id, seq, type, stage, status, progress, eta_seconds, message, created_at)
            select id, last_seq, 'STAGE_STARTED', $3, 'RUNNING', progress, $5, $6, clock_timestamp() from g)
        select id from f
        """,
        claim.id, claim.token, stage.value, progress, eta, message,
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def save_checkpoint(
    claim: Claim,
    stage: Stage,
    input_hash: str,
    output: Any,
    seconds: float,
    progress: int,
    message: str,
    notices: Any = (),
    eta: float | None = None,
) -> None:
    """Keep a stage's output and the tokens it cost, and say so. Raises LeaseLost.

    That is progress: earlier crashes no longer count.
    """
    row = await db.fetch_one(
        """
        with f as (
            select id from generations
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null for no key update),
        c as (
            insert into generation_checkpoints
                   (id, generation_id, stage, input_hash, output, notices, seconds, input_tokens, output_tokens,
                    created_at)
            select $3, f.id, $4, $5, $6::jsonb, $10::jsonb, $7, cost.input, cost.output, clock_timestamp()
              from f, (select coalesce(sum(input_tokens), 0) as input, coalesce(sum(output_tokens), 0) as output
                         from llm_calls where generation_id = $1 and stage = $4) cost
                on conflict do nothing returning 1),
        g as (
            update generations set progress = greatest(progress, $8), last_seq = last_seq + (select count(*) from c),
                   attempt = 1, eta_seconds = $11
             where id in (select id from f) returning id, last_seq, progress, eta_seconds),
        e as (
            insert into generation_events
                   (generation_id, seq, type, stage, status, progress, eta_seconds, message, created_at)
            select g.id, g.last_seq, 'STAGE_COMPLETED', $4, 'RUNNING', g.progress, g.eta_seconds, $9, clock_timestamp()
              from g, c)
        select last_seq from g
        """,
        claim.id, claim.token, uuid4(), stage.value, input_hash, _json(output), seconds, progress, message,
        _json(notices), eta,
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
    """End a generation, once: as CANCELLED if and only if the person asked for that. Raises LeaseLost.

    Only APIs of the version before leave that end to the worker; see `request_cancel`.
    """
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
    """Hand a generation back. A graceful release gives the attempt back; the token stays used. Raises LeaseLost."""
    row = await db.fetch_one(
        """
        with g as (
            update generations
               set status = 'QUEUED', attempt = attempt - case when $5 then 0 else 1 end,
                   lease_until = null, worker = null, not_before = now() + $3::interval, last_seq = last_seq + 1
             where id = $1 and token = $2 and status = 'RUNNING' and cancel_requested_at is null
            returning id, last_seq, stage, progress)
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        select id, last_seq, 'RELEASED', stage, 'QUEUED', progress, $4, clock_timestamp() from g
        returning seq
        """,
        claim.id, claim.token, delay, message, keep_attempt,
    )  # fmt: skip
    if row is None:
        raise LeaseLost


async def request_cancel(generation_id: UUID, user_id: UUID) -> bool:
    """Cancel, whatever its worker does: that finds its lease lost. False when it had ended or is not the person's."""
    row = await db.fetch_one(
        """
        with g as (
            update generations
               set status = 'CANCELLED', cancel_requested_at = coalesce(cancel_requested_at, now()), eta_seconds = null,
                   lease_until = null, worker = null, finished_at = clock_timestamp(), last_seq = last_seq + 1
             where id = $1 and user_id = $2 and status in ('QUEUED', 'RUNNING')
            returning id, last_seq, stage, progress)
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        select id, last_seq, 'CANCELLED', stage, 'CANCELLED', progress, 'Cancelled', clock_timestamp() from g
        returning seq
        """,
        generation_id, user_id,
    )  # fmt: skip
    return row is not None


async def reap() -> Reaped | None:
    """End one generation that no worker may take again: its lease expired, and it is cancelled or crashed too often.

    One at a time: a statement that ended several could meet another one in the opposite order. Waits for nobody: where
    one person's rows are locked, those of others are ended.
    """
    row = await db.fetch_one(
        """
        with dead as (
            select g.id, g.cancel_requested_at is not null as cancelled
              from generations g join generation_event_counters c on c.user_id = g.user_id
             where g.status = 'RUNNING' and g.lease_until <= now()
               and (g.cancel_requested_at is not null or g.attempt >= g.max_attempts)
             limit 1 for no key update skip locked),
        g as (
            update generations g
               set status = case when d.cancelled then 'CANCELLED' else 'FAILED' end, lease_until = null, worker = null,
                   eta_seconds = null, finished_at = clock_timestamp(), last_seq = g.last_seq + 1,
                   error_code = case when d.cancelled then null else 'WORKER_LOST' end,
                   error_message = case when d.cancelled then null else
                       'The work on it was interrupted too often. What was done is kept: retry it to go on from there.'
                       end,
                   error_detail = case when d.cancelled then null else
                       format('%s workers ended in stage %s; the last one was %s', g.attempt, g.stage, g.worker) end
              from dead d where g.id = d.id
            returning g.id, g.user_id, g.last_seq, g.stage, g.status, g.progress, g.error_message),
        e as (
            insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
            select id, last_seq, status, stage, status, progress, coalesce(error_message, 'Cancelled'),
                   clock_timestamp()
              from g)
        select id, user_id from g
        """
    )
    return Reaped(**row) if row else None


@dataclass(frozen=True)
class Due:
    """How many generations a worker could take now, and in how many seconds the next lease runs out if it is left."""

    now: int
    next_lease_ends_in: float | None


async def due() -> Due:
    """What there is for workers to do."""
    row = await db.fetch_one(
        """
        select (select count(*)
                  from (select 1 from generations where status = 'QUEUED' and not_before <= now() limit 100) q)
             + (select count(*) from generations where status = 'RUNNING' and lease_until <= now()) as now,
               (select extract(epoch from min(lease_until) - now())::float8
                  from generations where status = 'RUNNING' and lease_until > now()) as next_lease_ends_in
        """
    )
    return Due(**row) if row else Due(0, None)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
