"""The score: what it rewards, and that it cannot be talked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwise.documents.content import Entry, PaperSize, ResumeContent, Section, SectionKind, SkillGroup, Span
from jobwise.documents.formats.text import to_text
from jobwise.documents.read_back import compare
from jobwise.documents.render import RenderedFile
from jobwise.documents.score import Area, Factor, Posting, Score, TermUse, score
from tests.documents.factories import experience, job, letter, lines, resume, uid

TEXT = (
    "We look for a platform engineer who will design and run event driven services on Kafka and PostgreSQL, "
    "who writes Python and Go with care, who has led a team, and who likes to share what she learns with others. "
    "You will own the delivery pipeline from the first commit to production and look after its cost."
)
PYTHON = TermUse(term="Python", weight=3, supported=True, dated=True)
KAFKA = TermUse(term="Kafka", weight=3, supported=True, listed=True)
RUST = TermUse(term="Rust", weight=1, supported=False)


def file_of(content: ResumeContent, text: str | None = None, pages: int = 1) -> RenderedFile:
    """A file as if its PDF read back as plain text."""
    shown = to_text(content, PaperSize.A4).replace(", Native", " (Native)").replace(", Fluent", " (Fluent)")
    read = compare(shown if text is None else text, content, PaperSize.A4)
    return RenderedFile(data=b"%PDF", content=content, page_count=pages, read_back=read)


def posting(*terms: TermUse, **rest: object) -> Posting:
    return Posting(text=TEXT, terms=terms).model_copy(update=rest)


def factor(result: Score, key: str) -> Factor:
    return next(factor for factor in result.factors if factor.key == key)


def test_a_clean_file_without_a_posting_is_scored_on_parse_and_content_alone() -> None:
    result = score(file_of(resume()))

    assert (result.match, result.parse, result.content, result.total) == (None, 40, 15, 100)
    assert not [factor for factor in result.factors if factor.area is Area.MATCH or factor.fix]


def test_the_areas_are_worth_40_45_and_15() -> None:
    full = posting(PYTHON, title="Platform Engineer", years_asked=5, years=9, credentials_asked=1, credentials_met=1)

    result = score(file_of(resume()), full)

    assert (result.parse, result.match, result.content, result.total) == (40, 45, 15, 100)


def test_every_factor_that_lost_points_says_how_to_win_them() -> None:
    poor = resume(
        contact=(),
        sections=(
            experience(Entry(fact_id=uid(1), title="Helper", lines=lines("I was a team player", "Responsible for it"))),
        ),
    )

    result = score(file_of(poor, pages=5), posting(RUST, title="Surgeon", years_asked=5, credentials_asked=1))

    lost = [factor for factor in result.factors if factor.earned < factor.max]
    assert {factor.key for factor in lost} >= {
        "contact",
        "dates",
        "terms",
        "title",
        "years",
        "credentials",
        "pages",
        "starts",
    }
    assert all(factor.fix and factor.evidence for factor in lost)


def test_a_term_counts_in_full_where_dated_work_bears_it_out_and_half_where_it_is_only_listed() -> None:
    dated = factor(score(file_of(resume()), posting(PYTHON)), "terms")
    listed = factor(score(file_of(resume()), posting(KAFKA)), "terms")

    assert (dated.earned, listed.earned, dated.max) == (27, 13.5, 27)
    assert "Kafka" in listed.fix


def test_a_must_weighs_three_times_as_much_as_a_nice_to_have() -> None:
    must_met = score(file_of(resume()), posting(PYTHON, RUST))
    nice_met = score(
        file_of(resume()), posting(PYTHON.model_copy(update={"weight": 1}), RUST.model_copy(update={"weight": 3}))
    )

    assert factor(must_met, "terms").earned == pytest.approx(27 * 0.75, abs=0.1)
    assert factor(nice_met, "terms").earned == pytest.approx(27 * 0.25, abs=0.1)


def test_a_supported_term_that_the_resume_does_not_name_is_pointed_out() -> None:
    unused = TermUse(term="Terraform", weight=3, supported=True)

    assert "Terraform" in factor(score(file_of(resume()), posting(PYTHON, unused)), "terms").fix


def test_a_term_without_support_scores_nothing_and_caps_the_total() -> None:
    claimed = RUST.model_copy(update={"listed": True, "dated": True})

    result = score(file_of(resume()), posting(PYTHON, claimed))

    assert result.total == 49
    assert "Rust" in result.caps[0]
    assert factor(result, "terms").earned == factor(score(file_of(resume()), posting(PYTHON, RUST)), "terms").earned


def test_a_file_that_machines_cannot_read_is_capped() -> None:
    result = score(file_of(resume(), text="scrambled"), posting(PYTHON))

    assert result.parse < 24
    assert result.total <= 59
    assert "Machines" in result.caps[0]


def test_what_the_posting_leaves_out_is_not_held_against_anybody() -> None:
    assert score(file_of(resume()), posting(PYTHON)).match == 45
    assert score(file_of(resume()), posting()).match is None


def test_naming_a_term_twice_changes_nothing() -> None:
    again = PYTHON.model_copy(update={"term": "python"})

    assert (
        score(file_of(resume()), posting(PYTHON, again, KAFKA)).total
        == score(file_of(resume()), posting(PYTHON, KAFKA)).total
    )


@given(copies=st.integers(min_value=2, max_value=6))
def test_duplicating_skills_changes_nothing(copies: int) -> None:
    stuffed = with_skills(*("Python", "Go", "Kafka") * copies)

    before, after = (
        score(file_of(content), posting(PYTHON, KAFKA)) for content in (with_skills("Python", "Go", "Kafka"), stuffed)
    )

    assert (after.total, after.match) == (before.total, before.match)


def with_skills(*items: str) -> ResumeContent:
    sections = [section for section in resume().sections if section.kind is not SectionKind.SKILLS]
    group = SkillGroup(fact_id=uid(9), name="Tools", items=items)
    return resume(sections=(*sections, Section(kind=SectionKind.SKILLS, groups=(group,))))


@pytest.mark.parametrize("place", ["summary", "bullet", "skills"])
@given(named=st.lists(st.sampled_from([PYTHON, KAFKA, TermUse(term="Go", weight=2, supported=True)]), unique=True))
def test_pasting_the_posting_never_raises_the_score(place: str, named: list[TermUse]) -> None:
    pasted = {
        "summary": resume(summary=TEXT),
        "bullet": resume(sections=(*resume().sections, experience(job("Fan", "F", *lines(TEXT))))),
        "skills": with_skills(TEXT),
    }[place]
    # The paste makes every term of the posting stand in the résumé.
    claimed = posting(*(term.model_copy(update={"dated": True}) for term in named), title="Platform Engineer")

    assert (
        score(file_of(pasted), claimed).total
        <= score(file_of(resume()), posting(*named, title="Platform Engineer")).total
    )


def test_one_phrase_in_common_with_the_posting_costs_little() -> None:
    phrase = "Ran the delivery pipeline from the first commit to production and cut its cost by 20%"
    content = resume(sections=(*resume().sections, experience(job("Engineer", "E", *lines(phrase)))))

    assert score(file_of(content), posting(PYTHON)).match == pytest.approx(45, abs=6)


def test_the_title_is_compared_without_levels() -> None:
    result = score(
        file_of(resume(headline="Junior Platform Engineer")), posting(title="Senior Platform Engineer (m/w/d)")
    )

    assert factor(result, "title").earned == 8


def test_a_language_without_rules_of_style_is_not_judged_by_those_of_another() -> None:
    keys = {factor.key for factor in score(file_of(resume(language="ja"))).factors}

    assert not keys & {"starts", "filler"}
    assert score(file_of(resume(language="ja"))).content == 15


@pytest.mark.parametrize(("pages", "earned"), [(1, 2), (2, 2), (3, 1), (4, 0)])
def test_two_pages_are_enough(pages: int, earned: float) -> None:
    assert factor(score(file_of(resume(), pages=pages)), "pages").earned == earned


def test_dates_that_are_missing_are_named() -> None:
    content = resume(sections=(experience(job("Cook", "C"), Entry(fact_id=uid(1), title="Baker", span=Span())),))

    dates = factor(score(file_of(content)), "dates")

    assert (dates.earned, dates.fix) == (1.5, "Add dates to: Baker.")


def test_only_the_pdf_of_a_resume_has_a_score() -> None:
    with pytest.raises(ValueError, match="only the PDF of a résumé"):
        score(RenderedFile(data=b"", content=letter()))
