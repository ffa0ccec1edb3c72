"""Many subscribers of one API process through a restart of Redis: `python -m tests.benchmarks.subscribers`.

Prints whether each of them heard of every event once and in order, and what it took.
"""

import argparse
import asyncio
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.client import Follower, Order, Person
from tests.faults.harness import Ground, Program, Site, until
from tests.faults.invariants import Tally, compare
from tests.faults.report import percentile

_PEOPLE = 20
_LETTER = ("COVER_LETTER",)
_AT_ONCE = 50


class _Timed(Follower):
    """A subscriber with a watch."""

    def __init__(self, person: Person, order: Order | None) -> None:
        self.arrivals: dict[int, float] = {}
        super().__init__(person, order)

    def _note(self, event: dict[str, Any]) -> None:
        known = len(self.seen)
        super()._note(event)
        if len(self.seen) > known:
            self.arrivals[self.seen[-1]] = time.time()


async def measure(count: int, folder: Path) -> dict[str, float]:
    """Let `count` subscribers follow some generations, one half each a generation, the other all of a person's."""
    async with Ground(folder) as ground, ground.site("subscribers", JOBWISE_RUNNING_PER_PERSON="2") as site:
        api = await site.api()
        people = [await Person(site).arrive() for _ in range(_PEOPLE)]
        orders = [await person.order(kinds=_LETTER) for person in people for _ in range(2)]
        before = _megabytes(api)
        began = time.monotonic()
        followers = await _attached(people, orders, count)
        attached, attached_at = time.monotonic() - began, time.time()
        memory = (_megabytes(api) - before) / count * 1024
        await site.worker()
        await until(lambda: _completed(site, 0.3), "the first few", within=120)
        await ground.hit("redis", signal.SIGKILL)
        await until(lambda: _completed(site, 1), "the end of all", within=300)
        wanted = await _numbers(site, orders)
        await _heard(followers, wanted)
        delays = await _delays(site, followers, attached_at)
        figures = _figures(followers, wanted) | {
            "seconds to attach all": attached,
            "seconds from an event to a subscriber, p50": percentile(delays, 50),
            "seconds from an event to a subscriber, p99": percentile(delays, 99),
            "memory of the API (MB)": _megabytes(api),
            "of it for each subscriber (KB)": memory,
            "seconds until its clients, busy themselves, see the API end": await _ended(api),
        }
        await asyncio.gather(*(follower.stop() for follower in followers))
        return figures


async def _attached(people: list[Person], orders: list[Order], count: int) -> list[_Timed]:
    """Subscribers, each of which has heard of something; a few come at a time."""
    followers: list[_Timed] = []
    while len(followers) < count:
        batch = []
        for number in range(len(followers), min(count, len(followers) + _AT_ONCE)):
            chosen = number // 2 % len(orders)
            batch.append(_Timed(people[chosen // 2], orders[chosen] if number % 2 else None))
        followers += batch
        await until(lambda some=batch: all(each.seen for each in some), "subscribers that hear", within=60)
    return followers


async def _completed(site: Site, share: float) -> bool:
    found = await site.value("select avg((status = 'COMPLETED')::int)::float8 from generations")
    return bool(found >= share)


async def _numbers(site: Site, orders: list[Order]) -> dict[str, int]:
    """The number of the last event by e-mail address and by generation."""
    of_people = await site.rows(
        "select u.email, max(e.user_seq) as last from generation_events e join users u on u.id = e.user_id group by 1"
    )
    of_orders = await site.rows("select id, last_seq from generations")
    by_row = {row["id"]: int(row["last_seq"]) for row in of_orders}
    return {row["email"]: int(row["last"]) for row in of_people} | {order.id: by_row[order.row] for order in orders}


async def _delays(site: Site, followers: list[_Timed], since: float) -> list[float]:
    """Seconds from the writing of each event to each arrival, of events that nobody had to be told afterwards."""
    written: dict[tuple[Any, int], float] = {}
    for row in await site.rows(
        "select e.generation_id, e.seq, u.email, e.user_seq, extract(epoch from e.created_at)::float8 as at"
        "  from generation_events e join users u on u.id = e.user_id"
    ):
        written[row["generation_id"], row["seq"]] = written[row["email"], row["user_seq"]] = row["at"]
    return [
        at - begun
        for follower in followers
        for position, at in follower.arrivals.items()
        if (begun := written[follower.order.row if follower.order else follower.person.email, position]) > since
    ]


async def _ended(api: Program) -> float:
    """How long it takes to send its subscribers away."""
    began = time.monotonic()
    api.signal(signal.SIGTERM)
    await api.ended()
    return time.monotonic() - began


def _megabytes(api: Program) -> float:
    status = Path(f"/proc/{api.pid}/status").read_text()
    (memory,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(memory.split()[1]) / 1024


def _name(follower: Follower) -> str:
    return follower.order.id if follower.order else follower.person.email


async def _heard(followers: Sequence[Follower], wanted: dict[str, int]) -> None:
    def all_heard() -> bool:
        return all(len(follower.seen) >= wanted[_name(follower)] for follower in followers)

    await until(all_heard, "subscribers that have heard all", within=180)


def _figures(followers: Sequence[Follower], wanted: dict[str, int]) -> dict[str, float]:
    tally = Tally()
    for follower in followers:
        compare(follower, wanted[_name(follower)], _name(follower), tally)
    return {
        "subscribers": len(followers),
        "events delivered": sum(len(follower.seen) for follower in followers),
        "events missed": tally.missed,
        "events seen twice": tally.twice,
        "other violations": len(tally.violations),
        "connections that were made anew": sum(follower.connections - 1 for follower in followers),
    }


def main() -> None:
    """Measure, print, and say by the exit status whether it is what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    chosen = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="jobwise-subscribers-", ignore_cleanup_errors=True) as folder:
        figures = asyncio.run(measure(chosen.count, Path(folder)))
    for name, value in figures.items():
        print(f"| {name} | {value:g} |" if value == int(value) else f"| {name} | {value:.2f} |")
    sys.exit(1 if figures["events missed"] or figures["events seen twice"] or figures["other violations"] else 0)


if __name__ == "__main__":
    main()
