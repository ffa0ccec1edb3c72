"""Wake-ups between processes: "something about this topic was committed; read it".

One Redis connection per process listens for all its subscribers, each of which has a slot of its own. A wake-up carries
no data and may be lost or come twice; the rows in the database say what happened.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from jobwise.infra import redis_client

_CHANNEL = "jobwise:wake"
_RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


async def publish(topic: str) -> None:
    """Tell everybody who waits for `topic`. Silent when Redis is away: the waiters poll then."""
    try:
        await redis_client.client().publish(_CHANNEL, topic)
    except redis_client.REDIS_ERRORS as error:
        log.warning("wake_up_unreachable", topic=topic, error=str(error))


class Listener:
    """The process's one ear. Run `listen` as a task; wait on slots made by `subscribe`."""

    def __init__(self) -> None:
        self._slots: dict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[asyncio.Event]:
        """A flag that is set whenever something about `topic` was published. Subscribe first, then read the rows."""
        flag = asyncio.Event()
        self._slots[topic].add(flag)
        try:
            yield flag
        finally:
            self._slots[topic].discard(flag)
            if not self._slots[topic]:
                del self._slots[topic]

    def _wake(self, topic: str) -> None:
        for flag in self._slots.get(topic, ()):
            flag.set()

    def _wake_all(self) -> None:
        for topic in list(self._slots):
            self._wake(topic)

    async def listen(self) -> None:
        """Listen until cancelled; reconnects by itself. After a gap everybody is woken, since a wake-up may be lost."""
        while True:
            try:
                async with redis_client.client().pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(_CHANNEL)
                    self._wake_all()
                    while True:
                        message = await channel.get_message(timeout=30)
                        if message is not None:
                            self._wake(message["data"].decode())
            except redis_client.REDIS_ERRORS as error:
                log.warning("wake_up_listener_disconnected", error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)


listener = Listener()


@asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """Run the process's listener for as long as the block lasts."""
    task = asyncio.create_task(listener.listen(), name="wake-up listener")
    try:
        yield
    finally:
        # redis-py swallows a cancellation that meets it while it connects, so that one is not always enough.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.1)
