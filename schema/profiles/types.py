"""A master profile and its parts as clients see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from jobwise.generation.models import Status
from jobwise.profiles import content, models
from jobwise.profiles.completeness import Completeness, completeness
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


def _values(type_name: str, part: content.Part) -> dict[str, Any]:
    """A part's fields for the GraphQL type of the same shape: its id made global, its highlights made objects."""
    values: dict[str, Any] = dict(part)
    values["id"] = ids.encode(type_name, part.id)
    if "highlights" in values:
        values["highlights"] = [
            Highlight(id=strawberry.ID(str(line.id)), text=line.text) for line in values["highlights"]
        ]
    return values


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
    end: PartialDate | None = strawberry.field(
        description="When it ended; null together with a start means that it goes on."
    )
    highlights: list[Highlight] = strawberry.field(description="Achievements and duties.")
    skills: list[str] = strawberry.field(description="Tools and methods used there, as the person named them.")

    @classmethod
    def of(cls, part: content.Experience) -> "Experience":
        """From the profile's content."""
        return cls(**_values("Experience", part))


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
    def of(cls, part: content.Education) -> "Education":
        """From the profile's content."""
        return cls(**_values("Education", part))


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
    def of(cls, part: content.Project) -> "Project":
        """From the profile's content."""
        return cls(**_values("Project", part))


@strawberry.type(description="A skill, or a group of skills when it has keywords.")
class Skill(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="The skill's name, or the group's.")
    level: str = strawberry.field(description="How well, in the person's words.")
    keywords: list[str] = strawberry.field(description="The skills of a group.")

    @classmethod
    def of(cls, part: content.Skill) -> "Skill":
        """From the profile's content."""
        return cls(**_values("Skill", part))


@strawberry.type(description="A certificate or licence.")
class Certification(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="What it is called.")
    issuer: str = strawberry.field(description="Who issued it.")
    url: str = strawberry.field(description="Where it can be checked.")
    date: PartialDate | None = strawberry.field(description="When it was issued.")
    expires: PartialDate | None = strawberry.field(description="Until when it is valid.")

    @classmethod
    def of(cls, part: content.Certification) -> "Certification":
        """From the profile's content."""
        return cls(**_values("Certification", part))


@strawberry.type(description="A spoken language.")
class Language(ids.Node):
    """A part of the profile."""

    name: str = strawberry.field(description="The language.")
    fluency: str = strawberry.field(description="How well, in the person's words or as a CEFR level.")

    @classmethod
    def of(cls, part: content.Language) -> "Language":
        """From the profile's content."""
        return cls(**_values("Language", part))


@strawberry.type(description="An award or a publication.")
class Honor:
    """A part of the profile that comes with an import."""

    id: strawberry.ID = strawberry.field(description="Stable for as long as the honour exists.")
    kind: content.HonorKind = strawberry.field(description="Award or publication.")
    title: str = strawberry.field(description="What it is called.")
    issuer: str = strawberry.field(description="Who awarded or published it.")
    date: PartialDate | None = strawberry.field(description="When.")
    url: str = strawberry.field(description="Where it can be seen.")
    summary: str = strawberry.field(description="What it is about.")

    @classmethod
    def of(cls, honor: content.Honor) -> "Honor":
        """From the profile's content."""
        return cls(**{**dict(honor), "id": strawberry.ID(str(honor.id))})


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


@strawberry.type(description="Something that would make the profile more useful.")
class Advice:
    """Part of the analytics."""

    path: str = strawberry.field(description="The section or field that it is about.")
    message: str = strawberry.field(description="What to add, for people.")
    points: int = strawberry.field(description="How much it would add to the completeness.")


@strawberry.type(description="How complete a profile is.")
class ProfileAnalytics:
    """A tailored résumé can only show what the profile holds."""

    completeness: int = strawberry.field(description="0 to 100.")
    missing: list[Advice] = strawberry.field(description="What to add, the most valuable first.")

    @classmethod
    def of(cls, measured: Completeness) -> "ProfileAnalytics":
        """From the product's measure."""
        missing = [Advice(path=item.path, message=item.message, points=item.points) for item in measured.missing]
        return cls(completeness=measured.score, missing=missing)


@strawberry.type(description="The generations of a profile, counted.")
class GenerationSummary:
    """Deleted generations do not count."""

    total: int = strawberry.field(description="All of them.")
    completed: int = strawberry.field(description="Those that delivered documents.")
    failed: int = strawberry.field(description="Those that failed.")
    open: int = strawberry.field(description="Those that wait or run.")

    @classmethod
    def of(cls, counts: Mapping[Status, int]) -> "GenerationSummary":
        """From the counts by status."""
        return cls(
            total=sum(counts.values()),
            completed=counts.get(Status.COMPLETED, 0),
            failed=counts.get(Status.FAILED, 0),
            open=counts.get(Status.QUEUED, 0) + counts.get(Status.RUNNING, 0),
        )


@strawberry.type(
    description="A master profile: everything a person can say about their career. Documents are made from it."
)
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
        """Read with all other parts of all profiles of the answer."""
        return [Experience.of(part) for part in (await info.context.loaders.contents.load(self.key)).experiences]

    @strawberry.field(description="Degrees and courses of study, in the person's order.")
    async def education(self, info: Info) -> list[Education]:
        """Read with all other parts of all profiles of the answer."""
        return [Education.of(part) for part in (await info.context.loaders.contents.load(self.key)).education]

    @strawberry.field(description="Projects, in the person's order.")
    async def projects(self, info: Info) -> list[Project]:
        """Read with all other parts of all profiles of the answer."""
        return [Project.of(part) for part in (await info.context.loaders.contents.load(self.key)).projects]

    @strawberry.field(description="Skills and groups of skills, in the person's order.")
    async def skills(self, info: Info) -> list[Skill]:
        """Read with all other parts of all profiles of the answer."""
        return [Skill.of(part) for part in (await info.context.loaders.contents.load(self.key)).skills]

    @strawberry.field(description="Certificates and licences, in the person's order.")
    async def certifications(self, info: Info) -> list[Certification]:
        """Read with all other parts of all profiles of the answer."""
        return [Certification.of(part) for part in (await info.context.loaders.contents.load(self.key)).certifications]

    @strawberry.field(description="Spoken languages, in the person's order.")
    async def languages(self, info: Info) -> list[Language]:
        """Read with all other parts of all profiles of the answer."""
        return [Language.of(part) for part in (await info.context.loaders.contents.load(self.key)).languages]

    @strawberry.field(description="How complete the profile is, and what would help most.")
    async def analytics(self, info: Info) -> ProfileAnalytics:
        """Measured on the content of this moment."""
        return ProfileAnalytics.of(completeness(await info.context.loaders.contents.load(self.key)))

    @strawberry.field(description="What was made from this profile so far.")
    async def generation_summary(self, info: Info) -> GenerationSummary:
        """Counted for all profiles of the answer at once."""
        return GenerationSummary.of(await info.context.loaders.generation_counts.load(self.key))

    @strawberry.field(description="The newest 50 states of the profile, newest first.")
    async def versions(self, info: Info) -> list[ProfileVersion]:
        """Read for all profiles of the answer at once."""
        return [
            ProfileVersion.of(row) for row in await info.context.loaders.profile_versions.load((self.key, self.version))
        ]
