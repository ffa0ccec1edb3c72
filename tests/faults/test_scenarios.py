"""Every scenario once, in its short form, several at a time; `make chaos` is the long form."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest

from tests.faults import scenarios as _registered  # noqa: F401 (fills the registry)
from tests.faults.harness import Ground
from tests.faults.invariants import Tally
from tests.faults.scenarios.chaos import plan
from tests.faults.scene import SCENARIOS, Scenario

_SEED = 1
_AT_ONCE = 4

Played = dict[str, "asyncio.Task[Tally]"]


@pytest.fixture(scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The scenarios that were chosen, under way. Those that disturb the servers have servers of their own, in turn."""
    chosen = [name for name in SCENARIOS if any(item.name.endswith(f"[{name}]") for item in request.session.items)]
    folder: Path = tmp_path_factory.mktemp("faults")
    async with Ground(folder / "shared") as shared, Ground(folder / "rough") as rough:
        grounds = {False: (shared, asyncio.Semaphore(_AT_ONCE)), True: (rough, asyncio.Semaphore(1))}

        async def play(scenario: Scenario) -> Tally:
            ground, turns = grounds[scenario.rough]
            async with turns:
                return await scenario.play(ground, _SEED)

        tasks = {name: asyncio.create_task(play(SCENARIOS[name])) for name in chosen}
        yield tasks
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_what_was_promised_holds(name: str, played: Played) -> None:
    tally = await played[name]
    assert not tally.violations
    assert tally.runs
    assert (tally.lost, tally.doubled, tally.missed, tally.twice, tally.rebilled) == (0, 0, 0, 0, 0)


def test_the_same_seed_plans_the_same_faults() -> None:
    assert list(islice(plan("1"), 100)) == list(islice(plan("1"), 100))
    assert list(islice(plan("1"), 100)) != list(islice(plan("2"), 100))
