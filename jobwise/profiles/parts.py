"""The kinds of parts that a profile has: one line says all that the use cases need to know about a kind."""

from collections.abc import Mapping
from dataclasses import dataclass

from tortoise.models import Model

from jobwise.profiles import content, inputs, limits, models
from jobwise.profiles.inputs import PartInput


@dataclass(frozen=True)
class PartKind:
    """A kind of part: its table, its plain form, its place in `ProfileContent`, and how many a profile may have."""

    table: type[Model]
    plain: type[content.Part]
    section: str
    noun: str
    most: int


EXPERIENCE = PartKind(models.Experience, content.Experience, "experiences", "Experience", limits.EXPERIENCES)
EDUCATION = PartKind(models.Education, content.Education, "education", "Education", limits.EDUCATION)
PROJECT = PartKind(models.Project, content.Project, "projects", "Project", limits.PROJECTS)
SKILL = PartKind(models.Skill, content.Skill, "skills", "Skill", limits.SKILLS)
CERTIFICATION = PartKind(
    models.Certification, content.Certification, "certifications", "Certification", limits.CERTIFICATIONS
)
LANGUAGE = PartKind(models.Language, content.Language, "languages", "Language", limits.LANGUAGES)

KINDS: Mapping[type[PartInput], PartKind] = {
    inputs.ExperienceInput: EXPERIENCE,
    inputs.EducationInput: EDUCATION,
    inputs.ProjectInput: PROJECT,
    inputs.SkillInput: SKILL,
    inputs.CertificationInput: CERTIFICATION,
    inputs.LanguageInput: LANGUAGE,
}
