import asyncio
from collections.abc import AsyncIterator

import pytest

from jobwise.infra import events, redis_client


@pytest.fixture(autouse=True)
async def _listening(redis_url: str) -> AsyncIterator[None]:
    redis_client.connect(redis_url)
    async with events.listening():
        await _heard_by_redis(events._WAKE_CHANNEL)
        yield
    await redis_client.close()


async def _heard_by_redis(channel: str) -> None:
    """Wait until the listener has subscribed."""
    async with asyncio.timeout(30):
        while not dict(await redis_client.client().pubsub_numsub(channel))[channel.encode()]:  # noqa: ASYNC110 (Redis does not tell)
            await asyncio.sleep(0.01)


async def test_one_message_wakes_all_who_wait_for_one_of_its_topics_and_nobody_else() -> None:
    with (
        events.listener.subscribe("a") as first,
        events.listener.subscribe("a") as second,
        events.listener.subscribe("b") as third,
        events.listener.subscribe("c") as other,
    ):
        for flag in (first, second, third, other):
            flag.clear()
        await events.publish("a", "b")
        await asyncio.wait_for(asyncio.gather(first.wait(), second.wait(), third.wait()), 30)

        assert not other.is_set()


async def test_after_a_lost_connection_everybody_is_woken_and_then_wake_ups_come_again() -> None:
    with events.listener.subscribe("a") as flag:
        flag.clear()
        await redis_client.client().client_kill_filter(_type="pubsub")
        await asyncio.wait_for(flag.wait(), 30)
        flag.clear()
        await events.publish("a")

        assert await asyncio.wait_for(flag.wait(), 30)


async def test_words_about_the_same_are_sent_together_and_only_to_who_listens_to_the_topic() -> None:
    heard: list[tuple[str, str]] = []
    told = asyncio.Event()

    def hear(about: str, text: str) -> None:
        heard.append((about, text))
        told.set()

    with events.listener.attend("a", told.set, hear):
        await _heard_by_redis(events._WORD_CHANNEL + "a")
        told.clear()
        for topic, about, text in (("b", "x", "lost"), ("a", "x", "one "), ("a", "x", "two"), ("a", "y", "three")):
            events.mouth.tell(topic, about, text)
        async with asyncio.timeout(30):
            while len(heard) < 2:
                await told.wait()
                told.clear()

    assert heard == [("x", "one two"), ("y", "three")]


async def test_what_one_hearer_cannot_understand_keeps_nobody_from_hearing_the_rest() -> None:
    heard: list[str] = []

    def hear(_: str, text: str) -> None:
        heard.append(text.removeprefix("a kind that only the next version knows"))
        if not heard[-1]:
            raise ValueError

    with events.listener.attend("a", lambda: None, hear), events.listener.subscribe("b") as flag:
        await _heard_by_redis(events._WORD_CHANNEL + "a")
        redis = redis_client.client()
        await redis.publish(events._WORD_CHANNEL + "a", b'["x", "a kind that only the next version knows"]')
        await redis.publish(events._WORD_CHANNEL + "a", b"no JSON at all")
        await redis.publish(events._WAKE_CHANNEL, b"\xff")
        flag.clear()
        await redis.publish(events._WORD_CHANNEL + "a", b'["x", "one"]')
        await events.publish("b")

        assert await asyncio.wait_for(flag.wait(), 30)
    assert heard == ["", "one"]


async def test_half_of_a_character_is_told_as_a_question_mark_and_others_words_come_as_well() -> None:
    heard: list[tuple[str, str]] = []
    told = asyncio.Event()

    def hear(about: str, text: str) -> None:
        heard.append((about, text))
        told.set()

    with events.listener.attend("a", lambda: None, hear):
        await _heard_by_redis(events._WORD_CHANNEL + "a")
        events.mouth.tell("a", "x", "half of a smile: \ud83d")
        events.mouth.tell("a", "y", "whole")
        async with asyncio.timeout(30):
            while len(heard) < 2:
                await told.wait()
                told.clear()

    assert heard == [("x", "half of a smile: ?"), ("y", "whole")]


async def test_ear_and_mouth_go_on_after_whatever_they_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_RETRY_SECONDS", 0.0)
    heard = asyncio.Event()
    met: list[str] = []

    def once(owner: type, name: str) -> None:
        real = getattr(owner, name)

        async def failing(*given: object) -> None:
            monkeypatch.setattr(owner, name, real)
            met.append(name)
            raise KeyError(name)

        monkeypatch.setattr(owner, name, failing)

    once(events.Mouth, "_send")
    once(events.Listener, "_choose_channels")
    await redis_client.client().client_kill_filter(_type="pubsub")
    with events.listener.attend("a", lambda: None, lambda *_: heard.set()):
        async with asyncio.timeout(30):
            while not heard.is_set():
                events.mouth.tell("a", "x", "anybody there?")
                # The ear looks at what has become of its other half whenever it hears something.
                await events.publish("b")
                await asyncio.sleep(0.05)

    assert sorted(met) == ["_choose_channels", "_send"]


async def test_words_are_heard_again_after_a_lost_connection() -> None:
    heard: list[tuple[str, str]] = []
    with events.listener.attend("a", lambda: None, lambda about, text: heard.append((about, text))):
        await _heard_by_redis(events._WORD_CHANNEL + "a")
        lost = await redis_client.client().client_kill_filter(_type="pubsub")
        async with asyncio.timeout(30):
            while not heard:
                events.mouth.tell("a", "x", "again ")
                await asyncio.sleep(0.05)

    assert lost == 1
    assert {(about, word) for about, text in heard for word in text.split()} == {("x", "again")}


async def test_more_words_than_may_wait_are_lost() -> None:
    mouth = events.Mouth()
    for _ in range(100):
        mouth.tell("a", "x", "y" * 1_000)

    assert [len(text) for text in mouth._waiting.values()] == [4_000]


async def test_nobody_listens_to_words_any_more_when_the_last_has_gone() -> None:
    listened = [await _word_channels()]
    with events.listener.attend("a", lambda: None, lambda *_: None):
        await _heard_by_redis(events._WORD_CHANNEL + "a")
        listened.append(await _word_channels())
    async with asyncio.timeout(30):
        while left := await _word_channels():  # noqa: ASYNC110 (Redis does not tell)
            await asyncio.sleep(0.01)

    assert [*listened, left] == [[], [events._WORD_CHANNEL + "a"], []]


async def _word_channels() -> list[str]:
    """What somebody at Redis listens to."""
    found = await redis_client.client().pubsub_channels(events._WORD_CHANNEL + "*")
    return [channel.decode() for channel in found]
