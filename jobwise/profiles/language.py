"""Which language a text is written in, by its script and its small words."""

import re
from collections import Counter

_SCRIPTS = (
    ("ja", "\u3040-\u30ff"),
    ("ko", "\uac00-\ud7af"),
    ("zh", "\u4e00-\u9fff"),
    ("uk", "ґєіїҐЄІЇ"),
    ("ru", "\u0400-\u04ff"),
    ("el", "\u0370-\u03ff"),
    ("he", "\u0590-\u05ff"),
    ("ar", "\u0600-\u06ff"),
    ("hi", "\u0900-\u097f"),
    ("th", "\u0e00-\u0e7f"),
)
# Words that are frequent in their language and rare or absent in the others.
_SMALL_WORDS = {
    "en": "the and of for with to in by from on as an using across",
    "de": "und der die das mit für von im zur zum eine einer bei den als auf sowie",
    "fr": "et le la les des du une pour avec dans sur au aux en par",
    "es": "y el la los las del una para con en por como al más",
    "it": "e il di della dei delle per con nel una gli alla sviluppo",
    "pt": "e o os da do das dos para com em uma na no não",
    "nl": "en het een van voor met de bij naar ook onze als",
    "pl": "i w z na do oraz dla od przez się nie",
    "sv": "och att för med av som på ett till inom",
    "da": "og at for med af som på et til inden",
    "cs": "a v na se pro do ve při jako od",
    "tr": "ve bir için ile olarak bu de da",
}
_LANGUAGE_OF = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 20_000
#: A Japanese résumé is full of Latin product names: this share of its letters decides.
_SCRIPT_SHARE = 0.15
_FEWEST_HITS = 3


def detect_language(text: str, default: str = "en") -> str:
    """The two-letter code of the language of `text`; `default` where there is too little to tell."""
    text = text[:_LONGEST]
    letters = sum(map(str.isalpha, text))
    for code, signs in _SCRIPTS:
        if letters and len(re.findall(f"[{signs}]", text)) > letters * (_SCRIPT_SHARE if code != "uk" else 0.02):
            return code
    words = Counter(_WORD.findall(text.lower()))
    hits = {code: sum(words[word] for word in small) for code, small in _LANGUAGE_OF.items()}
    best = max(hits, key=lambda code: hits[code])
    return best if hits[best] >= _FEWEST_HITS and hits[best] > hits.get(default, 0) else default
