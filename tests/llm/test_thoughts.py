"""Thoughts in the answer are taken out of it, however it is cut."""

import pytest

from jobwise.llm.thoughts import ThoughtFilter


def _said(pieces: list[str]) -> str:
    filtered = ThoughtFilter()
    return "".join([*map(filtered.feed, pieces), filtered.flush()])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('<think>Maybe {"n": 1}?</think>{"n": 2}', '{"n": 2}'),
        ("\n<think></think>\n\nReady.", "\n\nReady."),
        ("<think>It goes < on </thin and on", ""),
        ("<thin", "<thin"),
        ("< think>No.</think>", "< think>No.</think>"),
        ("Ready. <think>No.</think>", "Ready. <think>No.</think>"),
        ("<think>a</think><think>b</think>", "<think>b</think>"),
        ("", ""),
        ("  ", "  "),
    ],
)
@pytest.mark.parametrize("length", [1, 2, 7, 100])
def test_only_the_thoughts_at_the_beginning_are_no_answer(answer: str, said: str, length: int) -> None:
    pieces = [answer[start : start + length] for start in range(0, len(answer), length)]

    assert _said(pieces) == said
