"""The embedded servers: they start anywhere, lose nothing and leave nothing behind."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from tortoise.backends.base.config_generator import expand_db_url

from jobwise.infra import db
from jobwise.infra.embedded import Addresses, AlreadyRunning, EmbeddedError, EmbeddedServers, privileges, process
from jobwise.infra.embedded.home import socket_folder

_SERVERS = frozenset({"postgres", "redis-server", "valkey-server", "initdb"})
_PROJECT = Path(__file__).parents[2]
_CHILD = _PROJECT / "jobwise" / "infra" / "embedded" / "child.py"

# An owner that another process can kill: starts the servers, prints their addresses, and waits.
_OWNER = """
import asyncio, sys
from pathlib import Path
from jobwise.infra.embedded import EmbeddedServers
async def main():
    async with EmbeddedServers(Path(sys.argv[1])) as servers:
        print(servers.addresses.database_url, servers.addresses.redis_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path: pytest's own folders are long."""
    with tempfile.TemporaryDirectory(prefix="jw-") as folder:
        yield Path(folder) / "home"


@asynccontextmanager
async def _sql(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _remember(addresses: Addresses, note: str) -> None:
    async with _sql(addresses.database_url) as connection:
        await connection.execute("create table if not exists notes (note text)")
        await connection.execute("insert into notes values ($1)", note)
    async with Redis.from_url(addresses.redis_url) as client:
        await client.rpush("notes", note)


async def _remembered(addresses: Addresses) -> tuple[list[str], list[str]]:
    async with _sql(addresses.database_url) as connection:
        rows = [row["note"] for row in await connection.fetch("select note from notes order by note")]
    async with Redis.from_url(addresses.redis_url, decode_responses=True) as client:
        return rows, sorted(await client.lrange("notes", 0, -1))


def _left_over(home: Path) -> list[int]:
    return process.strays(home / "postgres", _SERVERS) + process.strays(home / "redis", _SERVERS)


async def _owner(home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _OWNER, str(home)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_PROJECT,
    )


async def _addresses(owner: asyncio.subprocess.Process) -> Addresses:
    assert owner.stdout
    return Addresses(*(await owner.stdout.readline()).decode().split())


async def test_data_outlives_a_stop_and_no_process_does(home: Path) -> None:
    async with EmbeddedServers(home) as servers:
        await _remember(servers.addresses, "kept")
        pids = servers.pids
    assert set(pids) == {"postgres", "redis"}
    assert _left_over(home) == []
    async with EmbeddedServers(home) as servers:
        assert await _remembered(servers.addresses) == (["kept"], ["kept"])


async def test_the_database_has_vectors_and_knows_letters_from_dashes(home: Path) -> None:
    async with (
        EmbeddedServers(home, redis=False, durable=False) as servers,
        _sql(servers.addresses.database_url) as sql,
    ):
        await sql.execute("create extension vector")
        assert await sql.fetchval("select '[1,2]'::vector <-> '[1,2]'::vector") == 0
        assert await sql.fetchval("select lower('ÉCOLE')") == "école"
        assert await sql.fetchval("select to_tsvector('simple', 'Zürich—café')::text") == "'café':2 'zürich':1"


async def test_tortoise_and_our_own_connections_read_the_address_as_asyncpg_does(home: Path) -> None:
    async with EmbeddedServers(home, redis=False, durable=False) as servers:
        url = servers.addresses.database_url
        for read in (db.credentials(url), expand_db_url(url)["credentials"]):
            connection = await asyncpg.connect(**read)
            assert await connection.fetchval("select current_user || '@' || current_database()") == "jobwise@jobwise"
            await connection.close()


async def test_only_the_wanted_server_runs(home: Path) -> None:
    async with EmbeddedServers(home, postgres=False) as servers:
        assert servers.addresses.database_url == ""
        assert set(servers.pids) == {"redis"}


async def test_a_second_owner_is_told_where_to_join(home: Path) -> None:
    async with EmbeddedServers(home, durable=False) as first:
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}") as refusal:
            await EmbeddedServers(home).start()
        assert refusal.value.addresses == first.addresses
        await first.start()  # the owner itself may ask again
        assert set(first.pids) == {"postgres", "redis"}
    async with EmbeddedServers(home, durable=False):
        assert not Path(home / "run" / "servers.new").exists()


async def test_a_killed_owner_takes_the_servers_along_and_the_next_one_finds_all_data(home: Path) -> None:
    owner = await _owner(home)
    await _remember(await _addresses(owner), "kept")
    owner.kill()
    await owner.wait()
    async with EmbeddedServers(home) as servers:
        assert await _remembered(servers.addresses) == (["kept"], ["kept"])
        assert len(servers.pids) == 2
    assert _left_over(home) == []


async def test_everything_killed_at_once_is_found_again(home: Path) -> None:
    owner = await _owner(home)
    await _remember(await _addresses(owner), "kept")
    for pid in [owner.pid, *_left_over(home)]:
        # The owner's death takes the servers along: some may be gone before their turn.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await owner.wait()
    async with EmbeddedServers(home) as servers:
        assert (await _remembered(servers.addresses))[0] == ["kept"]


@pytest.mark.parametrize("victim", ["postgres", "redis"])
async def test_a_killed_server_is_noticed_and_comes_back_at_the_same_address(home: Path, victim: str) -> None:
    async with EmbeddedServers(home) as servers:
        await _remember(servers.addresses, "kept")
        before = servers.addresses
        os.kill(servers.pids[victim], signal.SIGKILL)
        assert await servers.watch() == victim
        assert await servers.start() == before
        assert await _remembered(before) == (["kept"], ["kept"])


async def test_a_server_that_cannot_come_back_yet_does_not_take_the_other_one_along(home: Path) -> None:
    async with EmbeddedServers(home, durable=False) as servers:
        redis = servers.pids["redis"]
        version = home / "postgres" / "PG_VERSION"
        written = version.read_text()
        version.write_text("15\n")
        os.kill(servers.pids["postgres"], signal.SIGKILL)
        assert await servers.watch() == "postgres"
        with pytest.raises(EmbeddedError, match="PostgreSQL 15"):
            await servers.revive()
        assert servers.pids == {"redis": redis}
        with pytest.raises(AlreadyRunning):
            await EmbeddedServers(home).start()

        version.write_text(written)
        await servers.revive()

        assert servers.pids["redis"] == redis
        assert set(servers.pids) == {"postgres", "redis"}


async def test_a_stopped_process_with_the_recorded_id_is_never_touched(home: Path) -> None:
    """A process id in a stale file may belong to anybody by now."""
    async with EmbeddedServers(home, redis=False):
        record = (home / "postgres" / "postmaster.pid").read_text().splitlines()
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    (home / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *record[1:], ""]))
    async with EmbeddedServers(home, redis=False) as servers, _sql(servers.addresses.database_url) as sql:
        assert await sql.fetchval("select 1") == 1
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux containers hide other accounts' processes from root")
async def test_a_server_that_we_may_not_look_into_is_known_by_its_arguments(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(path: Path) -> Path:
        raise PermissionError(path)

    async with EmbeddedServers(home, redis=False, durable=False) as servers:
        monkeypatch.setattr(Path, "readlink", hidden)
        assert process.strays(home / "postgres", _SERVERS) == [servers.pids["postgres"]]
        assert process.strays(home / "other", _SERVERS) == []


async def test_a_start_that_was_interrupted_leaves_no_half_made_database(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    async with EmbeddedServers(home, redis=False) as servers:
        assert set(servers.pids) == {"postgres"}


async def test_a_broken_redis_file_is_set_aside(home: Path) -> None:
    async with EmbeddedServers(home, postgres=False):
        pass
    (home / "redis" / "appendonly.aof").write_bytes(b"*2\r\nnonsense\r\n" * 9)
    async with EmbeddedServers(home, postgres=False) as servers, Redis.from_url(servers.addresses.redis_url) as client:
        assert await client.dbsize() == 0
    assert list((home / "redis").glob("appendonly.broken-*"))


async def test_data_of_another_postgresql_is_refused_with_advice(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 15"):
        await EmbeddedServers(home, redis=False).start()
    async with EmbeddedServers(home, postgres=False):
        assert "the refusal gave the folder back"


@pytest.mark.parametrize("name", ["x" * 120, "with space and é"])
async def test_long_and_unusual_paths_get_their_sockets_elsewhere(home: Path, name: str) -> None:
    async with EmbeddedServers(home / name, durable=False) as servers:
        folders = [
            Path(servers.addresses.redis_url.removeprefix("unix://")).parent,
            Path(servers.addresses.database_url.partition("host=")[2]),
        ]
        assert not any(folder.is_relative_to(home) for folder in folders)
        await _remember(servers.addresses, "kept")
        assert await _remembered(servers.addresses) == (["kept"], ["kept"])
    for folder in folders:
        shutil.rmtree(folder)


def test_a_socket_folder_that_a_stranger_made_first_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = home / ("x" * 120)
    home.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    chosen = socket_folder(base)
    assert chosen.parent == home
    chosen.rmdir()
    chosen.symlink_to(tempfile.gettempdir())
    other = socket_folder(base)
    assert other.parent != home
    other.rmdir()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as another user")


@pytest.fixture
def without_namespaces(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel or container that forbids user namespaces; the folder that stands for /var/lib, reachable by all."""
    works, elsewhere = privileges._works, home.with_name("elsewhere")
    home.parent.chmod(0o711)
    elsewhere.mkdir(mode=0o755)

    async def forbidden(place: privileges.Place, log: Path) -> bool:
        return place.mode != "namespace" and await works(place, log)

    monkeypatch.setattr(privileges, "_works", forbidden)
    monkeypatch.setattr(privileges, "_ELSEWHERE", elsewhere)
    return elsewhere


@needs_root
@pytest.mark.usefixtures("without_namespaces")
async def test_an_unprivileged_account_can_run_it_and_data_keeps_its_owner(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(mode=0o755)
    async with EmbeddedServers(home) as servers:
        await _remember(servers.addresses, "kept")
    owner = (home / "postgres").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}
    monkeypatch.undo()
    async with EmbeddedServers(home) as servers:
        assert await _remembered(servers.addresses) == (["kept"], ["kept"])
    assert (home / "postgres").stat().st_uid == owner


@needs_root
async def test_a_home_that_the_account_cannot_reach_keeps_its_data_elsewhere(
    home: Path, without_namespaces: Path
) -> None:
    home.mkdir(mode=0o700)
    for note in ("first", "second"):
        async with EmbeddedServers(home, redis=False) as servers, _sql(servers.addresses.database_url) as sql:
            await sql.execute("create table if not exists notes (note text)")
            await sql.execute("insert into notes values ($1)", note)
            assert await sql.fetchval("select min(note) from notes") == "first"
    assert (home / "postgres").resolve().is_relative_to(without_namespaces)
    assert home.stat().st_mode & 0o777 == 0o700
    assert process.strays((home / "postgres").resolve(), _SERVERS) == []
    (home / "postgres").resolve().rename(home / "moved")
    with pytest.raises(EmbeddedError, match="is gone"):
        await EmbeddedServers(home, redis=False).start()


async def test_an_ordinary_user_needs_nothing_special(home: Path) -> None:
    home.mkdir()
    tests = f"{__file__}::{test_a_killed_owner_takes_the_servers_along_and_the_next_one_finds_all_data.__name__}"
    inner = await asyncio.create_subprocess_exec(
        *(*_ordinary(), sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={home}/pytest", tests),
        cwd=_PROJECT,
        stdout=subprocess.PIPE,
    )
    output, _ = await inner.communicate()
    assert inner.returncode == 0, output.decode()
    assert "1 passed" in output.decode()


def _ordinary() -> list[str]:
    """A prefix that makes a command see an ordinary user's id and have no rights beyond it."""
    if os.geteuid() != 0:
        return []
    return [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), "namespace", str(_PROJECT)]
