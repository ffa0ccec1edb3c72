"""A posting's text as blocks (bullets and paragraphs), each with the sort of section it stands in.

Headings come in many wordings and markings: Markdown, bold, capitals, a colon, or just a short line of its own.
Positions always refer to the text as it was given, so that a quote can be cut from it unchanged.
"""

import re
from dataclasses import dataclass, replace

from jobwise.jobs.headings import SectionKind, kind_of_heading


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet or a paragraph: `text[start:end]`, without its bullet."""

    start: int
    end: int
    bullet: bool
    kind: SectionKind = SectionKind.ROLE


@dataclass(frozen=True, slots=True)
class Outline:
    """The blocks in order, the headings as they are worded, and whether any heading was one that we know."""

    blocks: tuple[Block, ...]
    headings: tuple[str, ...]
    has_known_headings: bool


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    raw: str
    """The content: without bullet, heading marks and outer space."""
    bullet: bool
    marked: bool
    """Marked as a heading by hashes or bold."""
    after_blank: bool


def outline(text: str) -> Outline:
    """Read a text's blocks and headings. Linear in the length of the text."""
    lines = _lines(text)
    reader = _Reader()
    asking = [
        position
        for position, line in enumerate(lines)
        if not line.bullet and len(line.raw) < 80 and kind_of_heading(line.raw) is SectionKind.MUST
    ]
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else None
        reader.asks_later = bool(asking) and asking[-1] > position
        reader.read(line, following)
    return Outline(tuple(reader.settled_blocks()), tuple(reader.headings), reader.knows)


class _Reader:
    """Walks the lines, keeping track of the section that they stand in."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._first_blocks: list[tuple[SectionKind, int]] = []
        """The kind of each section and the index of its first block."""
        self.headings: list[str] = []
        self.knows = False
        self.asks_later = False
        self._kind = SectionKind.ROLE
        self._bullets = 0
        self._left = False
        """A paragraph has followed the section's bullets, so the section may be over."""

    def read(self, line: _Line, following: _Line | None) -> None:
        if self._continues(line):
            self.blocks[-1] = replace(self.blocks[-1], end=line.end)
        elif not line.bullet and _looks_like_heading(line, following):
            self._open(line, following)
        elif not self._read_label(line):
            self._add(line)

    def _continues(self, line: _Line) -> bool:
        """Whether the line goes on with the last block: text wrapped by hand, or broken by a copied page."""
        if not self.blocks or line.bullet or line.marked or self.headings[-1:] == [line.raw]:
            return False
        last = self.blocks[-1]
        if self._ended_at > last.end:
            return False
        starts_low = line.raw[:1].islower() or line.raw[:1] in "(&"
        if line.after_blank:
            return last.bullet and starts_low and self._last_words[-1:].isalnum()
        return starts_low or bool(_UNFINISHED.search(self._last_words))

    _ended_at = -1
    _last_words = ""

    def _open(self, line: _Line, following: _Line | None) -> None:
        self.headings.append(line.raw)
        self._ended_at = line.end
        kind = kind_of_heading(line.raw)
        if kind:
            self.knows = True
        elif line.raw.endswith(":"):
            return
        else:
            kind = self._guess(lists=following is not None and following.bullet)
        self._kind, self._bullets, self._left = kind, 0, False
        self._first_blocks.append((kind, len(self.blocks)))

    def settled_blocks(self) -> list[Block]:
        """The blocks, knowing the whole: of two wish lists and nothing else, the first is what they ask for."""
        wishes = [first for kind, first in self._first_blocks if kind is SectionKind.NICE]
        asks = any(block.kind is SectionKind.MUST for block in self.blocks)
        if asks or len(wishes) < 2 or wishes[0] == wishes[1]:
            return self.blocks
        return [
            replace(block, kind=SectionKind.MUST)
            if wishes[0] <= index < wishes[1] and block.kind is SectionKind.NICE
            else block
            for index, block in enumerate(self.blocks)
        ]

    def _guess(self, *, lists: bool) -> SectionKind:
        ""
        "What a heading of unknown wording announces, by where it stands: postings ask after they have told"
        " the duties."
        if not lists:
            return SectionKind.ROLE
        if self._kind is SectionKind.DUTIES:
            return SectionKind.DUTIES if self.asks_later or not self._bullets else SectionKind.MUST
        return (
            SectionKind.UNCLEAR if self._kind in {SectionKind.MUST, SectionKind.NICE, SectionKind.ROLE} else self._kind
        )

    def _read_label(self, line: _Line) -> bool:
        """Read `Bonus: motion design, French`: a heading and its only paragraph in one line."""
        match = _LABEL.match(line.raw)
        if not match or line.bullet:
            return False
        kind = kind_of_heading(match[1])
        if kind is None:
            return False
        self.headings.append(match[1])
        self.knows = True
        self._append(replace(_block(line), start=line.start + match.end(), kind=kind), line)
        self._kind, self._bullets, self._left = kind, 2, False
        return True

    def _add(self, line: _Line) -> None:
        if line.bullet:
            self._bullets += 1
        elif self._bullets >= 2:
            self._left = True
        kind = SectionKind.ROLE if self._left and self._kind is not SectionKind.LEGAL else self._kind
        self._append(replace(_block(line), kind=kind), line)

    def _append(self, block: Block, line: _Line) -> None:
        self.blocks.append(block)
        self._last_words = line.raw[-12:]


def _block(line: _Line) -> Block:
    return Block(line.start, line.end, line.bullet)


_BULLET = re.compile(
    r"(?:[-*+–—o][ \t\u00a0]+|-(?=[^\W_])|[•●▪◦‣·✓✔✅☑➤►▶■□○»→➢⁃∙]\ufe0f?[ \t\u00a0]*"
    r"|\(?\d{1,2}[.)][ \t\u00a0]+|\(?[a-z]\)[ \t]+)"
)
_UNFINISHED = re.compile(r"(?:,|\s(?:and|or|of|the|an?|in|with|to|for|und|oder|mit|der|die|das|in|et|de|y))$")
_LABEL = re.compile(r"(?:\*\*)?([^\W\d][^:.!?*]{2,48}?)(?:\*\*)?:(?:\*\*)?[ \t]+(?=\S)")
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_][^*]{0,118})\1:?")


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position, blank = 0, True
    for whole in text.splitlines(keepends=True):
        stripped = whole.strip()
        if stripped:
            start = position + len(whole) - len(whole.lstrip())
            lines.append(_line(stripped, start, blank))
        blank = not stripped
        position += len(whole)
    return [line for line in lines if any(map(str.isalnum, line.raw[:200]))]


def _line(stripped: str, start: int, blank: bool) -> _Line:
    bullet = _BULLET.match(stripped)
    raw = stripped[bullet.end() :].lstrip() if bullet else stripped
    hashes = re.match(r"#{1,6}[ \t]+", raw)
    if hashes:
        raw = raw[hashes.end() :]
    marked = bool(hashes) or bool(_BOLD_LINE.fullmatch(raw))
    end = start + len(stripped)
    return _Line(end - len(raw), end, raw, bool(bullet) and not hashes, marked, blank)


def _looks_like_heading(line: _Line, following: _Line | None) -> bool:
    raw = line.raw
    if len(raw) > 110 or raw[-1] in ",;" or (raw[-1] == "." and not line.marked):
        return False
    words = len(raw.split())
    if line.marked:
        return words <= 16
    if raw.endswith(":"):
        return words <= 16
    if raw.isupper() and words <= 9 and len(raw) > 3:
        return True
    if words > 9 or not following or raw[0].islower() or _LABEL.match(raw):
        return False
    if following.bullet and line.after_blank and raw[-1] not in ".!?" and words <= 8:
        return True
    announces = following.bullet or (line.after_blank and following.after_blank) or words <= 4
    return announces and (line.after_blank or following.bullet) and kind_of_heading(raw) is not None
