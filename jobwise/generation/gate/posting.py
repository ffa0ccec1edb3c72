"""The posting's own names in a letter: allowed as what is applied to, never as the person's experience."""

import re
from collections.abc import Iterator
from functools import lru_cache

from jobwise.generation.gate.sources import names, whole_words, without_legal_form
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent

_APPLYING = re.compile(
    r"\b(?:apply(?:ing)?|application|position|role|vacancy|opening|posting|opportunity|join(?:ing)?|your|you|would|"
    r"bring|contribut\w+ to|looking for|seek(?:s|ing)|hiring|interested in|look forward|"
    r"bewerb\w*|stelle|position|anzeige|ihr(?:e|en|em|er|es)?|candidature|poste|votre|vos|candidatura|puesto|vacante|oferta|su|"
    r"posizione|vostr[oa]|vaga|sollicit\w+|functie|vacature|uw)\b|応募|募集|貴社",
    re.IGNORECASE,
)
# "At Acme, I led": the company as a place where the person has done something, other than in the conditional.
_AT = r"(?:at|for|with|from|bei|für|chez|en|presso)"
_DONE = (
    r"(?:I|we|my team|ich|j[e’'])\s+(?!would|could|can|will|hope|want|wish|look|"
    r"am (?:applying|interested|excited|writing)|bewerbe|möchte|würde|freue)"
)
_PAST = (
    r"(?:worked|work|served|serving|working|employed|experience|time|years?|(?:my|previous|former)\s+(?:\w+\s)?role|"
    r"tenure|career|gearbeitet|tätig|arbeite|travaillé)"
)


def is_about_applying(sentence: str, analysis: JobAnalysis) -> bool:
    """Whether a sentence speaks of the application or of the reader rather than of what the person has done."""
    speaks_of_company = any(sentence.startswith(name) for name in _names_of("", analysis.company, ""))
    return bool(_APPLYING.search(sentence)) or speaks_of_company


def without_posting(sentence: str, analysis: JobAnalysis) -> str:
    """The sentence without the posting's title, company and place; as long as before, so that positions stay."""
    for name in _names_of(analysis.title, analysis.company, analysis.location):
        sentence = whole_words(name).sub(lambda found: " " * len(found[0]), sentence)
    return sentence


def claims_the_posting(sentence: str, analysis: JobAnalysis, profile: ProfileContent) -> str:
    """The posting's company, where a sentence reads as if the person had worked there; "" where it does not."""
    own = {post.employer.lower() for post in profile.experiences}
    for name in _names_of("", analysis.company, ""):
        if name.lower() in own or not names(sentence, name):
            continue
        place = rf"{_AT}\s+(?:the\s)?{re.escape(name)}"
        if re.search(rf"(?:{place},?\s+{_DONE}|\b{_PAST}\s+(?:\w+\s){{0,3}}{place})", sentence, re.IGNORECASE):
            return name
        if re.search(
            rf"\b(?:I|ich)\s+(?:have\s)?(?:led|built|managed|designed|developed|worked|ran|joined)\b[^.]*{place}",
            sentence,
        ):
            return name
    return ""


@lru_cache(maxsize=512)
def _names_of(title: str, company: str, location: str) -> tuple[str, ...]:
    """The names of the posting in all the ways a letter may write them, the longest first."""
    found = {name for name in _variants(title, company, location) if name and (len(name) > 1 or name in company)}
    return tuple(sorted(found, key=len, reverse=True))


def _variants(title: str, company: str, location: str) -> Iterator[str]:
    for whole in (title, company, location):
        yield whole.strip()
        yield whole.strip().strip("\"“”'")
    yield re.split(r",|\s[–—|-]\s|\s\(", title)[0].strip()
    yield re.sub(r"\s*\([^)]*\)", "", title).strip()
    yield without_legal_form(company)
    yield from (part.strip() for part in re.split(r"[,/;()]", location))
