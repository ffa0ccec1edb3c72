"""The pool of rendering processes: what happens when one hangs, dies, or is no longer wanted."""

import asyncio
import errno
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from jobwise.documents.formats import UnknownFormat
from jobwise.documents.renderer import Renderer, RenderingFailed
from jobwise.documents.templates import UnknownTemplate
from jobwise.errors import ErrorCode
from tests.documents.factories import CREATED, letter, resume

ROOT = Path(__file__).parents[2]


async def started(pool: Renderer) -> int:
    """The process id of the one child, once it has answered."""
    await pool.render(letter(), created=CREATED)
    (pid,) = pool.pids
    return pid


async def until_one_starts(pool: Renderer) -> None:
    """Wait for a process that may not be ready yet."""
    while not pool.pids:  # noqa: ASYNC110 (the pool tells nobody)
        await asyncio.sleep(0.005)


async def at_work(pool: Renderer) -> None:
    """Wait until the one child, which has answered once, has another job."""
    (child,) = pool._children
    while child._jobs < 2:  # noqa: ASYNC110 (the pool tells nobody)
        await asyncio.sleep(0.005)


async def known_to_be_dead(pool: Renderer) -> None:
    """Wait until the event loop has heard of the death of all children."""
    await asyncio.gather(*(child._process.wait() for child in pool._children if child._process))


async def gone(pid: int) -> bool:
    """Whether the process ends within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        # Ended but not yet collected by its new parent counts as gone.
        process = await asyncio.create_subprocess_exec("ps", "-o", "stat=", "-p", str(pid), stdout=PIPE)
        answer, _ = await process.communicate()
        if not answer.strip() or answer.startswith(b"Z"):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_child_killed_in_the_middle_of_a_job_costs_that_job_and_no_other() -> None:
    async with Renderer(processes=1) as pool:
        pid = await started(pool)
        # The job lasts until the process dies.
        os.kill(pid, signal.SIGSTOP)
        job = asyncio.create_task(pool.render(resume(), created=CREATED))
        await at_work(pool)
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(RenderingFailed, match="died") as failed:
            await job
        assert failed.value.code is ErrorCode.RENDERING_FAILED
        assert (await pool.render(resume(), created=CREATED)).page_count >= 1
        assert pool.pids != [pid]


async def test_a_child_killed_while_idle_costs_nothing() -> None:
    async with Renderer(processes=1) as pool:
        pid = await started(pool)
        os.kill(pid, signal.SIGKILL)
        await known_to_be_dead(pool)

        assert (await pool.render(resume(), created=CREATED)).page_count >= 1


async def test_a_job_over_its_time_is_ended_with_its_process_and_the_next_job_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Renderer(processes=1) as pool:
        pid = await started(pool)
        os.kill(pid, signal.SIGSTOP)
        (child,) = pool._children

        with monkeypatch.context() as patch:
            patch.setattr(child, "_limits", replace(child._limits, job_seconds=0.3))
            with pytest.raises(RenderingFailed, match=r"longer than 0\.3 seconds"):
                await pool.render(resume(), created=CREATED)

        assert await gone(pid)
        assert (await pool.render(letter(), created=CREATED)).page_count == 1


async def test_a_cancelled_job_leaves_no_answer_behind_for_the_next_one() -> None:
    async with Renderer(processes=1) as pool:
        pid = await started(pool)
        os.kill(pid, signal.SIGSTOP)
        job = asyncio.create_task(pool.render(resume(), created=CREATED))
        await at_work(pool)
        job.cancel()

        with pytest.raises(asyncio.CancelledError):
            await job
        # Had it been kept, its answer would come now.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        assert (await pool.render(letter(), created=CREATED)).content == letter()


async def test_a_child_that_wants_too_much_memory_fails_the_job_and_not_the_pool() -> None:
    async with Renderer(processes=1, memory_mb=300) as pool:
        await started(pool)
        huge = resume(summary="x" * 15_000_000)

        with pytest.raises(RenderingFailed, match="could not be rendered"):
            await pool.render(huge, created=CREATED)
        assert (await pool.render(letter(), created=CREATED)).page_count == 1


async def test_all_children_killed_at_once_are_all_replaced() -> None:
    async with Renderer(processes=2) as pool:
        await asyncio.gather(*(pool.render(letter(), created=CREATED) for _ in range(4)))
        killed = pool.pids
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        await known_to_be_dead(pool)

        await asyncio.gather(*(pool.render(letter(), created=CREATED) for _ in range(4)))

        assert len(pool.pids) == 2
        assert not set(pool.pids) & set(killed)


async def test_children_killed_while_they_start_cost_their_jobs_and_not_the_pool() -> None:
    async with Renderer(processes=1) as pool:
        for _ in range(3):
            job = asyncio.create_task(pool.render(letter(), created=CREATED))
            await until_one_starts(pool)
            os.kill(pool.pids[0], signal.SIGKILL)
            with suppress(RenderingFailed):
                await job

        assert (await pool.render(letter(), created=CREATED)).page_count == 1


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
async def test_a_machine_that_starts_no_process_for_a_while_fails_jobs_and_not_the_pool(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", refuse)
        async with Renderer(processes=1) as pool:
            with pytest.raises(RenderingFailed, match="try again"):
                await pool.render(letter(), created=CREATED)
            patch.undo()

            assert (await pool.render(letter(), created=CREATED)).page_count == 1


async def test_a_temporary_folder_that_was_cleaned_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Renderer(processes=1, recycle_after=2) as pool:
        await started(pool)
        (folder,) = tmp_path.iterdir()
        shutil.rmtree(folder)

        for _ in range(3):
            assert (await pool.render(letter(), created=CREATED)).page_count == 1


async def test_a_temporary_folder_that_cannot_be_made_fails_jobs_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Renderer(processes=1, recycle_after=1) as pool:
        await started(pool)
        (folder,) = tmp_path.iterdir()
        shutil.rmtree(folder)
        folder.write_text("in the way")
        with pytest.raises(RenderingFailed, match="try again"):
            await pool.render(letter(), created=CREATED)
        folder.unlink()

        assert (await pool.render(letter(), created=CREATED)).page_count == 1


async def test_a_process_is_replaced_after_its_share_of_jobs() -> None:
    async with Renderer(processes=1, recycle_after=2) as pool:
        pids = []
        for _ in range(4):
            await pool.render(letter(), created=CREATED)
            pids += pool.pids

    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_more_jobs_than_processes_wait_for_their_turn(renderer: Renderer) -> None:
    files = await asyncio.gather(*(renderer.render(letter(subject=f"No {n}"), created=CREATED) for n in range(6)))

    assert [getattr(file.content, "subject", "") for file in files] == [f"No {n}" for n in range(6)]


async def test_leaving_the_pool_ends_its_processes_and_removes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Renderer(processes=2) as pool:
        await asyncio.gather(*(pool.render(letter(), created=CREATED) for _ in range(2)))
        pids = pool.pids

    assert [await gone(pid) for pid in pids] == [True, True]
    assert list(tmp_path.iterdir()) == []


async def test_a_renderer_is_not_held_up_by_processes_that_were_never_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_ready = tmp_path / "python"
    never_ready.write_text("#!/bin/sh\nexec sleep 300\n")
    never_ready.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(never_ready))

    async with asyncio.timeout(30), Renderer(processes=1) as pool:
        await until_one_starts(pool)
        (pid,) = pool.pids

    assert await gone(pid)


PARENT = """
import asyncio, sys
from tests.documents.factories import CREATED, letter, long_resume
from jobwise.documents.renderer import Renderer

async def main():
    async with Renderer(processes=1) as pool:
        await pool.render(letter(), created=CREATED)
        print(*pool.pids, flush=True)
        while True:
            await pool.render(long_resume(30, 9), max_pages=4, created=CREATED)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy child ends after its job, when its input ends")
async def test_children_die_with_a_parent_that_is_killed_even_while_they_are_busy() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    try:
        # Busy, and not to be reached by anything but what kills.
        os.kill(child, signal.SIGSTOP)
        parent.kill()
        await parent.wait()

        assert await gone(child)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a process's environment be read")
async def test_children_see_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBWISE_SECRET_KEY", "s3cret")
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    async with Renderer(processes=1) as pool:
        environment = Path(f"/proc/{await started(pool)}/environ").read_bytes()

    assert b"PATH=" in environment
    assert b"s3cret" not in environment


async def test_what_does_not_exist_is_refused_before_any_process_is_asked() -> None:
    pool = Renderer(processes=1)

    with pytest.raises(UnknownTemplate, match="choose one of ats, modern"):
        await pool.render(resume(), template="neon", created=CREATED)
    with pytest.raises(UnknownFormat, match="choose one of pdf"):
        await pool.render(resume(), format="odt", created=CREATED)
