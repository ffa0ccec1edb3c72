"""What clients say about a profile and its parts.

A field that was not given keeps its value in an update and has its default in a new part; one given as None is emptied.
Texts, dates and addresses are plain strings here: `jobwise.profiles.validation` judges them, field by field.
"""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from jobwise.profiles.content import ExperienceKind, HonorKind


class Input(BaseModel):
    """Base of all inputs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Only the fields that the client gave."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class HighlightInput(Input):
    """One achievement. With the `id` of an existing one, it is that one with other words."""

    text: str
    id: UUID | None = None


class LinkInput(Input):
    """A public profile elsewhere."""

    network: str | None = None
    username: str | None = None
    url: str | None = None


class ContactInput(Input):
    """How to reach the person. `links` replaces all links."""

    email: str | None = None
    phone: str | None = None
    url: str | None = None
    address: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country_code: str | None = None
    links: tuple[LinkInput, ...] | None = None


class HonorInput(Input):
    """An award or a publication. With the `id` of an existing one, it is that one."""

    kind: HonorKind = HonorKind.AWARD
    title: str = ""
    issuer: str | None = None
    date: str | None = None
    url: str | None = None
    summary: str | None = None
    id: UUID | None = None


class ProfileInput(Input):
    """The profile itself. `contact` is merged field by field; `honors` and `interests` replace theirs."""

    name: str | None = None
    headline: str | None = None
    summary: str | None = None
    language: str | None = None
    contact: ContactInput | None = None
    honors: tuple[HonorInput, ...] | None = None
    interests: tuple[str, ...] | None = None


class PartInput(Input):
    """Base of the inputs of a profile's parts.

    `position` counts from 0 and moves the others along; without it, a new part comes last and an old one stays.
    """

    position: int | None = None


class ExperienceInput(PartInput):
    """A job or a voluntary post."""

    kind: ExperienceKind | None = None
    employer: str | None = None
    title: str | None = None
    location: str | None = None
    url: str | None = None
    description: str | None = None
    summary: str | None = None
    start: str | None = None
    end: str | None = None
    highlights: tuple[HighlightInput, ...] | None = None
    skills: tuple[str, ...] | None = None


class EducationInput(PartInput):
    """A degree or course of study."""

    institution: str | None = None
    degree: str | None = None
    area: str | None = None
    score: str | None = None
    location: str | None = None
    url: str | None = None
    start: str | None = None
    end: str | None = None
    courses: tuple[str, ...] | None = None
    highlights: tuple[HighlightInput, ...] | None = None


class ProjectInput(PartInput):
    """Something built or run."""

    name: str | None = None
    role: str | None = None
    organization: str | None = None
    description: str | None = None
    url: str | None = None
    start: str | None = None
    end: str | None = None
    highlights: tuple[HighlightInput, ...] | None = None
    keywords: tuple[str, ...] | None = None


class SkillInput(PartInput):
    """A skill, or a group of skills."""

    name: str | None = None
    level: str | None = None
    keywords: tuple[str, ...] | None = None


class CertificationInput(PartInput):
    """A certificate or licence."""

    name: str | None = None
    issuer: str | None = None
    url: str | None = None
    date: str | None = None
    expires: str | None = None


class LanguageInput(PartInput):
    """A spoken language."""

    name: str | None = None
    fluency: str | None = None
