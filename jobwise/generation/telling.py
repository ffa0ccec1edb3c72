"""A document's prose as it is written by several calls at once, told in one order, and taken back where it is void."""

from collections.abc import Callable


class Telling:
    """Tells the parts of a document one after the other, each live once those before it have ended.

    `tell` gets a piece of text, and whether everything that was told before it is void: the first piece says so too,
    since somebody else may have begun this document before.
    """

    def __init__(self, tell: Callable[[str, bool], None], parts: int) -> None:
        self._tell = tell
        self._texts = [""] * parts
        self._ended = [False] * parts
        self._current = 0
        self._has_told = False
        self._is_fresh = True

    def hear(self, part: int, text: str) -> None:
        """A piece of a part; it is told now or when its turn comes."""
        is_first = not self._texts[part]
        self._texts[part] += text
        if part == self._current and text:
            self._say(f"\n\n{text}" if is_first and self._has_told else text)

    def end(self, part: int) -> None:
        """Nothing more comes of a part, so that the next one has its turn."""
        self._ended[part] = True
        while self._current < len(self._texts) and self._ended[self._current]:
            self._current += 1
            if self._current < len(self._texts) and (text := self._texts[self._current]):
                self._say(f"\n\n{text}" if self._has_told else text)

    def void(self, part: int) -> None:
        """What was heard of a part does not hold: it begins anew, or nothing comes of it."""
        was_told = part <= self._current and bool(self._texts[part])
        self._texts[part] = ""
        if was_told:
            told = [text for text in self._texts[: self._current + 1] if text]
            self._has_told = bool(told)
            self._is_fresh = False
            self._tell("\n\n".join(told), True)

    def _say(self, text: str) -> None:
        self._tell(text, self._is_fresh)
        self._has_told, self._is_fresh = True, False
