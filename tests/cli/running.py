"""Running the command as a person would: in a process of its own, with a data folder of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from jobwise import samples

MODELS_DOWN = {
    "JOBWISE_LLM_CHAIN": "local:none",
    "LOCAL_LLM_BASE_URL": "http://127.0.0.1:9/v1",
    # Nobody waits for them to come back.
    "JOBWISE_LLM_TOTAL_SECONDS": "0.2",
}
_FOREIGN = ("JOBWISE_", "DATABASE_URL", "REDIS_URL")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command whose data are in `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "JOBWISE_HOME": str(home), "JOBWISE_PORT": "0", **more}


def jobwise(home: Path, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "jobwise", *map(str, arguments)],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def start_up(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start `jobwise up` and wait until it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobwise", "up", *arguments],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Press Ctrl-C"):
            return process
    raise AssertionError(f"it ended with status {process.wait()}: {''.join(said)}")


def record(home: Path) -> dict[str, str | int]:
    """What the service says about itself."""
    found: dict[str, str | int] = json.loads((home / "run" / "api.json").read_text())
    return found


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, with their command lines."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        children = {int(row[0]): row[2] for row in rows if int(row[1]) in parents}
        found |= children
        parents = set(children)
    return found


def wait_for_end(pids: set[int], seconds: float = 40) -> set[int]:
    """Those of the processes that have not ended in time."""
    deadline = time.monotonic() + seconds
    while (living := {pid for pid in pids if _lives(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return living


def _lives(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def write_samples(folder: Path) -> tuple[Path, Path]:
    """A résumé and a posting to tailor."""
    resume, posting = folder / "resume.json", folder / "posting.md"
    resume.write_text(json.dumps(samples.default_profile().resume), encoding="utf-8")
    wanted = samples.default_posting()
    head = f"---\ntitle: {wanted.title}\ncompany: {wanted.company}\nlocation: {wanted.location}\n---\n\n"
    posting.write_text(head + wanted.text, encoding="utf-8")
    return resume, posting
