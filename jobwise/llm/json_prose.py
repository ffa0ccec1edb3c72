"""The prose inside a JSON answer, while it is still being written."""

import re

_SPECIAL = re.compile(r'["\\\\]')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class ProseReader:
    """Feed it JSON, cut anywhere; it gives the values of the string fields with the given name, at any depth.

    It never objects: what is no JSON gives nothing. Values are separated by an empty line.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._string: list[str] | None = None
        self._escape = ""
        self._last = ""
        self._in_value = False
        self._has_spoken = False
        self._is_begun = False
        self._high = 0

    def feed(self, text: str) -> str:
        """The prose that these characters add."""
        said: list[str] = []
        position = 0
        while position < len(text):
            if self._string is not None and not self._escape:
                found = _SPECIAL.search(text, position)
                end = found.start() if found else len(text)
                said.append(self._said(text[position:end]))
                position = end
            if position < len(text):
                said.append(self._character(text[position]))
                position += 1
        return "".join(said)

    def _character(self, character: str) -> str:
        if self._string is None:
            return self._between(character)
        if self._escape:
            return self._escaped(character)
        if character == "\\":
            self._escape = character
            return ""
        if character == '"':
            self._last = "".join(self._string)
            self._string = None
            self._in_value = False
            return ""
        return self._said(character)

    def _between(self, character: str) -> str:
        if character == '"':
            self._string = []
            self._is_begun = False
            return ""
        if character == ":":
            self._in_value = self._last == self._field
        elif not character.isspace():
            self._in_value = False
            self._last = ""
        return ""

    def _escaped(self, character: str) -> str:
        self._escape += character
        if self._escape[1] != "u":
            self._escape = ""
            return self._said(_ESCAPES.get(character, character))
        if len(self._escape) < 6:
            return ""
        digits, self._escape = self._escape[2:], ""
        try:
            return self._unit(int(digits, 16))
        except ValueError:
            return self._said("\ufffd")

    def _unit(self, code: int) -> str:
        """A UTF-16 code unit: characters beyond the basic plane come as two of them."""
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return ""
        if 0xDC00 <= code < 0xE000:
            high, self._high = self._high, 0
            return self._said(chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)) if high else "\ufffd")
        return self._said(chr(code))

    def _said(self, text: str) -> str:
        if not text:
            return ""
        if not self._in_value:
            if self._string is not None:
                self._string.append(text)
            return ""
        separator = "\n\n" if self._has_spoken and not self._is_begun else ""
        self._has_spoken = self._is_begun = True
        return separator + text
