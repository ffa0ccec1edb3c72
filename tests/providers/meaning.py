"""The scripted provider's vectors: texts are as near as they share words, or words that the script calls the same."""

import hashlib
import random
import re
from collections.abc import Sequence
from functools import lru_cache
from math import hypot

_WORD = re.compile(r"\w+")


def vector(text: str, dimensions: int, same: Sequence[Sequence[str]] = ()) -> list[float]:
    """Of length 1; the same for the same text in every process."""
    meant = {word: group[0] for group in same for word in group}
    words = [meant.get(word, word) for word in _WORD.findall(text.lower())] or [""]
    sums = [sum(numbers) for numbers in zip(*(_direction(word, dimensions) for word in words), strict=True)]
    length = hypot(*sums)
    return [round(value / length, 8) for value in sums]


@lru_cache(maxsize=4096)
def _direction(word: str, dimensions: int) -> tuple[float, ...]:
    chance = random.Random(hashlib.sha256(word.encode()).digest())
    return tuple(chance.gauss(0.0, 1.0) for _ in range(dimensions))
