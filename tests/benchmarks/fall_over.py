"""What it costs when the first of three providers dies under load: `python -m tests.benchmarks.fall_over`.

First two processes ask without pause, and the time to the first word is compared with that before; then generations are
written by two workers while the first provider is killed, and all of them must be completed.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.client import BOTH, Person
from tests.faults.harness import Ground, Site, until
from tests.faults.report import percentile
from tests.llm.falling_over import Outage, Question, outage, providers
from tests.providers.script import Behaviour, Script

_PEOPLE = 10
_MOST_ADDED_MS = 1_000
_WRITING = Script(default=Behaviour(first_token_seconds=0.5, stream_seconds=3))

Figures = dict[str, float]


async def measure(askers: int, generations: int, folder: Path) -> Figures:
    """Both parts; the figures by name."""
    async with Ground(folder) as ground:
        async with ground.site("asking") as site:
            seen = await outage(site.folder, site.settings, askers=askers, before=5.0, down=10.0)
        async with ground.site("writing", JOBWISE_WORKER_CONCURRENCY=str(generations // 2 + 1)) as site:
            written = await _generations(site, generations)
    return {**_figures(askers, seen), **written}


def _figures(askers: int, seen: Outage) -> Figures:
    usual = _first_words(seen.began(seen.killed_at - 4, seen.killed_at - 1))
    during = seen.began(seen.killed_at, seen.back_at)
    hit = _first_words(during)
    return {
        "questions at once": askers,
        "questions asked while it was dead": len(during),
        "of these without an answer": sum(not question.link for question in during),
        "cut off in the middle of an answer": sum(bool(question.error) for question in seen.questions),
        "usual time to the first word p50 (ms)": percentile(usual, 50),
        "added to it while dead p50 (ms)": percentile(hit, 50) - percentile(usual, 50),
        "added to it while dead p95 (ms)": percentile(hit, 95) - percentile(usual, 95),
        "added to it while dead, the most (ms)": max(hit) - percentile(usual, 50),
        "breaker open after (ms)": (seen.opened_at - seen.killed_at) * 1000,
        "calls begun at the dead provider": seen.attempts,
        "breaker closed after it was back (s)": seen.closed_at - seen.back_at,
    }


def _first_words(questions: list[Question]) -> list[float]:
    return [(question.first - question.at) * 1000 for question in questions if question.first]


async def _generations(site: Site, count: int) -> Figures:
    """Generations by two workers, the first provider being killed as soon as half of them are being written."""
    async with providers(site.folder, _WRITING) as (servers, chain):
        site.settings |= {**chain, "JOBWISE_RUNNING_PER_PERSON": str(count)}
        await site.api()
        people = [await Person(site).arrive() for _ in range(_PEOPLE)]
        for start in range(0, count, _PEOPLE):
            await asyncio.gather(*(person.order(kinds=BOTH) for person in people[: count - start]))
        await asyncio.gather(site.worker(), site.worker())

        async def half_are_written() -> bool:
            calls = await site.value(
                "select count(distinct generation_id) from llm_calls where stage = 'WRITE' and outcome = 'RESERVED'"
            )
            return bool(calls >= count / 2)

        async def all_ended() -> bool:
            left = await site.value("select count(*) from generations where status in ('QUEUED', 'RUNNING')")
            return bool(left == 0)

        await until(half_are_written, "half of the generations in the stage WRITE", within=120)
        await servers[0].kill()
        await until(all_ended, "the end of all", within=600)
        statuses = Counter(row["status"] for row in await site.rows("select status from generations"))
        rows = await site.rows(
            "select author ->> 'provider' as provider"
            "  from generations, jsonb_array_elements(result -> 'authors') author"
        )
        by = Counter(str(row["provider"]) for row in rows)
        return {
            "generations": count,
            "generations completed": statuses["COMPLETED"],
            "documents by the first provider": by["openai"],
            "documents by the others": by["groq"] + by["local"],
            "documents by the built-in writer": by["builtin"],
        }


def main() -> None:
    """Measure, print, and say by the exit status whether it is what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--askers", type=int, default=50)
    parser.add_argument("--generations", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobwise-fall-over-", ignore_cleanup_errors=True) as folder:
        figures = asyncio.run(measure(chosen.askers, chosen.generations, Path(folder)))
    for name, value in figures.items():
        print(f"| {name} | {value:.0f} |" if abs(value) >= 10 else f"| {name} | {value:.3g} |")
    kept = (
        figures["generations completed"] == chosen.generations
        and not figures["of these without an answer"]
        and figures["added to it while dead p95 (ms)"] < _MOST_ADDED_MS
    )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
