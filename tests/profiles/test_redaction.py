"""What identifies somebody is taken out of a text, and what is left still leads back to the original."""

import pytest

from jobwise.profiles.content import Contact
from jobwise.profiles.redaction import Redaction, unmarked
from tests.generation.people import ENGINEER

_PERSON = ENGINEER.model_copy(
    update={"name": "Mara Lindqvist", "contact": Contact(phone="+44 117 496 0138", postal_code="2079")}
)
_TEXT = "Mara: call (020) 7946 0018 or 0117 496 0138, see https://x.example/Mara. Ref 0123456789, since 2019-2023."


@pytest.fixture(scope="module")
def redaction() -> Redaction:
    return Redaction(_PERSON)


def test_names_numbers_and_links_are_taken_out_and_the_rest_stays(redaction: Redaction) -> None:
    assert (
        redaction.text(_TEXT) == "[name]: call [contact] or [contact], see [contact] Ref 0123456789, since 2019-2023."
    )


@pytest.mark.parametrize("unseen", ["\u00ad", "\u200b", "\u200d", "\u2060", "\u0301"])
def test_a_name_is_found_whatever_unseen_stands_in_it(redaction: Redaction, unseen: str) -> None:
    hidden = f"I am Ma{unseen}ra Lind{unseen}qvist."

    assert redaction.text(hidden) == "I am [name] [name]."


def test_what_overlaps_is_taken_out_as_one(redaction: Redaction) -> None:
    assert redaction.text("Write to Mara@x.example or 020 2079 4600.") == "Write to [contact] or [contact]."


@pytest.mark.parametrize("text", [_TEXT, "Nothing private.", "Mara", "", "Mara 020 7946 0018Mara"])
def test_every_part_of_what_is_left_comes_from_where_it_stood(redaction: Redaction, text: str) -> None:
    redacted = redaction.of(text)

    assert redacted.origin(0, len(redacted.text)) == (0, len(text))
    for word in unmarked(redacted.text).split():
        start = redacted.text.index(word)
        assert text[slice(*redacted.origin(start, start + len(word)))] == word


def test_a_part_with_a_mark_comes_from_all_that_the_mark_stands_for(redaction: Redaction) -> None:
    redacted = redaction.of(_TEXT)
    start = redacted.text.index("call [contact]")

    for length in (len("call [con"), len("call [contact]")):
        assert _TEXT[slice(*redacted.origin(start, start + length))] == "call (020) 7946 0018"
