"""What a number counts: the nouns behind it, and which nouns mean the same."""

import re
from collections.abc import Iterable
from functools import lru_cache

from jobwise.generation.prose import words
from jobwise.generation.weighing import stem

_MODIFIERS = 4
FUNCTION_WORDS = words(
    "of in on at to for from with by across into within over under through per via than and or but while when which "
    "that who whose "
    "using as until since during after before between among without about a an the each every this these those is "
    "was were are be "
    "been has have had will would could can i we he she they it me us them my our his her their its your also each "
    "both all "
    "von in auf an zu für aus mit bei über unter durch pro als und oder aber während der die das den dem des ein "
    "eine einer eines "
    "einem einen ist war waren sind wurde wurden im am zum zur nach vor "
    "de du des la le les et ou en dans sur par pour avec au aux un une el los las y o con del al una il lo gli e di "
    "da nel nella "
    "um uma do das dos com van het een voor met bij naar uit"
)
_KIN = (
    "people persons staff employees colleagues members associates headcount personnel individuals folks reports "
    "engineers developers "
    "nurses crew workers hires mitarbeiter mitarbeiterinnen mitarbeitende beschäftigte beschäftigten personen leute",
    "customers clients accounts kunden kundinnen",
    "users visitors user nutzer nutzerinnen anwender",
    "students learners pupils trainees participants attendees children kids adults schüler schülerinnen teilnehmende",
    "sites locations branches stores shops outlets restaurants standorte filialen",
    "reduced reduce cut lowered decreased dropped fell down shrank slashed trimmed saved saving reducing cutting "
    "lowering reduction",
    "increased grew raised improved boosted lifted rose up gained growth increase raising improving growing",
    "cost costs spend spending expense expenses budget bill outlay kosten ausgaben",
    "revenue sales turnover income umsatz",
    "latency response time turnaround runtime duration speed",
    "errors bugs defects failures incidents issues faults",
    "reps representatives salespeople sellers",
    "projects initiatives programmes programs projekte vorhaben",
    "apps applications application services",
    "websites web pages",
    "tickets requests cases cases enquiries inquiries",
    "countries markets regions länder",
    "patients residents patient clients",
    "dollars euros pounds",
    "hours time",
    "stars github",
)
_WORD = re.compile(r"[^\W\d_]+")
_BREAK = re.compile(r"[.,;:!?()\[\]“”\"„«»–—/|]")


def _kin_of() -> dict[str, str]:
    groups: dict[str, str] = {}
    for group in _KIN:
        first, *_ = group.split()
        for word in group.split():
            groups.setdefault(stem(word), f"~{first}")
    return groups


_GROUP = _kin_of()


@lru_cache(maxsize=16_384)
def counted_stems(text: str, end: int) -> frozenset[str]:
    """Stems of the noun phrase behind a number that ends at `end`: up to four modifiers and the noun.

    Empty where the number stands alone ("grew to 400.") or its noun comes before it ("a team of five").
    """
    rest = re.sub(r"^\s+(?:of|von|de|di)\s", " ", text[end : end + 80])
    cut = _BREAK.search(rest)
    phrase = rest[: cut.start()] if cut else rest
    found: list[str] = []
    for word in _WORD.findall(phrase.lower()):
        if word in FUNCTION_WORDS or len(found) > _MODIFIERS:
            break
        if len(word) > 2:
            found.append(stem(word))
    return frozenset(found)


def kin(stems: Iterable[str]) -> frozenset[str]:
    """The stems, with words of one meaning made one."""
    return frozenset(_GROUP.get(part, part) for part in stems)
