import pytest

from jobwise.jobs.headings import SectionKind, kind_of_heading
from jobwise.jobs.sections import outline


def kinds(text: str) -> list[tuple[str, SectionKind]]:
    return [(text[block.start : block.end], block.kind) for block in outline(text).blocks]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("What you’ll bring", SectionKind.MUST),
        ("BASIC QUALIFICATIONS", SectionKind.MUST),
        ("About you", SectionKind.MUST),
        ("Desired candidate", SectionKind.MUST),
        ("Was wir uns wünschen", SectionKind.MUST),
        ("Wünschenswert", SectionKind.NICE),
        ("PREFERRED QUALIFICATIONS", SectionKind.NICE),
        ("Hilfreich, aber kein Muss", SectionKind.NICE),
        ("ESSENTIAL DUTIES AND RESPONSIBILITIES", SectionKind.DUTIES),
        ("Das erwartet dich", SectionKind.DUTIES),
        ("Vos missions", SectionKind.DUTIES),
        ("About the role", SectionKind.ROLE),
        ("About Heronsgate", SectionKind.COMPANY),
        ("Über uns", SectionKind.COMPANY),
        ("Deine Vorteile", SectionKind.BENEFITS),
        ("Compensation and bonus", SectionKind.BENEFITS),
        ("What we offer", SectionKind.BENEFITS),
        ("Equal Opportunity at Heronsgate", SectionKind.LEGAL),
        ("How to apply", SectionKind.APPLY),
        ("The harbour at night", None),
    ],
)
def test_a_heading_is_known_by_its_wording(heading: str, kind: SectionKind | None) -> None:
    assert kind_of_heading(heading) is kind


def test_bullets_of_all_sorts_lose_their_marks_and_keep_their_place() -> None:
    text = "Requirements:\n\n• one thing\n* two things\n1. three things\n(a) four things\n✅ five things\n-six things\n"

    assert kinds(text) == [
        (each, SectionKind.MUST)
        for each in ("one thing", "two things", "three things", "four things", "five things", "six things")
    ]


def test_a_paragraph_after_a_list_no_longer_belongs_to_it() -> None:
    text = "Requirements\n\n- one\n- two\n\nThirty euro an hour, and the sea.\n"

    assert kinds(text)[-1] == ("Thirty euro an hour, and the sea.", SectionKind.ROLE)


def test_a_sentence_with_a_colon_does_not_end_a_section() -> None:
    text = "About us\n\nWe build ships where:\n\n- the wood is old\n- the paint is new\n"

    assert {kind for _, kind in kinds(text)} == {SectionKind.COMPANY}


def test_a_list_under_an_unknown_heading_after_the_duties_is_what_they_ask_for() -> None:
    text = "Your tasks\n\n- steer\n- moor\n\nThe harbour at night\n\n- sea legs\n"

    assert kinds(text)[-1] == ("sea legs", SectionKind.MUST)


def test_the_first_of_two_wish_lists_is_what_they_ask_for_where_nothing_else_does() -> None:
    text = "We'd like\n\n- sea legs\n\nIt would be a bonus to have\n\n- a boat\n"

    assert kinds(text) == [("sea legs", SectionKind.MUST), ("a boat", SectionKind.NICE)]


def test_it_is_known_whether_any_heading_said_something() -> None:
    assert outline("Requirements\n\n- one\n").has_known_headings
    assert not outline("We build ships. You must swim.\n").has_known_headings
