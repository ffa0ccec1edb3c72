"""The table of model calls."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model


class Outcome(StrEnum):
    """How a call ended."""

    RESERVED = "RESERVED"
    """About to be sent, or under way."""
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    """We broke it off."""
    ABANDONED = "ABANDONED"
    """Its process died; its tokens are an estimate of the input alone, its cost is the most that it can be."""


class LlmCall(Model):
    """A model call: reserved before it is sent, settled after. Cost None means that the price is not known."""

    id = fields.UUIDField(primary_key=True)
    # Named by its table alone: this package knows no feature.
    user: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "jobwise.User", related_name="llm_calls", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    user_id: Any
    generation_id = fields.UUIDField(null=True, db_index=True)
    stage = fields.CharField(max_length=10, db_default="")
    provider = fields.CharField(max_length=50)
    model = fields.CharField(max_length=100)
    purpose = fields.CharField(max_length=20)
    outcome = fields.CharField(max_length=20, default=Outcome.RESERVED.value)
    error = fields.CharField(max_length=30, null=True)
    input_tokens = fields.IntField(default=0)
    output_tokens = fields.IntField(default=0)
    cached_tokens = fields.IntField(default=0)
    reasoning_tokens = fields.IntField(db_default=0)
    estimated = fields.BooleanField(db_default=False)
    reserved_cost = fields.DecimalField(max_digits=12, decimal_places=6, null=True)
    cost = fields.DecimalField(max_digits=12, decimal_places=6, null=True)
    latency_ms = fields.IntField(null=True)
    request_id = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "llm_calls"
