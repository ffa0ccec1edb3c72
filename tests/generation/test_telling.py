"""What a follower is told of a document whose parts are written at once."""

import pytest

from jobwise.generation.telling import Telling


class Follower:
    """Keeps what it is told as it should be shown."""

    def __init__(self) -> None:
        self.shown = "of an earlier worker"
        self.restarts = 0

    def tell(self, text: str, restart: bool) -> None:
        self.restarts += restart
        self.shown = text if restart else self.shown + text


@pytest.fixture
def follower() -> Follower:
    return Follower()


def test_parts_are_told_in_their_order_whichever_is_written_first(follower: Follower) -> None:
    telling = Telling(follower.tell, 3)

    telling.hear(1, "Second")
    telling.hear(0, "Fi")
    telling.hear(2, "Third")
    telling.end(2)
    telling.hear(0, "rst")
    assert follower.shown == "First"
    telling.end(0)
    telling.hear(1, " part")
    telling.end(1)

    assert follower.shown == "First\n\nSecond part\n\nThird"
    assert follower.restarts == 1


def test_what_was_told_of_a_part_that_is_void_is_taken_back_and_the_others_stay(follower: Follower) -> None:
    telling = Telling(follower.tell, 2)

    telling.hear(0, "Good")
    telling.end(0)
    telling.hear(1, "Broken o")
    telling.void(1)
    assert follower.shown == "Good"
    telling.hear(1, "Whole")
    telling.end(1)

    assert follower.shown == "Good\n\nWhole"
    assert follower.restarts == 2


def test_a_part_that_nobody_was_told_of_is_void_without_a_word(follower: Follower) -> None:
    telling = Telling(follower.tell, 2)

    telling.hear(1, "Broken")
    telling.void(1)
    telling.hear(0, "First")
    telling.end(0)
    telling.end(1)

    assert follower.shown == "First"
    assert follower.restarts == 1


def test_nothing_is_left_of_a_document_that_nobody_could_write(follower: Follower) -> None:
    telling = Telling(follower.tell, 1)

    telling.hear(0, "I")
    telling.void(0)
    telling.void(0)
    telling.end(0)

    assert follower.shown == ""
