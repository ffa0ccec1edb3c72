"""What may stand in the ledger, and what documents it makes."""

from uuid import UUID

import pytest

from jobwise.documents.content import DocumentKind, ResumeContent, SectionKind
from jobwise.generation import ledger
from jobwise.generation.assemble import assemble_resume
from jobwise.generation.facts import facts_of
from jobwise.generation.types import Change, Operation, Transform
from tests.generation.people import ENGINEER, TODAY, id_of

_FACTS = {fact.id for fact in facts_of(ENGINEER, TODAY)}
_NORTHPAY = ledger.order_path(ENGINEER.experiences[0])
_MENTORED = "Mentored three junior engineers and wrote the onboarding guide"


def _change(path: str, value: str, /, **more: object) -> Change:
    known: dict[str, object] = {
        "id": "c1",
        "document": DocumentKind.RESUME if path.startswith("resume") else DocumentKind.COVER_LETTER,
        "path": path,
        "op": Operation.REPLACE,
        "original": ledger.original_of(ENGINEER, path) or "",
        "value": value,
        "reason": "",
        "transform": Transform.REPHRASE,
    }
    return Change.model_validate({**known, **more})


def _refusal(change: Change) -> str:
    return ledger.refusal(change, ENGINEER, _FACTS, {"r1"})


@pytest.mark.parametrize(
    "path",
    [
        "resume.name",
        "resume.contact",
        "resume.experiences.0.title",
        f"resume.highlights.{UUID(int=7)}",
        "letter.paragraphs.9",
        "",
    ],
)
def test_a_path_that_may_not_change_is_refused(path: str) -> None:
    assert _refusal(_change(path, "x", document=DocumentKind.RESUME))


@pytest.mark.parametrize(
    "more",
    [
        {"original": "Something else"},
        {"evidence_ids": (UUID(int=7),)},
        {"requirement_ids": ("r99",)},
        {"document": DocumentKind.COVER_LETTER},
        {"value": " "},
        {"value": "x" * 5_000},
        {"transform": Transform.SYNTHESIZE},
    ],
)
def test_a_malformed_change_is_refused_with_a_sentence(more: dict[str, object]) -> None:
    assert _refusal(_change(ledger.SUMMARY, "New words.", **more)).endswith(".")


def test_a_well_formed_change_stands() -> None:
    assert (
        _refusal(_change(ledger.SUMMARY, "New words.", evidence_ids=(id_of("Northpay"),), requirement_ids=("r1",)))
        == ""
    )


def test_an_order_may_choose_and_move_lines_but_not_add_any() -> None:
    lines = (ledger.original_of(ENGINEER, _NORTHPAY) or "").splitlines()

    assert _refusal(_change(_NORTHPAY, "\n".join(reversed(lines[:3])))) == ""
    assert _refusal(_change(_NORTHPAY, "\n".join([*lines, "Invented Kubernetes"])))
    assert _refusal(_change(_NORTHPAY, "\n".join([lines[0], lines[0]])))


def test_skills_may_be_reordered_and_left_out_but_not_added() -> None:
    assert _refusal(_change(ledger.SKILLS, "Infrastructure: Kubernetes, AWS\nLanguages: Python")) == ""
    assert _refusal(_change(ledger.SKILLS, "Languages: Python, Rust"))
    assert _refusal(_change(ledger.SKILLS, "Databases: Python"))


def _entry_lines(content: ResumeContent) -> list[str]:
    return [line.text for line in content.sections[0].entries[0].lines]


def test_assembling_applies_order_and_words_and_copies_the_rest() -> None:
    lines = (ledger.original_of(ENGINEER, _NORTHPAY) or "").splitlines()
    changes = [
        _change(_NORTHPAY, "\n".join(reversed(lines))),
        _change(ledger.wording_path(id_of(_MENTORED)), "Mentored three juniors"),
        _change(ledger.SECTIONS, "EDUCATION\nEXPERIENCE"),
        _change(ledger.SKILLS, "Infrastructure: AWS, Docker"),
    ]

    content = assemble_resume(ENGINEER, changes[:2], {}, "en")
    moved = assemble_resume(ENGINEER, changes[2:], {}, "en")

    assert _entry_lines(content) == [*list(reversed(lines))[:-1], "Mentored three juniors"]
    entry = content.sections[0].entries[0]
    assert (entry.title, entry.organization, entry.span.start) == ("Senior Backend Engineer", "Northpay", "2021-03")
    assert [section.kind for section in moved.sections] == [SectionKind.EDUCATION, SectionKind.EXPERIENCE]


def test_without_its_change_the_document_is_the_profiles_again() -> None:
    change = _change(ledger.SUMMARY, "New words.")

    held = ledger.effective([change], rejected={"c1"})
    edited = ledger.effective([change], edited={"c1": "My words."})

    assert assemble_resume(ENGINEER, held, {}, "en").summary == ENGINEER.summary
    assert assemble_resume(ENGINEER, edited, {}, "en").summary == "My words."


def test_the_best_line_of_every_entry_is_kept_by_the_page_fit_and_ranks_are_unique() -> None:
    scores = {id_of(_MENTORED): 9.0}

    entries = [entry for section in assemble_resume(ENGINEER, (), scores, "en").sections for entry in section.entries]
    ranks = [line.rank for entry in entries for line in entry.lines]

    assert all(sum(line.rank == 0 for line in entry.lines) == 1 for entry in entries if entry.lines)
    assert entries[0].lines[0].rank == 0
    assert len([rank for rank in ranks if rank]) == len({rank for rank in ranks if rank})


def test_contact_lines_are_short_for_the_eye_and_whole_for_the_link() -> None:
    contact = assemble_resume(ENGINEER, (), {}, "en").contact

    assert [(line.kind, line.text, line.href) for line in contact] == [
        ("email", "mara@example.org", "mailto:mara@example.org"),
        ("phone", "+46 8 555 01 23", "tel:+4685550123"),
        ("place", "Malmö, SE", ""),
        ("link", "mara.example.org", "https://mara.example.org/"),
        ("link", "github.example.org/maral", "https://github.example.org/maral"),
    ]


def test_a_link_that_is_no_web_address_leads_nowhere() -> None:
    hostile = ENGINEER.model_copy(
        update={"contact": ENGINEER.contact.model_copy(update={"url": "javascript:alert(1)"})}
    )

    lines = assemble_resume(hostile, (), {}, "en").contact

    assert [line.href for line in lines if line.text.startswith("javascript")] == [""]
