"""Running text taken apart: sentences, word lists, and the language that prose is written in."""

import re
from functools import lru_cache

from jobwise.profiles.content import ProfileContent

_BOUNDARY = re.compile(r"([.!?…][\"”’»“)\]]*)\s+(?=[\"“„«(\[]?[A-ZÀ-ÖØ-ÞŠŽ0-9])|([。！？][」』）]*)(?=.)")
# A point after one of these ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Inc|Ltd|Co|Corp|No|Nr|Jr|Sr|Dept|vs|e\.g|i\.e|approx|U\.S|z\.\s?B|d\.\s?h|u\.\s?a|eG|bzw|ca|inkl"
    r"|zzgl|Mio|Mrd|Abt|ggf|Str|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\b[A-Za-z])\.$"
)
_WORD = re.compile(r"[^\W\d_]+")


def words(text: str) -> frozenset[str]:
    """A set of words written as one text: how word lists are kept readable in code."""
    return frozenset(text.split())


_FUNCTION_WORDS = {
    "en": words("the and of with for from that a an by on was were has have using an our their into across"),
    "de": words(
        "der die das und mit für von den dem des ein eine einer eines bei auf zu zur zum nach über im als wurde sowie"
    ),
    "fr": words("le la les des et avec pour du une dans sur par au aux en est de un plus nos leur chez"),
    "es": words("el la los las y con para del una en por al un de que más desde hasta como su mi"),
    "it": words("il lo gli delle e con per del una nel nella alla dei di un che più dal della sono"),
    "pt": words("o os as e com para do da uma em por ao um de que mais dos das na no pela como"),
    "nl": words("de het een en met voor van op bij aan naar door tot uit te ik mijn zijn werd als"),
}


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its punctuation, on one line."""
    pieces = _BOUNDARY.sub(lambda found: f"{found[1] or found[2]}\n", " ".join(text.split())).splitlines()
    joined: list[str] = []
    for piece in pieces:
        if joined and _ABBREVIATION.search(joined[-1]):
            joined[-1] = f"{joined[-1]} {piece}"
        else:
            joined.append(piece)
    return [sentence.strip() for sentence in joined if sentence.strip()]


@lru_cache(maxsize=512)
def language_of(text: str) -> str:
    """ISO 639-1 code of the language of a text, by its function words; "" where there is too little to tell."""
    if re.search(r"[぀-ヿ]", text):
        return "ja"
    found = [word.lower() for word in _WORD.findall(text[:6_000])]
    counts = {code: sum(word in known for word in found) for code, known in _FUNCTION_WORDS.items()}
    best, second = sorted(counts, key=lambda code: -counts[code])[:2]
    return best if counts[best] >= 4 and counts[best] >= 1.3 * counts[second] else ""


def prose_language(profile: ProfileContent) -> str:
    """The language the person writes in. The profile's setting holds unless the text plainly says otherwise."""
    texts = [profile.summary, *(line.text for entry in profile.experiences for line in entry.highlights)]
    texts += [line.text for entry in profile.projects for line in entry.highlights]
    return language_of(" ".join([*texts, *(post.summary for post in profile.experiences)])) or profile.language
