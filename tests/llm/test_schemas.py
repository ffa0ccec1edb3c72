import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobwise.llm.capabilities import Dialect
from jobwise.llm.schemas import extracted, in_words, problems, spoken

_OBJECT = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "rank": {"type": "integer", "minimum": 1},
    },
    "required": ["name", "tags", "rank"],
    "additionalProperties": False,
}
_GOOD = {"name": "Ada", "tags": ["x"], "rank": 1}


def test_a_dialect_has_only_the_words_that_it_knows() -> None:
    said = spoken(_OBJECT, Dialect.ANTHROPIC)

    assert said["properties"] == {
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "rank": {"type": "integer"},
    }
    assert (said["required"], said["additionalProperties"]) == (["name", "tags", "rank"], False)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_saying_it_twice_says_the_same(dialect: Dialect) -> None:
    once = spoken(_OBJECT, dialect)

    assert spoken(once, dialect) == once


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": "}"}}',
        'Here you are:\n```json\n{"a": {"b": "}"}}\n```\nAnything else?',
        'As {requested}: {"a": {"b": "}"}} {"c": 1}',
    ],
)
def test_the_object_is_found_in_an_answer(text: str) -> None:
    assert extracted(text) == '{"a": {"b": "}"}}'


def test_a_number_without_end_is_no_hindrance() -> None:
    answer = f'{{"a": {"1" * 5_000}}}'

    assert extracted(f"So: {answer}") == answer
    assert problems(answer, _OBJECT)[0].startswith("the answer is no JSON: number")


@pytest.mark.parametrize("end", range(1, 40))
def test_no_part_of_an_answer_that_was_cut_is_taken_for_it(end: int) -> None:
    whole = '{"a": {"b": 1}, "c": [{"d": "}"}], "e": "{"}'

    assert extracted(f"So: {whole[:end]}") == f"So: {whole[:end]}"


@pytest.mark.parametrize("text", ["", "none", "{" * 100_000, '{"a": ' * 5_000, '{"text": "cut in the mid'])
def test_an_answer_without_an_object_stays_as_it_is(text: str) -> None:
    assert extracted(text) == text


@settings(max_examples=50, deadline=None)
@given(
    st.text(alphabet="abc \n`", max_size=30),
    st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3),
    st.text(max_size=30),
)
def test_any_object_is_found_between_any_words(before: str, value: dict[str, str], after: str) -> None:
    assert json.loads(extracted(f"{before}{json.dumps(value)}{after}")) == value


def test_a_good_answer_has_no_problems() -> None:
    assert problems(json.dumps(_GOOD), _OBJECT) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, "$.name must be of type string"),
        ({"name": "A"}, "$.name must be at least 2 characters"),
        ({"tags": ["a", "b", "c"]}, "$.tags must be at most 2 items"),
        ({"tags": [1]}, "$.tags[0] must be of type string"),
        ({"rank": 0}, "$.rank must be at least 1"),
        ({"rank": True}, "$.rank must be of type integer"),
        ({"more": 1}, "$.more is not in the schema"),
        ({"m" * 5_000: 1}, f"$.{'m' * 198}…"),
    ],
)
def test_a_problem_is_told_with_its_place(change: dict[str, object], words: str) -> None:
    assert problems(json.dumps({**_GOOD, **change}), _OBJECT) == (words,)


def test_what_is_missing_and_what_is_no_json_is_told() -> None:
    assert problems('{"name": "Ada", "tags": []}', _OBJECT) == ("$.rank is missing",)
    assert problems("[1]", _OBJECT) == ("$ must be of type object",)
    assert problems('{"name"', _OBJECT)[0].startswith("the answer is no JSON")


def test_the_words_for_a_prompt_have_all_of_the_schema() -> None:
    assert json.loads(in_words(_OBJECT).partition("schema:\n")[2]) == _OBJECT
