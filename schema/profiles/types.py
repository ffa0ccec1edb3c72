"""A master profile and its parts as clients see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from jobwise.profiles import content, models
from jobwise.profiles.dates import PartialDate
from schema import ids
from schema.context import Info
from schema.enums import describe

describe(
    content.ExperienceKind,
    "ExperienceKind",
    "Under which heading an experience is shown.",
    WORK="Paid work.",
    VOLUNTEER="Voluntary work.",
)
describe(
    content.HonorKind,
    "HonorKind",
    "Under which heading an honour is shown.",
    AWARD="A prize or award.",
    PUBLICATION="An article, paper, book or talk.",
)


def _date(value: str | None) -> PartialDate | None:
    return PartialDate(value) if value else None


@strawberry.type(description="A public profile elsewhere, such as LinkedIn or GitHub.")
class Link:
    """One link of the contact block."""

    network: str = strawberry.field(description="Where, such as `LinkedIn`.")
    username: str = strawberry.field(description="The person's name there.")
    url: str = strawberry.field(description="Address of the page.")


@strawberry.type(description="How to reach the person. Printed on documents, never sent to a model.")
class Contact:
    """The contact block."""

    email: str = strawberry.field(description="E-mail address for applications.")
    phone: str = strawberry.field(description="Telephone number, as it is to be printed.")
    url: str = strawberry.field(description="Own web page.")
    address: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="Postal code.")
    city: str = strawberry.field(description="Town.")
    region: str = strawberry.field(description="State or region.")
    country_code: str = strawberry.field(description="ISO 3166-1 alpha-2 code of the country.")
    links: list[Link] = strawberry.field(description="Public profiles elsewhere.")

    @classmethod
    def of(cls, contact: content.Contact) -> "Contact":
        """From the profile's content."""
        links = [Link(network=link.network, username=link.username, url=link.url) for link in contact.links]
        return cls(**{**contact.model_dump(exclude={"links"}), "links": links})


@strawberry.type(description="One achievement or duty, in the person's own words. Documents cite it by its id.")
class Highlight:
    """A line below an experience, degree or project."""

    id: strawberry.ID = strawberry.field(description="Stable for as long as the line exists, also when it is reworded.")
    text: str = strawberry.field(description="The line.")

    @classmethod
    def all(cls, highlights: Iterable[Any]) -> "list[Highlight]":
        """From stored highlights."""
        return [cls(id=strawberry.ID(str(item["id"])), text=item["text"]) for item in highlights]


@strawberry.type(description="A job or a voluntary post.")
class Experience(ids.Node):
    """A part of the profile."""

    kind: content.ExperienceKind = strawberry.field(description="Paid or voluntary.")
    employer: str = strawberry.field(description="The organisation.")
    title: str = strawberry.field(description="The position.")
    location: str = strawberry.field(description="Where.")
    url: str = strawberry.field(description="The organisation's web page.")
    description: str = strawberry.field(description="What the organisation is, in a few words.")
    summary: str = strawberry.field(description="The position in a sentence or two.")
    start: PartialDate | None = strawberry.field(description="When it began.")
    end: PartialDate | None = strawberry.field(description="When it ended; null together with a start means that it goes on.")
    highlights: list[Highlight] = strawberry.field(description="Achievements and duties.")
    skills: list[str] = strawberry.field(description="Tools and methods used there, as the person named them.")

    @classmethod
    def of(cls, row: models.Experience) -> "Experience":
        """From the table's row."""
        return cls(
            id=ids.encode("Experience", row.id),
            kind=content.ExperienceKind(row.kind),
            employer=row.employer,
            title=row.title,
            location=row.location,
            url=row.url,
            description=row.description,
            summary=row.summary,
            start=_date(row.start),
            end=_date(row.end),
            highlights=Highlight.all(row.highlights),
            skills=row.skills,
        )


@strawberry.type(description="A degree or course of study.")
class Education(ids.Node):
    """A part of the profile."""

    institution: str = strawberry.field(description="School or university.")
    degree: str = strawberry.field(description="Such as `Bachelor of Science`.")
    area: str = strawberry.field(description="Such as `Computer Science`.")
    score: str = strawberry.field(description="Grade, as it is to be printed.")
    location: str = strawberry.field(description="Where.")
    url: str = strawberry.field(description="The institution's web page.")
    start: PartialDate | None = strawberry.field(description="When it began.")
    end: PartialDate | None = strawberry.field(description="When it ended or will end.")
    courses: list[str] = strawberry.field(description="Courses worth naming.")
    highlights: list[Highlight] = strawberry.field(description="Achievements there.")

    @classmethod
    def of(cls, row: models.Education) -> "Education":
        """From the table's row."""
        return cls(
            id=ids.encode("Education", row.id),
            institution=row.institution,
            degree=row.degree,
            area=row.area,
            score=row.score,
            location=row.location,
            url=row.url,
            start=_date(row.start),
            end=_date(row.end),
            courses=row.courses,
            highlights=Highlight.all(row.highlights),
        )


@strawberry.type(description="Something built or run, at work or outside it.")
class Project(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="What it is called.")
    role: str = strawberry.field(description="The person's part in it.")
    organization: str = strawberry.field(description="For whom.")
    description: str = strawberry.field(description="What it is.")
    url: str = strawberry.field(description="Where it can be seen.")
    start: PartialDate | None = strawberry.field(description="When it began.")
    end: PartialDate | None = strawberry.field(description="When it ended.")
    highlights: list[Highlight] = strawberry.field(description="What was achieved.")
    keywords: list[str] = strawberry.field(description="Tools and methods.")

    @classmethod
    def of(cls, row: models.Project) -> "Project":
        """From the table's row."""
        return cls(
            id=ids.encode("Project", row.id),
            name=row.name,
            role=row.role,
            organization=row.organization,
            description=row.description,
            url=row.url,
            start=_date(row.start),
            end=_date(row.end),
            highlights=Highlight.all(row.highlights),
            keywords=row.keywords,
        )


@strawberry.type(description="A skill, or a group of skills when it has keywords.")
class Skill(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="The skill's name, or the group's.")
    level: str = strawberry.field(description="How well, in the person's words.")
    keywords: list[str] = strawberry.field(description="The skills of a group.")

    @classmethod
    def of(cls, row: models.Skill) -> "Skill":
        """From the table's row."""
        return cls(id=ids.encode("Skill", row.id), name=row.name, level=row.level, keywords=row.keywords)


@strawberry.type(description="A certificate or licence.")
class Certification(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="What it is called.")
    issuer: str = strawberry.field(description="Who issued it.")
    url: str = strawberry.field(description="Where it can be checked.")
    date: PartialDate | None = strawberry.field(description="When it was issued.")
    expires: PartialDate | None = strawberry.field(description="Until when it is valid.")

    @classmethod
    def of(cls, row: models.Certification) -> "Certification":
        """From the table's row."""
        return cls(
            id=ids.encode("Certification", row.id),
            name=row.name,
            issuer=row.issuer,
            url=row.url,
            date=_date(row.date),
            expires=_date(row.expires),
        )


@strawberry.type(description="A spoken language.")
class Language(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="The language.")
    fluency: str = strawberry.field(description="How well, in the person's words or as a CEFR level.")

    @classmethod
    def of(cls, row: models.Language) -> "Language":
        """From the table's row."""
        return cls(id=ids.encode("Language", row.id), name=row.name, fluency=row.fluency)


@strawberry.type(description="An award or a publication.")
class Honor:
    """A part of the profile that comes with an import."""

    kind: content.HonorKind = strawberry.field(description="Award or publication.")
    title: str = strawberry.field(description="What it is called.")
    issuer: str = strawberry.field(description="Who awarded or published it.")
    date: PartialDate | None = strawberry.field(description="When.")
    url: str = strawberry.field(description="Where it can be seen.")
    summary: str = strawberry.field(description="What it is about.")

    @classmethod
    def of(cls, honor: content.Honor) -> "Honor":
        """From the profile's content."""
        return cls(**honor.model_dump(exclude={"id"}))


@strawberry.type(description="A profile as it was after a change.")
class ProfileVersion(ids.Node):
    """Pass its number to `restoreProfileVersion` to go back to it."""

    number: int = strawberry.field(description="Counts up from 1.")
    reason: str = strawberry.field(description="What changed.")
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.ProfileVersion) -> "ProfileVersion":
        """From the table's row."""
        return cls(
            id=ids.encode("ProfileVersion", row.id), number=row.number, reason=row.reason, created_at=row.created_at
        )


@strawberry.type(description="A master profile: everything a person can say about their career. Documents are made from it.")
class Profile(ids.Node):
    """Its parts are read together with those of the other profiles of the same answer."""

    key: strawberry.Private[UUID]
    name: str = strawberry.field(description="The person's name, as it stands on documents.")
    headline: str = strawberry.field(description="A line below the name, such as the current position.")
    summary: str = strawberry.field(description="A few sentences about the person.")
    language: str = strawberry.field(description="ISO 639-1 code of the language that the profile is written in.")
    contact: Contact = strawberry.field(description="How to reach the person.")
    honors: list[Honor] = strawberry.field(description="Awards and publications.")
    interests: list[str] = strawberry.field(description="Interests outside work.")
    version: int = strawberry.field(description="Number of the newest version.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Profile) -> "Profile":
        """From the table's row."""
        return cls(
            id=ids.encode("Profile", row.id),
            key=row.id,
            name=row.name,
            headline=row.headline,
            summary=row.summary,
            language=row.language,
            contact=Contact.of(content.Contact.model_validate(row.contact)),
            honors=[Honor.of(content.Honor.model_validate(honor)) for honor in row.honors],
            interests=row.interests,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="Jobs and voluntary posts, in the person's order.")
    async def experiences(self, info: Info) -> list[Experience]:
        """One statement for all profiles of the answer."""
        return [Experience.of(row) for row in await info.context.loaders.experiences.load(self.key)]

    @strawberry.field(description="Degrees and courses of study, in the person's order.")
    async def education(self, info: Info) -> list[Education]:
        """One statement for all profiles of the answer."""
        return [Education.of(row) for row in await info.context.loaders.education.load(self.key)]

    @strawberry.field(description="Projects, in the person's order.")
    async def projects(self, info: Info) -> list[Project]:
        """One statement for all profiles of the answer."""
        return [Project.of(row) for row in await info.context.loaders.projects.load(self.key)]

    @strawberry.field(description="Skills and groups of skills, in the person's order.")
    async def skills(self, info: Info) -> list[Skill]:
        """One statement for all profiles of the answer."""
        return [Skill.of(row) for row in await info.context.loaders.skills.load(self.key)]

    @strawberry.field(description="Certificates and licences, in the person's order.")
    async def certifications(self, info: Info) -> list[Certification]:
        """One statement for all profiles of the answer."""
        return [Certification.of(row) for row in await info.context.loaders.certifications.load(self.key)]

    @strawberry.field(description="Spoken languages, in the person's order.")
    async def languages(self, info: Info) -> list[Language]:
        """One statement for all profiles of the answer."""
        return [Language.of(row) for row in await info.context.loaders.languages.load(self.key)]

    @strawberry.field(description="Earlier states of the profile, newest first; at most the last 100.")
    async def versions(self, info: Info) -> list[ProfileVersion]:
        """One statement for all profiles of the answer."""
        return [ProfileVersion.of(row) for row in await info.context.loaders.profile_versions.load(self.key)]
