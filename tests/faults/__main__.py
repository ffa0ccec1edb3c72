"""`python -m tests.faults`: every scenario in its long form, and random faults over N generations; prints a table.

Ends with status 1 when a promise was not kept. The same seed gives the same plan of faults.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import report
from tests.faults import scenarios as _registered  # noqa: F401 (fills the registry)
from tests.faults.harness import Ground
from tests.faults.invariants import Tally
from tests.faults.scene import SCENARIOS

_FEW = 6
_OURS = ("JOBWISE_", "DATABASE_", "REDIS_", "OPENAI_", "GROQ_", "LOCAL_LLM_")


async def run(names: list[str], seed: int, amount: int, folder: Path, *, long: bool) -> dict[str, Tally]:
    """Play scenarios one after the other."""
    tallies: dict[str, Tally] = {}
    async with Ground(folder) as ground:
        for name in names:
            began = time.monotonic()
            tallies[name] = await SCENARIOS[name].play(ground, seed, long=long, amount=amount)
            said = "; ".join(tallies[name].violations) or "holds"
            print(f"{name}: {time.monotonic() - began:.0f} s, {said}", file=sys.stderr, flush=True)
    return tallies


def main() -> None:
    """Run, report, and say by the exit status whether everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all when left out")
    parser.add_argument("--amount", type=int, help="generations under random faults; 1000, or a few in the short form")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="the form that the tests run")
    parser.add_argument("--out", type=Path, default=Path("build/chaos.md"))
    chosen = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="jobwise-faults-"))
    names = chosen.scenarios or list(SCENARIOS)
    amount = chosen.amount or (_FEW if chosen.short else 1000)
    tallies = asyncio.run(run(names, chosen.seed, amount, folder, long=not chosen.short))
    print(report.write(chosen.out, tallies, chosen.seed))
    if any(tally.violations for tally in tallies.values()):
        sys.exit(f"Not everything held; logs are in {folder}")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
