"""Degrees and spoken languages, made comparable: which level a text names or asks for, and which a person holds."""

import re
from enum import IntEnum
from functools import lru_cache

_DEGREES: tuple[tuple[int, re.Pattern[str]], ...] = (
    (
        5,
        re.compile(
            r"\bph\.?\s?d\b|\bdoctorate\b|\bdoctoral\b|\bdoctor of\b|\bjuris doctor\b|\bdr\.\s|\bpromotion (?:in|an|"
            r"im)\b"
            r"|\bpromoviert|\bdoctorat\b|\bdoctorado\b|\bdottorato\b|\bdoutorado\b|博士",
            re.IGNORECASE,
        ),
    ),
    (
        4,
        re.compile(
            r"\bmaster[’']s\b|\bmasters?\b(?=\s*(?:degree|of\b|in\b|,|/|\)|$|or\b|oder\b|abschluss))|\bmasterabschluss|"
            r"\b[mM]\.?\s?[sS]c\b|\bM\.S\b|\bMS (?:in|degree)\b|\bM\.A\b|\bMA in\b|\bMBA\b|\bM\.?Eng\b|\bM\.?Tech\b|"
            r"\bMSN\b|"
            r"\bLL\.?M\b|\bdiplom\b|\bdiplom-|\bmagister\b|\bmáster\b|\bmaîtrise\b|\blaurea magistrale\b|"
            r"\bmestrado\b|修士|"
            r"\badvanced degree\b|\bgraduate degree\b",
            re.IGNORECASE,
        ),
    ),
    (
        3,
        re.compile(
            r"\bbachelor|\bb\.?\s?sc\b|\bB\.S\b|\bBS (?:in|degree)\b|\bBS/|\bB\.A\b|\bBA (?:in|degree)\b|\bB\.?Eng\b|"
            r"\bB\.?Tech\b|"
            r"\bBSN\b|\bundergraduate degree\b|\buniversity degree\b|\bcollege degree\b|\bfour-year degree\b|(?<!s "
            r")(?<!er )\bdegree in\b|"
            r"\babgeschlossenes\b.{0,40}\bstudium\b|\bstudium\b|\bhochschulabschluss|\blicence\b(?! (?:to|plate|no|"
            r"number))|"
            r"\bgrado en\b|\blicenciatura\b|\blaurea\b|\bing\. ?técnic|学士",
            re.IGNORECASE,
        ),
    ),
    (
        2,
        re.compile(
            r"\bassociate(?:[’']s)?\s+(?:degree|of)|\bA\.A\.S?\b|\bausbildung\b|\bvocational\b|\bapprenticeship\b|"
            r"\btechnical diploma\b|\bfoundation degree\b|\bHND\b|\bmeister(?:brief|abschluss|prüfung)\b|\bformation "
            r"professionnelle\b",
            re.IGNORECASE,
        ),
    ),
    (
        1,
        re.compile(
            r"\bhigh[- ]school\b|\bGED\b|\babitur\b|\bsecondary school\b|\bA-levels?\b|\bbaccalauréat\b", re.IGNORECASE
        ),
    ),
)
_ANY_AREA = re.compile(
    r"\b(?:related|similar|equivalent|comparable|relevant|any|quantitative|technical|verwandt|vergleichbar|ähnlich|similaire|afín|afin)",
    re.IGNORECASE,
)
_OR_EXPERIENCE = re.compile(
    r"equivalent (?:\w+ ){0,3}experience|or experience|experience in lieu|vergleichbare (?:\w+ )?(?:erfahrung|"
    r"qualifikation)",
    re.IGNORECASE,
)


class Fluency(IntEnum):
    """How well a language is spoken, after the Common European Framework: A1 is 1, C2 and native are 6."""

    UNKNOWN = 0
    BASIC = 2
    CONVERSATIONAL = 3
    PROFESSIONAL = 4
    FLUENT = 5
    NATIVE = 6


_FLUENCIES: tuple[tuple[Fluency, re.Pattern[str]], ...] = (
    (
        Fluency.NATIVE,
        re.compile(
            r"\bnative|\bmother tongue|\bmutterspra|\bbilingual|\bC2\b|\blangue maternelle|\bnativ[oa]|\bmadrelingua|"
            r"母語|ネイティブ",
            re.I,
        ),
    ),
    (
        Fluency.FLUENT,
        re.compile(
            r"\bfluen|\bC1\b|\bverhandlungssicher|\bfließend|\bexcellent|\bsehr gut|\bcourant|\bfluid|\bfull "
            r"professional",
            re.I,
        ),
    ),
    (
        Fluency.PROFESSIONAL,
        re.compile(
            r"\bprofessional|\bproficien|\bB2\b|\badvanced|\bstrong\b|\bgut\b|\bgute\b|\bworking\b|\bbusiness|\bavancé|\bavanzad",
            re.I,
        ),
    ),
    (
        Fluency.CONVERSATIONAL,
        re.compile(r"\bconversation|\bintermediate|\bB1\b|\blimited|\bintermédiaire|\bintermedio", re.I),
    ),
    (
        Fluency.BASIC,
        re.compile(r"\bbasic|\belementary|\bbeginner|\bA[12]\b|\bgrundkenntnisse|\bnotions|\bbásic|\breading", re.I),
    ),
)
_LANGUAGES = {
    "en": "english englisch anglais inglés ingles inglese inglês engels 英語",
    "de": "german deutsch allemand alemán aleman tedesco alemão duits ドイツ語",
    "fr": "french französisch français francais francés francese francês frans フランス語",
    "es": "spanish spanisch espagnol español espanol castellano spagnolo espanhol spaans スペイン語",
    "it": "italian italienisch italien italiano italiaans イタリア語",
    "pt": "portuguese portugiesisch portugais portugués portoghese português portugees",
    "nl": "dutch niederländisch néerlandais neerlandés olandese holandês nederlands",
    "pl": "polish polnisch polonais polaco polacco polski",
    "cs": "czech tschechisch čeština",
    "ja": "japanese japanisch japonais japonés giapponese japonês 日本語",
    "zh": "chinese mandarin cantonese chinesisch chinois chino cinese chinês 中文 中国語",
    "ko": "korean koreanisch coréen coreano 韓国語",
    "ar": "arabic arabisch arabe árabe",
    "ru": "russian russisch russe ruso",
    "uk": "ukrainian ukrainisch",
    "tr": "turkish türkisch turc turco",
    "hi": "hindi",
    "ca": "catalan catalán català katalanisch",
    "sv": "swedish schwedisch",
    "da": "danish dänisch",
    "no": "norwegian norwegisch",
    "fi": "finnish finnisch",
    "el": "greek griechisch",
    "he": "hebrew hebräisch",
    "vi": "vietnamese",
    "ro": "romanian rumänisch",
    "hu": "hungarian ungarisch",
}
_CODE_OF = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4_096)
def degree_levels(text: str) -> tuple[int, ...]:
    """Levels of the degrees a text names, highest first: 5 doctorate, 4 master, 3 bachelor, 2 vocational, 1 school."""
    return tuple(level for level, pattern in _DEGREES if pattern.search(text))


def accepts_any_area(text: str) -> bool:
    """Whether a requirement leaves the field of study open ("or a related field")."""
    return bool(_ANY_AREA.search(text))


def accepts_experience(text: str) -> bool:
    """Whether a requirement takes experience in place of the degree."""
    return bool(_OR_EXPERIENCE.search(text))


def language_codes(text: str) -> tuple[str, ...]:
    """ISO codes of the spoken languages that a text names, in order; languages that we do not know answer nothing."""
    words = (word.lower() for word in _WORD.findall(text))
    found = [code for word in words if (code := _CODE_OF.get(word))]
    found += [code for name, code in _CODE_OF.items() if not name.isascii() and not name[0].islower() and name in text]
    return tuple(dict.fromkeys(found))


def fluency(text: str) -> Fluency:
    """The best fluency that a text names; UNKNOWN where it names none."""
    return next((level for level, pattern in _FLUENCIES if pattern.search(text)), Fluency.UNKNOWN)
