"""The built-in writer's documents, and what verification makes of bad drafts."""

import re
from datetime import date
from pathlib import Path

import pytest

from jobwise import samples
from jobwise.documents.content import DocumentKind, LetterContent, ResumeContent, SectionKind
from jobwise.generation import ledger
from jobwise.generation.fact_gate import check
from jobwise.generation.phrases import PHRASES
from jobwise.generation.stages.match import match
from jobwise.generation.stages.verify import verify
from jobwise.generation.stages.write import write
from jobwise.generation.types import (
    Change,
    Draft,
    FindingKind,
    MatchReport,
    Operation,
    Options,
    Severity,
    Tone,
    Transform,
    Verified,
)
from jobwise.jobs.analysis import analyze
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import Education, Experience, ProfileContent
from jobwise.profiles.importers import json_resume
from tests.generation.people import (
    BARE,
    BAULEITER,
    ENGINEER,
    GRADUATE,
    PLATFORM,
    TODAY,
    id_of,
    lines,
    need,
    on,
    posting,
)

_DEFAULT = Options()
_SAMPLES = Path(samples.__file__).parent


def _tailored(profile: ProfileContent, analysis: JobAnalysis = PLATFORM, options: Options = _DEFAULT) -> Verified:
    report = match(profile, analysis, TODAY)
    return verify(write(profile, analysis, report, options, TODAY), profile, analysis, report, options, TODAY)


def _letter(verified: Verified) -> LetterContent:
    assert verified.draft.letter is not None
    return verified.draft.letter


def _resume(verified: Verified) -> ResumeContent:
    assert verified.draft.resume is not None
    return verified.draft.resume


def _text(verified: Verified) -> str:
    return "\n".join(paragraph.text for paragraph in _letter(verified).paragraphs)


def test_a_letter_says_what_for_then_shows_the_closest_work_and_ends_with_courtesy() -> None:
    paragraphs = [paragraph.text for paragraph in _letter(_tailored(ENGINEER)).paragraphs]

    assert paragraphs[0] == (
        "I am applying for the position of Platform Engineer at Gridworks. My current work as Senior Backend "
        "Engineer at "
        "Northpay involves Kubernetes, Python and PostgreSQL, which your posting asks for."
    )
    assert paragraphs[1].startswith("At Northpay, I ")
    assert paragraphs[2].startswith("Earlier, as Software Engineer at Fjordbank, I ")
    assert "I hold a Bachelor of Science in Computer Science from Lund University." in paragraphs[2]
    assert paragraphs[-1].endswith("Thank you for your time and consideration.")


@pytest.mark.parametrize("profile", [BARE, GRADUATE, ENGINEER, BAULEITER])
@pytest.mark.parametrize("tone", list(Tone))
@pytest.mark.parametrize(
    ("title", "company"), [("", ""), ("Analyst", ""), ("", "Acme Inc."), ("SENIOR DATA ANALYST", "X e. V.")]
)
def test_no_letter_has_doubled_marks_gaps_or_broken_frames(
    profile: ProfileContent, tone: Tone, title: str, company: str
) -> None:
    analysis = PLATFORM.model_copy(update={"title": title, "company": company})

    text = _text(_tailored(profile, analysis, Options(tone=tone)))

    assert not re.search(r"\.\.|,,|  |\{|\}|None| ,| \.(?!\w)|“”|„“", text)
    assert len(text.split()) > 20


def test_the_bare_profile_still_gets_a_courteous_letter() -> None:
    verified = _tailored(BARE)

    assert "My résumé, enclosed, gives the details of my background." in _text(verified)
    assert _letter(verified).signature == "Kim Vale"
    assert _resume(verified).sections == ()


def test_a_page_long_highlight_stays_in_the_resume_and_out_of_the_letter() -> None:
    essay = "Led the migration and " + "wrote about it at length and " * 60 + "finished"
    job = ENGINEER.experiences[0].model_copy(update={"highlights": lines(essay, "Cut costs by 12% in a year")})
    verified = _tailored(ENGINEER.model_copy(update={"experiences": (job,)}))

    assert "at length" not in " ".join(paragraph.text for paragraph in _letter(verified).paragraphs)
    assert "at length" in _resume(verified).model_dump_json()


def test_experience_stands_before_education_and_skills_as_tracking_systems_expect() -> None:
    order = [SectionKind.EXPERIENCE, SectionKind.EDUCATION, SectionKind.SKILLS]
    for person in (GRADUATE, ENGINEER):
        kinds = [section.kind for section in _resume(_tailored(person)).sections]
        assert [kind for kind in kinds if kind in order] == order


def test_skills_that_only_the_posting_has_appear_nowhere() -> None:
    verified = _tailored(ENGINEER, posting(need(1, "Rust and Erlang", "Rust", "Erlang"), need(2, "Python", "Python")))

    everything = verified.draft.model_dump_json(include={"resume", "letter"})

    assert "Rust" not in everything
    assert "Erlang" not in everything


def test_every_difference_from_the_profile_is_in_the_ledger_with_its_reason() -> None:
    verified = _tailored(ENGINEER)
    reasons = {change.path: change.reason for change in verified.draft.changes}

    order = ledger.order_path(ENGINEER.experiences[0])
    assert reasons[order].startswith("Moved up: shows ")
    assert "which the posting requires" in reasons[order]
    assert reasons[ledger.SKILLS].startswith("Moved up: Kubernetes")
    assert all(change.reason.endswith(".") for change in verified.draft.changes)
    assert all(change.id for change in verified.draft.changes)


def test_no_highlight_and_no_job_is_lost() -> None:
    shown = [
        line.text
        for section in _resume(_tailored(ENGINEER)).sections
        for entry in section.entries
        for line in entry.lines
    ]

    assert {highlight.text for post in ENGINEER.experiences for highlight in post.highlights} <= set(shown)


def test_a_summary_is_composed_only_for_who_has_none() -> None:
    silent = ENGINEER.model_copy(update={"summary": ""})

    assert _resume(_tailored(silent)).summary.startswith(
        "Senior Backend Engineer with 8 years of professional experience. Hands-on experience with "
    )
    assert _resume(_tailored(ENGINEER)).summary.startswith("Backend engineer with eight years of experience")


def test_a_headline_is_never_one_that_is_not_held() -> None:
    no_headline = ENGINEER.model_copy(update={"headline": ""})

    assert _resume(_tailored(no_headline)).headline == "Senior Backend Engineer"
    assert _resume(_tailored(ENGINEER)).headline == "Senior Backend Engineer"


def test_a_letter_in_another_language_names_and_does_not_quote() -> None:
    letter = _letter(_tailored(ENGINEER, options=Options(language="de")))

    text = " ".join(paragraph.text for paragraph in letter.paragraphs)
    assert letter.language == "de"
    assert "Northpay" in text
    assert "Mentored" not in text
    assert "I " not in text


def test_a_language_without_phrases_falls_back_to_english_and_says_so() -> None:
    verified = _tailored(ENGINEER, options=Options(language="pl"))

    assert _letter(verified).language == "en"
    assert any(finding.path == "letter" and finding.severity is Severity.WARN for finding in verified.findings)


def test_prose_in_german_gets_a_german_letter_even_where_the_profile_forgot_to_say() -> None:
    forgotten = BAULEITER.model_copy(update={"language": "en"})

    assert _letter(_tailored(forgotten)).salutation == "Sehr geehrte Damen und Herren,"


def test_employers_without_a_name_and_posts_without_highlights_are_told_gracefully() -> None:
    profile = ProfileContent(
        name="Ada",
        experiences=(
            Experience(
                employer="Freelance",
                title="Data Analyst (Contract)",
                start=on("2024"),
                highlights=lines("Built dashboards for shops"),
            ),
            Experience(
                employer="Acme", summary="Ran the night shift. Trained new staff.", start=on("2020"), end=on("2023")
            ),
        ),
        education=(Education(institution="Open College", area="History", end=on("2019")),),
    )

    text = _text(_tailored(profile))

    assert "at Freelance" not in text
    assert "As a freelancer, I built dashboards for shops." in text
    assert "At Acme, I ran the night shift." in text or "at Acme, I ran the night shift." in text


def test_the_same_input_gives_the_same_documents() -> None:
    assert _tailored(ENGINEER) == _tailored(ENGINEER)


def test_only_the_wanted_documents_are_made() -> None:
    verified = _tailored(ENGINEER, options=Options(kinds=(DocumentKind.COVER_LETTER,)))

    assert verified.draft.resume is None
    assert all(change.document is DocumentKind.COVER_LETTER for change in verified.draft.changes)


def _drafted(*changes: Change) -> tuple[Verified, MatchReport]:
    report = match(ENGINEER, PLATFORM, TODAY)
    return verify(Draft(changes=changes), ENGINEER, PLATFORM, report, Options(), TODAY), report


def _change(path: str, value: str, /, **more: object) -> Change:
    known: dict[str, object] = {
        "id": path,
        "document": DocumentKind.RESUME if path.startswith("resume") else DocumentKind.COVER_LETTER,
        "path": path,
        "op": Operation.REPLACE,
        "original": ledger.original_of(ENGINEER, path) or "",
        "value": value,
        "reason": "",
        "transform": Transform.REPHRASE,
    }
    return Change.model_validate({**known, **more})


_LED = "Led a team of five engineers in splitting a Django monolith into eleven FastAPI services over 14 months"


def test_a_false_highlight_falls_back_to_the_persons_own_words_and_is_reported() -> None:
    verified, _ = _drafted(
        _change(ledger.wording_path(id_of(_LED)), "Led fifty engineers"),
        _change(ledger.SUMMARY, "Rust engineer with 30 years of experience."),
    )

    shown = [line.text for entry in _resume(verified).sections[0].entries for line in entry.lines]
    assert _LED in shown
    assert _resume(verified).summary.startswith(ENGINEER.summary)
    assert "Rust" not in _resume(verified).summary
    assert {change.path for change in verified.refused} >= {ledger.SUMMARY, ledger.wording_path(id_of(_LED))}
    assert {finding.kind for finding in verified.findings} >= {FindingKind.NUMBER, FindingKind.SKILL}


def test_an_honest_highlight_stands() -> None:
    honest = "Led five engineers who split a Django monolith into eleven services"

    verified, _ = _drafted(_change(ledger.wording_path(id_of(_LED)), honest))

    assert honest in [line.text for entry in _resume(verified).sections[0].entries for line in entry.lines]
    assert verified.refused == ()


def test_a_false_paragraph_is_left_out_and_the_others_close_ranks() -> None:
    paragraphs = [
        _change(ledger.paragraph_path(0), "I am applying for the position of Platform Engineer at Gridworks."),
        _change(ledger.paragraph_path(1), "At Northpay, I led a team of 500.", evidence_ids=(id_of("Northpay"),)),
        _change(
            ledger.paragraph_path(2), "At Fjordbank, I raised test coverage to 88%.", evidence_ids=(id_of("Fjordbank"),)
        ),
        _change(ledger.paragraph_path(3), "I look forward to hearing from you."),
    ]

    verified, _ = _drafted(*paragraphs)

    assert [paragraph.text for paragraph in _letter(verified).paragraphs] == [
        paragraphs[0].value,
        paragraphs[2].value,
        paragraphs[3].value,
    ]


def test_a_letter_that_is_false_throughout_becomes_the_built_in_writers() -> None:
    verified, _ = _drafted(
        _change(ledger.paragraph_path(0), "As CTO of Gridworks I have used Rust for 20 years."),
        _change(ledger.paragraph_path(1), "I hold a PhD from MIT."),
    )

    assert (
        _letter(verified)
        .paragraphs[0]
        .text.startswith("I am applying for the position of Platform Engineer at Gridworks.")
    )


def test_a_draft_without_any_letter_gets_one() -> None:
    verified, _ = _drafted()

    assert len(_letter(verified).paragraphs) >= 3


def test_a_change_that_the_ledger_cannot_hold_is_refused_and_never_applied() -> None:
    verified, _ = _drafted(_change(ledger.SKILLS, "Languages: Python, Rust"), _change("resume.name", "Somebody Else"))

    assert _resume(verified).name == ENGINEER.name
    assert "Rust" not in _resume(verified).model_dump_json()
    assert len(verified.refused) == 2


def test_cliches_and_endless_sentences_are_warned_about_but_delivered() -> None:
    own = ENGINEER.model_copy(update={"summary": "Passionate engineer. " + "word " * 60 + "end."})

    findings = _tailored(own).findings

    assert {finding.kind for finding in findings} == {FindingKind.STYLE}
    assert len(findings) >= 2


def _posting_at(path: Path) -> JobAnalysis:
    text = path.read_text(encoding="utf-8")
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    fields = dict(line.split(": ", 1) for line in head[1].splitlines() if ": " in line) if head else {}
    body = text[head.end() :] if head else text
    return analyze(fields.get("title", ""), fields.get("company", ""), body, fields.get("location", ""))


@pytest.mark.parametrize("path", sorted(_SAMPLES.glob("profiles/*.json")), ids=lambda path: path.stem)
def test_nothing_ungrounded_is_delivered_for_any_sample(path: Path) -> None:
    profile = json_resume.read(path.read_bytes()).content
    for posting_path in sorted(_SAMPLES.glob("postings/*/*"))[::4]:
        analysis = _posting_at(posting_path)
        report = match(profile, analysis, TODAY)

        verified = verify(
            write(profile, analysis, report, Options(), TODAY), profile, analysis, report, Options(), TODAY
        )

        assert [finding for finding in verified.findings if finding.severity is Severity.BLOCK] == []
        assert check(_resume(verified), profile, analysis, {f"years:{int(report.years)}"}) == []
        assert check(_letter(verified), profile, analysis) == []
        assert verified.coverage.percent >= 95


def test_the_date_is_the_day_of_writing() -> None:
    report = match(ENGINEER, PLATFORM, TODAY)
    draft = write(ENGINEER, PLATFORM, report, Options(), date(2026, 2, 3))

    assert draft.letter is not None
    assert draft.letter.date == "2026-02-03"


@pytest.mark.parametrize("language", [*sorted(PHRASES), "pl"])
@pytest.mark.parametrize("tone", list(Tone))
@pytest.mark.parametrize("profile", [BARE, GRADUATE, ENGINEER, BAULEITER])
def test_our_own_frames_are_never_objected_to(language: str, tone: Tone, profile: ProfileContent) -> None:
    verified = _tailored(profile, options=Options(language=language, tone=tone))

    assert [finding for finding in verified.findings if finding.severity is Severity.BLOCK] == []
    assert verified.refused == ()
