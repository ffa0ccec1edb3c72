"""Start one of our programs with faults planted around its functions: `launcher.py '<plan>' work|serve|up`.

The product knows nothing of this: a function is wrapped before the program's own `main` is called. The plan is JSON,
see `Plan`. What happens at a point is told by files in the plan's folder, so that whoever waits for it need not guess.
"""

import asyncio
import datetime as datetime_module
import errno
import functools
import importlib
import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from pydantic import BaseModel

_POLL_SECONDS = 0.02


class Trap(BaseModel):
    """What happens when a function is called: `hold` until a file `<name>.go` is there, or `die` by SIGKILL.

    A file `<name>.reached` says that it was called, `<name>.left` that it was cancelled while it was held.
    `function` is such as `jobwise.generation.queries:save_checkpoint`, `where` before or after its body, `stage` and
    `title` restrict it to calls whose arguments name that stage or whose claim's posting has that title.
    """

    name: str
    function: str
    action: str = "hold"
    where: str = "before"
    stage: str = ""
    title: str = ""


class Plan(BaseModel):
    """Everything that is planted in one process.

    `clock_shift`: on SIGUSR1 the process's calendar jumps by so many seconds. `full_disk`: while that file exists,
    nothing reaches the disk. `trusting`: no lease is ever taken for lost, so that the database alone keeps a zombie
    from writing. `renderer_seconds`: how long one page layout may take. `lag_file`: where the event loop's delays are
    written every second, in milliseconds.
    """

    folder: Path
    traps: list[Trap] = []
    clock_shift: float = 0
    full_disk: Path | None = None
    trusting: bool = False
    renderer_seconds: float | None = None
    lag_file: Path | None = None


def main(plan: Plan, arguments: list[str]) -> None:
    """Plant the faults and become the program."""
    if plan.clock_shift:
        _shift_clock_on_signal(plan.clock_shift)
    if plan.full_disk:
        _fill_disk(plan.full_disk)
    if plan.trusting:
        _trust_leases()
    for trap in plan.traps:
        _set_trap(plan.folder, trap)
    if plan.renderer_seconds:
        _hurry_renderer(plan.renderer_seconds)
    if plan.lag_file:
        _measure_lag(plan.lag_file)
    from jobwise.cli import main as program

    program(arguments)


def _set_trap(folder: Path, trap: Trap) -> None:
    module_name, _, path = trap.function.partition(":")
    *parents, name = path.split(".")
    owner: Any = importlib.import_module(module_name)
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)
    signature = inspect.signature(original)

    # With the original's signature, since another trap may be set on this one.
    @functools.wraps(original)
    async def trapped(*arguments: Any, **options: Any) -> Any:
        bound = signature.bind(*arguments, **options).arguments
        if not _matches(trap, bound):
            return await original(*arguments, **options)
        if trap.where == "before":
            await _spring(folder, trap)
            return await original(*arguments, **options)
        result = await original(*arguments, **options)
        await _spring(folder, trap)
        return result

    setattr(owner, name, trapped)


def _matches(trap: Trap, arguments: dict[str, Any]) -> bool:
    if trap.stage and str(arguments.get("stage")) != trap.stage:
        return False
    if trap.title:
        claim = arguments.get("claim")
        return claim is not None and claim.inputs["posting"]["title"] == trap.title
    return True


async def _spring(folder: Path, trap: Trap) -> None:
    (folder / f"{trap.name}.reached").touch()
    if trap.action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        while not (folder / f"{trap.name}.go").exists():  # noqa: ASYNC110 (another process makes it)
            await asyncio.sleep(_POLL_SECONDS)
    except asyncio.CancelledError:
        (folder / f"{trap.name}.left").touch()
        raise


def _shift_clock_on_signal(seconds: float) -> None:
    """Move what this process believes about the time of day; the monotonic clock goes on, as it does in reality."""
    real_time, real = time.time, datetime_module.datetime

    class _AnyDatetime(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

    class _Shifted(real, metaclass=_AnyDatetime):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.fromtimestamp(real_time() + seconds, tz)

    def jump(*_: object) -> None:
        time.time = lambda: real_time() + seconds
        for name, module in list(sys.modules.items()):
            if name.startswith(("jobwise", "workers", "arq")) and getattr(module, "datetime", None) is real:
                module.datetime = _Shifted  # type: ignore[attr-defined]

    signal.signal(signal.SIGUSR1, jump)


def _fill_disk(flag: Path) -> None:
    real: Any = os.fsync

    def fsync(fd: Any) -> None:
        if flag.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(fd)

    os.fsync = fsync


def _trust_leases() -> None:
    from jobwise.generation.leases import Lease

    for name, blind in (("in_doubt", property(lambda _: False)), ("stop_work", lambda _: None)):
        assert hasattr(Lease, name)
        setattr(Lease, name, blind)


def _hurry_renderer(seconds: float) -> None:
    from jobwise.documents.renderer import Renderer

    assert Renderer.__init__.__kwdefaults__ is not None
    Renderer.__init__.__kwdefaults__["job_seconds"] = seconds


def _measure_lag(file: Path) -> None:
    run: Any = asyncio.run

    def measured(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        async def both() -> Any:
            sampler = asyncio.create_task(_sample(file))
            try:
                return await main
            finally:
                sampler.cancel()

        return run(both(), **options)

    asyncio.run = measured


async def _sample(file: Path) -> None:
    """How late a timer of 5 ms fires, again and again."""
    while True:
        delays = []
        until = time.monotonic() + 1
        while (now := time.monotonic()) < until:
            await asyncio.sleep(0.005)
            delays.append(round((time.monotonic() - now - 0.005) * 1000, 2))
        with file.open("a") as out:
            out.write("\n".join(map(str, delays)) + "\n")


if __name__ == "__main__":
    main(Plan.model_validate(json.loads(sys.argv[1])), sys.argv[2:])
