"""`python -m tests.faults`: scenarios by name (default: all), in the long form, or the short one with --short."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.faults.harness import Ground
from tests.faults.scene import SCENARIOS
import tests.faults.scenarios


async def _run(names: list[str], long: bool, seed: int) -> int:
    import time

    folder = Path(tempfile.mkdtemp(prefix="jw-faults-", dir="/tmp"))
    print(folder)
    bad = 0
    async with Ground(folder) as ground:
        for name in names or SCENARIOS:
            t = time.monotonic()
            tally = await SCENARIOS[name].play(ground, seed, long=long)
            print(f"{name}: {time.monotonic() - t:.1f} s", tally, flush=True)
    return bad


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("names", nargs="*")
    p.add_argument("--long", action="store_true")
    a = p.parse_args()
    asyncio.run(_run(a.names, a.long, 1))
