"""Server-sent events, read from bytes as they come."""

from jobwise.llm.errors import ErrorKind, ProviderError

# Several times what the longest answer that is asked for takes in one piece.
_MOST_BYTES = 2_000_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventReader:
    """Feed it bytes, cut anywhere; it gives the data of each event that is complete.

    Lines end with a line feed, a carriage return or both. All methods raise ProviderError(PROTOCOL) for an event
    that is longer than any piece of an answer can be.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._size = 0
        self._begins = True
        self._ends_with_return = False

    def feed(self, chunk: bytes) -> list[str]:
        """The events that these bytes complete."""
        if self._ends_with_return:
            chunk = chunk.removeprefix(b"\n")
        self._ends_with_return = chunk.endswith(b"\r")
        lines = (self._rest + chunk).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) else b""
        self._check(len(self._rest))
        return [event for line in lines if (event := self._line(line.rstrip(b"\r\n"))) is not None]

    def flush(self) -> list[str]:
        """At the end of the stream: the event that it has ended without the empty line behind it."""
        rest, self._rest = self._rest, b""
        return [event for line in (rest, b"") if (event := self._line(line)) is not None]

    def _line(self, line: bytes) -> str | None:
        if self._begins:
            line, self._begins = line.removeprefix(_BYTE_ORDER_MARK), False
        if line.startswith(b"data:"):
            self._check(len(line))
            self._size += len(line)
            self._data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
            return None
        if line or not self._data:
            return None
        event = "\n".join(self._data)
        self._data.clear()
        self._size = 0
        return event

    def _check(self, more: int) -> None:
        if self._size + more > _MOST_BYTES:
            raise ProviderError(ErrorKind.PROTOCOL, f"a piece of the stream has more than {_MOST_BYTES} bytes")
