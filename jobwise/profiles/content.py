"""A profile as plain data: what a profile version stores and what generation and rendering read.

Ids are those of the database rows, so that every line of a document can name the fact it comes from. The content is
immutable: a generation works on the version it started with, whatever the person edits meanwhile.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from jobwise.profiles.dates import PartialDate


class Part(BaseModel):
    """Base of all parts: immutable, with the row's id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID = Field(default_factory=uuid4)


class Highlight(Part):
    """One achievement or duty, in the person's own words."""

    text: str


class ExperienceKind(StrEnum):
    """Where an experience is shown."""

    WORK = "WORK"
    VOLUNTEER = "VOLUNTEER"


class Experience(Part):
    """A job or a voluntary post. `end` None together with `start` means that it goes on."""

    kind: ExperienceKind = ExperienceKind.WORK
    employer: str
    title: str = ""
    location: str = ""
    url: str = ""
    description: str = Field(default="", description="What the employer is, in a few words.")
    summary: str = ""
    start: PartialDate | None = None
    end: PartialDate | None = None
    highlights: tuple[Highlight, ...] = ()
    skills: tuple[str, ...] = Field(default=(), description="Tools and methods used there, as the person named them.")


class Education(Part):
    """A degree or course of study."""

    institution: str
    degree: str = Field(default="", description="Such as Bachelor of Science.")
    area: str = Field(default="", description="Such as Computer Science.")
    score: str = ""
    location: str = ""
    url: str = ""
    start: PartialDate | None = None
    end: PartialDate | None = None
    courses: tuple[str, ...] = ()
    highlights: tuple[Highlight, ...] = ()


class Project(Part):
    """Something built or run, at work or outside it."""

    name: str
    role: str = ""
    organization: str = ""
    description: str = ""
    url: str = ""
    start: PartialDate | None = None
    end: PartialDate | None = None
    highlights: tuple[Highlight, ...] = ()
    keywords: tuple[str, ...] = ()


class Skill(Part):
    """A skill, or a group of skills when it has keywords."""

    name: str
    level: str = ""
    keywords: tuple[str, ...] = ()


class Certification(Part):
    """A certificate or licence."""

    name: str
    issuer: str = ""
    url: str = ""
    date: PartialDate | None = None
    expires: PartialDate | None = None


class Language(Part):
    """A spoken language."""

    name: str
    fluency: str = ""


class HonorKind(StrEnum):
    """What an honour is; decides the heading it stands under."""

    AWARD = "AWARD"
    PUBLICATION = "PUBLICATION"


class Honor(Part):
    """An award or a publication."""

    kind: HonorKind
    title: str
    issuer: str = Field(default="", description="Who awarded or published it.")
    date: PartialDate | None = None
    url: str = ""
    summary: str = ""


class Link(BaseModel):
    """A public profile elsewhere, such as LinkedIn or GitHub."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str = ""
    username: str = ""
    url: str = ""


class Contact(BaseModel):
    """How to reach the person. Never sent to a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = ""
    phone: str = ""
    url: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country_code: str = ""
    links: tuple[Link, ...] = ()


class ProfileContent(BaseModel):
    """One version of a master profile, whole. Lists keep the person's order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    headline: str = ""
    summary: str = ""
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    contact: Contact = Contact()
    experiences: tuple[Experience, ...] = ()
    education: tuple[Education, ...] = ()
    projects: tuple[Project, ...] = ()
    skills: tuple[Skill, ...] = ()
    certifications: tuple[Certification, ...] = ()
    languages: tuple[Language, ...] = ()
    honors: tuple[Honor, ...] = ()
    interests: tuple[str, ...] = ()
