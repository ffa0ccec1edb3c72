"""How much of the work a text claims: helping with something, doing it, coordinating it, leading it."""

import re
from enum import IntEnum
from functools import lru_cache


class Scope(IntEnum):
    """The ladder of claims. What says nothing of it is plain doing."""

    HELPING = 1
    DOING = 2
    COORDINATING = 3
    LEADING = 4


_HELPING = re.compile(
    r"\b(?:assist(?:ed|ing|s)?|help(?:ed|ing|s)?|support(?:ed|ing)|contribut(?:ed|ing|es?)|participat(?:ed|ing|es?)|"
    r"took part|take part|involved in|member of|part of (?:a|the) team|shadowed|unterstütz\w+|mitarbeit\w*|"
    r"mitgewirkt|mitwirkung|"
    r"beteiligt|geholfen|teilnahme|participé|contribu[ié]\w*|aidé|colabor[éo]\w*|ayud[éo]\w*|particip[éo]\w*|apoy[éo]\w*)\b",
    re.IGNORECASE,
)
_COORDINATING = re.compile(
    r"\b(?:coordinat(?:ed|ing|es?|or|ion)|mentor(?:ed|ing|s)?|coach(?:ed|ing|es)?|train(?:ed|er|s)|taught|teach(?:es|ing)?|"
    r"precept\w*|supervis\w+|facilitat(?:ed|ing|es?)|responsible for|accountable for|in charge|ran|runs|guided|"
    r"koordin\w+|steuer(?:te|t|ung|n)|betreu\w+|schul\w+|verantwort\w*|anleitung|angeleitet|"
    r"coordonn\w+|encadr\w+|coordin\w+|formé|responsable|responsabile|responsável)\b",
    re.IGNORECASE,
)
# "Leading provider", "lead time" and "managed service" claim nothing; neither does "well managed".
_LEADING = re.compile(
    r"\b(?:led|co-led|spearheaded|headed(?= )|directed|oversaw|oversee(?:s|ing)?|chair(?:ed|ing)?(?! of)|"
    r"manag(?:ed|es|ing)(?! (?:services?|hosting|cloud|kubernetes|identit\w+|database))|manage(?= )|"
    r"own(?:ed|s)(?= (?:the|a|an|all|our|its|end|product|design|architecture|delivery|development)\b)|ownership|"
    r"owner(?:ship)? of|"
    r"lead(?=s? (?:a|an|the|our|all|teams?|engineering|development|design|\d+|two|three|four|five|six|seven|eight|"
    r"nine|ten)\b)|"
    r"leads(?= )|leading (?=(?:a|an|the|our|teams?|all|\d+|two|three|four|five|six|seven|eight|nine|ten)\b)|"
    r"leadership of|"
    r"team lead(?:er)?|tech(?:nical)? lead|architected|founded|co-founded|founder|founding|pioneered|masterminded|"
    r"ran (?:the|a) (?:team|department|unit|company)|"
    r"leit(?:ete|eten|et)|geleitet|leitung|bauleitung|leiter(?:in)?|führte (?!zu|ein\b)\w+|geführt|führung|gründete|"
    r"gegründet|"
    r"federführend|verantwortete|lider[éóo]\w*|dirig[íié]\w*|dirigé|piloté|fundé|encabec[éó]|guidat[oa]|diretto|liderei|"
    r"leidde|geleid|gaf leiding)\b",
    re.IGNORECASE,
)
_LEADING_TITLE = re.compile(
    r"\b(?:manager(?:in)?|director|head|chief|lead(?:er)?|ceo|cto|cfo|coo|president|vp|vice president|founder|owner|"
    r"principal|"
    r"supervisor|chair\w*|leiter(?:in)?|\w*leiter(?:in)?|\w*leitung|geschäftsführ\w+|teamlead|captain|editor-in-chief|gerente|"
    r"jefe|responsable|direct(?:eu|ri)\w+|partner|charge nurse|sous chef|head chef|executive chef|foreman)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=8_192)
def scope_of(text: str) -> Scope:
    """The highest scope that a text claims."""
    if _LEADING.search(text):
        return Scope.LEADING
    if _COORDINATING.search(text):
        return Scope.COORDINATING
    return Scope.HELPING if _HELPING.search(text) else Scope.DOING


@lru_cache(maxsize=2_048)
def scope_of_title(title: str) -> Scope:
    """What the holder of a title may say of their own work there."""
    return Scope.LEADING if _LEADING_TITLE.search(title) else Scope.DOING


def scope_words(text: str) -> str:
    """The words that make a text's highest scope; "" where it is plain doing."""
    found = _LEADING.search(text) or _COORDINATING.search(text)
    return found[0].strip() if found else ""
