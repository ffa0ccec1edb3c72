"""Weighted terms as one short vector: similar things share terms, and so point in similar directions.

This is the hashing trick (Weinberger, Dasgupta, Langford, Smola and Attenberg, "Feature Hashing for Large Scale
Multitask Learning", 2009): a hash chooses each term's dimension and its sign. Terms that meet in a dimension cancel as
often as they add up, so that on average cosines are those of the full vectors. Nothing is learned, so nothing has to be
stored or shipped, and the vocabulary can grow without a vector having to be made anew.
"""

from collections.abc import Mapping
from hashlib import blake2b
from math import hypot

DIMENSIONS = 256


def embed_terms(weights: Mapping[str, float]) -> list[float]:
    """The vector of some terms with their weights: 256 numbers of length 1; all zero when there are no terms.

    The same terms give the same vector on every machine and in every process.
    """
    vector = [0.0] * DIMENSIONS
    # Sorted, since sums of floats depend on their order.
    for term, weight in sorted(weights.items()):
        place, sign = _place(term)
        vector[place] += sign * weight
    length = hypot(*vector)
    return [value / length for value in vector] if length else vector


def to_sql(vector: list[float]) -> str | None:
    """A vector as pgvector reads it, or None for one without direction, to which no cosine is defined."""
    return f"[{','.join(f'{value:.6g}' for value in vector)}]" if any(vector) else None


def _place(term: str) -> tuple[int, int]:
    number = int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big")
    return (number >> 1) % DIMENSIONS, 1 if number & 1 else -1
