"""Which language a text is written in: by its script, then by its most frequent small words."""

import re
from dataclasses import dataclass

# Words that are frequent in one language and rare in its neighbours; short words shared by two of them count for both.
_SMALL_WORDS = {
    "en": "the and of to in for with you your our we are is will on as or be this have from at an by that team about",
    "de": "der die das und in zu den mit von für auf sie wir ist im eine einen du deine ihre bei als oder sind des dem"
    " sowie zum zur unser unsere werden uns nach auch ein einer",
    "fr": "le la les des et de en du un une pour vous nous dans avec sur est au aux votre notre qui par sont ou à être"
    " vos nos ce l'équipe",
    "es": "el la los las de y en un una para con que del por se es nuestro nuestra tu su como al más o sus equipo somos"
    " experiencia trabajo",
    "it": "il lo la gli le di e in un una per con che del della dei nel nella si è sono al alla da nostro come delle"
    " siamo lavoro",
    "pt": "o a os as de e em um uma para com que do da dos das no na se é nosso nossa você ao por mais ou são"
    " experiência"
    " trabalho não",
    "nl": "de het een en van in op voor met je jij wij ons onze is aan te zijn als bij of naar dat die er wat jouw ook"
    " heb hebt werken",
    "pl": "i w z na do się jest nie oraz o dla od po jak przez za praca pracy lub są znajomość doświadczenie"
    " nasz oferujemy",
    "cs": "a v se na je s k o z do pro jsme že práce nebo jako ve si od nás tě znalost máme co naší ale hledáme"
    " zkušenosti",
    "sk": "a v sa na je s k o z do pre sme že práca alebo ako vo si od nás čo znalosť máme ponúkame skúsenosti",
    "sv": "och i att en som är av för på med till vi du det ett har dig oss vår om eller din inom arbeta",
    "da": "og i at en som er af for på med til vi du det et har dig os vores om eller din inden arbejde ikke",
    "no": "og i å en som er av for på med til vi du det et har deg oss vår om eller din innen arbeid ikke",
    "fi": "ja on ei että se hän sekä tai kun ovat työ olet meillä sinulla sinun kanssa osaaminen kokemusta myös",
    "hu": "a az és hogy nem is egy van mint vagy de meg ha el csak már munka tapasztalat elvárások",
    "ro": "și de în la cu pe un o pentru care este sunt din sau mai ca experiență noastră echipa",
    "tr": "ve bir için ile bu olan veya en çok daha olarak deneyim ekip sahip iş gibi",
}

NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish", "cs": "Czech", "sk": "Slovak", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish",
    "hu": "Hungarian", "ro": "Romanian", "tr": "Turkish", "ja": "Japanese", "zh": "Chinese", "ko": "Korean",
    "ru": "Russian", "uk": "Ukrainian", "el": "Greek", "ar": "Arabic", "he": "Hebrew", "hi": "Hindi", "th": "Thai",
}  # fmt: skip
"""What each language is called in English, by its ISO 639-1 code."""

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("uk", re.compile(r"[іїєґ]", re.IGNORECASE)),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_OWN_SCRIPT = re.compile(
    r"[\u0370-\u04ff\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

# Letters that only some of the languages use weigh as much as a small word.
_LETTERS = {
    "de": "ß", "pl": "łżźąęńś", "cs": "řůě", "sk": "ľĺŕ", "es": "ñ¿¡", "pt": "ãõ", "ro": "țșă", "tr": "ığş", "hu": "őű",
    "da": "", "no": "", "sv": "",
}  # fmt: skip

_SEEN = 12_000
"""So many characters say enough."""


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code and how sure it is, from 0 to 1."""

    code: str
    confidence: float


def detect(text: str) -> Language:
    """The language that most of the text is in; English with confidence 0 where nothing tells.

    >>> detect("Wir suchen für unser Team eine Entwicklerin mit Erfahrung in der Cloud").code
    'de'
    """
    sample = text[:_SEEN]
    words = [word.lower().replace("’", "'") for word in _WORD.findall(sample)]
    own = len(_OWN_SCRIPT.findall(sample))
    letters = sum(map(len, words))
    if letters and own > letters * 0.3:
        return Language(_by_script(sample, own), own / letters)
    return _by_small_words(words, sample.lower())


def _by_script(sample: str, own: int) -> str:
    for code, letters in _SCRIPTS:
        share = {"ja": 0.05, "uk": 0.02}.get(code, 0.3)
        if len(letters.findall(sample)) > own * share:
            return code
    return "en"


_CODES_OF: dict[str, tuple[str, ...]] = {}
for _code, _words in _SMALL_WORDS.items():
    for _word in _words.split():
        _CODES_OF[_word] = (*_CODES_OF.get(_word, ()), _code)


def _by_small_words(words: list[str], sample: str) -> Language:
    scores = dict.fromkeys(_SMALL_WORDS, 0.0)
    for word in words:
        codes = _CODES_OF.get(word, ())
        for code in codes:
            scores[code] += 1 / len(codes) ** 0.5
    for code, letters in _LETTERS.items():
        scores[code] += sum(sample.count(letter) for letter in letters)
    first, second = sorted(scores.values(), reverse=True)[:2]
    if first == 0:
        return Language("en", 0.0)
    code = max(scores, key=lambda each: scores[each])
    return Language(code, round((first - second) / first, 3))
