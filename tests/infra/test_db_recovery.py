"""What becomes of those who use the database when its server dies, hangs or comes back."""

import asyncio
import contextvars
import os
import random
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from uuid import uuid4

import asyncpg
import pytest
from asyncpg.transaction import Transaction

from jobwise.errors import ErrorCode
from jobwise.infra import db, db_engine
from jobwise.infra.embedded import EmbeddedServers

POOL = 10
_IDLE = "idle_in_transaction_session_timeout"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    """A PostgreSQL that only these tests kill."""
    async with EmbeddedServers(tmp_path_factory.mktemp("own"), redis=False) as own:
        connection = await asyncpg.connect(own.addresses.database_url)
        await connection.execute("create table pairs (name text, half int)")
        await connection.close()
        yield own


@pytest.fixture
async def connected(server: EmbeddedServers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmbeddedServers]:
    # Tests hold transactions open on purpose.
    monkeypatch.setattr(db, "_IDLE_SECONDS", 60.0)
    await db.connect(server.addresses.database_url, pool=POOL)
    yield server
    await db.close()
    connection = await asyncpg.connect(server.addresses.database_url)
    await connection.execute("truncate pairs")
    await connection.close()


async def write_pair() -> None:
    name = str(uuid4())
    async with db.transaction():
        await db.fetch_all("insert into pairs values ($1, 1)", name)
        await db.fetch_all("insert into pairs values ($1, 2)", name)


async def answers() -> bool:
    return await db.fetch_one("select 1 as one") == {"one": 1}


def children(pid: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in table.splitlines()]
    return [child for child, parent in rows if parent == pid]


@asynccontextmanager
async def all_connections_held() -> AsyncIterator[None]:
    """Within it, as many are in a transaction as the pool has connections. Raises TimeoutError where one is missing."""
    all_in, over = asyncio.Barrier(POOL + 1), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await all_in.wait()
            await over.wait()

    async with asyncio.TaskGroup() as holders:
        for _ in range(POOL):
            holders.create_task(hold())
        async with asyncio.timeout(30):
            await all_in.wait()
        yield
        over.set()


async def every_connection_is_free() -> bool:
    async with all_connections_held():
        return True


class Traffic:
    """Many who write without a pause; what they met instead of success."""

    def __init__(self) -> None:
        self.written = 0
        self.refusals: list[db.DatabaseUnavailable] = []
        self._tasks = [asyncio.create_task(self._write()) for _ in range(2 * POOL)]

    async def _write(self) -> None:
        while True:
            try:
                await write_pair()
                self.written += 1
            except db.DatabaseUnavailable as refusal:
                self.refusals.append(refusal)
                await asyncio.sleep(0.02)

    async def flows(self) -> None:
        """Wait until writing succeeds again. Raises what a writer met that has no name."""
        wanted = self.written + 20
        async with asyncio.timeout(60):
            while self.written < wanted:
                await asyncio.sleep(0.01)
                for task in self._tasks:
                    if task.done():
                        task.result()

    async def __aenter__(self) -> Self:
        await self.flows()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert {type(each) for each in ended} == {asyncio.CancelledError}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])
async def test_a_server_that_ends_under_load_is_found_again_and_has_no_half_of_anything(
    connected: EmbeddedServers, number: int
) -> None:
    async with Traffic() as traffic:
        os.kill(connected.pids["postgres"], number)
        await connected.watch()
        await connected.start()
        await traffic.flows()

    assert {refusal.code for refusal in traffic.refusals} == {ErrorCode.UNAVAILABLE}
    assert await db.fetch_all("select name from pairs group by name having count(*) <> 2") == []
    assert await every_connection_is_free()


async def test_connections_that_are_cut_one_by_one_do_not_poison_the_pool(connected: EmbeddedServers) -> None:
    scissors = await asyncpg.connect(connected.addresses.database_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(scissors.close)
        traffic = await stack.enter_async_context(Traffic())
        for _ in range(20):
            await scissors.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            await asyncio.sleep(0.02)
        await traffic.flows()

    assert traffic.refusals
    assert await every_connection_is_free()


async def test_nobody_waits_long_for_a_server_that_hangs(connected: EmbeddedServers) -> None:
    await answers()
    main = connected.pids["postgres"]
    pids = [main, *children(main)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        ended = await asyncio.gather(*(write_pair() for _ in range(2 * POOL)), return_exceptions=True)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    assert {type(each) for each in ended} == {db.DatabaseUnavailable}
    # The waits for a connection and for a statement, and as much again for what the machine does meanwhile.
    assert time.monotonic() - began < 2 * (db_engine.ACQUIRE_SECONDS + db._STATEMENT_SECONDS) + 10
    assert await answers()
    assert await every_connection_is_free()


async def test_waiting_for_a_connection_ends(connected: EmbeddedServers, monkeypatch: pytest.MonkeyPatch) -> None:
    async with all_connections_held():
        monkeypatch.setattr(db_engine, "ACQUIRE_SECONDS", 0.2)
        with pytest.raises(db.DatabaseUnavailable) as refused:
            await answers()
        monkeypatch.undo()

    assert refused.value.reason == "TimeoutError"
    assert await answers()


async def test_a_crowd_is_served_though_it_takes_longer_than_that(
    connected: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Connected first: only a statement that has ended counts as a sign of life, and to connect takes long on a busy
    # machine.
    await asyncio.gather(*(db.fetch_all("select pg_sleep(0.1)") for _ in range(POOL)))
    monkeypatch.setattr(db_engine, "ACQUIRE_SECONDS", 3.0)
    began = time.monotonic()

    answers = await asyncio.gather(*(db.fetch_one("select pg_sleep(0.3), 1 as one") for _ in range(11 * POOL)))

    assert [answer and answer["one"] for answer in answers] == [1] * (11 * POOL)
    assert time.monotonic() - began > db_engine.ACQUIRE_SECONDS


async def test_transactions_cancelled_at_any_moment_leave_nothing_open(connected: EmbeddedServers) -> None:
    chance = random.Random(7)

    async def cancelled() -> None:
        task = asyncio.create_task(write_pair())
        await asyncio.sleep(chance.uniform(0, 0.01))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(20):
        await asyncio.gather(*(cancelled() for _ in range(2 * POOL)))

    assert await every_connection_is_free()
    # Of a connection that was ended the server may hear a little later.
    async with asyncio.timeout(30):
        open_ones = "select pid from pg_stat_activity where state like 'idle in transaction%'"
        while await db.fetch_all(open_ones):  # noqa: ASYNC110 (the server tells nobody)
            await asyncio.sleep(0.02)
    assert await db.fetch_all("select name from pairs group by name having count(*) <> 2") == []


async def test_deadlocks_are_something_to_try_again(connected: EmbeddedServers) -> None:
    await write_pair()
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with db.transaction():
            await db.fetch_all("update pairs set name = name where half = $1", first)
            await both.wait()
            await db.fetch_all("update pairs set name = name where half = $1", second)

    ended = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)

    (loser,) = (each for each in ended if each is not None)
    assert isinstance(loser, db.DatabaseUnavailable)
    assert loser.reason == "DeadlockDetectedError"


async def test_a_transaction_that_stands_still_is_ended_by_the_server_and_those_behind_it_go_on(
    connected: EmbeddedServers,
) -> None:
    await write_pair()
    behind: list[int] = []

    async def go_on() -> None:
        rows = await db.fetch_all("update pairs set half = half + 100 returning half")
        behind.extend(sorted(row["half"] for row in rows))

    async def stand_still() -> None:
        async with db.transaction():
            await db.fetch_all("update pairs set half = half + 10")
            # Whoever is behind comes to its turn by this alone.
            await db.fetch_all(f"set local {_IDLE} = '0.3 s'")
            await asyncio.create_task(go_on(), context=contextvars.Context())
            await db.fetch_all("update pairs set half = half + 10")

    with pytest.raises(db.DatabaseUnavailable):
        await stand_still()

    assert behind == [101, 102]
    assert await every_connection_is_free()


async def test_transactions_may_stand_still_for_seconds_unless_they_ask_for_more(connected: EmbeddedServers) -> None:
    async with db.transaction():
        assert await db.fetch_one(f"show {_IDLE}") == {_IDLE: "1min"}
        await db.may_stand_still()
        assert await db.fetch_one(f"show {_IDLE}") == {_IDLE: "0"}


def test_a_migration_may_stand_still() -> None:
    for patience, idle in ((None, "0"), (5.0, "3000")):
        chosen = db.tortoise_config("postgresql:///jobwise", patience=patience)["connections"]["default"]["credentials"]
        assert chosen["server_settings"][_IDLE] == idle


async def test_a_commit_whose_answer_is_lost_is_unavailable_and_may_have_happened(
    connected: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Transaction.commit

    async def unheard(self: Transaction) -> None:
        await commit(self)
        raise ConnectionResetError

    monkeypatch.setattr(Transaction, "commit", unheard)
    with pytest.raises(db.DatabaseUnavailable, match="may have been saved"):
        await write_pair()
    monkeypatch.undo()

    assert len(await db.fetch_all("select name from pairs")) == 2
    assert await every_connection_is_free()


@pytest.mark.parametrize("arguments", [("not a number",), (1, 2)])
async def test_our_own_mistakes_are_not_taken_for_absence(
    connected: EmbeddedServers, arguments: tuple[object, ...]
) -> None:
    with pytest.raises((asyncpg.InterfaceError, db.OperationalError)):
        await db.fetch_all("select $1::int", *arguments)


async def test_a_server_that_was_never_there_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    absent = f"postgresql://jobwise@/jobwise?host={tmp_path_factory.mktemp('empty')}"
    await db.connect(absent)
    try:
        with pytest.raises(db.DatabaseUnavailable, match="does not answer") as missing:
            await answers()
        with pytest.raises(db.DatabaseUnavailable):
            await write_pair()
        with pytest.raises(db.DatabaseUnavailable):
            await db.migrate(absent)
    finally:
        await db.close()

    assert missing.value.reason == "FileNotFoundError"
