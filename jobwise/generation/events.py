"""Progress, followed: from a cursor through what was, then live; nothing is missed or repeated.

A follower has a cursor and a few events that wait to be sent. One reader per process looks for all followers: it reads
together what they do not have yet, once for all that stand at the same place, when somebody announces something or a
new follower comes, and every two seconds in case an announcement was lost. Who is slow is not read for until they have
sent what they have.

`follow` is about one generation, by `Event.seq`; `follow_person` about all of a person's, by `Event.user_seq`.
"""

import asyncio
import contextvars
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import structlog

from jobwise.documents.content import DocumentKind
from jobwise.generation.models import Event, EventCounter, EventType, Status
from jobwise.generation.types import Stage
from jobwise.infra import db, events

#: A lost wake-up delays an event by at most this long.
_POLL_SECONDS = 2.0
#: So many events are read for a follower at a time; one with as many waiting is not read for.
_MOST_WAITING = 50
#: So many followers' places are looked up in one statement.
_PLACES = 500
_RETRY_SECONDS = 0.5
_PRUNED_AT_A_TIME = 500

#: Within the text of a document: what stands before it is void.
_NEW_PAGE = "\f"

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

#: Where followers stand: topic, cursor, and whether nothing was told to them yet.
_Place = tuple[UUID, int, bool]

Name = TypeVar("Name", bound=StrEnum)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a follower gets: a row of `Event`, or one of the two that are never stored.

    RESYNC: the follower's cursor is older than what is kept, or from a future that a restored database does not know,
    or something happened that only a later version has a name for; it says how things are now. DELTA: `delta`, a piece
    of text of `document` as it is written; with `restart`, what was told of that document before is void.

    `generation_id` is None in a RESYNC of somebody who has no generations. `position` is what to go on behind.
    """

    generation_id: UUID | None
    position: int
    type: EventType
    stage: Stage | None
    status: Status
    progress: int
    eta_seconds: float | None
    message: str
    created_at: datetime
    document: DocumentKind | None = None
    delta: str | None = None
    restart: bool = False

    @classmethod
    def of(cls, event: Event) -> "Progress":
        """From the table's row, at its place in the generation."""
        return cls(
            generation_id=event.generation_id,
            position=event.seq,
            type=event.type,
            stage=Stage(event.stage) if event.stage else None,
            status=event.status,
            progress=event.progress,
            eta_seconds=event.eta_seconds,
            message=event.message,
            created_at=event.created_at,
        )


async def announce(generation_id: UUID, user_id: UUID) -> None:
    """Wake the followers of a generation and of its person. Call it after the commit."""
    await events.publish(f"generation:{generation_id}", f"person:{user_id}")


def tell_delta(generation_id: UUID, document: DocumentKind, text: str, restart: bool = False) -> None:
    """Send a piece of text, as it is written, to the generation's followers. It may be lost.

    With `restart`, what they were told of the document before is void.
    """
    said = text.replace(_NEW_PAGE, " ")
    events.mouth.tell(f"generation:{generation_id}", document.value, f"{_NEW_PAGE}{said}" if restart else said)


def follow(generation_id: UUID, after: int = 0) -> AsyncGenerator[Progress, None]:
    """All that happens to a generation behind the sequence number `after`, until it has ended or is deleted.

    The caller has checked that the viewer may see it. While the database is away, this waits.
    """
    return _generations.follow(generation_id, after)


def follow_person(user_id: UUID, after: int) -> AsyncGenerator[Progress, None]:
    """All that happens to all generations of a person behind `after` (see `newest`). Never ends by itself."""
    return _persons.follow(user_id, after)


async def newest(user_id: UUID) -> int:
    """Where `follow_person` begins for somebody who only wants to know what happens from now on."""
    counter = await EventCounter.get_or_none(user_id=user_id)
    return counter.last_seq if counter else 0


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a topic stands: its newest event, up to where older ones were removed, and whether more can come."""

    last: int
    pruned_to: int
    ended: bool
    now: Progress

    def knows(self, cursor: int) -> bool:
        """Whether nothing behind this cursor is missing."""
        return self.pruned_to <= cursor <= self.last

    def has_news(self, cursor: int) -> bool:
        """Whether there are events to be read behind this cursor."""
        return self.pruned_to <= cursor < self.last


class _Follower:
    """One subscription: where it is, what waits to be sent, what it was last told about the state."""

    __slots__ = ("cursor", "ended", "failure", "flag", "is_behind", "key", "latest", "void", "waiting")

    def __init__(self, key: UUID, cursor: int) -> None:
        self.key = key
        self.cursor = cursor
        self.waiting: deque[Progress] = deque()
        self.flag = asyncio.Event()
        self.is_behind = False
        self.ended = False
        self.latest: Progress | None = None
        self.failure: Exception | None = None
        #: Documents whose text began anew while there was no room to say so.
        self.void: set[DocumentKind] = set()

    def give(self, head: _Head, news: list[Progress]) -> None:
        """Take over what was read at the follower's place."""
        if not head.knows(self.cursor):
            news = [replace(head.now, type=EventType.RESYNC, position=head.last)]
        if news:
            self.waiting.extend(news)
            self.cursor = news[-1].position
        if news or self.latest is None:
            self.latest = news[-1] if news else head.now
        self.is_behind = self.cursor < head.last
        # What is beyond the head was written after its end: the generation goes on.
        self.ended = head.ended and self.cursor == head.last
        if news or self.ended:
            self.flag.set()

    def hear(self, about: str, text: str) -> None:
        """Take a piece of text, unless there is enough to send already, or it is of a kind that later versions have."""
        document = _known(DocumentKind, about)
        if document is None:
            return
        if _NEW_PAGE in text:
            self.void.add(document)
            text = text.rpartition(_NEW_PAGE)[2]
        if self.latest is None or len(self.waiting) >= _MOST_WAITING // 2:
            return
        delta = replace(
            self.latest,
            position=self.cursor,
            type=EventType.DELTA,
            message="",
            created_at=datetime.now(UTC),
            document=document,
            delta=text,
            restart=document in self.void,
        )
        self.void.discard(document)
        self.waiting.append(delta)
        self.flag.set()


class _Feed:
    """The followers of one kind of topic in this process, and their reader, which runs while there are any."""

    def __init__(self, kind: str, heads: str, news: str) -> None:
        self._kind = kind
        self._heads_sql = heads
        self._news_sql = news
        self._followers: dict[UUID, set[_Follower]] = defaultdict(set)
        self._due: set[UUID] = set()
        self._bell = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def follow(self, key: UUID, after: int) -> AsyncGenerator[Progress, None]:
        """What happens to `key` behind `after`.

        The follower is attached before anything is read for it, so that nothing can be committed in between unseen.
        """
        follower = _Follower(key, after)
        with self._attached(follower):
            while True:
                while follower.waiting:
                    yield follower.waiting.popleft()
                if follower.failure is not None:
                    raise follower.failure
                if follower.ended:
                    return
                if follower.is_behind:
                    self._mark(key)
                await follower.flag.wait()
                follower.flag.clear()

    @contextmanager
    def _attached(self, follower: _Follower) -> Iterator[None]:
        key = follower.key

        def wake() -> None:
            self._mark(key)

        with events.listener.attend(f"{self._kind}:{key}", wake, follower.hear):
            self._followers[key].add(follower)
            self._mark(key)
            if self._reader is None:
                # In a context of its own: that of the first follower's request ends before the reader does.
                self._reader = asyncio.create_task(self._read(), name=f"{self._kind}s", context=contextvars.Context())
            try:
                yield
            finally:
                self._followers[key].discard(follower)
                if not self._followers[key]:
                    del self._followers[key]
                if not self._followers:
                    self._reader.cancel()
                    self._reader = None

    def _mark(self, key: UUID) -> None:
        self._due.add(key)
        self._bell.set()

    async def _read(self) -> None:
        """Read until cancelled: for those that are due at once, for all of them every now and then."""
        next_poll = 0.0
        now = asyncio.get_running_loop().time
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_poll):
                    await self._bell.wait()
            self._bell.clear()
            due, self._due = self._due & self._followers.keys(), set()
            if now() >= next_poll:
                due = set(self._followers)
                next_poll = now() + _POLL_SECONDS
            await self._read_for(due)

    async def _read_for(self, keys: set[UUID]) -> None:
        """Bring all followers of these topics on by up to `_MOST_WAITING` events."""
        places: dict[_Place, list[_Follower]] = defaultdict(list)
        for key in keys:
            for follower in self._followers.get(key, ()):
                if len(follower.waiting) < _MOST_WAITING:
                    places[key, follower.cursor, follower.latest is None].append(follower)
                else:
                    follower.is_behind = True
        remaining = iter(places.items())
        while some := dict(islice(remaining, _PLACES)):
            try:
                await self._read_at(some)
            except db.CONNECTION_ERRORS as error:
                log.warning("progress_unreadable", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                self._due |= {key for key, _, _ in some}
                self._bell.set()
            except Exception as error:
                log.exception("progress_broken")
                _fail(some.values(), error)

    async def _read_at(self, places: dict[_Place, list[_Follower]]) -> None:
        """Heads before events: what is committed in between comes as more than the head knows, never as less."""
        heads = await self._heads(places)
        news = await self._news({(key, after) for (key, after, _), head in heads.items() if head.has_news(after)})
        for place, head in heads.items():
            key, after, _ = place
            for follower in places[place]:
                # Another reader, which is ending only now, may have been faster.
                if follower.cursor == after:
                    follower.give(head, news.get((key, after), []))

    async def _heads(self, places: Iterable[_Place]) -> dict[_Place, _Head]:
        """Of those places where there is something to tell, or nothing was told yet."""
        rows = await db.fetch_all(self._heads_sql, *_columns(places))
        return {
            (row["key"], row["after"], row["is_new"]): _Head(
                row["last"], row["pruned_to"], row["ended"], _progress(row)
            )
            for row in rows
        }

    async def _news(self, places: set[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Progress]]:
        news: dict[tuple[UUID, int], list[Progress]] = defaultdict(list)
        if places:
            for row in await db.fetch_all(self._news_sql, *_columns(places), _MOST_WAITING):
                news[row["key"], row["after"]].append(_progress(row))
        return news


def _columns(places: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*places, strict=True)]


def _fail(followers: Iterable[list[_Follower]], error: Exception) -> None:
    for follower in (follower for some in followers for follower in some):
        follower.failure = error
        follower.flag.set()


def _known(kind: type[Name], name: str | None) -> Name | None:
    """The value of that name; None without one, and for what a later version writes while both of them run."""
    return kind(name) if name in list(kind) else None


def _progress(row: dict[str, Any]) -> Progress:
    """What a row says; where this version has no words for it, that there is something to be read anew."""
    type_, status = _known(EventType, row["type"]), _known(Status, row["status"])
    stage = _known(Stage, row["stage"])
    is_known = type_ and status and (stage or not row["stage"])
    return Progress(
        generation_id=row["generation_id"],
        position=row["position"],
        type=type_ if type_ and is_known else EventType.RESYNC,
        stage=stage,
        # Ends have had their names from the beginning.
        status=status or Status.RUNNING,
        progress=row["progress"],
        eta_seconds=row["eta_seconds"],
        message=row["message"],
        created_at=row["created_at"],
    )


# A generation that was deleted has ended, with nothing more to tell than the follower knows.
_generations = _Feed(
    "generation",
    heads="""
        select w.key, w.after, w.is_new, coalesce(g.last_seq, w.after) as last,
               coalesce(case when w.is_new then (
                   select coalesce(min(e.seq) - 1, g.last_seq) from generation_events e where e.generation_id = g.id)
               end, 0) as pruned_to,
               g.finished_at is not null or g.id is null as ended,
               w.key as generation_id, coalesce(g.last_seq, w.after) as position, 'RESYNC' as type, g.stage,
               coalesce(g.status, 'CANCELLED') as status, coalesce(g.progress, 0) as progress, g.eta_seconds,
               'This is how it is now' as message, now() as created_at
          from unnest($1::uuid[], $2::bigint[], $3::bool[]) as w (key, after, is_new)
          left join generations g on g.id = w.key
         where w.is_new or g.id is null or g.last_seq <> w.after or g.finished_at is not null
        """,
    news="""
        select w.key, w.after, e.seq as position, e.*
          from unnest($1::uuid[], $2::bigint[]) as w (key, after)
         cross join lateral (
             select generation_id, seq, type, stage, status, progress, eta_seconds, message, created_at
               from generation_events
              where generation_id = w.key and seq > w.after order by seq limit $3) e
         order by w.key, w.after, e.seq
        """,
)

# The state in a person's head is that of their newest generation; without any, nothing is left to be done.
_persons = _Feed(
    "person",
    heads="""
        select w.key, w.after, w.is_new, coalesce(c.last_seq, 0) as last, coalesce(c.pruned_to, 0) as pruned_to,
               false as ended, g.id as generation_id, coalesce(c.last_seq, 0) as position, 'RESYNC' as type, g.stage,
               coalesce(g.status, 'COMPLETED') as status, coalesce(g.progress, 100) as progress, g.eta_seconds,
               'This is how it is now' as message, now() as created_at
          from unnest($1::uuid[], $2::bigint[], $3::bool[]) as w (key, after, is_new)
          left join generation_event_counters c on c.user_id = w.key
          left join lateral (
              select id, stage, status, progress, eta_seconds from generations
               where user_id = w.key order by created_at desc, id desc limit 1) g on true
         where w.is_new or c.last_seq <> w.after
        """,
    news="""
        select w.key, w.after, e.user_seq as position, e.*
          from unnest($1::uuid[], $2::bigint[]) as w (key, after)
         cross join lateral (
             select generation_id, user_seq, type, stage, status, progress, eta_seconds, message, created_at
               from generation_events
              where user_id = w.key and user_seq > w.after order by user_seq limit $3) e
         order by w.key, w.after, e.user_seq
        """,
)


async def prune(days: int = 30) -> int:
    """Remove the events of generations that ended more than `days` ago; the generations stay. Returns how many.

    Waits for nobody: the events of people for whom something is being numbered just now are left for the next time.
    """
    removed = 0
    while batch := await _prune_some(timedelta(days=days)):
        removed += batch
    return removed


async def _prune_some(age: timedelta) -> int:
    row = await db.fetch_one(
        """
        with old as (
            select distinct g.id, g.user_id
              from generation_events e join generations g on g.id = e.generation_id
             where e.created_at < now() - $1::interval and g.finished_at < now() - $1::interval limit $2),
        free as (
            select user_id from generation_event_counters where user_id in (select user_id from old)
            for no key update skip locked),
        gone as (
            delete from generation_events e using old join free using (user_id) where e.generation_id = old.id
            returning e.user_id, e.user_seq),
        moved as (
            update generation_event_counters c set pruned_to = greatest(c.pruned_to, g.newest)
              from (select user_id, max(user_seq) as newest from gone group by user_id) g
             where c.user_id = g.user_id)
        select count(*) as n from gone
        """,
        age, _PRUNED_AT_A_TIME,
    )  # fmt: skip
    return int(row["n"]) if row else 0
