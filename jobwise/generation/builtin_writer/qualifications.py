"""Degrees, certificates and languages as sentences of a letter, where the posting asks for them."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from jobwise.generation.credentials import Fluency, degree_levels, fluency, language_codes
from jobwise.generation.facts import named_terms, squeeze
from jobwise.generation.phrases import Phrases
from jobwise.generation.types import MatchReport, Strength
from jobwise.jobs.requirements import JobAnalysis, RequirementKind
from jobwise.profiles.content import Education, Language, ProfileContent

_GOOD = (Strength.DIRECT, Strength.STRONG)


def credential_sentences(
    profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, phrases: Phrases, today: date
) -> Iterator[tuple[str, tuple[UUID, ...]]]:
    """One sentence each for the degree, the certificates and the languages that answer a requirement."""
    answered = _answered(analysis, report)
    degree = next((own for own in profile.education if own.id in answered and is_finished(own, today)), None)
    if degree and (text := degree_sentence(degree, phrases)):
        yield text, (degree.id,)
    wanted = {term for requirement in analysis.requirements for term in requirement.terms}
    certificates = [
        own for own in profile.certifications if own.id in answered or wanted.intersection(named_terms([own.name]))
    ][:2]
    if certificates:
        names = phrases.listing([squeeze(own.name) for own in certificates])
        yield phrases.certifications.format(names=names), tuple(own.id for own in certificates)
    languages = [own for own in profile.languages if own.id in answered]
    # That one speaks the letter's own language goes without saying.
    if any(phrases.language not in language_codes(own.name) for own in languages):
        names = phrases.listing([_language(own) for own in languages])
        yield phrases.languages_spoken.format(names=names), tuple(own.id for own in languages)


def study_sentence(profile: ProfileContent, phrases: Phrases, today: date) -> tuple[str, tuple[UUID, ...]] | None:
    """What the latest course of study was, for those who have not worked yet."""
    studies = [own for own in profile.education if (own.area or own.degree) and own.institution]
    if not studies:
        return None
    latest = max(studies, key=lambda own: own.end or own.start or "")
    frame = phrases.studied if is_finished(latest, today) else phrases.studying
    text = frame.format(area=squeeze(latest.area or latest.degree), institution=squeeze(latest.institution))
    return text, (latest.id,)


def degree_sentence(own: Education, phrases: Phrases) -> str:
    """The degree and where it was taken; "" where too little is known."""
    if not own.institution or not (own.degree or own.area):
        return ""
    if not own.degree or not degree_levels(f"{own.degree} "):
        return phrases.studied.format(area=squeeze(own.area or own.degree), institution=squeeze(own.institution))
    degree = squeeze(own.degree)
    if own.area and own.area.lower() not in own.degree.lower():
        degree = f"{degree} in {squeeze(own.area)}" if phrases.language == "en" else f"{degree}, {squeeze(own.area)}"
    if phrases.language == "en":
        degree = f"{_article(degree)} {degree}"
    return phrases.degree.format(degree=degree, institution=squeeze(own.institution))


def is_finished(own: Education, today: date) -> bool:
    """Whether a course of study is over; one without any dates is taken to be."""
    if own.end is None:
        return own.start is None
    return own.end.months <= today.year * 12 + today.month - 1


def _article(word: str) -> str:
    first = word.split(" ")[0].split(".")[0]
    is_spelled = first.isupper() and len(first) <= 4
    # Letters that are spelled out begin with a vowel's sound: an M.S., an MBA, but a B.S.
    vowel = first[0] in "AEFHILMNORSX" if is_spelled or len(first) == 1 else first[0].lower() in "aeio"
    return "an" if vowel else "a"


def _answered(analysis: JobAnalysis, report: MatchReport) -> set[UUID]:
    kinds = {requirement.id: requirement.kind for requirement in analysis.requirements}
    formal = {RequirementKind.EDUCATION, RequirementKind.CERTIFICATION, RequirementKind.LANGUAGE}
    return {
        item.fact_id
        for found in report.requirements
        if kinds.get(found.requirement_id) in formal
        for item in found.evidence
        if item.strength in _GOOD
    }


def _language(own: Language) -> str:
    weak = Fluency.UNKNOWN < fluency(own.fluency) < Fluency.PROFESSIONAL
    level = squeeze(own.fluency).replace(" (", ", ").replace(")", "")
    return f"{squeeze(own.name)} ({level})" if weak else squeeze(own.name)
