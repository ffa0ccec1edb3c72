"""Weak openings and worn phrases, by language. A language that is not here is not judged."""

import re
from functools import lru_cache

_WEAK_OPENINGS = {
    "en": (
        "responsible for",
        "duties included",
        "tasks included",
        "helped with",
        "worked on",
        "in charge of",
        "involved in",
        "assisted with",
        "i",
        "my",
        "we",
        "the",
        "was",
        "were",
    ),
    "de": ("verantwortlich für", "zuständig für", "aufgaben waren", "mitarbeit bei", "ich", "meine", "wir", "war"),
    "fr": ("responsable de", "chargé de", "chargée de", "participation à", "je", "mes", "nous"),
    "es": ("responsable de", "encargado de", "encargada de", "participación en", "yo", "mis"),
}
_WORN = {
    "en": (
        "team player",
        "hard-working",
        "hardworking",
        "results-driven",
        "results-oriented",
        "detail-oriented",
        "go-getter",
        "self-starter",
        "think outside the box",
        "proven track record",
        "dynamic professional",
        "passionate about",
        "synergy",
        "highly motivated",
        "fast-paced environment",
        "excellent communication skills",
        "strong work ethic",
    ),
    "de": (
        "teamfähig",
        "teamplayer",
        "hochmotiviert",
        "hoch motiviert",
        "belastbar",
        "flexibel und",
        "ergebnisorientiert",
        "dynamisch",
        "leidenschaft für",
        "hands-on-mentalität",
    ),
    "fr": (
        "esprit d'équipe",
        "dynamique et motivé",
        "dynamique et motivée",
        "force de proposition",
        "passionné par",
        "passionnée par",
    ),
    "es": (
        "trabajo en equipo",
        "proactivo",
        "proactiva",
        "orientado a resultados",
        "orientada a resultados",
        "apasionado por",
    ),
}


def style_language(language: str) -> str | None:
    """The language to judge by (`de` for `de-AT`), or None where there are no rules."""
    base = language.split("-")[0].lower()
    return base if base in _WORN else None


def opens_weakly(line: str, language: str) -> bool:
    """Whether a line begins with a duty or a pronoun instead of what was done."""
    return bool(_pattern(_WEAK_OPENINGS[language.split("-")[0].lower()]).match(line.strip()))


def worn_phrases(text: str, language: str) -> list[str]:
    """The worn phrases in a text, in lower case."""
    return [found.casefold() for found in _pattern(_WORN[language.split("-")[0].lower()]).findall(text)]


@lru_cache(maxsize=16)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)
