"""Changes of profiles in the API. Each writes a new version of the profile."""

from typing import Annotated, TypeVar, cast

import strawberry

from jobwise.profiles import content, importers, parts, service
from jobwise.profiles import inputs as plain
from schema import ids
from schema.context import Info
from schema.deletion import WHICH, DeleteInput, DeleteResult, DeleteSuccess
from schema.enums import describe
from schema.errors import Conflict, ImportFailed, NotFound, ValidationFailed
from schema.inputs import given
from schema.profiles import inputs
from schema.profiles.types import Certification, Education, Experience, Language, Profile, Project, Skill

describe(
    importers.NoteKind,
    "ImportNoteKind",
    "What became of a piece of an imported file.",
    READ="Taken into the profile.",
    ADJUSTED="Taken into the profile after a change that the note names.",
    KEPT="Has no place in the profile; kept beside it as it stood in the file.",
    SKIPPED="Not taken, because it is empty, unreadable or too much.",
)


@strawberry.type(description="What became of a piece of an imported file.")
class ImportNote:
    """One sentence for the person."""

    path: str = strawberry.field(description="Where it stands in the file, such as `work[0].endDate`.")
    message: str = strawberry.field(description="What was done with it.")
    kind: importers.NoteKind = strawberry.field(description="What became of it.")


@strawberry.type(description="How many entries of a section were read.")
class ImportCount:
    """Part of a report."""

    section: str = strawberry.field(description="Section of the profile.")
    count: int = strawberry.field(description="Entries that were read into it.")


@strawberry.type(description="What became of everything in an imported file. Nothing is dropped silently.")
class ImportReport:
    """Shown to the person after an import."""

    counts: list[ImportCount] = strawberry.field(description="Entries for each section.")
    notes: list[ImportNote] = strawberry.field(
        description="What was adjusted, kept aside or skipped, in the file's order."
    )

    @classmethod
    def of(cls, report: importers.ImportReport) -> "ImportReport":
        """From the product's report."""
        return cls(
            counts=[ImportCount(section=section, count=count) for section, count in report.counts.items()],
            notes=[ImportNote(path=note.path, message=note.message, kind=note.kind) for note in report.notes],
        )


@strawberry.type(description="The profile as it is now.")
class ProfileSuccess:
    """Result of what changes a profile itself."""

    profile: Profile = strawberry.field(description="The profile, changed.")


@strawberry.type(description="The profile, and what became of the file.")
class ImportProfileSuccess:
    """Result of `importProfile`."""

    profile: Profile = strawberry.field(description="The profile, with the file's content.")
    report: ImportReport = strawberry.field(description="What became of everything in the file.")


@strawberry.type(description="The part of the profile is deleted.")
class DeletePartSuccess:
    """Result of what deletes a part of a profile."""

    deleted_id: strawberry.ID = strawberry.field(description="Id of what is gone; remove it from caches.")
    profile: Profile = strawberry.field(description="The profile, without it.")


@strawberry.type(description="It is in the profile.")
class ExperienceSuccess:
    """Result of `addExperience` and `updateExperience`."""

    experience: Experience = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


@strawberry.type(description="It is in the profile.")
class EducationSuccess:
    """Result of `addEducation` and `updateEducation`."""

    education: Education = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


@strawberry.type(description="It is in the profile.")
class ProjectSuccess:
    """Result of `addProject` and `updateProject`."""

    project: Project = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


@strawberry.type(description="It is in the profile.")
class SkillSuccess:
    """Result of `addSkill` and `updateSkill`."""

    skill: Skill = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


@strawberry.type(description="It is in the profile.")
class CertificationSuccess:
    """Result of `addCertification` and `updateCertification`."""

    certification: Certification = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


@strawberry.type(description="It is in the profile.")
class LanguageSuccess:
    """Result of `addLanguage` and `updateLanguage`."""

    language: Language = strawberry.field(description="As it is now.")
    profile: Profile = strawberry.field(description="The profile that it belongs to.")


CreateProfileResult = Annotated[
    ProfileSuccess | ValidationFailed | Conflict,
    strawberry.union("CreateProfileResult", description="What `createProfile` answers."),
]
ProfileResult = Annotated[
    ProfileSuccess | ValidationFailed | NotFound,
    strawberry.union("ProfileResult", description="What mutations of a profile answer."),
]
ImportProfileResult = Annotated[
    ImportProfileSuccess | ValidationFailed | ImportFailed | NotFound | Conflict,
    strawberry.union("ImportProfileResult", description="What `importProfile` answers."),
]
DeletePartResult = Annotated[
    DeletePartSuccess | NotFound,
    strawberry.union("DeletePartResult", description="What deletions of a part of a profile answer."),
]
ExperienceResult = Annotated[
    ExperienceSuccess | ValidationFailed | NotFound,
    strawberry.union("ExperienceResult", description="What `addExperience` and `updateExperience` answer."),
]
EducationResult = Annotated[
    EducationSuccess | ValidationFailed | NotFound,
    strawberry.union("EducationResult", description="What `addEducation` and `updateEducation` answer."),
]
ProjectResult = Annotated[
    ProjectSuccess | ValidationFailed | NotFound,
    strawberry.union("ProjectResult", description="What `addProject` and `updateProject` answer."),
]
SkillResult = Annotated[
    SkillSuccess | ValidationFailed | NotFound,
    strawberry.union("SkillResult", description="What `addSkill` and `updateSkill` answer."),
]
CertificationResult = Annotated[
    CertificationSuccess | ValidationFailed | NotFound,
    strawberry.union("CertificationResult", description="What `addCertification` and `updateCertification` answer."),
]
LanguageResult = Annotated[
    LanguageSuccess | ValidationFailed | NotFound,
    strawberry.union("LanguageResult", description="What `addLanguage` and `updateLanguage` answer."),
]

_NEW = strawberry.argument(description="What to add.")
_CHANGES = strawberry.argument(description="What to change.")


def _profile(info: Info, changed: service.Changed) -> Profile:
    """The changed profile; its content is known, so that nothing is read twice."""
    info.context.loaders.contents.prime(changed.profile.id, changed.content)
    return Profile.of(changed.profile)


P = TypeVar("P", bound=content.Part)


def _part(changed: service.Changed, kind: type[P]) -> P:
    return cast("P", changed.part)


async def _delete(info: Info, kind: parts.PartKind, type_name: str, part_id: strawberry.ID) -> DeletePartSuccess:
    changed = await service.remove(info.context.viewer, kind, ids.decode(part_id, type_name))
    return DeletePartSuccess(deleted_id=part_id, profile=_profile(info, changed))


@strawberry.type
class ProfileMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(description="Make an empty profile.")
    async def create_profile(
        self, info: Info, input: Annotated[inputs.CreateProfileInput, strawberry.argument(description="The profile.")]
    ) -> CreateProfileResult:
        """Parts are added one by one, or all at once by an import."""
        changed = await service.create(info.context.viewer, plain.ProfileInput(**given(input)))
        return ProfileSuccess(profile=_profile(info, changed))

    @strawberry.mutation(description="Change the profile itself; its parts have mutations of their own.")
    async def update_profile(self, info: Info, input: Annotated[inputs.UpdateProfileInput, _CHANGES]) -> ProfileResult:
        """Fields that are left out stay."""
        key = ids.decode(input.id, "Profile")
        values = plain.ProfileInput(**given(input, without=("id",)))
        return ProfileSuccess(profile=_profile(info, await service.update(info.context.viewer, key, values)))

    @strawberry.mutation(description="Delete a profile with its parts and versions. Documents made from it stay.")
    async def delete_profile(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeleteResult:
        """For good."""
        await service.delete(info.context.viewer, ids.decode(input.id, "Profile"))
        return DeleteSuccess(deleted_id=input.id)

    @strawberry.mutation(
        description="Make a profile from a file, or replace one. The report says what became of every piece."
    )
    async def import_profile(
        self, info: Info, input: Annotated[inputs.ImportProfileInput, strawberry.argument(description="The file.")]
    ) -> ImportProfileResult:
        """What is replaced stays in the versions."""
        imported = await service.import_profile(
            info.context.viewer,
            input.content.encode(),
            format_key=input.format,
            profile_id=ids.decode(input.profile_id, "Profile") if input.profile_id else None,
        )
        profile = _profile(info, service.Changed(imported.profile, imported.content))
        return ImportProfileSuccess(profile=profile, report=ImportReport.of(imported.report))

    @strawberry.mutation(description="Make the profile what it was in an earlier version. That is a new version, too.")
    async def restore_profile_version(
        self, info: Info, input: Annotated[inputs.RestoreProfileVersionInput, WHICH]
    ) -> ProfileResult:
        """Nothing is lost by it."""
        key = ids.decode(input.profile_id, "Profile")
        changed = await service.restore_version(info.context.viewer, key, input.number)
        return ProfileSuccess(profile=_profile(info, changed))

    @strawberry.mutation(description="Add a job or voluntary post to a profile.")
    async def add_experience(self, info: Info, input: Annotated[inputs.AddExperienceInput, _NEW]) -> ExperienceResult:
        """A new version of the profile."""
        values = plain.ExperienceInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return ExperienceSuccess(
            experience=Experience.of(_part(changed, content.Experience)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Change a job or voluntary post.")
    async def update_experience(
        self, info: Info, input: Annotated[inputs.UpdateExperienceInput, _CHANGES]
    ) -> ExperienceResult:
        """A new version of the profile."""
        values = plain.ExperienceInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Experience"), values)
        return ExperienceSuccess(
            experience=Experience.of(_part(changed, content.Experience)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Delete a job or voluntary post.")
    async def delete_experience(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.EXPERIENCE, "Experience", input.id)

    @strawberry.mutation(description="Add a degree or course of study to a profile.")
    async def add_education(self, info: Info, input: Annotated[inputs.AddEducationInput, _NEW]) -> EducationResult:
        """A new version of the profile."""
        values = plain.EducationInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return EducationSuccess(
            education=Education.of(_part(changed, content.Education)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Change a degree or course of study.")
    async def update_education(
        self, info: Info, input: Annotated[inputs.UpdateEducationInput, _CHANGES]
    ) -> EducationResult:
        """A new version of the profile."""
        values = plain.EducationInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Education"), values)
        return EducationSuccess(
            education=Education.of(_part(changed, content.Education)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Delete a degree or course of study.")
    async def delete_education(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.EDUCATION, "Education", input.id)

    @strawberry.mutation(description="Add a project to a profile.")
    async def add_project(self, info: Info, input: Annotated[inputs.AddProjectInput, _NEW]) -> ProjectResult:
        """A new version of the profile."""
        values = plain.ProjectInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return ProjectSuccess(project=Project.of(_part(changed, content.Project)), profile=_profile(info, changed))

    @strawberry.mutation(description="Change a project.")
    async def update_project(self, info: Info, input: Annotated[inputs.UpdateProjectInput, _CHANGES]) -> ProjectResult:
        """A new version of the profile."""
        values = plain.ProjectInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Project"), values)
        return ProjectSuccess(project=Project.of(_part(changed, content.Project)), profile=_profile(info, changed))

    @strawberry.mutation(description="Delete a project.")
    async def delete_project(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.PROJECT, "Project", input.id)

    @strawberry.mutation(description="Add a skill or group of skills to a profile.")
    async def add_skill(self, info: Info, input: Annotated[inputs.AddSkillInput, _NEW]) -> SkillResult:
        """A new version of the profile."""
        values = plain.SkillInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return SkillSuccess(skill=Skill.of(_part(changed, content.Skill)), profile=_profile(info, changed))

    @strawberry.mutation(description="Change a skill or group of skills.")
    async def update_skill(self, info: Info, input: Annotated[inputs.UpdateSkillInput, _CHANGES]) -> SkillResult:
        """A new version of the profile."""
        values = plain.SkillInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Skill"), values)
        return SkillSuccess(skill=Skill.of(_part(changed, content.Skill)), profile=_profile(info, changed))

    @strawberry.mutation(description="Delete a skill or group of skills.")
    async def delete_skill(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.SKILL, "Skill", input.id)

    @strawberry.mutation(description="Add a certificate or licence to a profile.")
    async def add_certification(
        self, info: Info, input: Annotated[inputs.AddCertificationInput, _NEW]
    ) -> CertificationResult:
        """A new version of the profile."""
        values = plain.CertificationInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return CertificationSuccess(
            certification=Certification.of(_part(changed, content.Certification)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Change a certificate or licence.")
    async def update_certification(
        self, info: Info, input: Annotated[inputs.UpdateCertificationInput, _CHANGES]
    ) -> CertificationResult:
        """A new version of the profile."""
        values = plain.CertificationInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Certification"), values)
        return CertificationSuccess(
            certification=Certification.of(_part(changed, content.Certification)), profile=_profile(info, changed)
        )

    @strawberry.mutation(description="Delete a certificate or licence.")
    async def delete_certification(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.CERTIFICATION, "Certification", input.id)

    @strawberry.mutation(description="Add a spoken language to a profile.")
    async def add_language(self, info: Info, input: Annotated[inputs.AddLanguageInput, _NEW]) -> LanguageResult:
        """A new version of the profile."""
        values = plain.LanguageInput(**given(input, without=("profile_id",)))
        changed = await service.add(info.context.viewer, ids.decode(input.profile_id, "Profile"), values)
        return LanguageSuccess(language=Language.of(_part(changed, content.Language)), profile=_profile(info, changed))

    @strawberry.mutation(description="Change a spoken language.")
    async def update_language(
        self, info: Info, input: Annotated[inputs.UpdateLanguageInput, _CHANGES]
    ) -> LanguageResult:
        """A new version of the profile."""
        values = plain.LanguageInput(**given(input, without=("id",)))
        changed = await service.change(info.context.viewer, ids.decode(input.id, "Language"), values)
        return LanguageSuccess(language=Language.of(_part(changed, content.Language)), profile=_profile(info, changed))

    @strawberry.mutation(description="Delete a spoken language.")
    async def delete_language(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeletePartResult:
        """A new version of the profile."""
        return await _delete(info, parts.LANGUAGE, "Language", input.id)
