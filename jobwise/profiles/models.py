"""Tables of profiles. The parts of a profile keep the person's order in `position`; dates are partial ISO dates.

Lists inside a part (highlights, keywords) are JSON in the shape of `jobwise.profiles.content`.
"""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from jobwise.accounts.models import User


class Profile(Model):
    """A master profile. `version` is the number of its newest version."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "jobwise.User", related_name="profiles", db_index=True
    )
    user_id: Any
    name = fields.CharField(max_length=200)
    headline = fields.CharField(max_length=300, default="")
    summary = fields.TextField(default="")
    language = fields.CharField(max_length=2, default="en")
    contact: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    honors: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    interests: fields.Field[list[str]] = fields.JSONField(default=list)
    unknown: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    version = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "profiles"


class _Part(Model):
    id = fields.UUIDField(primary_key=True)
    profile_id: Any
    position = fields.IntField(default=0)

    class Meta:
        abstract = True


class Experience(_Part):
    """A job or voluntary post."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="experiences", db_index=True
    )
    kind = fields.CharField(max_length=20, default="WORK")
    employer = fields.CharField(max_length=300)
    title = fields.CharField(max_length=300, default="")
    location = fields.CharField(max_length=300, default="")
    url = fields.CharField(max_length=2000, default="")
    description = fields.TextField(default="")
    summary = fields.TextField(default="")
    start = fields.CharField(max_length=10, null=True)
    end = fields.CharField(max_length=10, null=True)
    highlights: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    skills: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "profile_experiences"


class Education(_Part):
    """A degree or course of study."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="education", db_index=True
    )
    institution = fields.CharField(max_length=300)
    degree = fields.CharField(max_length=300, default="")
    area = fields.CharField(max_length=300, default="")
    score = fields.CharField(max_length=100, default="")
    location = fields.CharField(max_length=300, default="")
    url = fields.CharField(max_length=2000, default="")
    start = fields.CharField(max_length=10, null=True)
    end = fields.CharField(max_length=10, null=True)
    courses: fields.Field[list[str]] = fields.JSONField(default=list)
    highlights: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)

    class Meta:
        table = "profile_education"


class Project(_Part):
    """Something built or run."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="projects", db_index=True
    )
    name = fields.CharField(max_length=300)
    role = fields.CharField(max_length=300, default="")
    organization = fields.CharField(max_length=300, default="")
    description = fields.TextField(default="")
    url = fields.CharField(max_length=2000, default="")
    start = fields.CharField(max_length=10, null=True)
    end = fields.CharField(max_length=10, null=True)
    highlights: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    keywords: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "profile_projects"


class Skill(_Part):
    """A skill, or a group of skills."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="skills", db_index=True
    )
    name = fields.CharField(max_length=300)
    level = fields.CharField(max_length=100, default="")
    keywords: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "profile_skills"


class Certification(_Part):
    """A certificate or licence."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="certifications", db_index=True
    )
    name = fields.CharField(max_length=300)
    issuer = fields.CharField(max_length=300, default="")
    url = fields.CharField(max_length=2000, default="")
    date = fields.CharField(max_length=10, null=True)
    expires = fields.CharField(max_length=10, null=True)

    class Meta:
        table = "profile_certifications"


class Language(_Part):
    """A spoken language."""

    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "jobwise.Profile", related_name="languages", db_index=True
    )
    name = fields.CharField(max_length=100)
    fluency = fields.CharField(max_length=100, default="")

    class Meta:
        table = "profile_languages"


class ProfileVersion(Model):
    """A profile as it was after a change: `content` is a `ProfileContent`."""

    id = fields.UUIDField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField("jobwise.Profile", related_name="versions")
    profile_id: Any
    number = fields.IntField()
    reason = fields.CharField(max_length=200)
    content: fields.Field[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "profile_versions"
        unique_together = (("profile", "number"),)
