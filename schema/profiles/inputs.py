"""What clients send about profiles. In updates, a field that is left out stays as it is and null empties it."""

import strawberry
from strawberry import UNSET

from jobwise.profiles import content
from jobwise.profiles.dates import PartialDate

_POSITION = (
    "Place in the list, counted from 0; the others move along. Left out: a new part comes last, an old one stays."
)


@strawberry.input(description="A line of a list of achievements.")
class HighlightInput:
    """With the id of an existing line it is that line, perhaps reworded."""

    text: str = strawberry.field(description="The line, in the person's own words.")
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of the existing line that this is.")


@strawberry.input(description="A public profile elsewhere.")
class LinkInput:
    """One link of the contact block."""

    network: str | None = strawberry.field(default=UNSET, description="Where, such as `LinkedIn`.")
    username: str | None = strawberry.field(default=UNSET, description="The person's name there.")
    url: str | None = strawberry.field(default=UNSET, description="Address of the page.")


@strawberry.input(description="How to reach the person. Fields that are left out stay as they are.")
class ContactInput:
    """The contact block."""

    email: str | None = strawberry.field(default=UNSET, description="E-mail address for applications.")
    phone: str | None = strawberry.field(default=UNSET, description="Telephone number, as it is to be printed.")
    url: str | None = strawberry.field(default=UNSET, description="Own web page.")
    address: str | None = strawberry.field(default=UNSET, description="Street and number.")
    postal_code: str | None = strawberry.field(default=UNSET, description="Postal code.")
    city: str | None = strawberry.field(default=UNSET, description="Town.")
    region: str | None = strawberry.field(default=UNSET, description="State or region.")
    country_code: str | None = strawberry.field(default=UNSET, description="ISO 3166-1 alpha-2 code of the country.")
    links: list[LinkInput] | None = strawberry.field(
        default=UNSET, description="All links; replaces those that were there."
    )


@strawberry.input(description="An award or a publication.")
class HonorInput:
    """Replaces the honours that were there."""

    title: str = strawberry.field(description="What it is called.")
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of the existing honour that this is.")
    kind: content.HonorKind = strawberry.field(default=content.HonorKind.AWARD, description="Award or publication.")
    issuer: str | None = strawberry.field(default=UNSET, description="Who awarded or published it.")
    date: PartialDate | None = strawberry.field(default=UNSET, description="When.")
    url: str | None = strawberry.field(default=UNSET, description="Where it can be seen.")
    summary: str | None = strawberry.field(default=UNSET, description="What it is about.")


@strawberry.input
class _ProfileFields:
    headline: str | None = strawberry.field(
        default=UNSET, description="A line below the name, such as the current position."
    )
    summary: str | None = strawberry.field(default=UNSET, description="A few sentences about the person.")
    language: str | None = strawberry.field(
        default=UNSET, description="ISO 639-1 code of the language that the profile is in."
    )
    contact: ContactInput | None = strawberry.field(default=UNSET, description="How to reach the person.")
    honors: list[HonorInput] | None = strawberry.field(default=UNSET, description="All awards and publications.")
    interests: list[str] | None = strawberry.field(default=UNSET, description="Interests outside work.")


@strawberry.input(
    description="A new master profile. Its parts are added afterwards, or all at once with `importProfile`."
)
class CreateProfileInput(_ProfileFields):
    """Input of `createProfile`."""

    name: str = strawberry.field(description="The person's name, as it stands on documents.")


@strawberry.input(description="Changes to a profile.")
class UpdateProfileInput(_ProfileFields):
    """Input of `updateProfile`."""

    id: strawberry.ID = strawberry.field(description="Id of the profile.")
    name: str | None = strawberry.field(default=UNSET, description="The person's name, as it stands on documents.")


@strawberry.input(description="A résumé file to make a profile from.")
class ImportProfileInput:
    """Input of `importProfile`."""

    content: str = strawberry.field(description="The file's content, at most 10 MB. Send it as a variable.")
    format: str = strawberry.field(default="JSON_RESUME", description="What the file is: `JSON_RESUME`.")
    profile_id: strawberry.ID | None = strawberry.field(
        default=None, description="A profile to replace with the file's content; left out, a new profile is made."
    )


@strawberry.input(description="An earlier state of a profile.")
class RestoreProfileVersionInput:
    """Input of `restoreProfileVersion`."""

    profile_id: strawberry.ID = strawberry.field(description="Id of the profile.")
    number: int = strawberry.field(description="Number of the version to go back to.")


@strawberry.input
class _Adds:
    profile_id: strawberry.ID = strawberry.field(description="Id of the profile that it is added to.")


@strawberry.input
class _Updates:
    id: strawberry.ID = strawberry.field(description="Id of the part.")


@strawberry.input
class _Experience:
    kind: content.ExperienceKind | None = strawberry.field(default=UNSET, description="Paid or voluntary.")
    employer: str | None = strawberry.field(default=UNSET, description="The organisation. Needed.")
    title: str | None = strawberry.field(default=UNSET, description="The position.")
    location: str | None = strawberry.field(default=UNSET, description="Where.")
    url: str | None = strawberry.field(default=UNSET, description="The organisation's web page.")
    description: str | None = strawberry.field(default=UNSET, description="What the organisation is, in a few words.")
    summary: str | None = strawberry.field(default=UNSET, description="The position in a sentence or two.")
    start: PartialDate | None = strawberry.field(default=UNSET, description="When it began.")
    end: PartialDate | None = strawberry.field(default=UNSET, description="When it ended; null while it goes on.")
    highlights: list[HighlightInput] | None = strawberry.field(
        default=UNSET, description="All achievements and duties."
    )
    skills: list[str] | None = strawberry.field(default=UNSET, description="Tools and methods used there.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A job or voluntary post to add.")
class AddExperienceInput(_Experience, _Adds):
    """Input of `addExperience`."""


@strawberry.input(description="Changes to a job or voluntary post.")
class UpdateExperienceInput(_Experience, _Updates):
    """Input of `updateExperience`."""


@strawberry.input
class _Education:
    institution: str | None = strawberry.field(default=UNSET, description="School or university. Needed.")
    degree: str | None = strawberry.field(default=UNSET, description="Such as `Bachelor of Science`.")
    area: str | None = strawberry.field(default=UNSET, description="Such as `Computer Science`.")
    score: str | None = strawberry.field(default=UNSET, description="Grade, as it is to be printed.")
    location: str | None = strawberry.field(default=UNSET, description="Where.")
    url: str | None = strawberry.field(default=UNSET, description="The institution's web page.")
    start: PartialDate | None = strawberry.field(default=UNSET, description="When it began.")
    end: PartialDate | None = strawberry.field(default=UNSET, description="When it ended or will end.")
    courses: list[str] | None = strawberry.field(default=UNSET, description="Courses worth naming.")
    highlights: list[HighlightInput] | None = strawberry.field(default=UNSET, description="All achievements there.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A degree or course of study to add.")
class AddEducationInput(_Education, _Adds):
    """Input of `addEducation`."""


@strawberry.input(description="Changes to a degree or course of study.")
class UpdateEducationInput(_Education, _Updates):
    """Input of `updateEducation`."""


@strawberry.input
class _Project:
    name: str | None = strawberry.field(default=UNSET, description="What it is called. Needed.")
    role: str | None = strawberry.field(default=UNSET, description="The person's part in it.")
    organization: str | None = strawberry.field(default=UNSET, description="For whom.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    url: str | None = strawberry.field(default=UNSET, description="Where it can be seen.")
    start: PartialDate | None = strawberry.field(default=UNSET, description="When it began.")
    end: PartialDate | None = strawberry.field(default=UNSET, description="When it ended.")
    highlights: list[HighlightInput] | None = strawberry.field(default=UNSET, description="All that was achieved.")
    keywords: list[str] | None = strawberry.field(default=UNSET, description="Tools and methods.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A project to add.")
class AddProjectInput(_Project, _Adds):
    """Input of `addProject`."""


@strawberry.input(description="Changes to a project.")
class UpdateProjectInput(_Project, _Updates):
    """Input of `updateProject`."""


@strawberry.input
class _Skill:
    name: str | None = strawberry.field(default=UNSET, description="The skill's name, or the group's. Needed.")
    level: str | None = strawberry.field(default=UNSET, description="How well, in the person's words.")
    keywords: list[str] | None = strawberry.field(default=UNSET, description="The skills of a group.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A skill or group of skills to add.")
class AddSkillInput(_Skill, _Adds):
    """Input of `addSkill`."""


@strawberry.input(description="Changes to a skill or group of skills.")
class UpdateSkillInput(_Skill, _Updates):
    """Input of `updateSkill`."""


@strawberry.input
class _Certification:
    name: str | None = strawberry.field(default=UNSET, description="What it is called. Needed.")
    issuer: str | None = strawberry.field(default=UNSET, description="Who issued it.")
    url: str | None = strawberry.field(default=UNSET, description="Where it can be checked.")
    date: PartialDate | None = strawberry.field(default=UNSET, description="When it was issued.")
    expires: PartialDate | None = strawberry.field(default=UNSET, description="Until when it is valid.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A certificate or licence to add.")
class AddCertificationInput(_Certification, _Adds):
    """Input of `addCertification`."""


@strawberry.input(description="Changes to a certificate or licence.")
class UpdateCertificationInput(_Certification, _Updates):
    """Input of `updateCertification`."""


@strawberry.input
class _Language:
    name: str | None = strawberry.field(default=UNSET, description="The language. Needed.")
    fluency: str | None = strawberry.field(default=UNSET, description="How well, in words or as a CEFR level.")
    position: int | None = strawberry.field(default=UNSET, description=_POSITION)


@strawberry.input(description="A spoken language to add.")
class AddLanguageInput(_Language, _Adds):
    """Input of `addLanguage`."""


@strawberry.input(description="Changes to a spoken language.")
class UpdateLanguageInput(_Language, _Updates):
    """Input of `updateLanguage`."""
