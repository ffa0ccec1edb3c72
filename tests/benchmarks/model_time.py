"""How long two documents take with models, beside what the models take: `python -m tests.benchmarks.model_time`.

A scripted provider gives the first token after half a second, then 80 a second. Each generation is compared with its
own calls made one after the other, with one call for each document, and with our own time added.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jobwise import samples
from tests.faults.client import BOTH, Order, Person
from tests.faults.harness import Ground, Site, until
from tests.faults.report import percentile
from tests.providers.script import Behaviour, Script

_FIRST_TOKEN_SECONDS = 0.5
_TOKENS_PER_SECOND = 80
_MOST_OF_ONE_AFTER_THE_OTHER = 0.55
_MOST_SECONDS = 12
_Span = tuple[float, float]


@dataclass(frozen=True)
class Timing:
    """One generation. `waiting` is the time in which any model was asked, `models` the sum over all calls.

    `parts` counts the calls that a writer who asks once for each document would not have made.
    """

    total: float
    waiting: float
    models: float
    parts: int
    input_tokens: int
    output_tokens: int

    @property
    def own(self) -> float:
        """Our own time."""
        return self.total - self.waiting

    @property
    def ratio(self) -> float:
        """The time it took over that of five stages one after the other."""
        return self.total / (self.models - self.parts * _FIRST_TOKEN_SECONDS + self.own)


async def measure(count: int, folder: Path, *, repairs: float) -> list[Timing]:
    """Run `count` generations of different people for different postings, one at a time.

    `repairs` is the share of letters that say something untrue at first.
    """
    plain = Behaviour(first_token_seconds=_FIRST_TOKEN_SECONDS, tokens_per_second=_TOKENS_PER_SECOND)
    untrue = plain.model_copy(update={"schema_name": "letter_paragraphs", "share": repairs, "text": _UNTRUE})
    settings = {"JOBWISE_LLM_CHAIN": "local:writer,builtin"}
    async with Ground(folder) as ground, ground.site("model-time", **settings) as site:
        await site.models(Script(default=plain, rules=[untrue] if repairs else []))
        await site.api()
        await site.worker()
        orders = [await _one(site, number) for number in range(count)]
        return await _timings(site, orders)


_UNTRUE = (
    '{"paragraphs": [{"text": "I am applying for this position.", "evidence": []}, '
    '{"text": "I led 4,000 engineers at Google and raised revenue by 900%, which answers what you ask for.", '
    '"evidence": ["f2"]}, {"text": "Thank you for your time.", "evidence": []}]}'
)


async def _one(site: Site, number: int) -> Order:
    people, postings = samples.profiles(), samples.postings()
    profile, posting = people[number % len(people)], postings[number * 7 % len(postings)]
    person = await Person(site).arrive(f"Position {number}", profile=profile.key, posting=posting.key)
    order = await person.order(kinds=BOTH)
    await until(lambda: _ended(site, order), "its end", within=120)
    return order


async def _ended(site: Site, order: Order) -> bool:
    return bool(await site.value("select status = 'COMPLETED' from generations where id = $1", order.row))


async def _timings(site: Site, orders: Iterable[Order]) -> list[Timing]:
    rows = {row["id"]: row for row in await site.rows("select id, started_at, finished_at from generations")}
    calls: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for call in await site.rows("select * from llm_calls order by created_at"):
        calls[call["generation_id"]].append(call)
    return [_timing(rows[order.row], calls[order.row]) for order in orders]


def _timing(row: dict[str, Any], calls: list[dict[str, Any]]) -> Timing:
    spans = [_span(call) for call in calls]
    return Timing(
        total=(row["finished_at"] - row["started_at"]).total_seconds(),
        waiting=_covered(spans),
        models=sum(end - start for start, end in spans),
        parts=sum(call["stage"] == "WRITE" for call in calls) - 2,
        input_tokens=sum(call["input_tokens"] for call in calls),
        output_tokens=sum(call["output_tokens"] for call in calls),
    )


def _span(call: dict[str, Any]) -> _Span:
    created: datetime = call["created_at"]
    return created.timestamp(), created.timestamp() + call["latency_ms"] / 1000


def _covered(spans: Iterable[_Span]) -> float:
    """The length of the union."""
    covered, reached = 0.0, 0.0
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _figures(timings: list[Timing]) -> dict[str, float]:
    return {
        "generations": len(timings),
        "seconds p50": percentile([one.total for one in timings], 50),
        "seconds p95": percentile([one.total for one in timings], 95),
        "of five stages one after the other, p50 (%)": 100 * percentile([one.ratio for one in timings], 50),
        "of five stages one after the other, p95 (%)": 100 * percentile([one.ratio for one in timings], 95),
        "over the sum of the calls' time, p50 (%)": 100 * percentile([one.total / one.models for one in timings], 50),
        "own seconds p50": percentile([one.own for one in timings], 50),
        "own seconds p95": percentile([one.own for one in timings], 95),
        "calls for parts of a résumé, mean": statistics.mean(one.parts for one in timings),
        "input tokens, mean": statistics.mean(one.input_tokens for one in timings),
        "output tokens, mean": statistics.mean(one.output_tokens for one in timings),
    }


def main() -> None:
    """Measure, print, and say by the exit status whether it is what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--repairs", type=float, default=0.0, help="share of letters that need a repair")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobwise-model-time-", ignore_cleanup_errors=True) as folder:
        timings = asyncio.run(measure(chosen.count, Path(folder), repairs=chosen.repairs))
    figures = _figures(timings)
    for name, value in figures.items():
        print(f"| {name} | {value:.2f} |")
    kept = figures["of five stages one after the other, p50 (%)"] <= 100 * _MOST_OF_ONE_AFTER_THE_OTHER
    sys.exit(0 if kept and figures["seconds p50"] < _MOST_SECONDS else 1)


if __name__ == "__main__":
    main()
