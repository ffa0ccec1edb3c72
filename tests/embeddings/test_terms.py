from math import hypot, sqrt

import pytest

from jobwise.embeddings.terms import DIMENSIONS, embed_terms, to_sql


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_vector_has_length_one_whatever_the_weights() -> None:
    vector = embed_terms({"Python": 3.0, "PostgreSQL": 0.5, "Welding": 40})

    assert len(vector) == DIMENSIONS
    assert hypot(*vector) == pytest.approx(1)


def test_the_order_of_the_terms_changes_nothing() -> None:
    weights = {f"term {n}": n / 7 for n in range(1, 200)}

    assert embed_terms(weights) == embed_terms(dict(reversed(weights.items())))


def test_a_terms_place_never_changes_since_vectors_are_stored() -> None:
    places = [next(n for n, value in enumerate(embed_terms({term: 1})) if value) for term in ("Python", "SQL")]
    signs = [sum(embed_terms({term: 1})) for term in ("Python", "SQL")]

    assert (places, signs) == ([8, 178], [-1, 1])


def test_cosines_are_close_to_those_of_the_terms_themselves() -> None:
    one = {f"a{n}": 1.0 for n in range(20)} | {f"both{n}": 1.0 for n in range(20)}
    other = {f"b{n}": 1.0 for n in range(20)} | {f"both{n}": 1.0 for n in range(20)}

    assert cosine(embed_terms(one), embed_terms(other)) == pytest.approx(0.5, abs=3 / sqrt(DIMENSIONS))


def test_no_terms_have_no_direction() -> None:
    assert embed_terms({}) == [0.0] * DIMENSIONS
    assert to_sql(embed_terms({})) is None
