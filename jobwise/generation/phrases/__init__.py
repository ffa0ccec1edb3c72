"""The sentences that JobWise itself puts into a letter, one file per language.

They frame the person's own words and claim nothing: what is claimed stands in the braces and comes from the profile.
A frame
never mixes languages; where there is none for a language, English frames are used with names alone (see
`builtin_writer`).
"""

from jobwise.generation.phrases.base import Phrases
from jobwise.generation.phrases.dutch import DUTCH
from jobwise.generation.phrases.english import ENGLISH
from jobwise.generation.phrases.german import GERMAN
from jobwise.generation.phrases.japanese import JAPANESE
from jobwise.generation.phrases.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from jobwise.generation.prose import sentences

PHRASES: dict[str, Phrases] = {
    phrases.language: phrases for phrases in (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, JAPANESE)
}


COURTESIES = frozenset(
    sentence
    for phrases in PHRASES.values()
    for text in (phrases.apply_neither, phrases.enclosed, *phrases.farewells.values())
    for sentence in sentences(text)
)
"""Our own sentences that name and claim nothing."""


def phrases_for(language: str) -> Phrases:
    """The phrases of a language, or the English ones where there are none."""
    return PHRASES.get(language, ENGLISH)


__all__ = ["COURTESIES", "PHRASES", "Phrases", "phrases_for"]
