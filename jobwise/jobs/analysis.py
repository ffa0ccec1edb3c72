"""Reading a posting by rules: what is asked for, how much, and in which words. Deterministic; no model, no network."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jobwise.jobs import cues
from jobwise.jobs.headings import SectionKind
from jobwise.jobs.masthead import Masthead, read_masthead, seniority_of
from jobwise.jobs.requirements import Importance, JobAnalysis, Requirement, RequirementKind
from jobwise.jobs.sections import Block, Outline, outline
from jobwise.jobs.vocabulary.matcher import Mention, vocabulary
from jobwise.jobs.vocabulary.terms import TermKind
from jobwise.language import NAMES, Language, detect

ANALYSER_VERSION = 1
"""Raised with every change of the rules that changes results: it is part of the cache key."""

MAX_REQUIREMENTS = 60
MAX_QUOTE = 400
"""In characters."""

NOTHING_FOUND = (
    "No requirements were found in this posting. Check that the whole description is there, including the list of what"
    " the employer asks for."
)
"""The warning for a posting that seems to ask for nothing."""

_READ_WELL = {"en", "de"}
_READ = {"fr", "es"}


def analyze(posting_title: str, company: str, text: str, location: str = "") -> JobAnalysis:
    """Read a posting's text. What is given of title, company and location is kept; what is empty is guessed.

    Every requirement's quote is an exact part of `text`. Text that addresses a program instead of an applicant is data
    like any other and is left out with a warning.
    """
    read = outline(text)
    language = detect(text)
    mentions = _Mentions(text)
    units = [unit for block in read.blocks for unit in _units(text, block, mentions)]
    hostile = any(cues.TO_A_MACHINE.search(unit.quote) for unit in units)
    requirements = _numbered(_requirements(units, mentions))
    masthead = read_masthead(text, read, Masthead(posting_title, company, location))
    return JobAnalysis(
        version=ANALYSER_VERSION,
        title=masthead.title,
        company=masthead.company,
        location=masthead.location,
        seniority=seniority_of(masthead.title, text),
        years=_overall_years(requirements),
        language=language.code,
        requirements=requirements,
        keywords=_keywords(masthead.title, requirements, read, mentions),
        warnings=tuple(_warnings(language, requirements, read, hostile)),
    )


class _Mentions:
    """The vocabulary's terms in a text, by position."""

    def __init__(self, text: str) -> None:
        self.all: Sequence[Mention] = vocabulary().find(text)
        self._starts = [mention.start for mention in self.all]

    def within(self, start: int, end: int) -> Sequence[Mention]:
        return self.all[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A bullet, a sentence or a clause that may ask for one thing: `text[start:end] == quote`."""

    start: int
    end: int
    quote: str
    bullet: bool
    kind: SectionKind


_ABBREVIATIONS = frozenset({
    "e.g", "i.e", "etc", "incl", "approx", "resp", "vs", "no", "sr", "jr", "dr", "mr", "mrs", "ms", "st", "inc",
    "ltd", "co", "dept", "min", "max", "ca", "z.b", "bzw", "inkl", "ggf", "u.a", "d.h", "evtl", "mind", "vgl",
    "u.s", "u.k", "p.ex", "ej", "p.ej", "tj", "např", "apod",
})  # fmt: skip
_SENTENCE_END = re.compile(r"[.!?]['\")\]*]*\s+(?=[^\sa-zà-ÿ])|[。！？]|\n\s*\n")
_CLAUSE_END = re.compile(
    r";\s+|\s[–—]\s|,\s(?=(?:ideally|preferabl[ye]|bonus|möglichst|idealerweise|vorzugsweise|idéalement"
    r"|preferiblemente|(?:and )?(?:familiar|comfortable|familiarity|some exposure|exposure)\b))",
    re.IGNORECASE,
)


def _units(text: str, block: Block, mentions: _Mentions) -> Iterator[_Unit]:
    """Cut a block where its parts differ in importance, or where it is prose or too long; else keep it whole."""
    if block.bullet and block.end - block.start <= MAX_QUOTE and not cues.NICE.search(text, block.start, block.end):
        yield _unit(text, block.start, block.end, block)
        return
    for start, end in _sentences(text, block.start, block.end):
        for clause in _clauses(text, start, end, mentions):
            if clause[1] - clause[0] <= MAX_QUOTE:
                yield _unit(text, *clause, block)


def _unit(text: str, start: int, end: int, block: Block) -> _Unit:
    quote = text[start:end]
    start += len(quote) - len(quote.lstrip(" \t\n\r,;–—"))
    quote = text[start:end].rstrip(" \t\n\r,;")
    return _Unit(start, start + len(quote), quote, block.bullet, block.kind)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _SENTENCE_END.finditer(text, start, end):
        last_word = text[max(start, match.start() - 12) : match.start()].rsplit(maxsplit=1)[-1:]
        if text[match.start()] == "." and last_word and last_word[0].lower().lstrip("(") in _ABBREVIATIONS:
            continue
        yield start, match.end()
        start = match.end()
    if text[start:end].strip():
        yield start, end


def _clauses(text: str, start: int, end: int, mentions: _Mentions) -> Iterator[tuple[int, int]]:
    """Cut a sentence at `;`, a dash or ", ideally" where its parts insist differently and each asks for something."""
    cuts = [match.start() for match in _CLAUSE_END.finditer(text, start, end)]
    edges = [start, *cuts, end]
    parts = list(pairwise(edges))
    levels = [cues.importance_of(text[slice(*part)], Importance.MUST) for part in parts]
    if len(set(levels)) > 1 and all(_asks_by_itself(text, part, mentions) for part in parts):
        yield from _merged(parts, levels)
    else:
        yield start, end


_FILLER = frozenset({
    "but", "and", "also", "this", "that", "are", "would", "not", "the", "ist", "und", "sind", "aber", "est", "sont",
})  # fmt: skip


def _asks_by_itself(text: str, part: tuple[int, int], mentions: _Mentions) -> bool:
    """Whether a part names anything beyond its cue: `French is a plus` does, `a plus` does not."""
    if mentions.within(*part):
        return True
    words = re.findall(r"[^\W\d_]{3,}", cues.NICE.sub(" ", text[slice(*part)]).lower())
    return any(word not in _FILLER for word in words)


def _merged(parts: list[tuple[int, int]], levels: list[Importance]) -> Iterator[tuple[int, int]]:
    """Neighbouring parts of the same importance, as one."""
    first = 0
    for position in range(1, len(parts) + 1):
        if position == len(parts) or levels[position] != levels[first]:
            yield parts[first][0], parts[position - 1][1]
            first = position


def _requirements(units: list[_Unit], mentions: _Mentions) -> Iterator[Requirement]:
    seen: set[str] = set()
    for unit in units:
        requirement = _requirement(unit, mentions.within(unit.start, unit.end))
        key = " ".join(unit.quote.lower().split())
        if requirement and key not in seen:
            seen.add(key)
            yield requirement


def _requirement(unit: _Unit, mentions: Sequence[Mention]) -> Requirement | None:
    quote = unit.quote
    if not _may_ask(unit):
        return None
    years = cues.years_in(quote)
    if unit.kind in {SectionKind.MUST, SectionKind.NICE}:
        default = Importance.MUST if unit.kind is SectionKind.MUST else Importance.NICE
        if not unit.bullet and (cues.ABOUT_US.search(quote) or not (mentions or _asks_for_anything(quote))):
            return None
    elif unit.kind is SectionKind.DUTIES and not _asks_for_experience(quote, years):
        return _responsibility(unit, mentions)
    elif _asks_in_prose(quote, mentions, years) or (
        unit.kind is SectionKind.UNCLEAR and unit.bullet and _is_hard(mentions)
    ):
        default = Importance.SHOULD
    else:
        return None
    kind = _kind(quote, mentions, years)
    return Requirement(
        id="r0",
        quote=quote,
        kind=kind,
        importance=cues.importance_of(quote, default),
        terms=_terms(quote, kind, mentions),
        years=None if kind is RequirementKind.EDUCATION else years,
    )


def _may_ask(unit: _Unit) -> bool:
    if unit.kind in {SectionKind.BENEFITS, SectionKind.LEGAL, SectionKind.APPLY, SectionKind.COMPANY}:
        return False
    if not any(map(str.isalpha, unit.quote)) or unit.quote.endswith((":", "?")):
        return False
    return not any(
        pattern.search(unit.quote) for pattern in (cues.BOILERPLATE, cues.TO_A_MACHINE, cues.NEGATED, cues.FACTS)
    )


def _asks_for_anything(quote: str) -> bool:
    """Whether a sentence of prose under a heading such as "Your profile" asks for something, or only leads in to it."""
    patterns = (
        cues.ASKS,
        cues.SUBSTANCE,
        cues.EDUCATION,
        cues.CERTIFICATION,
        cues.SOFT,
        cues.EXPERIENCE,
        cues.PERSONAL,
    )
    return any(pattern.search(quote) for pattern in patterns) or bool(cues.languages_in(quote))


def _asks_for_experience(quote: str, years: float | None) -> bool:
    return years is not None and bool(cues.SUBSTANCE.search(quote) and cues.ASKS.search(quote))


def _responsibility(unit: _Unit, mentions: Sequence[Mention]) -> Requirement | None:
    if len(unit.quote.split()) < 3 or cues.ABOUT_US.search(unit.quote):
        return None
    return Requirement(
        id="r0",
        quote=unit.quote,
        kind=RequirementKind.RESPONSIBILITY,
        importance=Importance.SHOULD,
        terms=_terms(unit.quote, RequirementKind.RESPONSIBILITY, mentions),
    )


def _asks_in_prose(quote: str, mentions: Sequence[Mention], years: float | None) -> bool:
    if cues.ABOUT_US.search(quote):
        return False
    cue = cues.ASKS.search(quote) or cues.MUST.search(quote) or cues.NICE.search(quote)
    return bool(cue and (_is_hard(mentions) or years or cues.SUBSTANCE.search(quote) or cues.EDUCATION.search(quote)))


def _is_hard(mentions: Sequence[Mention]) -> bool:
    return any(mention.kind is not TermKind.SOFT for mention in mentions)


def _kind(quote: str, mentions: Sequence[Mention], years: float | None) -> RequirementKind:
    kinds = {mention.kind for mention in mentions}
    hard = bool(kinds & {TermKind.TOOL, TermKind.METHOD, TermKind.KNOWLEDGE})
    education = bool(cues.EDUCATION.search(quote))
    if education and not (years and _is_about_years(quote)):
        return RequirementKind.EDUCATION
    if TermKind.CERTIFICATION in kinds or (not years and cues.CERTIFICATION.search(quote)):
        return RequirementKind.CERTIFICATION
    if not years and _asks_for_language(quote, mentions):
        return RequirementKind.LANGUAGE
    if years:
        return RequirementKind.EXPERIENCE
    if hard:
        return RequirementKind.HARD_SKILL
    if TermKind.SOFT in kinds or cues.SOFT.search(quote):
        return RequirementKind.SOFT_SKILL
    if cues.EXPERIENCE.search(quote):
        return RequirementKind.EXPERIENCE
    personal = cues.CONDITION.search(quote) or cues.PERSONAL.search(quote)
    return RequirementKind.SOFT_SKILL if personal and not cues.SKILL.search(quote) else RequirementKind.HARD_SKILL


def _is_about_years(quote: str) -> bool:
    ""
    "Whether the years stand beside the degree rather than for it: `degree, or five years of experience` is"
    " education."
    before_or = re.split(r"\b(?:or|oder|ou)\b", quote, maxsplit=1)[0]
    return bool(cues.EXPERIENCE.search(quote)) and (
        cues.years_in(before_or) is not None or not cues.EDUCATION.search(before_or)
    )


def _asks_for_language(quote: str, mentions: Sequence[Mention]) -> bool:
    spoken = cues.languages_in(quote)
    named = {mention.term for mention in mentions if mention.kind is not TermKind.SOFT} - set(spoken)
    first = bool(spoken) and bool(cues.languages_in(" ".join(quote.split()[:2])))
    return bool(spoken) and not named and (first or bool(cues.SPEAKING.search(quote)))


def _terms(quote: str, kind: RequirementKind, mentions: Sequence[Mention]) -> tuple[str, ...]:
    spoken = cues.languages_in(quote) if kind is RequirementKind.LANGUAGE else []
    return tuple(dict.fromkeys([*(mention.term for mention in mentions), *spoken]))


_RANK = {Importance.MUST: 0, Importance.SHOULD: 1, Importance.NICE: 2}


def _numbered(requirements: Iterator[Requirement]) -> tuple[Requirement, ...]:
    """The most important ones, in the order of the text."""
    found = list(requirements)
    by_weight = sorted(
        range(len(found)),
        key=lambda each: (found[each].kind is RequirementKind.RESPONSIBILITY, _RANK[found[each].importance]),
    )
    kept = sorted(by_weight[:MAX_REQUIREMENTS])
    return tuple(found[each].model_copy(update={"id": f"r{number}"}) for number, each in enumerate(kept, 1))


def _overall_years(requirements: Sequence[Requirement]) -> float | None:
    asked = [each.years for each in requirements if each.years and each.importance is not Importance.NICE]
    return max(asked, default=None)


_SILENT = {SectionKind.COMPANY, SectionKind.BENEFITS, SectionKind.LEGAL, SectionKind.APPLY}
_WEIGHT = {Importance.MUST: 8.0, Importance.SHOULD: 4.0, Importance.NICE: 2.0}


def _keywords(title: str, requirements: Sequence[Requirement], read: Outline, mentions: _Mentions) -> tuple[str, ...]:
    ""
    "The terms of all that concerns the position: by the most insistent requirement that names them, then by"
    " frequency."
    weights: dict[str, float] = {}
    for requirement in requirements:
        weight = 1.5 if requirement.kind is RequirementKind.RESPONSIBILITY else _WEIGHT[requirement.importance]
        for term in requirement.terms:
            weights[term] = max(weight, weights.get(term, 0.0))
    for mention in vocabulary().find(title):
        weights[mention.term] = weights.get(mention.term, 0.0) + 4.0
    counts: dict[str, int] = {}
    for block in read.blocks:
        if block.kind in _SILENT:
            continue
        for mention in mentions.within(block.start, block.end):
            counts[mention.term] = counts.get(mention.term, 0) + 1
            weights.setdefault(mention.term, 1.0)
    soft = {mention.term for mention in mentions.all if mention.kind is TermKind.SOFT}
    return tuple(
        sorted(
            weights, key=lambda term: -(weights[term] * (0.5 if term in soft else 1) + min(counts.get(term, 0), 9) / 10)
        )
    )


def _warnings(language: Language, requirements: Sequence[Requirement], read: Outline, hostile: bool) -> Iterator[str]:
    if language.code not in _READ_WELL and language.confidence > 0.15:
        name = NAMES.get(language.code, language.code)
        how = "only in part" if language.code in _READ else "mostly by the names of skills"
        yield (
            f"This posting seems to be in {name}. Requirements are read best in English and German; this one"
            f" is read {how}."
            " Check the requirements, or paste a translation."
        )
    if not requirements:
        yield NOTHING_FOUND
    elif not read.has_known_headings and all(each.importance is not Importance.MUST for each in requirements):
        yield "This posting has no heading for its requirements, so their importance is a guess: check it."
    if hostile:
        yield "This posting contains sentences that address a program instead of applicants. They were left out."
