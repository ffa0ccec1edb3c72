"""Tables of accounts. Constraints that Tortoise cannot express are in the migrations."""

from tortoise import fields
from tortoise.models import Model


class User(Model):
    """A person with an account. `email` is stored lower-case and unique."""

    id = fields.UUIDField(primary_key=True)
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=200, default="")
    password_hash = fields.CharField(max_length=255)
    is_staff = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "users"


class Session(Model):
    """A sign-in on one device: the family of its refresh tokens. Revoked once, for ever."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "jobwise.User", related_name="sessions", db_index=True
    )
    user_agent = fields.CharField(max_length=300, default="")
    address = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(auto_now_add=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sessions"


class RefreshToken(Model):
    """One refresh token, kept as its SHA-256. Used at most once: a second use revokes the session."""

    id = fields.UUIDField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "jobwise.Session", related_name="tokens", db_index=True
    )
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_tokens"


class AuditEvent(Model):
    """Who did what to an account, from where. Survives the user's deletion without the link to them."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "jobwise.User", related_name="audit_events", null=True, on_delete=fields.SET_NULL, db_index=True
    )
    action = fields.CharField(max_length=50)
    address = fields.CharField(max_length=64, default="")
    user_agent = fields.CharField(max_length=300, default="")
    data: fields.Field[dict[str, object]] = fields.JSONField(default=dict)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "audit_events"
