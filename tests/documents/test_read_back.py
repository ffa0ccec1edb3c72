"""Reading back: every way in which a file could read wrongly is noticed."""

import pytest

from jobwise.documents.content import PaperSize, ResumeContent
from jobwise.documents.formats.text import to_text
from jobwise.documents.read_back import ProblemKind, ReadBack, compare
from tests.documents.factories import letter, resume


def plain(content: ResumeContent) -> str:
    """A text that reads back perfectly, since no layout was in its way."""
    return to_text(content, PaperSize.A4).replace(", Native", " (Native)").replace(", Fluent", " (Fluent)")


def read(text: str, content: ResumeContent | None = None) -> ReadBack:
    return compare(text, content or resume(), PaperSize.A4)


def test_a_perfect_text_has_no_problem() -> None:
    result = read(plain(resume()))

    assert (result.ok, result.recall, result.order, result.problems) == (True, 1.0, 1.0, ())
    assert compare(to_text(letter(), PaperSize.A4), letter(), PaperSize.A4).ok


def test_spaces_line_ends_and_case_do_not_matter() -> None:
    lines = plain(resume()).splitlines()

    assert (
        read("\n".join(line.upper().replace("CLOUD BILL", "CLOUD\nBILL") for line in lines)).problems[0].kind
        is ProblemKind.CONTACT
    )
    assert read(plain(resume()).replace("cloud bill", "cloud\n  bill")).ok


def test_a_lost_line_is_named() -> None:
    result = read(plain(resume()).replace("Moved 23 services to Kubernetes", ""))

    assert [(problem.kind, problem.text) for problem in result.problems] == [
        (ProblemKind.LOST, "Moved 23 services to Kubernetes")
    ]
    assert result.recall < 1
    assert result.order == 1


def test_a_bullet_under_the_wrong_employer_is_out_of_order() -> None:
    text = plain(resume()).replace("- Moved 23 services to Kubernetes\n", "")
    text = text.replace("- Cut the monthly", "- Moved 23 services to Kubernetes\n- Cut the monthly")

    result = read(text)

    assert (ProblemKind.ORDER, "Moved 23 services to Kubernetes") in [(p.kind, p.text) for p in result.problems]
    assert (result.recall, result.order < 1) == (1.0, True)


def test_contact_after_the_summary_is_out_of_order() -> None:
    text = plain(resume()).replace("ines.brandt@example.com\n", "", 1) + "ines.brandt@example.com\n"

    assert not read(text).ok


def test_a_name_run_into_the_address_is_no_address() -> None:
    text = plain(resume()).replace("Ines Brandt\nines.brandt", "Ines Brandtines.brandt", 1)

    assert [problem.kind for problem in read(text).problems] == [ProblemKind.CONTACT]


def test_a_heading_run_into_the_text_is_no_heading() -> None:
    text = plain(resume()).replace("EDUCATION\nMaster", "EDUCATION Master")

    assert [(problem.kind, problem.text) for problem in read(text).problems] == [(ProblemKind.HEADING, "Education")]


@pytest.mark.parametrize("date", ["Sep 2022 – Present", "Oct 2014 – Sep 2016", "May 2023"])
def test_a_missing_date_is_a_problem_of_dates(date: str) -> None:
    result = read(plain(resume()).replace(date, ""))

    assert [(problem.kind, problem.text) for problem in result.problems] == [(ProblemKind.DATE, date)]


def test_a_date_that_an_extractor_reads_after_the_bullets_of_its_job_is_fine() -> None:
    text = (
        plain(resume()).replace("Sep 2022 – Present\n", "").replace("to 3 a month", "to 3 a month\nSep 2022 – Present")
    )

    assert read(text).ok
