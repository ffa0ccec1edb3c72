"""Server processes: start them as our children, end them, and find those that an earlier owner left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from jobwise.infra.embedded.errors import EmbeddedError

_CHILD = Path(__file__).with_name("child.py")
_LARGEST_LOG = 5_000_000


@dataclass(frozen=True)
class Command:
    """How to run a program: its arguments, as whom (see child.py), in which folder, and where its output goes.

    `variables` are added to our environment, in place of ours with the same names.
    """

    arguments: Sequence[str]
    folder: Path
    log: Path
    mode: str = "plain"
    variables: Mapping[str, str] = field(default_factory=dict)


async def spawn(command: Command) -> asyncio.subprocess.Process:
    """Start a program as our child, in a session of its own: Ctrl-C at the terminal must reach us before it."""
    with _open_log(command.log) as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_CHILD)),
            *(str(os.getpid()), command.mode, str(command.folder), *command.arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**_environment(), **command.variables},
            start_new_session=True,
        )


async def run(command: Command) -> None:
    """Run a program to its end. Raises EmbeddedError with the end of its output when it fails."""
    process = await spawn(command)
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if status != 0:
        raise EmbeddedError(f"{Path(command.arguments[0]).name} failed:\n{log_end(command.log)}")


async def stop(process: asyncio.subprocess.Process, patience: float = 15) -> None:
    """Ask a server to finish; after `patience` seconds insist. Both our servers take SIGINT as "save and leave"."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.returncode is not None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            continue


async def end_strays(folder: Path, names: frozenset[str], patience: float = 15) -> None:
    """End servers that still work on this data folder although their owner died. Raises EmbeddedError when one stays.

    They are ours beyond doubt, whatever became of recorded process ids: a server's working folder is its data folder.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        for pid in strays(folder, names):
            _signal(pid, number)
        deadline = time.monotonic() + patience
        while strays(folder, names):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        else:
            return
    raise EmbeddedError(f"processes {strays(folder, names)} still use {folder} and cannot be ended")


def strays(folder: Path, names: frozenset[str]) -> list[int]:
    """Ids of the living processes with one of these names whose working folder is `folder`."""
    if sys.platform == "linux":
        return [pid for pid in _linux_processes() if _linux_name(pid) in names and _linux_folder(pid) == folder]
    else:
        return _listed_strays(folder, names)


def log_end(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def _environment() -> dict[str, str]:
    """Ours, without what would change a server: PG... variables and a locale that may not exist."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _listed_strays(folder: Path, names: frozenset[str]) -> list[int]:
    chosen = [part for name in names for part in ("-c", name)]
    # -a: all conditions at once; -d cwd: the working folder; -t: ids only. Exit status 1 means "none".
    listing = subprocess.run(
        ["lsof", "-t", "-a", "-d", "cwd", *chosen, "--", str(folder)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listing.stdout.split()]


def _linux_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _linux_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _linux_folder(pid: int) -> Path | None:
    """A process's working folder; None for a zombie, a stranger's process or one that just ended."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except PermissionError:
        # Another account's process, in a container that does not let root look into it. PostgreSQL names its folder.
        return _folder_argument(pid)
    except OSError:
        return None


def _folder_argument(pid: int) -> Path | None:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return Path(os.fsdecode(arguments[2])) if arguments[1:2] == [b"-D"] else None
