import asyncio
import errno
import os
import stat
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jobwise.errors import ErrorCode
from jobwise.infra.storage import FileMissing, Storage, StorageFailed

DAY = 86_400


def file_of(folder: Path, key: str) -> Path:
    return folder / key[:2] / key


def made_old(path: Path, seconds: float = 2 * DAY) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def naming(*keys: str) -> Callable[[list[str]], Awaitable[set[str]]]:
    async def named(asked: list[str]) -> set[str]:
        return set(asked) & set(keys)

    return named


async def test_the_same_bytes_have_the_same_key_and_come_back(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    key = await storage.put(b"one")

    assert await storage.put(b"one") == key != await storage.put(b"two")
    assert await storage.get(key) == b"one"


async def test_a_file_that_is_not_there_is_named_as_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="export the document again"):
        await Storage(tmp_path).get("0" * 64)


async def test_a_file_and_its_name_are_on_the_disk_before_its_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        (path,) = [
            each for each in (tmp_path, *tmp_path.rglob("*")) if os.path.samestat(each.stat(), os.fstat(descriptor))
        ]
        # The names that are in a folder when it is synced are those that a power failure leaves.
        synced.extend(path.iterdir() if path.is_dir() else [path])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    folder = tmp_path / "files"
    key = await Storage(folder).put(b"one")
    first = set(synced)
    synced.clear()
    # Found there, it may be somebody's who has not come so far yet.
    await Storage(folder).put(b"one")

    file = file_of(folder, key)
    assert {folder, file.parent, file} <= first
    assert any(path.suffix == ".new" for path in first)
    assert {file.parent, file} <= set(synced)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
async def test_a_disk_that_takes_nothing_more_is_said_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageFailed) as failed:
            await Storage(tmp_path).put(b"much")

    assert failed.value.code is ErrorCode.UNAVAILABLE
    assert all_files(tmp_path) == []
    assert await Storage(tmp_path).put(b"much")


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")

    with pytest.raises(StorageFailed):
        await Storage(tmp_path / "files").put(b"x")


async def test_a_file_that_cannot_be_read_is_not_called_missing(tmp_path: Path) -> None:
    key = await Storage(tmp_path).put(b"x")
    file_of(tmp_path, key).unlink()
    file_of(tmp_path, key).mkdir()

    with pytest.raises(StorageFailed):
        await Storage(tmp_path).get(key)


async def test_old_files_without_a_row_are_collected_and_all_others_stay(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    named, orphan, young = [await storage.put(data) for data in (b"named", b"orphan", b"young")]
    for key in (named, orphan):
        made_old(file_of(tmp_path, key))

    assert await storage.collect(naming(named)) == 1

    assert {path.name for path in all_files(tmp_path)} == {named, young}
    assert await storage.get(named) == b"named"


async def test_writing_the_same_bytes_again_makes_a_file_young(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    key = await storage.put(b"again")
    made_old(file_of(tmp_path, key))

    await storage.put(b"again")

    assert await storage.collect(naming()) == 0
    assert await storage.get(key) == b"again"


async def test_a_file_that_is_written_while_the_collector_asks_for_its_row_stays(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    key = await storage.put(b"raced")
    made_old(file_of(tmp_path, key))

    async def named(_: list[str]) -> set[str]:
        await storage.put(b"raced")
        return set()

    assert await storage.collect(named) == 0
    assert await storage.get(key) == b"raced"


async def test_collectors_and_writers_at_once_lose_no_file_that_was_just_written(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    contents = [str(number).encode() for number in range(20)]
    for data in contents:
        made_old(file_of(tmp_path, await storage.put(data)))

    async def write() -> None:
        for _ in range(10):
            for data in contents:
                key = await storage.put(data)
                assert file_of(tmp_path, key).exists() or file_of(tmp_path, key).with_suffix(".leaving").exists()

    async def collect() -> None:
        for _ in range(10):
            await storage.collect(naming())

    await asyncio.gather(write(), write(), collect(), collect())
    await storage.collect(naming())

    for data in contents:
        assert await storage.get(await storage.put(data)) == data
    assert len(all_files(tmp_path)) == len(contents)


async def test_what_interrupted_writers_and_collectors_left_is_put_in_order(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    key = await storage.put(b"kept")
    file = file_of(tmp_path, key)
    file.rename(file.with_suffix(".leaving"))
    half, fresh = file.parent / "tmp1.new", file.parent / "tmp2.new"
    half.write_bytes(b"ha")
    fresh.write_bytes(b"ha")
    made_old(half)

    await storage.collect(naming())

    assert await storage.get(key) == b"kept"
    assert sorted(all_files(tmp_path)) == sorted([file, fresh])


async def test_a_store_that_was_never_used_has_nothing_to_collect(tmp_path: Path) -> None:
    assert await Storage(tmp_path / "absent").collect(naming()) == 0


async def test_only_the_owner_can_read_files(tmp_path: Path) -> None:
    key = await Storage(tmp_path).put(b"private")

    assert stat.S_IMODE(file_of(tmp_path, key).stat().st_mode) == 0o600
