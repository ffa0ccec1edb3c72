"""The table of what was done, and what came of it."""

from collections.abc import Mapping
from pathlib import Path
from statistics import quantiles

from tests.faults.invariants import Tally

_COLUMNS = (
    "scenario", "runs", "lost", "doubled", "events missed", "events seen twice", "stages repeated",
    "calls billed again", "failed", "recovery p50 / p95", "hand-over p50 / p95", "holds",
)  # fmt: skip


def table(tallies: Mapping[str, Tally]) -> str:
    """Markdown, one line a scenario. Times are in seconds."""
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
    for name, tally in tallies.items():
        numbers = (
            tally.runs, tally.lost, tally.doubled, tally.missed, tally.twice, tally.repeated, tally.rebilled,
            tally.failed,
        )  # fmt: skip
        times = (_spread(tally.recoveries), _spread(tally.handovers))
        lines.append(_line([name, *map(str, numbers), *times, "no" if tally.violations else "yes"]))
    return "\n".join(lines)


def write(path: Path, tallies: Mapping[str, Tally], seed: int) -> str:
    """Write the report, and return it: table, faults, and what did not hold."""
    total = sum((tally.faults for tally in tallies.values()), start=Tally().faults)
    parts = [
        f"Seed {seed}. Recovery: from kill -9 of a worker to the next claim. Hand-over: from a worker's release to it.",
        table(tallies),
        "Faults: " + ", ".join(f"{name} {count}" for name, count in total.most_common()),
    ]
    for name, tally in tallies.items():
        parts += [f"{name}: {count} FAILED with {reason}" for reason, count in tally.reasons.items()]
        parts += [f"{name} does not hold: {violation}" for violation in tally.violations]
    text = "\n\n".join(parts) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return text


def percentile(values: list[float], percent: int) -> float:
    """A percentile of some values; of one, itself."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def _spread(seconds: list[float]) -> str:
    return f"{percentile(seconds, 50):.2f} / {percentile(seconds, 95):.2f}" if seconds else ""


def _line(cells: "tuple[str, ...] | list[str]") -> str:
    return f"| {' | '.join(cells)} |"
