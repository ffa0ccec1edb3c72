"""What a posting asks for, as plain data: the result of analysing it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class RequirementKind(StrEnum):
    """What sort of thing is asked for."""

    HARD_SKILL = "HARD_SKILL"
    SOFT_SKILL = "SOFT_SKILL"
    EXPERIENCE = "EXPERIENCE"
    EDUCATION = "EDUCATION"
    CERTIFICATION = "CERTIFICATION"
    LANGUAGE = "LANGUAGE"
    RESPONSIBILITY = "RESPONSIBILITY"


class Importance(StrEnum):
    """How much the posting insists."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NICE = "NICE"


class Seniority(StrEnum):
    """Level of the position."""

    INTERN = "INTERN"
    JUNIOR = "JUNIOR"
    MID = "MID"
    SENIOR = "SENIOR"
    LEAD = "LEAD"
    EXECUTIVE = "EXECUTIVE"


class Requirement(BaseModel):
    """One thing the posting asks for.

    `quote` stands verbatim in the posting's text. `terms` are canonical names of the skill vocabulary that the quote
    names (may be empty, for example for a pure responsibility). `years` is a minimum.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="Stable within the analysis: r1, r2, ...")
    quote: str
    kind: RequirementKind
    importance: Importance
    terms: tuple[str, ...] = ()
    years: float | None = None


class JobAnalysis(BaseModel):
    """A posting, read. `warnings` are sentences for people: what could not be read and what would help."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(description="Version of the analyser; part of the cache key.")
    title: str = ""
    company: str = ""
    location: str = ""
    seniority: Seniority | None = None
    years: float | None = Field(default=None, description="Minimum years of experience overall.")
    language: str = Field(default="en", description="ISO 639-1 code of the posting's language.")
    requirements: tuple[Requirement, ...] = ()
    keywords: tuple[str, ...] = Field(
        default=(), description="Canonical terms anywhere in the posting, most important first."
    )
    warnings: tuple[str, ...] = ()
