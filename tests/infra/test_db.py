import asyncio
import sys

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.migrations.autodetector import MigrationAutodetector

from jobwise.accounts.models import User
from jobwise.generation.models import Event
from jobwise.infra import db
from tests.accounts.people import a_viewer
from tests.generation.orders import an_order
from tests.jobs.postings import a_job

_TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'tortoise_migrations'"


async def _tables(url: str) -> set[str]:
    connection = await asyncpg.connect(**db.credentials(url))
    try:
        return {row["tablename"] for row in await connection.fetch(_TABLES)}
    finally:
        await connection.close()


async def test_models_and_migrations_agree(database: str) -> None:
    apps = Tortoise.apps
    assert apps is not None

    changes = await MigrationAutodetector(apps, db.tortoise_config(database)["apps"]).changes()

    assert [operation.describe() for writer in changes for operation in writer.operations] == []


async def test_every_migration_goes_down_again_and_up_once_more(empty_database: str) -> None:
    await db.migrate(empty_database)
    newest = await _tables(empty_database)

    await db.migrate(empty_database, f"{db.APP}.__first__")
    assert await _tables(empty_database) == set()

    await db.migrate(empty_database)
    assert await _tables(empty_database) == newest


async def test_what_was_there_before_vectors_is_due_as_well_and_once(empty_database: str) -> None:
    await db.migrate(empty_database, f"{db.APP}.0006_notices")
    await db.connect(empty_database)
    before = await a_job(await a_viewer())
    await db.migrate(empty_database, f"{db.APP}.0007_vectors")
    await db.connect(empty_database)
    after = await a_job(await a_viewer())
    await db.migrate(empty_database)
    await db.connect(empty_database)
    try:
        rows = await db.fetch_all("select id, user_id from text_vectors where due <= now()")
    finally:
        await db.close()

    assert {(row["id"], row["user_id"]) for row in rows} == {(job.id, job.user_id) for job in (before, after)}


async def test_orders_of_the_last_hour_count_through_a_migration_once(empty_database: str) -> None:
    await db.migrate(empty_database, f"{db.APP}.0008_vectors_of_all")
    await db.connect(empty_database)
    viewer = await a_viewer()
    for age in ("61 minutes", "59 minutes"):
        await an_order(viewer)
        await db.fetch_all(
            """
            update generation_events set created_at = created_at - $1::text::interval
             where created_at > now() - interval '1 minute'
            """,
            age,
        )
    await db.migrate(empty_database)
    await db.connect(empty_database)
    try:
        await an_order(viewer)
        rows = await db.fetch_all("select user_id from generation_orders")
    finally:
        await db.close()

    assert [row["user_id"] for row in rows] == [viewer.user_id] * 2


async def test_processes_that_migrate_at_the_same_time_wait_for_one_another(empty_database: str) -> None:
    code = "import asyncio, sys; from jobwise.infra import db; asyncio.run(db.migrate(sys.argv[1]))"
    runs = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, empty_database) for _ in range(3)]

    assert [await run.wait() for run in runs] == [0, 0, 0]
    assert "generations" in await _tables(empty_database)


async def test_a_task_cancelled_while_it_begins_a_transaction_leaks_no_connection(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancelled(_: TransactionWrapper) -> None:
        raise asyncio.CancelledError

    async def attempt() -> None:
        async with db.transaction():
            await User.all().count()

    with monkeypatch.context() as patch:
        patch.setattr(TransactionWrapper, "begin", cancelled)
        for _ in range(20):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.create_task(attempt()), 30)

    # The pool has ten connections: had each attempt kept one, this would wait for ever.
    await asyncio.wait_for(attempt(), 30)


async def test_a_transaction_that_fails_leaves_nothing(database: str) -> None:
    async def fail() -> None:
        async with db.transaction():
            await User.create(email="a@example.com", password_hash="-")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await User.all().count() == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ada:p%40ss@db.example:6000/work", ("db.example", 6000, "ada", "p@ss", "work")),
        ("postgresql://jobwise@/jobwise?host=/run/sockets", ("/run/sockets", 5432, "jobwise", None, "jobwise")),
        ("postgresql://localhost", ("localhost", 5432, "jobwise", None, "jobwise")),
    ],
)
def test_urls_of_tcp_and_sockets_are_understood(url: str, expected: tuple[object, ...]) -> None:
    arguments = db.credentials(url)
    assert tuple(arguments[name] for name in ("host", "port", "user", "password", "database")) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "insert into users (id, email, name, password_hash, is_staff, created_at) "
        "values (gen_random_uuid(), 'Upper@Example.com', '', '-', false, now())",
        "insert into exports"
        " (id, document_version_id, format, filename, media_type, size, sha256, storage_key, created_at)"
        " values (gen_random_uuid(), gen_random_uuid(), 'pdf', 'a', 'b', -1, '', '', now())",
    ],
)
async def test_the_database_itself_refuses_what_makes_no_sense(database: str, statement: str) -> None:
    with pytest.raises(db.IntegrityError):
        await db.fetch_all(statement)


async def test_a_statement_is_repeated_for_as_long_as_there_is_patience() -> None:
    tries = 0

    async def away() -> None:
        nonlocal tries
        tries += 1
        if tries != 2:
            raise db.DatabaseUnavailable

    async with asyncio.timeout(30):
        await db.patiently(away, seconds=20)
        assert tries == 2
        with pytest.raises(db.DatabaseUnavailable):
            await db.patiently(away, seconds=0.3)
    assert tries > 3


async def test_a_worker_of_the_first_version_can_write_what_the_newest_tables_need(database: str) -> None:
    """Its statements do not know the newer columns: old and new workers run side by side while a deployment goes on."""
    generation_id = await an_order(await a_viewer())

    row = await db.fetch_one("select id, token from claim_generation('old', interval '30 seconds', 4)")
    await db.fetch_all(
        """
        insert into generation_checkpoints (id, generation_id, stage, input_hash, output, seconds, created_at)
        values (gen_random_uuid(), $1, 'ANALYZE', 'hash', '{}', 0.1, now())
        """,
        generation_id,
    )
    await db.fetch_all(
        """
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        values ($1, 3, 'STAGE_COMPLETED', 'ANALYZE', 'RUNNING', 15, 'Read the posting', now())
        """,
        generation_id,
    )

    assert row == {"id": generation_id, "token": 1}
    events = await Event.filter(generation_id=generation_id).order_by("seq")
    assert [event.user_seq for event in events] == [1, 2, 3]
