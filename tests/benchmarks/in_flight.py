"""Many generations in flight in one worker process that waits on slow models: `python -m tests.benchmarks.in_flight`.

Prints the worker's largest memory, the delays of its event loop, and whether everything ended.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.client import BOTH, Person
from tests.faults.harness import Ground, Program, Site, until
from tests.faults.report import percentile
from tests.providers.script import Behaviour, Script

_PEOPLE = 20
_MOST_MEGABYTES = 400
_MOST_LAG_MS = 50


async def measure(count: int, model_seconds: float, folder: Path) -> dict[str, float]:
    """Run `count` generations at once; returns the figures by name."""
    settings = {
        "JOBWISE_WORKER_CONCURRENCY": str(count),
        "JOBWISE_RUNNING_PER_PERSON": str(count),
        "JOBWISE_RENDERERS": "2",
        "JOBWISE_LEASE_SECONDS": "30",
    }
    script = Script(default=Behaviour(first_token_seconds=0.5, stream_seconds=model_seconds - 0.5))
    async with Ground(folder) as ground, ground.site("in-flight", **settings) as site:
        await site.models(script)
        await site.api()
        people = [await Person(site).arrive() for _ in range(_PEOPLE)]
        for start in range(0, count, _PEOPLE):
            await asyncio.gather(*(person.order(kinds=BOTH) for person in people[: count - start]))
        lags = site.folder / "lags"
        worker = await site.worker(lag_file=lags)
        return await _watched(site, worker, lags, count)


async def _watched(site: Site, worker: Program, lags: Path, count: int) -> dict[str, float]:
    began = time.monotonic()
    await until(lambda: _waiting(site, count), f"{count} generations that wait on models", within=120)
    waiting_at, before = time.monotonic(), _read(lags)
    await until(lambda: _none_waits(site, count), "the first answer", within=120)
    waited = _read(lags)[len(before) :]
    await until(lambda: _all_ended(site), "the end of all", within=1200)
    everything = _read(lags)
    statuses = Counter(row["status"] for row in await site.rows("select status from generations"))
    return {
        "generations": count,
        "completed": statuses["COMPLETED"],
        "seconds until all wait on models": waiting_at - began,
        "seconds until all ended": time.monotonic() - began,
        "largest memory of the worker (MB)": _largest_megabytes(worker),
        "event loop delay p50 while waiting (ms)": percentile(waited, 50),
        "event loop delay p99 while waiting (ms)": percentile(waited, 99),
        "event loop delay p99 over the whole run (ms)": percentile(everything, 99),
    }


async def _waiting(site: Site, count: int) -> bool:
    calls = await site.value("select count(distinct generation_id) from llm_calls where outcome = 'RESERVED'")
    return bool(calls >= count * 0.95)


async def _none_waits(site: Site, count: int) -> bool:
    return not await _waiting(site, count)


async def _all_ended(site: Site) -> bool:
    left = await site.value("select count(*) from generations where status in ('QUEUED', 'RUNNING')")
    return bool(left == 0)


def _read(lags: Path) -> list[float]:
    return [float(line) for line in lags.read_text().split()] if lags.exists() else []


def _largest_megabytes(worker: Program) -> float:
    status = Path(f"/proc/{worker.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure, print, and say by the exit status whether it is what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--model-seconds", type=float, default=30.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobwise-in-flight-", ignore_cleanup_errors=True) as folder:
        figures = asyncio.run(measure(chosen.count, chosen.model_seconds, Path(folder)))
    for name, value in figures.items():
        print(f"| {name} | {value:g} |" if value == int(value) else f"| {name} | {value:.1f} |")
    kept = (
        figures["completed"] == chosen.count
        and figures["largest memory of the worker (MB)"] <= _MOST_MEGABYTES
        and figures["event loop delay p99 while waiting (ms)"] <= _MOST_LAG_MS
    )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
