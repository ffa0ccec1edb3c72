"""Reading loosely written JSON: names in several spellings, values in several shapes, and nothing lost in silence.

An `Entry` is one JSON object with its path. Its methods take values by their possible names; what nobody took is
kept as unknown when the entry is closed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobwise.profiles import limits
from jobwise.profiles.content import Highlight
from jobwise.profiles.importers.dates import ReadDate, read_date
from jobwise.profiles.importers.report import ImportNote, NoteKind
from jobwise.profiles.text import clean, split_bullets, split_lines, split_terms, storable, tidy
from jobwise.profiles.web import web_address

Split = Callable[[str], list[str]]

_MOST_NOTES = 300
_LONGEST_KEY = 100
_MOST_UNKNOWN = 200_000
_LOCALE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_TEXT_NAMES = ("text", "name", "value", "title", "label", "content", "description", "summary")


def is_empty(value: object) -> bool:
    """Null, blank text, and lists and objects of nothing but those."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return all(is_empty(inner) for inner in value.values())
    return value is None or (isinstance(value, list) and all(is_empty(inner) for inner in value))


@dataclass
class Reading:
    """One import in progress: what was noted and kept so far. `language` decides between translations."""

    language: str = "en"
    notes: list[ImportNote] = field(default_factory=list)
    unknown: dict[str, Any] = field(default_factory=dict)
    _room: int = _MOST_UNKNOWN

    def note(self, kind: NoteKind, path: str, message: str) -> None:
        """Tell the person something about `path`; floods are cut off with a last note."""
        if len(self.notes) < _MOST_NOTES:
            # Quotations from the file may hold what no answer can be encoded with.
            self.notes.append(ImportNote(tidy(path), tidy(message), kind))
        elif len(self.notes) == _MOST_NOTES:
            self.notes.append(ImportNote("", "There is more to say about this file than fits here.", NoteKind.SKIPPED))

    def keep(
        self, path: str, value: object, why: str = "The profile has no place for this; it is kept as it is."
    ) -> None:
        """Store a value that the profile has no place for."""
        self._store(path, value, NoteKind.KEPT, why)

    def skip(self, path: str, value: object, why: str) -> None:
        """Store a value that cannot be read, and say so."""
        self._store(path, value, NoteKind.SKIPPED, why)

    def _store(self, path: str, value: object, kind: NoteKind, why: str) -> None:
        size = len(path) + _size(value, self._room)
        if size > self._room:
            self.note(
                NoteKind.SKIPPED, path, "There is too much here that the profile has no place for; this was left out."
            )
        elif not is_empty(value):
            self._room -= size
            self.unknown[tidy(path)] = storable(value)
            self.note(kind, path, why)

    def text(self, path: str, value: object, limit: int, *, lines: bool = False, joiner: str = ", ") -> str:
        """Any value as text: translations by language, objects by their name, lists joined."""
        if isinstance(value, bool):
            self.skip(path, value, f"Here a text should stand, not {str(value).lower()}.")
            return ""
        if isinstance(value, str | int | float):
            text, changes = clean(str(value), limit, lines=lines)
            if changes:
                self.note(NoteKind.ADJUSTED, path, f"This was changed: {'; '.join(changes)}.")
            return text
        if isinstance(value, Mapping):
            return self._text_of_object(path, value, limit, lines=lines)
        if isinstance(value, list):
            texts = [self.text(f"{path}[{n}]", item, limit) for n, item in enumerate(value[: limits.KEYWORDS])]
            return clean(joiner.join(filter(None, texts)), limit, lines=lines)[0]
        return ""

    def _text_of_object(self, path: str, value: Mapping[str, Any], limit: int, *, lines: bool) -> str:
        filled = {key: inner for key, inner in value.items() if not is_empty(inner)}
        translated = bool(filled) and all(_LOCALE.fullmatch(key) for key in filled)
        wanted = self._locales(filled) if translated else [name for name in _TEXT_NAMES if name in filled]
        if not wanted:
            self.skip(path, filled, "Here a text should stand, not an object.")
            return ""
        for key in filled.keys() - {wanted[0]}:
            why = (
                f"Of several languages, “{wanted[0]}” was taken." if translated else "Only the text of this was taken."
            )
            self.keep(_step(path, key), filled[key], why)
        return self.text(f"{path}.{wanted[0]}", filled[wanted[0]], limit, lines=lines)

    def _locales(self, filled: Mapping[str, Any]) -> list[str]:
        order = {self.language: 0, "en": 1}
        return sorted(filled, key=lambda key: order.get(key[:2], 2))

    def texts(
        self, path: str, value: object, most: int, limit: int, split: Split, *, lines: bool = False
    ) -> tuple[str, ...]:
        """Any value as a list of texts; a single text is split."""
        if isinstance(value, str):
            value = split(clean(value, limit * most, lines=True)[0])
        elif isinstance(value, Mapping) and all(_LOCALE.fullmatch(key) for key in value):
            chosen = self._locales({key: inner for key, inner in value.items() if not is_empty(inner)})
            for key in chosen[1:]:
                self.keep(_step(path, key), value[key], f"Of several languages, “{chosen[0]}” was taken.")
            return (
                self.texts(f"{path}.{chosen[0]}", value[chosen[0]], most, limit, split, lines=lines) if chosen else ()
            )
        items = [
            (n, item) for n, item in enumerate(value if isinstance(value, list) else [value]) if not is_empty(item)
        ]
        if len(items) > most:
            self.skip(f"{path}[{items[most][0]}]", [item for _, item in items[most:]], _too_many(len(items), most))
        found = (self.text(f"{path}[{n}]", item, limit, lines=lines) for n, item in items[:most])
        return tuple(text for text in found if text)


class Entry:
    """One JSON object of the file and what was taken from it so far."""

    def __init__(self, reading: Reading, path: str, data: Mapping[str, Any]) -> None:
        self.reading = reading
        self.path = path
        self.data = data
        self._left = {key: value for key, value in data.items() if not is_empty(value)}
        self._spellings = {_plain(key): key for key in reversed(self._left)}

    def where(self, key: str) -> str:
        """The path of one of this entry's keys."""
        return _step(self.path, key).removeprefix(".")

    def take(self, *names: str) -> tuple[str, Any]:
        """The path and value of the first of `names` that is filled, in any spelling; its value is None if none is."""
        for name in names:
            key = name if name in self._left else self._spellings.get(_plain(name), "")
            if key in self._left:
                return self.where(key), self._left.pop(key)
        return self.where(names[0]), None

    def text(self, *names: str, limit: int = limits.SHORT, lines: bool = False) -> str:
        """A text; empty if there is none."""
        path, value = self.take(*names)
        return self.reading.text(path, value, limit, lines=lines, joiner="\n" if lines else ", ")

    def terms(self, *names: str, most: int = limits.KEYWORDS) -> tuple[str, ...]:
        """Short texts such as keywords; a single text is split at its commas."""
        path, value = self.take(*names)
        return () if value is None else self.reading.texts(path, value, most, limits.SHORT, split_terms)

    def highlights(self, *names: str) -> tuple[Highlight, ...]:
        """The sentences under all of `names`; a text is split at its line breaks, an item at its bullets."""
        texts: list[str] = []
        for name in names:
            path, value = self.take(name)
            room = limits.HIGHLIGHTS - len(texts)
            if value is not None:
                texts += self.reading.texts(path, value, room, limits.HIGHLIGHT, split_lines, lines=True)
        return tuple(Highlight(text=line) for text in texts for line in split_bullets(text))[: limits.HIGHLIGHTS]

    def url(self, *names: str) -> str:
        """A web address; one without its scheme gets https."""
        path, value = self.take(*names)
        text = self.reading.text(path, value, limits.URL) if isinstance(value, str | Mapping) else ""
        if value is not None and not (address := web_address(text)):
            self.reading.skip(path, value, "This is not a web address: it would begin with https://.")
        elif value is not None and address != text:
            self.reading.note(NoteKind.ADJUSTED, path, f"Written as {address}.")
        return address if value is not None else ""

    def date(self, *names: str) -> tuple[str, Any, ReadDate | None]:
        """The path, value and reading of a date; the reading is None if there is no value."""
        path, value = self.take(*names)
        if value is None:
            return path, None, None
        found = read_date(value)
        if found.value is not None and not found.certain:
            self.reading.note(
                NoteKind.ADJUSTED, path, f"Of “{_short(value)}” only {found.value} is certain; it was taken."
            )
        return path, value, found

    def entries(self, *names: str, most: int, main: str = "", other: str = "") -> Iterator["Entry"]:
        """The objects of a list; close to it, other shapes are taken for what they mean.

        `main` is the name that a bare text stands for (without it, a bare text cannot be read), and with `other` the
        names for the keys and values of an object that stands instead of the list, such as `{"English": "native"}`.
        Each entry is closed after its use.
        """
        path, value = self.take(*names)
        items = _items(path, value, main, other)
        if len(items) > most:
            self.reading.skip(items[most][0], [item for _, item in items[most:]], _too_many(len(items), most))
        for place, item in items[:most]:
            if is_empty(item):
                self.reading.note(NoteKind.SKIPPED, place, "This entry is empty.")
            elif isinstance(item, Mapping):
                entry = Entry(self.reading, place, item)
                yield entry
                entry.close()
            else:
                self.reading.skip(
                    place, item, "Here an object with named fields should stand; this cannot be read safely."
                )

    def refuse(self, why: str) -> None:
        """Take nothing of this entry: keep it whole beside the profile."""
        self._left.clear()
        self.reading.skip(self.path, dict(self.data), why)

    def close(self) -> None:
        """Keep what nobody took."""
        for key, value in self._left.items():
            self.reading.keep(self.where(key), value)
        self._left.clear()


def _items(path: str, value: Any, main: str, other: str) -> list[tuple[str, Any]]:
    if value is None:
        return []
    if isinstance(value, str) and main:
        terms = split_terms(value[: limits.SKILLS * limits.SHORT])
        return [(f"{path}[{n}]", {main: term}) for n, term in enumerate(terms)]
    if isinstance(value, list):
        return [
            (f"{path}[{n}]", {main: item} if main and isinstance(item, str | int) else item)
            for n, item in enumerate(value)
            if item is not None
        ]
    if (
        isinstance(value, Mapping)
        and other
        and not {_plain(key) for key in value} & {main, other, "name", "title", "level"}
    ):
        return [(_step(path, key), {main: key, other: inner}) for key, inner in value.items() if not is_empty(inner)]
    return [(path, value)]


def _step(path: str, key: str) -> str:
    return f"{path}.{tidy(key)[:_LONGEST_KEY]}"


def _size(value: object, most: int) -> int:
    """About how many characters a JSON value has; counted no further than to `most`."""
    size, waiting = 0, [value]
    while waiting and size <= most:
        item = waiting.pop()
        size += len(item) if isinstance(item, str | list | Mapping) else 4
        if isinstance(item, Mapping) and size <= most:
            size += sum(map(len, item))
            waiting += item.values()
        elif isinstance(item, list) and size <= most:
            waiting += item
    return size


def _too_many(count: int, most: int) -> str:
    return f"Of {count:,} entries, {most} fit here; this and those after it were left out."


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
