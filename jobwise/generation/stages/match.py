"""The match stage: holds a profile against a posting's requirements, by code alone, and says what is missing."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from jobwise.generation.facts import facts_of, named_terms, skills_of, years_worked
from jobwise.generation.types import Fact, FactKind, Gap, MatchReport, RequirementMatch, Strength
from jobwise.generation.weighing import Weigher, terms_of_posting
from jobwise.jobs.requirements import Importance, JobAnalysis, Requirement, RequirementKind
from jobwise.profiles.content import ProfileContent

_IMPORTANCE = {Importance.MUST: 1.25, Importance.SHOULD: 1.0, Importance.NICE: 0.5}
# Nobody is hired without these where the posting insists, however well the rest fits.
_BLOCKING_KINDS = {RequirementKind.CERTIFICATION, RequirementKind.LANGUAGE, RequirementKind.EDUCATION}
_BLOCKED_SCORE = 69
# How much an answer to such a requirement says about a single achievement.
_TELLING = {RequirementKind.SOFT_SKILL: 0.3, RequirementKind.LANGUAGE: 0.2, RequirementKind.EDUCATION: 0.5}


def match(profile: ProfileContent, analysis: JobAnalysis, today: date) -> MatchReport:
    """Weigh each requirement against the profile's facts.

    A requirement's strength is that of its best evidence: direct 1.0 (shown in a dated entry, a project or a
    certificate), strong 0.85 (only listed, or implied by something more specific that is shown), transferable 0.6 (a
    neighbouring skill), missing 0. A must counts 1.25 times, a nice-to-have half; a missing must for a licence, degree
    or language caps the score at 69.
    """
    facts = facts_of(profile, today)
    weigher = Weigher(profile, facts, today)
    matches = tuple(weigher.weigh(requirement) for requirement in analysis.requirements)
    wanted = terms_of_posting(analysis)
    scores = _fact_scores(facts, analysis, matches, wanted)
    return MatchReport(
        score=_score(analysis.requirements, matches, weigher.supported, wanted),
        requirements=matches,
        experience_scores=_experience_scores(profile, facts, matches),
        fact_scores=scores,
        ranked_skills=_ranked_skills(profile, wanted),
        covered_terms=tuple(term for term in wanted if term in weigher.supported),
        missing_terms=tuple(term for term in wanted if term not in weigher.supported),
        years=years_worked(profile.experiences, today),
    )


def gaps(report: MatchReport, analysis: JobAnalysis) -> list[Gap]:
    """What the profile does not answer, the most important first, each with what could be done about it."""
    by_id = {requirement.id: requirement for requirement in analysis.requirements}
    order = list(Importance)
    open_matches = [
        match for match in report.requirements if match.strength in (Strength.MISSING, Strength.TRANSFERABLE)
    ]
    return [
        Gap(
            requirement_id=found.requirement_id,
            quote=by_id[found.requirement_id].quote,
            importance=found.importance,
            advice=_advice(by_id[found.requirement_id], found, report),
        )
        for found in sorted(open_matches, key=lambda found: (order.index(found.importance), found.strength.weight))
    ]


def _advice(requirement: Requirement, found: RequirementMatch, report: MatchReport) -> str:
    terms = _listing(found.missing_terms or requirement.terms)
    if requirement.years and requirement.kind is RequirementKind.EXPERIENCE:
        return (
            f"The posting asks for {requirement.years:g} years; your profile shows {report.years:g} years of work. "
            "If earlier jobs are missing from the profile, add them with their dates."
        )
    if found.strength is Strength.TRANSFERABLE:
        what = terms or "exactly this"
        return f"Your profile shows something close, not {what}. If you have used it, add a highlight that says where."
    if requirement.kind is RequirementKind.EDUCATION:
        return (
            "No degree in your profile answers this. If you have one, add it; else let your experience speak for you."
        )
    if requirement.kind is RequirementKind.CERTIFICATION:
        return "This certificate is not in your profile. If you hold it, add it with its date."
    if requirement.kind is RequirementKind.LANGUAGE:
        return "This language is not in your profile. If you speak it, add it with your level."
    if terms:
        return f"Your profile does not mention {terms}. If you have worked with it, add a highlight that shows it."
    return (
        "Nothing in your profile shows this. If you have done it, add a highlight that says where and with what result."
    )


def _listing(terms: Sequence[str]) -> str:
    return " and ".join((", ".join(terms[:-1]), terms[-1])) if len(terms) > 1 else "".join(terms)


def _score(
    requirements: Sequence[Requirement], matches: Sequence[RequirementMatch], supported: set[str], wanted: Sequence[str]
) -> int:
    if not requirements:
        return round(100 * sum(term in supported for term in wanted) / len(wanted)) if wanted else 0
    earned = total = 0.0
    blocked = False
    for requirement, found in zip(requirements, matches, strict=True):
        weight = _IMPORTANCE[requirement.importance]
        named = len(requirement.terms)
        # Half of the points are for answering at all, half for how much of what is named is answered.
        share = (
            1.0 if named < 2 or _is_choice(requirement.quote) else 0.5 + 0.5 * (1 - len(found.missing_terms) / named)
        )
        total += weight
        earned += weight * found.strength.weight * share
        missing_must = found.strength is Strength.MISSING and requirement.importance is Importance.MUST
        blocked = blocked or (missing_must and requirement.kind in _BLOCKING_KINDS)
    score = round(100 * earned / total)
    return min(score, _BLOCKED_SCORE) if blocked else score


def _is_choice(quote: str) -> bool:
    padded = f" {quote.lower()} "
    return any(
        cue in padded for cue in (" or ", " oder ", "e.g.", "such as", "one of", " z. b.", "z.b.", "wie etwa", "like ")
    )


def _experience_scores(
    profile: ProfileContent, facts: Iterable[Fact], matches: Sequence[RequirementMatch]
) -> dict[UUID, int]:
    parent = {fact.id: fact.parent_id or fact.id for fact in facts}
    attainable = sum(_IMPORTANCE[match.importance] for match in matches) or 1.0
    earned: dict[UUID, float] = {experience.id: 0.0 for experience in profile.experiences}
    for found in matches:
        best: dict[UUID, float] = {}
        for evidence in found.evidence:
            owner = parent.get(evidence.fact_id, evidence.fact_id)
            best[owner] = max(best.get(owner, 0.0), evidence.strength.weight)
        for owner, weight in best.items():
            if owner in earned:
                earned[owner] += weight * _IMPORTANCE[found.importance]
    return {id_: min(100, round(100 * points / attainable)) for id_, points in earned.items()}


def _fact_scores(
    facts: Sequence[Fact], analysis: JobAnalysis, matches: Sequence[RequirementMatch], wanted: Sequence[str]
) -> dict[UUID, float]:
    """Relevance for ordering: the requirements that a fact answers, the keywords it names, then numbers and recency."""
    scores = {fact.id: 0.0 for fact in facts}
    kinds = {requirement.id: requirement.kind for requirement in analysis.requirements}
    for found in matches:
        telling = _TELLING.get(kinds[found.requirement_id], 1.0)
        for evidence in found.evidence:
            scores[evidence.fact_id] += 2 * telling * _IMPORTANCE[found.importance] * evidence.strength.weight
    rank = {term: position for position, term in enumerate(wanted)}
    for fact in facts:
        scores[fact.id] += sum(1 - rank[term] / (2 * len(rank)) for term in fact.terms if term in rank)
        if fact.kind is FactKind.HIGHLIGHT:
            scores[fact.id] += 0.4 * any(character.isdigit() for character in fact.text)
        scores[fact.id] = round(scores[fact.id] + 0.3 / (1 + fact.ended_years_ago), 4)
    return scores


def _ranked_skills(profile: ProfileContent, wanted: Sequence[str]) -> tuple[str, ...]:
    rank = {term: position for position, term in enumerate(wanted)}
    names = list(dict.fromkeys(name for skill in profile.skills for name in skills_of(skill)))

    def place(name: str) -> int:
        return min((rank[term] for term in named_terms([name]) if term in rank), default=len(rank))

    return tuple(sorted(names, key=place))
