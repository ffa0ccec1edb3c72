"""Tables of generations. The row is the truth; `queries.py` holds the statements that move it from state to state."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from jobwise.accounts.models import User


class Status(StrEnum):
    """The state machine: QUEUED → RUNNING → COMPLETED | FAILED | CANCELLED."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class EventType(StrEnum):
    """What a progress event says. RESYNC and DELTA are sent to followers alone and never stored."""

    ACCEPTED = "ACCEPTED"
    STARTED = "STARTED"
    STAGE_STARTED = "STAGE_STARTED"
    STAGE_COMPLETED = "STAGE_COMPLETED"
    RELEASED = "RELEASED"
    RETRIED = "RETRIED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RESYNC = "RESYNC"
    DELTA = "DELTA"


class Generation(Model):
    """One order of documents.

    `inputs` holds the profile's content, the posting and the options as they were when it was accepted: nothing that is
    edited or deleted later can break it. `token` fences writers out after a lost lease; it grows with every claim.
    `attempt` counts claims since the last checkpoint, `spent_seconds` the time that workers had it. `vt` is the virtual
    time by which the queue is fair between users.
    """

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("jobwise.User", related_name="generations")
    user_id: Any
    profile_id = fields.UUIDField(null=True)
    job_id = fields.UUIDField(null=True)
    title = fields.CharField(max_length=400, default="")
    inputs: fields.Field[dict[str, Any]] = fields.JSONField()
    status = fields.CharEnumField(Status, max_length=10, default=Status.QUEUED)
    stage = fields.CharField(max_length=10, null=True)
    progress = fields.SmallIntField(default=0)
    eta_seconds = fields.FloatField(null=True)
    token = fields.IntField(default=0)
    attempt = fields.IntField(default=0)
    spent_seconds = fields.FloatField(db_default=0.0)
    max_attempts = fields.IntField(default=5)
    worker = fields.CharField(max_length=100, null=True)
    lease_until = fields.DatetimeField(null=True)
    not_before = fields.DatetimeField(auto_now_add=True)
    vt = fields.DatetimeField(auto_now_add=True)
    cancel_requested_at = fields.DatetimeField(null=True)
    last_seq = fields.BigIntField(default=0)
    error_code = fields.CharField(max_length=50, null=True)
    error_message = fields.TextField(null=True)
    error_detail = fields.TextField(null=True)
    result: fields.Field[dict[str, Any]] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "generations"


class Checkpoint(Model):
    """A stage's output and the tokens it cost. The same input is never worked on twice.

    `notices` says what of it was done without a model, and why.
    """

    id = fields.UUIDField(primary_key=True)
    generation: fields.ForeignKeyRelation[Generation] = fields.ForeignKeyField(
        "jobwise.Generation", related_name="checkpoints"
    )
    generation_id: Any
    stage = fields.CharField(max_length=10)
    input_hash = fields.CharField(max_length=64)
    output: fields.Field[dict[str, Any]] = fields.JSONField()
    notices: fields.Field[list[dict[str, Any]]] = fields.JSONField(db_default=[])
    seconds = fields.FloatField(default=0)
    input_tokens = fields.IntField(db_default=0)
    output_tokens = fields.IntField(db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "generation_checkpoints"
        unique_together = (("generation", "stage", "input_hash"),)


class Event(Model):
    """A progress event. `seq` counts 1, 2, 3 ... within the generation, without gaps and in the order of commits.

    So does `user_seq` over all generations of a person; like `user_id`, it is filled in by a trigger.
    """

    id = fields.BigIntField(primary_key=True)
    generation: fields.ForeignKeyRelation[Generation] = fields.ForeignKeyField(
        "jobwise.Generation", related_name="events"
    )
    generation_id: Any
    user_id = fields.UUIDField(null=True)
    user_seq = fields.BigIntField(null=True)
    seq = fields.BigIntField()
    type = fields.CharEnumField(EventType, max_length=20)
    stage = fields.CharField(max_length=10, null=True)
    status = fields.CharEnumField(Status, max_length=10)
    progress = fields.SmallIntField()
    eta_seconds = fields.FloatField(null=True)
    message = fields.TextField(default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "generation_events"
        unique_together = (("generation", "seq"),)


class EventCounter(Model):
    """How far a person's events have been numbered, and up to which number they were removed for their age."""

    user_id = fields.UUIDField(primary_key=True)
    last_seq = fields.BigIntField(db_default=0)
    pruned_to = fields.BigIntField(db_default=0)

    class Meta:
        table = "generation_event_counters"


class IdempotencyKey(Model):
    """What a person's key was first used for. The same key with another request is an error."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("jobwise.User", related_name="idempotency_keys")
    user_id: Any
    key = fields.CharField(max_length=200)
    request_hash = fields.CharField(max_length=64)
    generation_id = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "idempotency_keys"
        unique_together = (("user", "key"),)
