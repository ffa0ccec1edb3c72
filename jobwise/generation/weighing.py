"""How well a profile's facts answer a requirement: by terms, years, degrees, certificates, languages or words."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from jobwise.generation.credentials import (
    Fluency,
    accepts_any_area,
    accepts_experience,
    degree_levels,
    fluency,
    language_codes,
)
from jobwise.generation.facts import HEADLINE_ID, SUMMARY_ID, named_terms, years_worked
from jobwise.generation.types import Evidence, Fact, FactKind, RequirementMatch, Strength
from jobwise.jobs.requirements import Importance, JobAnalysis, Requirement, RequirementKind
from jobwise.jobs.vocabulary import vocabulary
from jobwise.profiles.content import ProfileContent

_SHOWN = {
    FactKind.EXPERIENCE,
    FactKind.HIGHLIGHT,
    FactKind.PROJECT,
    FactKind.EDUCATION,
    FactKind.CERTIFICATION,
    FactKind.HONOR,
}
_MAX_EVIDENCE = 8
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(
    [
        "with",
        "from",
        "that",
        "this",
        "have",
        "will",
        "your",
        "about",
        "their",
        "they",
        "them",
        "what",
        "when",
        "which",
        "were",
        "been",
        "more",
        "than",
        "such",
        "other",
        "into",
        "over",
        "also",
        "experience",
        "work",
        "working",
        "team",
        "teams",
        "using",
        "strong",
        "skills",
        "ability",
        "including",
        "within",
        "across",
        "role",
        "years",
        "year",
        "knowledge",
        "erfahrung",
        "kenntnisse",
        "sowie",
        "oder",
        "eine",
        "einer",
        "einem",
        "eines",
        "mit",
        "und",
        "für",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "sind",
        "wird",
        "haben",
        "ihre",
        "ihrer",
    ]
)


def terms_of_posting(analysis: JobAnalysis) -> tuple[str, ...]:
    """The terms a posting names: those of musts first, then of the other requirements, then further keywords."""
    ranked = sorted(analysis.requirements, key=lambda requirement: list(Importance).index(requirement.importance))
    return tuple(dict.fromkeys([*(term for requirement in ranked for term in requirement.terms), *analysis.keywords]))


class Weigher:
    """One profile's facts, indexed for weighing requirements."""

    def __init__(self, profile: ProfileContent, facts: Sequence[Fact], today: date) -> None:
        self._profile = profile
        self._facts = facts
        self._today = today
        self._years = years_worked(profile.experiences, today)
        self._naming: dict[str, list[Fact]] = defaultdict(list)
        self._implying: dict[str, list[tuple[Fact, str]]] = defaultdict(list)
        for fact in facts:
            for term in fact.terms:
                self._naming[term].append(fact)
                for implied in vocabulary().implies(term):
                    self._implying[implied].append((fact, term))
        self.supported: set[str] = {*self._naming, *self._implying}
        """Terms that the profile names, or that something named in it implies."""

    def weigh(self, requirement: Requirement) -> RequirementMatch:
        """The requirement's strength and evidence in this profile, best evidence first."""
        evidence = sorted(self._evidence(requirement), key=lambda item: -item.strength.weight)[:_MAX_EVIDENCE]
        return RequirementMatch(
            requirement_id=requirement.id,
            importance=requirement.importance,
            strength=evidence[0].strength if evidence else Strength.MISSING,
            evidence=tuple(evidence),
            missing_terms=tuple(term for term in requirement.terms if term not in self.supported),
        )

    def _evidence(self, requirement: Requirement) -> list[Evidence]:
        if requirement.kind is RequirementKind.LANGUAGE:
            return self._by_language(requirement.quote)
        if requirement.kind is RequirementKind.EDUCATION and degree_levels(requirement.quote):
            return self._by_degree(requirement)
        if requirement.kind is RequirementKind.CERTIFICATION and not requirement.terms:
            return self._by_certificate_name(requirement.quote)
        by_terms = self._by_terms(requirement.terms)
        if requirement.years:
            return self._by_years(requirement, by_terms)
        return by_terms or self._by_words(requirement.quote)

    def _by_terms(self, terms: Iterable[str]) -> list[Evidence]:
        strengths: dict[tuple[Fact, Strength], list[str]] = defaultdict(list)
        for term in terms:
            for fact, strength in self._facts_showing(term):
                strengths[fact, strength].append(term)
        # A fact that answers several of the named terms is better evidence than one that answers a single one.
        ranked = sorted(strengths.items(), key=lambda item: (-item[0][1].weight, -len(item[1])))
        return [Evidence(fact_id=fact.id, strength=strength, terms=tuple(shown)) for (fact, strength), shown in ranked]

    def _facts_showing(self, term: str) -> list[tuple[Fact, Strength]]:
        found: dict[Fact, Strength] = {}
        for fact in self._naming.get(term, ()):
            found[fact] = Strength.DIRECT if fact.kind in _SHOWN else Strength.STRONG
        for fact, _ in self._implying.get(term, ()):
            found.setdefault(fact, Strength.STRONG if fact.kind in _SHOWN else Strength.TRANSFERABLE)
        if found:
            return list(found.items())
        return [
            (fact, Strength.TRANSFERABLE)
            for near in sorted(vocabulary().related(term))
            for fact in self._naming.get(near, ())
        ]

    def _by_years(self, requirement: Requirement, by_terms: list[Evidence]) -> list[Evidence]:
        """Years are judged in the field where its terms are shown in dated posts, else over all work."""
        asked = requirement.years or 0.0
        shown_in = {fact.parent_id or fact.id for item in by_terms for fact in self._facts if fact.id == item.fact_id}
        relevant = [experience for experience in self._profile.experiences if experience.id in shown_in]
        years = years_worked(relevant, self._today)
        if requirement.terms and not by_terms:
            return []
        if not requirement.terms or not relevant:
            relevant, years = list(self._profile.experiences), self._years
        strength = _years_strength(years, asked)
        if requirement.terms and not shown_in & {experience.id for experience in self._profile.experiences}:
            strength = min(strength, Strength.TRANSFERABLE, key=lambda level: level.weight)
        if strength is Strength.MISSING:
            return []
        posts = [Evidence(fact_id=experience.id, strength=strength, terms=()) for experience in relevant]
        limited = [
            item.model_copy(update={"strength": min(item.strength, strength, key=lambda level: level.weight)})
            for item in by_terms
        ]
        merged = {item.fact_id: item for item in [*posts, *limited]}
        return list(merged.values())

    def _by_degree(self, requirement: Requirement) -> list[Evidence]:
        asked = min(degree_levels(requirement.quote))
        found = []
        for education in self._profile.education:
            named = degree_levels(f"{education.degree} ") or ((3,) if education.degree and education.area else ())
            if not named:
                continue
            fits = (
                accepts_any_area(requirement.quote)
                or not requirement.terms
                or self._area_fits(education.area, requirement)
            )
            if max(named) >= asked:
                found.append(
                    Evidence(fact_id=education.id, strength=Strength.DIRECT if fits else Strength.TRANSFERABLE)
                )
            elif max(named) == asked - 1:
                found.append(Evidence(fact_id=education.id, strength=Strength.TRANSFERABLE))
        if not found and accepts_experience(requirement.quote) and self._years >= 2:
            found = [
                Evidence(fact_id=post.id, strength=Strength.TRANSFERABLE) for post in self._profile.experiences[:3]
            ]
        return found

    def _area_fits(self, area: str, requirement: Requirement) -> bool:
        near = {near for term in named_terms([area]) for near in (term, *vocabulary().related(term))}
        return bool(near.intersection(requirement.terms) or stems(area) & stems(requirement.quote))

    def _by_certificate_name(self, quote: str) -> list[Evidence]:
        asked = stems(quote)
        found = []
        for certification in self._profile.certifications:
            own = stems(certification.name)
            if own and len(own & asked) / len(own) >= 0.6:
                found.append(Evidence(fact_id=certification.id, strength=Strength.DIRECT))
        return found or self._by_words(quote)

    def _by_language(self, quote: str) -> list[Evidence]:
        asked = set(language_codes(quote))
        wanted = fluency(quote) or Fluency.PROFESSIONAL
        found = []
        for language in self._profile.languages:
            if not asked & set(language_codes(language.name)):
                continue
            level = fluency(language.fluency) or Fluency.PROFESSIONAL
            strength = (
                Strength.DIRECT
                if level >= wanted
                else Strength.STRONG
                if level == wanted - 1
                else Strength.TRANSFERABLE
            )
            found.append(Evidence(fact_id=language.id, strength=strength))
        if not found and self._profile.language in asked and (self._profile.summary or self._profile.headline):
            # A profile written in a language shows it, even where nobody thought of listing it.
            own = SUMMARY_ID if self._profile.summary else HEADLINE_ID
            found.append(Evidence(fact_id=own, strength=Strength.STRONG))
        return found

    def _by_words(self, quote: str) -> list[Evidence]:
        """For what has no name in the vocabulary: a fact that shares most of the requirement's words is close to it."""
        asked = stems(quote)
        if len(asked) < 2:
            return []
        found = []
        for fact in self._facts:
            shared = len(asked & stems(fact.text)) / min(len(asked), 8)
            if fact.kind in _SHOWN and shared >= 0.35:
                found.append(
                    Evidence(fact_id=fact.id, strength=Strength.STRONG if shared >= 0.6 else Strength.TRANSFERABLE)
                )
        return found


def _years_strength(years: float, asked: float) -> Strength:
    # Two months short of what is asked is what rounding does to dates.
    if years + 0.2 >= asked:
        return Strength.DIRECT
    if years >= 0.7 * asked:
        return Strength.STRONG
    return Strength.TRANSFERABLE if years >= 0.4 * asked else Strength.MISSING


@lru_cache(maxsize=16_384)
def stems(text: str) -> frozenset[str]:
    """The content words of a text, cut to what their inflections share: `migrating`, `migrated`, `migrations` agree."""
    return frozenset(stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON)


_ENDINGS = (
    "ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ungen", "ung", "ants", "ant", "ers", "ors",
    "ies",
    "ied", "ed", "er", "or", "es", "en", "e", "s", "y",
)  # fmt: skip


def stem(word: str) -> str:
    """One lower-case word without its English or German inflection; short words lose a plural at most."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word[:-1] if len(word) == 4 and word[-1] == "s" and word[-2] != "s" else word
