"""Fitting a document into its pages: first looser or denser setting, then leaving out the least relevant lines.

Knows nothing of HTML or PDF: it asks `measure` how much room a content takes at a slack between 0 (roomy) and 1
(densest). Each measure costs a whole layout, so the search interpolates measured heights instead of halving blindly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from jobwise.documents.content import DocumentContent, Line, ResumeContent
from jobwise.errors import ErrorCode, JobWiseError

T = TypeVar("T")

MOST_PAGES = 4
_FULL = 0.8  # A last page filled to this share is full enough: no more trials to win the rest.
_STRAGGLERS = 0.18  # A last page filled less than this looks forgotten.
_MOST_TRIALS = 5
_FINE = 0.15  # Two slacks closer than this look the same.
_TIGHTENING = 0.33  # The usual share of the height that the densest setting saves; the first guess of the search.
_LINE_HEIGHT = 1 / 48  # Of a page, at the densest setting; the first guess of the search.


class PageLimitTooSmall(JobWiseError):
    """The document does not fit into its pages even at its densest."""

    code = ErrorCode.PAGE_LIMIT_TOO_SMALL

    def __init__(self, message: str | None = None, *, path: str | None = "maxPages") -> None:
        super().__init__(message, path=path)


@dataclass(frozen=True)
class Layout(Generic[T]):
    """A measured layout. `fill` is the used share of the last page; `document` is whatever was laid out."""

    pages: int
    fill: float
    document: T

    @property
    def height(self) -> float:
        """Pages used, with their fraction."""
        return self.pages - 1 + self.fill


Measure: TypeAlias = Callable[[DocumentContent, float], Layout[T]]


@dataclass(frozen=True)
class Fitted(Generic[T]):
    """The chosen layout, the content in it, and the facts of the lines that had to go."""

    layout: Layout[T]
    content: DocumentContent
    dropped: tuple[UUID, ...] = ()


def fit(content: DocumentContent, max_pages: int, measure: Measure[T]) -> Fitted[T]:
    """The roomiest layout within `max_pages` that drops the fewest lines. Raises PageLimitTooSmall.

    A document that spills a few lines onto its last page is tightened to do without that page where this costs no line.
    """
    roomy = measure(content, 0.0)
    if roomy.pages <= max_pages and not (roomy.pages > 1 and roomy.fill < _STRAGGLERS):
        return Fitted(roomy, content)
    pages = min(max_pages, roomy.pages - 1)
    tightened, tightest = _tighten(content, pages, roomy, measure)
    if tightened:
        return Fitted(tightened, content)
    if roomy.pages <= max_pages:
        return Fitted(roomy, content)
    # Several pages too many: the tightening above was for max_pages already, for pages is never above it.
    return _drop(content, max_pages, tightest, measure)


def _tighten(
    content: DocumentContent, pages: int, roomy: Layout[T], measure: Measure[T]
) -> tuple[Layout[T] | None, Layout[T]]:
    """The loosest layout found that fits into `pages`, if any, and the last one tried: the densest if none fits."""
    low, high, best = 0.0, 1.0, None
    slack = min(max((1 - 0.96 * pages / roomy.height) / _TIGHTENING, 0.1), 1.0)
    for _ in range(_MOST_TRIALS):
        tried = measure(content, slack)
        if tried.pages <= pages:
            best, high = tried, slack
        elif slack == 1.0:
            return None, tried
        else:
            low = slack
        if best and (best.height >= pages - 1 + _FULL or high - low < _FINE):
            break
        slack = (low + high) / 2 if best else 1.0
    return best, tried


def _drop(content: DocumentContent, pages: int, densest: Layout[T], measure: Measure[T]) -> Fitted[T]:
    """The densest layout without the fewest lines, in `drop_order`, that have to go. Raises PageLimitTooSmall."""
    order = drop_order(content)
    low, low_height, high, best = 0, densest.height, len(order) + 1, None
    guess = _lines_in(low_height - pages)
    while high - low > 1:
        count = min(max(guess, low + 1), high - 1)
        dropped = order[:count]
        tried = Fitted(
            measure(without(content, dropped), 1.0), without(content, dropped), tuple(line.fact_id for line in dropped)
        )
        if tried.layout.pages <= pages:
            best, high = tried, count
            share = (low_height - pages) / max(low_height - tried.layout.height, _LINE_HEIGHT)
            guess = low + round(share * (high - low))
        else:
            low, low_height = count, tried.layout.height
            guess = low + _lines_in(low_height - pages)
            densest = tried.layout
    if best is None:
        raise _too_small(content, densest.pages)
    return best


def _lines_in(pages: float) -> int:
    return max(1, round(pages / _LINE_HEIGHT))


def _too_small(content: DocumentContent, needed: int) -> PageLimitTooSmall:
    if not isinstance(content, ResumeContent):
        return PageLimitTooSmall(
            "This letter needs more than its one page even at its densest: shorten it.", path="paragraphs"
        )
    advice = f"allow {needed} pages, or shorten" if needed <= MOST_PAGES else f"{MOST_PAGES} are allowed; shorten"
    return PageLimitTooSmall(
        f"This résumé needs at least {needed} pages even at its densest: {advice} its summary, its skills or its most "
        "relevant lines."
    )


def drop_order(content: DocumentContent) -> list[Line]:
    """The lines that may go, first to go first: highest rank, then furthest down; never one of rank 0.

    The most relevant line of each entry goes only when all the others are gone.
    """
    if not isinstance(content, ResumeContent):
        return []
    spare: list[Line] = []
    last: list[Line] = []
    for entry in (entry for section in content.sections for entry in section.entries if entry.lines):
        keep = min(entry.lines, key=lambda line: line.rank)
        spare += [line for line in entry.lines if line is not keep and line.rank > 0]
        last += [keep] if keep.rank > 0 else []
    # Sorted upwards and then reversed: of two lines of one rank, the later in the document goes first.
    return [line for group in (spare, last) for line in sorted(group, key=lambda line: line.rank)[::-1]]


def without(content: DocumentContent, dropped: Sequence[Line]) -> DocumentContent:
    """The content less these very lines."""
    if not isinstance(content, ResumeContent):
        return content
    gone = {id(line) for line in dropped}
    sections = tuple(
        section.model_copy(
            update={
                "entries": tuple(
                    entry.model_copy(update={"lines": tuple(line for line in entry.lines if id(line) not in gone)})
                    for entry in section.entries
                )
            }
        )
        for section in content.sections
    )
    return content.model_copy(update={"sections": sections})
