import asyncio
import errno
import os
import sys
from pathlib import Path

import pytest

from jobwise import supervisor
from jobwise.infra.embedded import process


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "_LONGEST_PAUSE", 0.05)


async def test_a_child_that_cannot_be_started_for_a_while_is_tried_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawned: list[asyncio.subprocess.Process] = []
    refusals = iter([False, True, True, True, False])
    back = asyncio.Event()

    async def spawn(_: process.Command) -> asyncio.subprocess.Process:
        if next(refusals):
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        spawned.append(await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1))
        if len(spawned) == 2:
            back.set()
        return spawned[-1]

    monkeypatch.setattr(process, "spawn", spawn)
    said: list[str] = []
    child = supervisor._Child("worker", "work", tmp_path, {}, said.append)
    await child.start()
    keeper = asyncio.create_task(child.keep_running())
    spawned[0].kill()

    await asyncio.wait_for(back.wait(), 60)

    keeper.cancel()
    # Where the tests run in the background of a shell, its children ignore to be interrupted.
    spawned[1].kill()
    await child.stop()
    assert sum("cannot be started" in line for line in said) == 3


def test_pauses_grow_to_their_limit_and_begin_anew_after_a_good_while() -> None:
    pauses = supervisor._Pauses()

    assert [pauses.after(0) for _ in range(4)] == [0.01, 0.02, 0.04, 0.05]
    assert pauses.after(1000) == 0.01
