"""Tables of postings. The columns `search` (tsvector) and `embedding` (vector) are known to migrations and raw SQL."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from jobwise.accounts.models import User

#: Stands where a posting has no title, so that lists have something to show. Never written into a document.
UNTITLED = "Untitled position"


class JobStatus(StrEnum):
    """Whether a posting is still of interest."""

    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    ARCHIVED = "ARCHIVED"


class JobSource(StrEnum):
    """How a posting came in."""

    MANUAL = "MANUAL"
    TEXT = "TEXT"
    HTML = "HTML"
    JSON = "JSON"
    SAMPLE = "SAMPLE"


class Job(Model):
    """A posting that a person found or captured.

    `description` is clean plain text; `captured` is the structured data that it was read from.
    """

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("jobwise.User", related_name="jobs", db_index=True)
    user_id: Any
    title = fields.CharField(max_length=300)
    company = fields.CharField(max_length=300, default="")
    location = fields.CharField(max_length=300, default="")
    workplace = fields.CharField(max_length=10, null=True)
    employment_types: fields.Field[list[str]] = fields.JSONField(default=list)
    salary: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    url = fields.CharField(max_length=2000, default="")
    language = fields.CharField(max_length=2, default="en")
    description = fields.TextField()
    content_hash = fields.CharField(max_length=64)
    source = fields.CharEnumField(JobSource, max_length=10)
    status = fields.CharEnumField(JobStatus, max_length=10, default=JobStatus.ACTIVE)
    captured: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    warnings: fields.Field[list[str]] = fields.JSONField(default=list)
    posted_on = fields.DateField(null=True)
    valid_through = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "jobs"


class SavedJob(Model):
    """A posting on a person's list, with their notes."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("jobwise.User", related_name="saved_jobs")
    user_id: Any
    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField("jobwise.Job", related_name="saves", db_index=True)
    job_id: Any
    notes = fields.TextField(default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "saved_jobs"
        unique_together = (("user", "job"),)


class StoredAnalysis(Model):
    """A posting's analysis, kept by what it was made from: the text, the analyser's version and the model.

    It belongs to nobody: it is only ever looked up by the hash of a text that the caller already has.
    """

    id = fields.UUIDField(primary_key=True)
    content_hash = fields.CharField(max_length=64)
    version = fields.IntField()
    model = fields.CharField(max_length=100)
    analysis: fields.Field[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "job_analyses"
        unique_together = (("content_hash", "version", "model"),)
