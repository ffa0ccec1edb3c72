"""What a person is told of a stage, beside its output, so that who resumes tells it as well."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Only adds: older workers go on writing checkpoints without notices."""

    dependencies = [("jobwise", "0005_spending")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Checkpoint",
            name="notices",
            field=fields.JSONField(db_default=[], encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
