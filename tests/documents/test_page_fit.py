"""The page fit, on a made-up layout whose heights are plain arithmetic."""

from collections.abc import Callable

import pytest

from jobwise.documents.content import DocumentContent, LetterContent, ResumeContent
from jobwise.documents.page_fit import Layout, PageLimitTooSmall, drop_order, fit
from jobwise.errors import ErrorCode
from tests.documents.factories import experience, job, letter, lines, long_resume, resume


class Ruler:
    """Measures `head` pages and `line` pages a bullet, up to a third less at the densest, and keeps count."""

    def __init__(self, head: float, line: float = 0.02) -> None:
        self.head = head
        self.line = line
        self.slacks: list[float] = []

    def __call__(self, content: DocumentContent, slack: float) -> Layout[float]:
        self.slacks.append(slack)
        height = (self.head + self.line * len(texts(content))) * (1 - slack / 3)
        return Layout(pages=int(height) + 1, fill=height % 1, document=slack)


def texts(content: DocumentContent) -> list[str]:
    assert isinstance(content, ResumeContent | LetterContent)
    if isinstance(content, LetterContent):
        return []
    return [line.text for section in content.sections for entry in section.entries for line in entry.lines]


def test_a_document_that_fits_is_laid_out_once_and_roomy() -> None:
    ruler = Ruler(head=0.5)

    fitted = fit(resume(), 2, ruler)

    assert (fitted.layout.document, fitted.dropped, ruler.slacks) == (0.0, (), [0.0])


def test_a_document_that_overflows_is_tightened_no_more_than_needed_before_any_line_goes() -> None:
    ruler = Ruler(head=2.2, line=0)

    fitted = fit(resume(), 2, ruler)

    assert fitted.dropped == ()
    assert fitted.layout.pages == 2
    assert 0.3 < fitted.layout.document < 0.8
    assert len(ruler.slacks) <= 4


def test_a_last_page_of_a_few_lines_is_avoided() -> None:
    fitted = fit(resume(), 2, Ruler(head=1.1, line=0))

    assert fitted.layout.pages == 1


def test_a_last_page_of_a_few_lines_stays_where_avoiding_it_would_cost_lines() -> None:
    fitted = fit(resume(), 4, Ruler(head=3.1, line=0))
    kept = fit(long_resume(1, 2), 2, Ruler(head=1.0, line=0.051))

    assert fitted.layout.pages == 3
    assert kept.dropped == ()


def test_a_half_filled_last_page_is_left_alone() -> None:
    assert fit(resume(), 2, Ruler(head=1.5, line=0)).layout.document == 0.0


def test_only_as_many_lines_go_as_must_and_the_least_relevant_first() -> None:
    content = long_resume(jobs=4, bullets=10)
    ruler = Ruler(head=0.6, line=0.04)

    fitted = fit(content, 1, ruler)

    # At the densest, (0.6 + 0.04 n) * 2/3 < 1 holds up to n = 22 of the 40 lines.
    assert len(fitted.dropped) == 18
    assert len(texts(fitted.content)) == 22
    gone = set(texts(content)) - set(texts(fitted.content))
    ranks = {line.text: line.rank for section in content.sections for entry in section.entries for line in entry.lines}
    assert min(ranks[text] for text in gone) >= max(ranks[text] for text in texts(fitted.content)) - 1
    assert fitted.layout.document == 1.0
    assert len(ruler.slacks) <= 9


def test_of_two_lines_of_one_rank_the_later_one_goes_first() -> None:
    first, second = lines("a1", "a2", ranks=(0, 3)), lines("b1", "b2", ranks=(0, 3))
    content = resume(sections=(experience(job("A", "A", *first), job("B", "B", *second)),))

    assert [line.text for line in drop_order(content)] == ["b2", "a2"]


def test_a_job_keeps_its_best_line_until_all_other_lines_are_gone() -> None:
    old, new = lines("old 8", "old 9", ranks=(8, 9)), lines("new 0", "new 5", ranks=(0, 5))
    content = resume(sections=(experience(job("New", "N", *new), job("Old", "O", *old)),))

    assert [line.text for line in drop_order(content)] == ["old 9", "new 5", "old 8"]


def test_lines_of_rank_0_are_never_dropped_even_if_the_document_then_does_not_fit() -> None:
    content = resume(sections=(experience(job("A", "A", *lines("x", "y", ranks=(0, 0)))),))

    assert drop_order(content) == []
    with pytest.raises(PageLimitTooSmall):
        fit(content, 1, Ruler(head=1.6, line=0.2))


def test_a_limit_that_cannot_be_met_says_how_many_pages_are_needed() -> None:
    with pytest.raises(PageLimitTooSmall, match="at least 2 pages even at its densest: allow 2 pages") as refused:
        fit(long_resume(4, 4), 1, Ruler(head=2.4, line=0.02))

    assert refused.value.code is ErrorCode.PAGE_LIMIT_TOO_SMALL
    assert refused.value.path == "maxPages"


def test_a_letter_that_is_too_long_is_refused_and_loses_nothing() -> None:
    with pytest.raises(PageLimitTooSmall, match="shorten it"):
        fit(letter(), 1, Ruler(head=1.7))


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_the_search_ends_within_the_limit_whatever_the_heights_do(pages: int) -> None:
    def jumpy(content: DocumentContent, slack: float) -> Layout[None]:
        # Whole blocks jump to the next page, so heights come in steps.
        height = round((0.3 + 0.07 * len(texts(content))) * (1 - slack / 3) * 4) / 4 + 0.01
        return Layout(pages=int(height) + 1, fill=height % 1, document=None)

    measure: Callable[[DocumentContent, float], Layout[None]] = jumpy

    assert fit(long_resume(7, 9), pages, measure).layout.pages <= pages
