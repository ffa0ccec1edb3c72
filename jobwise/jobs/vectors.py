"""Vectors of postings and profiles by the model of the settings, made in the background for `queries.matching`.

Whoever is to have one is `due` in the database, by triggers. A worker claims some by putting them off, asks the model
with no transaction open, and keeps what still has its claim: a text that has changed meanwhile is due anew. Of a worker
that has died, the others take over what it had claimed once it is due again.

Whoever deletes an account locks its rows here in an order that nobody can tell. Statements that write several of them
therefore pass over those that are locked, and wait for nobody: whoever locks them takes them away or makes them due.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from jobwise.embeddings import by_model
from jobwise.embeddings.terms import to_sql
from jobwise.infra import db
from jobwise.jobs.meaning import hash_of, posting_text, profile_text
from jobwise.llm.embedding import Vector
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.router import Router
from jobwise.llm.types import Caller
from jobwise.profiles import queries as profiles
from jobwise.profiles.content import ProfileContent

#: What is claimed at once belongs to one person, and is asked for in one call where the model takes as many.
_MOST_AT_ONCE = 32
#: Beside the time that the texts of a claim may take.
_MARGIN = timedelta(seconds=60)
#: What could not be made is tried again after so long, or when the provider says.
_SHORTEST_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(minutes=10)
#: What does not pass by itself soon.
_LASTING = frozenset({ErrorKind.SPENDING, ErrorKind.QUOTA, ErrorKind.BAD_REQUEST, ErrorKind.CONTEXT_TOO_LONG})
#: The same for a text that the model does not take, or whose vector may have been paid for in vain.
_REST_OF_REFUSED = timedelta(days=1)
_BATCH = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Claimed:
    """Whose vector is to be made, from which text; it may have been made from it already.

    `claim` is when it would be due again.
    """

    id: UUID
    claim: datetime
    text: str
    hash: str
    is_made: bool


@dataclass(frozen=True)
class Ran:
    """How many texts are done with, and for how many seconds nobody need ask for more."""

    done: int
    rest: float = 0.0


async def make_due(model: str) -> int:
    """Ask for new vectors of whatever has none by this model (`provider:model`); returns how many."""
    changed = 0
    while True:
        rows = await db.fetch_all(
            """
            update text_vectors set due = now() where id in (
                select id from text_vectors where due is null and model is distinct from $1 limit $2
                   for update skip locked)
            returning id
            """,
            model,
            _BATCH,
        )
        changed += len(rows)
        if len(rows) < _BATCH:
            return changed


async def run(router: Router, seconds: float) -> Ran:
    """Make what is due until nothing is, the provider fails, or our own calls of this minute are used up.

    `seconds` is the longest that the texts of one claim may take. Raises DatabaseUnavailable.
    """
    done = 0
    while await router.can_embed():
        user_id, claimed = await _claimed(router, seconds)
        try:
            if user_id is None or not await _made(router, user_id, claimed, seconds):
                break
        except ProviderError as paced:
            return Ran(done, paced.retry_after or 0.0)
        done += len(claimed)
    return Ran(done)


async def _claimed(router: Router, seconds: float) -> tuple[UUID | None, list[_Claimed]]:
    """Who has waited longest, and others of the same person; None where nobody waits."""
    model = router.embedding.name if router.embedding else ""
    rows = await db.fetch_all(
        """
        update text_vectors set due = now() + $2::interval where id in (
            select id from text_vectors
             where due <= now()
               and user_id = (select user_id from text_vectors where due <= now() order by due limit 1)
             order by due, id limit $1 for update skip locked)
        returning id, user_id, due, case when model = $3 then hash end as hash
        """,
        min(_MOST_AT_ONCE, by_model.most_texts(router)),
        timedelta(seconds=seconds) + _MARGIN,
        model,
    )
    if not rows:
        return None, []
    texts = await _texts([row["id"] for row in rows])
    claimed = [
        _Claimed(row["id"], row["due"], *texts[row["id"]], is_made=row["hash"] == texts[row["id"]][1])
        for row in rows
        if row["id"] in texts
    ]
    return rows[0]["user_id"], claimed


async def _texts(ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Of postings and profiles that are still there, with the hashes by which they are known again.

    Whose they are is not asked: the ids are those of one person's claim, and nobody else may bring others.
    """
    postings = await db.fetch_all("select id, title, description, content_hash from jobs where id = any($1)", list(ids))
    contents = await profiles.contents_of(ids)
    return await asyncio.to_thread(_read, postings, contents)


def _read(
    postings: Sequence[Mapping[str, Any]], contents: Mapping[UUID, ProfileContent]
) -> dict[UUID, tuple[str, str]]:
    found = {row["id"]: (posting_text(row["title"], row["description"]), row["content_hash"]) for row in postings}
    for id_, content in contents.items():
        text = profile_text(content)
        found[id_] = text, hash_of(text)
    return found


async def _made(router: Router, user_id: UUID, claimed: Sequence[_Claimed], seconds: float) -> bool:
    """Make the vectors of these, and keep them; whether that went well.

    Raises: ProviderError(PACED), which is about nobody's texts; DatabaseUnavailable.
    """
    await _set_due([each for each in claimed if each.is_made], None)
    new = [each for each in claimed if not each.is_made]
    await _keep(router, {each: None for each in new if not each.text})
    texts = [each for each in new if each.text]
    try:
        async with asyncio.timeout(seconds):
            await _ask(router, user_id, texts)
    except asyncio.CancelledError:
        # Whoever is asked to leave hands back what it had claimed.
        await _set_due(texts, timedelta())
        raise
    except TimeoutError:
        await _put_off(user_id, texts, "the time for them is over", _SHORTEST_REST)
    except ProviderError as error:
        if error.kind is ErrorKind.PACED:
            await _set_due(texts, timedelta())
            raise
        await _put_off(user_id, texts, str(error), _rest_after(error))
    except db.CONNECTION_ERRORS:
        raise
    except Exception as error:
        # It may be so again after every call, and each has its price.
        log.error("vectors_failed", user_id=str(user_id), texts=len(texts), exc_info=error)
        await _set_due(texts, _REST_OF_REFUSED)
    else:
        return True
    return False


async def _ask(router: Router, user_id: UUID, claimed: Sequence[_Claimed]) -> None:
    """Keep each answer as it comes: it is paid for. Raises what `by_model.embedded` raises."""
    caller = Caller(user_id, stage="EMBED")
    async with aclosing(by_model.embedded(router, [each.text for each in claimed], caller)) as answers:
        async for vectors in answers:
            await _keep_patiently(router, user_id, {claimed[place]: vector for place, vector in vectors.items()})


def _rest_after(error: ProviderError) -> timedelta:
    if error.kind in _LASTING:
        return _LONGEST_REST
    return min(max(timedelta(seconds=error.retry_after or 0.0), _SHORTEST_REST), _LONGEST_REST)


async def _keep_patiently(router: Router, user_id: UUID, vectors: Mapping[_Claimed, Vector | None]) -> None:
    """Also when the database is away a while; those that they cannot be compared with are outdated."""

    async def keep() -> None:
        await _keep(router, vectors)
        for length in {len(vector) for vector in vectors.values() if vector}:
            await _outdate(router, user_id, length)

    # The time for the texts ends it.
    await db.patiently(keep)


async def _outdate(router: Router, user_id: UUID, length: int) -> None:
    """Have the person's vectors of another length made anew: the same model has made them as it no longer does.

    Not at once: while workers of two releases run, each would undo at once what the other has made, for money.
    """
    await db.fetch_all(
        """
        with free as materialized (
            select id from text_vectors
             where user_id = $1 and model = $2 and (due is null or due <= now()) and vector_dims(vector) <> $3
               for update skip locked)
        update text_vectors t set model = null, due = now() + $4::interval from free where t.id = free.id
        """,
        user_id,
        router.embedding.name if router.embedding else "",
        length,
        _LONGEST_REST,
    )


async def _keep(router: Router, vectors: Mapping[_Claimed, Vector | None]) -> None:
    """What is still claimed. A text without a vector is tried again in a day, unless it is empty."""
    if not vectors or router.embedding is None:
        return
    # Half a million digits.
    written = await asyncio.to_thread(lambda: [to_sql(vector) if vector else None for vector in vectors.values()])
    await db.fetch_all(
        """
        with n as (
            select * from unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::bool[])
                       as n (id, claim, vector, hash, has_text)),
        free as materialized (
            select t.id from text_vectors t join n on t.id = n.id and t.due = n.claim for update of t skip locked)
        update text_vectors t
           set vector = n.vector::vector, model = $1, hash = n.hash,
               due = case when n.vector is null and n.has_text then now() + $2::interval end
          from free join n using (id)
         where t.id = free.id
        """,
        router.embedding.name,
        _REST_OF_REFUSED,
        [each.id for each in vectors],
        [each.claim for each in vectors],
        written,
        [each.hash for each in vectors],
        [bool(each.text) for each in vectors],
    )


async def _put_off(user_id: UUID, claimed: Sequence[_Claimed], reason: str, rest: timedelta) -> None:
    """These, and what else is due of this person: the others need not wait for them."""
    log.warning("vectors_not_made", user_id=str(user_id), texts=len(claimed), reason=reason)
    await _set_due(claimed, rest)
    await db.fetch_all(
        """
        with free as materialized (
            select id from text_vectors where user_id = $1 and due <= now() for update skip locked)
        update text_vectors t set due = now() + $2::interval from free where t.id = free.id
        """,
        user_id,
        rest,
    )


async def _set_due(claimed: Sequence[_Claimed], rest: timedelta | None) -> None:
    """Of what is still claimed: in so long, or not at all."""
    if not claimed:
        return
    await db.fetch_all(
        """
        with free as materialized (
            select t.id
              from text_vectors t
              join unnest($1::uuid[], $2::timestamptz[]) as n (id, claim) on t.id = n.id and t.due = n.claim
               for update of t skip locked)
        update text_vectors t set due = now() + $3::interval from free where t.id = free.id
        """,
        [each.id for each in claimed],
        [each.claim for each in claimed],
        rest,
    )
