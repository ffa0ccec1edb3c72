"""What must hold whatever happened, read from the rows, from the model server's bill and from what subscribers saw."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.client import Follower, Order
from tests.faults.harness import Site

# A generation's life in one letter per event: A ccepted, S tarted, b egun and d one with a stage, R eleased,
# T ried again, E nded. A write by a worker that had lost its lease would break the order.
_LETTERS = {
    "ACCEPTED": "A", "STARTED": "S", "STAGE_STARTED": "b", "STAGE_COMPLETED": "d", "RELEASED": "R", "RETRIED": "T",
    "COMPLETED": "E", "FAILED": "E", "CANCELLED": "E",
}  # fmt: skip
_LIFE = re.compile(r"A((S(bd)*b?R?)*E)(T(S(bd)*b?R?)*E)*")
_ENDED = ("COMPLETED", "FAILED", "CANCELLED")


@dataclass
class Tally:
    """What one site shows after everything has ended. All but `runs`, `failed`, `repeated` must be 0 or empty."""

    runs: int = 0
    lost: int = 0
    doubled: int = 0
    missed: int = 0
    twice: int = 0
    rebilled: int = 0
    failed: int = 0
    cancelled: int = 0
    repeated: int = 0
    takeovers: int = 0
    recoveries: list[float] = field(default_factory=list)
    handovers: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def check(self, holds: object, otherwise: str) -> None:
        """Note a violation."""
        if not holds:
            self.violations.append(otherwise)


async def examine(site: Site, orders: Iterable[Order], followers: Iterable[Follower], tally: Tally) -> None:
    """Hold everything on a site against the promises."""
    rows = {row["id"]: row for row in await site.rows("select * from generations")}
    for order in orders:
        if order.id and order.row not in rows:
            tally.lost += 1
            tally.check(False, f"{order.key}: accepted, and not there")
    events: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for event in await site.rows("select * from generation_events order by generation_id, seq"):
        events[event["generation_id"]].append(event)
    for id_, row in rows.items():
        _life(row, events[id_], tally)
    await _documents(site, rows, tally)
    await _persons(site, tally)
    await _calls(site, tally)
    for follower in followers:
        _seen(follower, rows, tally)


def _life(row: dict[str, Any], events: list[dict[str, Any]], tally: Tally) -> None:
    name = f"generation {row['id']}"
    tally.runs += 1
    tally.failed += row["status"] == "FAILED"
    tally.cancelled += row["status"] == "CANCELLED"
    types = [event["type"] for event in events]
    if row["status"] not in _ENDED:
        tally.lost += 1
        tally.check(False, f"{name}: not ended, but {row['status']} in {row['stage']}, attempt {row['attempt']}")
        return
    if row["status"] == "FAILED":
        tally.check(row["error_message"], f"{name}: failed without a reason")
        tally.reasons[f"{row['error_code']} in {row['stage']}: {row['error_detail']}"] += 1
    life = "".join(_LETTERS[each] for each in types)
    tally.check(_LIFE.fullmatch(life), f"{name}: events out of order: {life}")
    tally.check(types[-1:] == [row["status"]], f"{name}: {row['status']}, but its last event is {types[-1:]}")
    numbers = [event["seq"] for event in events]
    tally.check(numbers == list(range(1, row["last_seq"] + 1)), f"{name}: events are numbered {numbers}")
    done = Counter(event["stage"] for event in events if event["type"] == "STAGE_COMPLETED")
    tally.check(max(done.values(), default=0) <= 1, f"{name}: a stage was kept twice: {done}")
    began = types.count("STAGE_STARTED")
    repeated = began - len(done) if row["status"] == "COMPLETED" else max(0, began - len(done) - 1)
    tally.repeated += repeated
    claims = types.count("STARTED")
    tally.takeovers += max(0, claims - 1)
    tally.check(repeated <= max(0, claims - 1), f"{name}: {repeated} stages repeated by {claims} claims")


async def _documents(site: Site, rows: dict[UUID, dict[str, Any]], tally: Tally) -> None:
    made = Counter(
        (row["generation_id"], row["kind"])
        for row in await site.rows(
            "select d.generation_id, d.kind from documents d join document_versions v on v.document_id = d.id"
        )
    )
    wanted = await site.rows(
        """
        select id, jsonb_array_elements_text(inputs::jsonb -> 'options' -> 'kinds') as kind
          from generations where status = 'COMPLETED'
        """
    )
    expected = Counter((row["id"], row["kind"]) for row in wanted)
    doubled, missing = made - expected, expected - made
    tally.doubled += doubled.total()
    tally.lost += missing.total()
    tally.check(not doubled, f"documents too many: {list(doubled)[:5]}")
    tally.check(not missing, f"documents missing: {list(missing)[:5]}")
    keys = [row["storage_key"] for row in await site.rows("select distinct storage_key from exports")]
    absent = [key for key in keys if not (site.home / "files" / key[:2] / key).exists()]
    tally.check(not absent, f"{len(absent)} files are named by documents and not there")
    tally.check(len(rows) >= len({id_ for id_, _ in made}), "documents of generations that are not there")


async def _persons(site: Site, tally: Tally) -> None:
    """Numbers per person, without gaps and in the order of the numbers per generation."""
    for row in await site.rows(
        """
        select user_id, count(*) as n, count(distinct user_seq) as numbers, min(user_seq) as first,
               max(user_seq) as last
          from generation_events group by user_id
        """
    ):
        whole = row["first"] == 1 and row["n"] == row["last"] == row["numbers"]
        tally.check(whole, f"person {row['user_id']}: {row['n']} events, numbered {row['first']} to {row['last']}")


async def _calls(site: Site, tally: Tally) -> None:
    """No model call for a stage that had its checkpoint already, and a ledger that agrees with the provider's bill."""
    late = await site.rows(
        """
        select c.id from llm_calls c
          join generation_checkpoints k on k.generation_id = c.generation_id and k.stage = c.stage
         where c.created_at > k.created_at
        """
    )
    tally.rebilled += len(late)
    tally.check(not late, f"{len(late)} model calls for a stage that had been kept")
    if site.model is None or not site.model.lives:
        return
    billed = await site.model.bill()
    ledger = await site.value("select count(*) from llm_calls")
    tally.check(len(billed) <= ledger, f"{len(billed)} model calls billed, {ledger} in the ledger")
    kept: dict[str, datetime] = {
        str(row["id"]): row["kept"]
        for row in await site.rows(
            """
            select c.id, k.created_at as kept from llm_calls c
              join generation_checkpoints k on k.generation_id = c.generation_id and k.stage = c.stage
            """
        )
    }
    after = [
        call
        for call in billed
        if (at := kept.get(call["client_request_id"])) and call["received_at"] > at.timestamp() + 0.05
    ]
    tally.rebilled += len(after)
    tally.check(not after, f"{len(after)} calls reached the provider after their stage had been kept")


def _seen(follower: Follower, rows: dict[UUID, dict[str, Any]], tally: Tally) -> None:
    """A subscriber of a generation has seen each event once and in order, over all its reconnections."""
    if follower.order is None or not follower.order.id or follower.order.row not in rows:
        return
    last = rows[follower.order.row]["last_seq"]
    compare(follower, last, f"subscriber of {follower.order.row}", tally)


def compare(follower: Follower, last: int, name: str, tally: Tally) -> None:
    """Hold what a subscriber saw against the numbers 1 to `last`."""
    tally.check(follower.trouble is None, f"{name}: gave up: {follower.trouble!r}")
    tally.check(not follower.resyncs, f"{name}: was told to read anew, though nothing was removed")
    counted = Counter(follower.seen)
    missed = [number for number in range(1, last + 1) if number not in counted]
    twice = [number for number, times in counted.items() if times > 1]
    tally.missed += len(missed)
    tally.twice += len(twice)
    tally.check(not missed, f"{name}: missed {missed[:10]} of {last}")
    tally.check(not twice, f"{name}: saw twice {twice[:10]}")
    tally.check(follower.seen == sorted(follower.seen), f"{name}: saw {follower.seen} out of order")
