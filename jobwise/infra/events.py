"""Between processes, by way of Redis: wake-ups ("something about this topic was committed; read it") and words.

A wake-up carries no data and may be lost or come twice; the rows in the database say what happened. A word is a piece
of text for whoever listens just now; it is kept nowhere, and what is lost is lost.

Each process has one connection that listens for all its subscribers. A process that publishes or subscribes runs
`listening()`.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

import orjson
import structlog
from redis.asyncio.client import PubSub

from jobwise.infra import redis_client

#: One channel for the wake-ups of all topics, which are few. Words are many: each topic has a channel of its own.
_WAKE_CHANNEL = "jobwise:wake"
_WORD_CHANNEL = "jobwise:word:"
_RETRY_SECONDS = 1.0

#: Words about the same thing are sent together, this often a second at most.
_WORDS_A_SECOND = 10
#: So many messages with words at a time; the others wait for the next turn and grow.
_MOST_MESSAGES = 300
#: So many characters of words about one thing wait at most; what is more is lost.
_MOST_CHARACTERS = 4_000

Wake = Callable[[], None]
#: What the text is about, and the text.
Hear = Callable[[str, str], None]
T = TypeVar("T")

log = structlog.get_logger(__name__)


async def publish(*topics: str) -> None:
    """Wake everybody who waits for one of these topics. Topics have no spaces.

    Silent when Redis is away: those who wait also look by themselves.
    """
    with suppress(*redis_client.REDIS_ERRORS):
        await redis_client.ask(lambda redis: redis.publish(_WAKE_CHANNEL, " ".join(topics)))


class Mouth:
    """Words that wait to be sent. Run `speak` as a task."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], str] = {}
        self._some = asyncio.Event()

    def tell(self, topic: str, about: str, text: str) -> None:
        """Send `text` soon to those who listen to `topic`, together with what else there is to say about it."""
        key = (topic, about)
        self._waiting[key] = (self._waiting.get(key, "") + text)[:_MOST_CHARACTERS]
        self._some.set()

    async def speak(self) -> None:
        """Send until cancelled."""
        while True:
            await self._some.wait()
            keys = list(self._waiting)[:_MOST_MESSAGES]
            words = {key: self._waiting.pop(key) for key in keys}
            if not self._waiting:
                self._some.clear()
            try:
                await self._send(words)
            except redis_client.REDIS_ERRORS as error:
                log.debug("words_lost", error=repr(error))
            except Exception as error:
                # Whatever it is, what is said next must be heard.
                log.error("words_not_sent", exc_info=error)
            await asyncio.sleep(1 / _WORDS_A_SECOND)

    async def _send(self, words: dict[tuple[str, str], str]) -> None:
        async with redis_client.client().pipeline(transaction=False) as pipeline:
            for (topic, about), text in words.items():
                # Half of a character that was cut in two cannot be sent.
                whole = text.encode("utf-8", "replace").decode()
                pipeline.publish(_WORD_CHANNEL + topic, orjson.dumps([about, whole]))
            await pipeline.execute()


class Listener:
    """The process's one ear. Run `listen` as a task."""

    def __init__(self) -> None:
        self._wakes: dict[str, set[Wake]] = defaultdict(set)
        self._hearers: dict[str, set[Hear]] = defaultdict(set)
        self._hearers_changed = asyncio.Event()
        self._ear: PubSub | None = None

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[asyncio.Event]:
        """A flag that is set whenever something about `topic` was published. Subscribe first, then read the rows."""
        flag = asyncio.Event()
        with self.attend(topic, flag.set):
            yield flag

    @contextmanager
    def attend(self, topic: str, wake: Wake, hear: Hear | None = None) -> Iterator[None]:
        """Call `wake` whenever something about `topic` was published, and `hear` with words about it.

        Both must be quick. `wake` is also called after a gap in which a wake-up may have been lost.
        """
        self._wakes[topic].add(wake)
        if hear is not None:
            self._hearers[topic].add(hear)
            self._hearers_changed.set()
        try:
            yield
        finally:
            _discard(self._wakes, topic, wake)
            if hear is not None:
                _discard(self._hearers, topic, hear)
                self._hearers_changed.set()

    async def listen(self) -> None:
        """Listen until cancelled; reconnects by itself. After a gap everybody is woken, since a wake-up may be lost."""
        while True:
            try:
                async with redis_client.client().pubsub(ignore_subscribe_messages=True) as ear:
                    await self._listen_with(ear)
            except redis_client.REDIS_ERRORS as error:
                log.warning("wake_up_listener_disconnected", error=repr(error))
            except Exception as error:
                # Whatever it is, a process without an ear hears of everything later.
                log.error("wake_up_listener_failed", exc_info=error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen_with(self, ear: PubSub) -> None:
        await ear.subscribe(_WAKE_CHANNEL)
        self._ear = ear
        self._hearers_changed.set()
        for topic in list(self._wakes):
            self._wake(topic)
        chooser = asyncio.create_task(self._choose_channels(ear), name="channels of words")
        try:
            while not chooser.done():
                message = await ear.get_message(timeout=30)
                if message is not None:
                    self._hear(message["channel"].decode(), message["data"])
            chooser.result()
        finally:
            # Ended by itself rather than cancelled: what is cancelled within redis-py may connect once more.
            self._ear = None
            self._hearers_changed.set()
            await asyncio.wait([chooser])

    async def _choose_channels(self, ear: PubSub) -> None:
        """Keep the connection subscribed to the words that somebody here listens to, and no others."""
        chosen: set[str] = set()
        with suppress(*redis_client.REDIS_ERRORS):  # The connection is broken: its reader sees that as well.
            while True:
                await self._hearers_changed.wait()
                self._hearers_changed.clear()
                if self._ear is not ear:
                    return
                wanted = {_WORD_CHANNEL + topic for topic in self._hearers}
                if more := wanted - chosen:
                    await ear.subscribe(*more)
                if fewer := chosen - wanted:
                    await ear.unsubscribe(*fewer)
                chosen = wanted

    def _hear(self, channel: str, data: bytes) -> None:
        """One message, whatever it does to those who hear it: the next one comes for others."""
        try:
            self._receive(channel, data)
        except Exception as error:
            log.error("message_not_understood", exc_info=error)

    def _receive(self, channel: str, data: bytes) -> None:
        if channel == _WAKE_CHANNEL:
            for topic in data.decode().split(" "):
                self._wake(topic)
            return
        about, text = orjson.loads(data)
        for hear in list(self._hearers.get(channel.removeprefix(_WORD_CHANNEL), ())):
            hear(about, text)

    def _wake(self, topic: str) -> None:
        for wake in list(self._wakes.get(topic, ())):
            wake()


def _discard(callbacks: dict[str, set[T]], topic: str, callback: T) -> None:
    callbacks[topic].discard(callback)
    if not callbacks[topic]:
        del callbacks[topic]


listener = Listener()
mouth = Mouth()


@asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """Listen, and send words, for as long as the block lasts."""
    tasks = [
        asyncio.create_task(listener.listen(), name="wake-up listener"),
        asyncio.create_task(mouth.speak(), name="words"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            await _end(task)


async def _end(task: asyncio.Task[None]) -> None:
    # redis-py swallows a cancellation that meets it while it connects, so that one is not always enough.
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)
