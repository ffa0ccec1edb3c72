"""What is thrown away in the course of time. Every worker runs this once an hour; one of them at a time does it."""

import structlog

from jobwise.config import settings
from jobwise.generation import events
from jobwise.infra import db
from jobwise.infra.storage import Storage
from jobwise.llm import ledger

# Any number that no other advisory lock of ours has.
_LOCK = 7_340_004
_BATCH = 1_000

log = structlog.get_logger(__name__)


async def run() -> None:
    """Forget what nobody will ask for again. Raises DatabaseUnavailable, StorageFailed; what is left waits its turn."""
    async with db.only_here(_LOCK) as alone:
        if not alone:
            return
        keys = await forget_idempotency_keys()
        orders = await forget_orders()
        calls = await ledger.settle_abandoned()
        old = await events.prune()
        # Last, since a sick disk must not keep the rest from being done.
        files = await collect_files(Storage(settings().files_folder()))
        log.info(
            "housekeeping_done", idempotency_keys=keys, orders=orders, files=files, abandoned_calls=calls, events=old
        )


async def forget_idempotency_keys() -> int:
    """Forget keys that nobody will repeat; returns how many."""
    return await _forget("idempotency_keys", "30 days")


async def forget_orders() -> int:
    """Forget orders that no longer count towards what somebody may order in an hour; returns how many."""
    return await _forget("generation_orders", "2 hours")


async def _forget(table: str, age: str) -> int:
    """Delete the rows of a table that are older, some at a time."""
    forgotten = 0
    while True:
        rows = await db.fetch_all(
            f"""
            delete from {table} where ctid = any (array(
                select ctid from {table} where created_at < now() - interval '{age}' limit $1))
            returning 1
            """,  # noqa: S608 (constants)
            _BATCH,
        )
        forgotten += len(rows)
        if len(rows) < _BATCH:
            return forgotten


async def collect_files(storage: Storage) -> int:
    """Remove files that no document has; returns how many.

    The files of exports, and those that a generation which is not completed may still deliver, are kept.
    """
    undelivered = await _undelivered()

    async def named(keys: list[str]) -> set[str]:
        rows = await db.fetch_all("select storage_key from exports where storage_key = any($1)", keys)
        return {row["storage_key"] for row in rows} | undelivered

    return await storage.collect(named)


async def _undelivered() -> set[str]:
    """Keys of files that were made and are not delivered: a generation that is resumed or retried will name them."""
    rows = await db.fetch_all(
        """
        select distinct file ->> 'key' as key
          from generations g
          join generation_checkpoints c on c.generation_id = g.id and c.stage = 'EXPORT'
         cross join jsonb_array_elements(c.output -> 'documents') as document
         cross join jsonb_array_elements(document -> 'files') as file
         where g.status <> 'COMPLETED'
        """
    )
    return {row["key"] for row in rows}
