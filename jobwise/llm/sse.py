"""Server-sent events, read from bytes as they come."""


class EventReader:
    """Feed it bytes, cut anywhere; it gives the data of each event that is complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """The events that these bytes complete."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        return [event for line in lines if (event := self._line(line.rstrip(b"\r"))) is not None]

    def _line(self, line: bytes) -> str | None:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
            return None
        if line or not self._data:
            return None
        event = "\n".join(self._data)
        self._data.clear()
        return event
