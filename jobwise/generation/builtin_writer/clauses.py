"""Highlights as clauses of a letter: "Led a team of five" becomes "I led a team of five", where the grammar is certain.

A highlight leaves out its subject, so one must be put before it. That is done only where its first word is known to
be a verb that
the person is the subject of; anything else is told in a frame that leaves the words as they are.
"""

import re
from dataclasses import dataclass

from jobwise.generation.prose import sentences, words

_IRREGULAR_PAST = words(
    "led built wrote ran grew cut set won drove oversaw brought kept held made took gave sold spoke stood taught "
    "began chose "
    "rebuilt rewrote overhauled put spent sent met found forecast upheld undertook withdrew bought caught came fed "
    "got drew "
    "shot sang saw did dealt dug fought flew forged hit lent lowered paid read rose shrank sought split spun swept "
    "swam threw "
    "told understood wove handmade hand-built hand-wrote co-wrote co-led co-founded co-built outgrew outsold upsold "
    "resold broke"
)
_NOT_VERBS = words(
    "advanced detailed dedicated experienced skilled based united embedded distributed related limited certified "
    "accredited "
    "licensed qualified motivated talented seasoned varied mixed used need speed feed seed breed indeed exceed "
    "proceed succeed "
    "hundred shared automated-driven red bed med shed applied-physics gifted accomplished unmatched unprecedented "
    "continued"
)
# As a highlight's first word these say what was done to the person.
_PASSIVE = re.compile(
    r"^(?:promoted (?:to|from|twice|after)|recogni[sz]ed (?:as|for|by|with|among)|selected (?:as|for|to|from|by|"
    r"among)|nominated|"
    r"elected|appointed|honou?red|named (?:as |to |employee|best|one of)|awarded (?:the|a|an|[\"“‘'«„A-Z])|ranked|"
    r"chosen|"
    r"invited to|asked to|tasked with|entrusted with|hired (?:as|to|by)|trained (?:in|by|on)|certified|seconded|given|"
    r"headhunted|recruited (?:as|to|by)|licensed)\b",
    re.IGNORECASE,
)
# Past forms that may stand before a preposition and still have the person as their subject.
_INTRANSITIVE = words(
    "worked collaborated partnered contributed participated reported served assisted helped cared responded "
    "presented spoke "
    "led consulted advised liaised engaged focused specialized specialised operated travelled traveled volunteered "
    "competed "
    "graduated studied taught wrote ran invested succeeded excelled acted interned interacted communicated coordinated "
    "negotiated supervised oversaw rotated moved migrated switched grew rose joined experimented researched lectured "
    "tutored "
    "dealt fought pushed lobbied campaigned reached catered attended complied corresponded published reviewed iterated "
    "shipped trained mentored delivered covered showed managed followed stepped stood filled started came went met "
    "consulted checked"
)
# Past participles that a project's highlights use of the project itself: "Deployed to 400 students".
_OF_THINGS = words(
    "built deployed used open-sourced released published hosted written designed developed implemented adopted "
    "downloaded "
    "featured made created run presented funded tested shipped powered maintained containerized launched installed "
    "cited "
    "recommended translated based documented licensed"
)
_PREPOSITIONS = words(
    "with by to in for on as from at using of into within across through under via among during after"
)
_PRESENT = dict(
    pair.split(":")
    for pair in words(
        "administer:administered advise:advised analyse:analysed analyze:analyzed answer:answered "
        "approve:approved architect:architected arrange:arranged assess:assessed assist:assisted "
        "audit:audited automate:automated balance:balanced build:built calculate:calculated care:cared "
        "champion:championed check:checked clean:cleaned coach:coached collaborate:collaborated "
        "collect:collected communicate:communicated compile:compiled conduct:conducted configure:configured "
        "consult:consulted contribute:contributed control:controlled cook:cooked coordinate:coordinated "
        "counsel:counseled create:created debug:debugged define:defined deliver:delivered deploy:deployed "
        "design:designed develop:developed direct:directed document:documented draft:drafted drive:drove "
        "edit:edited enforce:enforced ensure:ensured establish:established estimate:estimated "
        "evaluate:evaluated examine:examined execute:executed explain:explained facilitate:facilitated "
        "grow:grew guide:guided handle:handled help:helped hire:hired host:hosted identify:identified "
        "implement:implemented improve:improved inspect:inspected install:installed instruct:instructed "
        "integrate:integrated interview:interviewed investigate:investigated keep:kept launch:launched "
        "lead:led lecture:lectured load:loaded maintain:maintained make:made manage:managed measure:measured "
        "mentor:mentored migrate:migrated model:modeled monitor:monitored negotiate:negotiated "
        "onboard:onboarded operate:operated optimize:optimized order:ordered organise:organised "
        "organize:organized oversee:oversaw own:owned partner:partnered perform:performed plan:planned "
        "precept:precepted prepare:prepared present:presented process:processed produce:produced "
        "program:programmed promote:promoted protect:protected provide:provided publish:published "
        "recruit:recruited reduce:reduced repair:repaired represent:represented research:researched "
        "resolve:resolved respond:responded review:reviewed run:ran scale:scaled schedule:scheduled "
        "screen:screened secure:secured sell:sold serve:served service:serviced set:set ship:shipped "
        "solve:solved speak:spoke steer:steered supervise:supervised supply:supplied support:supported "
        "teach:taught test:tested track:tracked train:trained translate:translated transport:transported "
        "treat:treated troubleshoot:troubleshot tutor:tutored update:updated use:used validate:validated "
        "volunteer:volunteered weld:welded work:worked write:wrote"
    )
)
_AFTER_NOUN = words("of and & engineer developer manager designer analyst team work for")
_FIRST_PERSON = re.compile(r"^(?:I|We|My|Our)\b")
_THIRD_PERSON = re.compile(r"^(?:He|She|They) (?:(?:has|have) )?")
_RESPONSIBLE = re.compile(r"^(?:responsible|accountable) for\b", re.IGNORECASE)
_SECOND_VERB = re.compile(r"(?:\band|,|;|&)\s+(\w+)")


@dataclass(frozen=True)
class Clause:
    """A highlight ready for a frame, by kind.

    `person` clauses follow "I", `doing` clauses "involved", `thing` clauses "my project was"; `own` sentences stand
    as they
    are, and `quoted` ones are quoted.
    """

    text: str
    kind: str


def clause_of(highlight: str, current: bool, of_project: bool = False) -> Clause:
    """The English clause of a highlight: its first sentence, without its final point.

    `current` tells whether the entry goes on, which decides about present forms. In a project, "Deployed to 400
    students" is
    about the project, so there a verb must have an object to be the person's.
    """
    text = main_sentence(highlight)
    first, _, rest = text.partition(" ")
    word = first.lower().strip(",")
    if _FIRST_PERSON.match(text):
        return Clause(text, "own")
    if third := _THIRD_PERSON.match(text):
        return Clause(_mine(text[third.end() :]), "person")
    if _RESPONSIBLE.match(text):
        return Clause(f"{'am' if current else 'was'} {_lowered(text)}", "person")
    if _PASSIVE.match(text):
        return Clause(f"was {_lowered(text)}", "person") if not of_project else Clause(text, "quoted")
    if word.endswith("ly") and is_past(rest.partition(" ")[0].lower()):
        return Clause(_lowered(text), "person")
    if is_past(word) and _is_persons(word, rest, of_project):
        return Clause(_with_subjects(_lowered(text)), "person")
    if of_project and word in _OF_THINGS and rest.partition(" ")[0].lower() in _PREPOSITIONS:
        return Clause(_lowered(text), "thing")
    if word in _PRESENT and rest and (present := _present(text, word, rest, current)):
        return Clause(_with_subjects(present), "person")
    if word.endswith("ing") and len(word) > 5 and rest and rest.split(" ")[0] not in _AFTER_NOUN | {"in", "on"}:
        return Clause(_lowered(text), "doing")
    return Clause(text, "quoted")


def is_past(word: str) -> bool:
    """Whether a lower-case word is the past form of a verb, as far as a highlight's first word tells."""
    if word in _IRREGULAR_PAST:
        return True
    prefix, _, last = word.rpartition("-")
    if prefix in {"self", "well", "data", "award", "team", "time", "client", "customer"}:
        return False
    return (last.endswith("ed") and len(last) > 3 and last not in _NOT_VERBS) or (
        bool(prefix) and last in _IRREGULAR_PAST
    )


def main_sentence(text: str) -> str:
    """The first sentence without its final point; all of a short text."""
    found = sentences(text)
    first = found[0] if found else ""
    return first.rstrip(" .;:,。")


def _is_persons(word: str, rest: str, of_project: bool) -> bool:
    following = rest.partition(" ")[0].lower()
    if not following:
        return False
    if following in _PREPOSITIONS:
        return word in _INTRANSITIVE and not (of_project and word in _OF_THINGS)
    return True


def _present(text: str, word: str, rest: str, current: bool) -> str:
    """A present form with "I" before it; put into the past for a post that has ended. "" where it may be a noun."""
    following = rest.partition(" ")[0].lower()
    is_pair = following in {"and", "&"} and rest.split(" ")[1:2] and rest.split(" ")[1].lower() in _PRESENT
    if following in _AFTER_NOUN and not is_pair and not (word in {"care", "work"} and following == "for"):
        return ""
    if current:
        return _lowered(text)
    if any(found[1].lower() in _PRESENT for found in _SECOND_VERB.finditer(rest)):
        return ""
    return f"{_PRESENT[word]} {rest}"


def _with_subjects(text: str) -> str:
    """A second clause behind a semicolon needs its own "I"."""
    return re.sub(r"; (\w+)(?= )", lambda found: f"; I {found[1]}" if is_past(found[1]) else found[0], text)


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _mine(text: str) -> str:
    """Third person as first, in what follows the subject."""
    return re.sub(r"\b(?:his|her|their)\b", "my", text)
