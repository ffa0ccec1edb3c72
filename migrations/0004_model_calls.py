"""What a model call was for, how it failed, what the model thought, and whether the numbers are estimates."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

INDEXES = {"llm_calls_reserved": "llm_calls (created_at) where outcome = 'RESERVED'"}


class Migration(migrations.Migration):
    """Only adds: older workers go on writing the columns that they know."""

    dependencies = [("jobwise", "0003_progress_per_person_and_fairness")]

    initial = False

    operations = [
        ops.AddField(model_name="LlmCall", name="stage", field=fields.CharField(max_length=10, db_default="")),
        ops.AddField(model_name="LlmCall", name="error", field=fields.CharField(max_length=30, null=True)),
        ops.AddField(model_name="LlmCall", name="reasoning_tokens", field=fields.IntField(db_default=0)),
        ops.AddField(model_name="LlmCall", name="estimated", field=fields.BooleanField(db_default=False)),
        ops.AddField(model_name="LlmCall", name="request_id", field=fields.CharField(max_length=200, null=True)),
        ops.AlterModelOptions(
            name="LlmCall",
            options={
                "table": "llm_calls",
                "app": "jobwise",
                "pk_attr": "id",
                "table_description": "A model call: reserved before it is sent, settled after. Cost None means that the price is not known.",
            },
        ),
        *(
            ops.RunSQL(f"create index {name} on {target}", reverse_sql=f"drop index {name}")
            for name, target in INDEXES.items()
        ),
    ]
