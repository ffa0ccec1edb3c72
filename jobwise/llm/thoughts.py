"""What a model thinks, where its server leaves that at the beginning of the answer: from `<think>` to `</think>`."""

_BEGIN, _END = "<think>", "</think>"


def without_thoughts(answer: str) -> str:
    """A whole answer without the thoughts in front of it, also where their beginning stands in the server's prompt."""
    return answer.rpartition(_END)[2]


class ThoughtFilter:
    """Feed it an answer, cut anywhere; it gives the answer without the thoughts in front of it."""

    def __init__(self) -> None:
        self._held = ""
        self._thinks = False
        self._is_through = False

    def feed(self, text: str) -> str:
        """What of the answer is known now to be none of the thoughts."""
        if self._is_through:
            return text
        self._held += text
        if not self._thinks:
            begun = self._held.lstrip()
            if len(begun) < len(_BEGIN) and _BEGIN.startswith(begun):
                return ""
            if not begun.startswith(_BEGIN):
                return self.flush()
            self._thinks = True
        _, end, said = self._held.partition(_END)
        if not end:
            # No more than the end may already have begun in.
            self._held = self._held[1 - len(_END) :]
            return ""
        self._is_through, self._held = True, ""
        return said

    def flush(self) -> str:
        """At the end of the answer: what was held back and is no thought."""
        held, self._held = self._held, ""
        self._is_through = True
        return "" if self._thinks else held
