"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """What a command shows while it works."""

    def __init__(self, bar: "Bar | None" = None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, eta="") if bar else None
        self._last = ""

    def step(self, message: str) -> None:
        """Something begins whose length is not known."""
        self._display(message, message, None, None)

    def show(self, message: str, percent: int, eta_seconds: float | None) -> None:
        """How far the work is, and about how many seconds it will still take."""
        self._display(f"{percent:3d} %  {message}", message, percent, eta_seconds)

    def _display(self, line: str, message: str, percent: int | None, eta_seconds: float | None) -> None:
        if self._bar is not None and self._task is not None:
            eta = f"about {eta_seconds:.0f} s" if eta_seconds else ""
            total = None if percent is None else 100
            self._bar.update(self._task, description=message, total=total, completed=percent or 0, eta=eta)
        elif line != self._last:
            print(line, file=sys.stderr, flush=True)
            self._last = line


@contextmanager
def progress() -> Iterator[Progress]:
    """The display that suits where standard error goes."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    # Loaded here: plain lines do without it.
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[eta]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Progress(bar)
