"""Events are read whatever ends their lines and wherever they are cut."""

from collections.abc import Iterable

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.sse import EventReader


def _read(chunks: Iterable[bytes]) -> list[str]:
    reader = EventReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.flush()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_events_are_read_whatever_ends_their_lines_and_wherever_they_are_cut(end: bytes, size: int) -> None:
    stream = end.join([b"event: one", b"data: a\xc3\xa4", b"data:b", b"", b": comment", b"", b"data: c", b"", b""])

    assert _read(stream[at : at + size] for at in range(0, len(stream), size)) == ["aä\nb", "c"]


def test_a_byte_order_mark_belongs_to_no_event() -> None:
    assert _read([b"\xef\xbb", b"\xbfdata: first\n\ndata: second\n\n"]) == ["first", "second"]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_the_last_event_needs_nothing_behind_it(end: bytes) -> None:
    assert _read([b"data: one\n\n", b"data: [DONE]" + end]) == ["one", "[DONE]"]


@pytest.mark.parametrize(
    "endless",
    [b"x" * 100_000, b"data: " + b"x" * 100_000 + b"\n", b"data:\ndata:" + b"x" * 50_000 + b"\n"],
    ids=["line", "event", "lines"],
)
def test_an_endless_line_or_event_is_given_up(endless: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        _read(endless for _ in range(100))

    assert caught.value.kind is ErrorKind.PROTOCOL
