"""Tables of documents. Contents are JSON in the shape of `jobwise.documents.content`."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from jobwise.accounts.models import User
from jobwise.documents.content import DocumentKind


class Document(Model):
    """A résumé or letter. `version` is the number of its newest version."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "jobwise.User", related_name="documents", db_index=True
    )
    user_id: Any
    generation_id = fields.UUIDField(null=True, db_index=True)
    kind = fields.CharEnumField(DocumentKind, max_length=20)
    title = fields.CharField(max_length=400)
    template = fields.CharField(max_length=50)
    paper = fields.CharField(max_length=10)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "documents"


class DocumentVersion(Model):
    """A document as it was after a decision: its content, the ledger that led to it, and what was measured."""

    id = fields.UUIDField(primary_key=True)
    document: fields.ForeignKeyRelation[Document] = fields.ForeignKeyField("jobwise.Document", related_name="versions")
    document_id: Any
    number = fields.IntField()
    reason = fields.CharField(max_length=200)
    content: fields.Field[dict[str, Any]] = fields.JSONField()
    changes: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    refused: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    findings: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    coverage: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    score: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    page_count = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "document_versions"
        unique_together = (("document", "number"),)


class Export(Model):
    """A file made from a document version. `storage_key` is content-addressed: the same bytes have the same key."""

    id = fields.UUIDField(primary_key=True)
    document_version: fields.ForeignKeyRelation[DocumentVersion] = fields.ForeignKeyField(
        "jobwise.DocumentVersion", related_name="exports"
    )
    document_version_id: Any
    format = fields.CharField(max_length=20)
    filename = fields.CharField(max_length=255)
    media_type = fields.CharField(max_length=100)
    size = fields.IntField()
    sha256 = fields.CharField(max_length=64)
    storage_key = fields.CharField(max_length=200)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exports"
        unique_together = (("document_version", "format"),)
