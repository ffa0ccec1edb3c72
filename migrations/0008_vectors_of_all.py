"""Vectors are due for the postings and profiles that were there before anything noted them.

Nobody waits for this but who deletes one of them meanwhile, and it waits for nobody: what is just being deleted, itself
or with its person, is passed over.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

NOTE_ALL = """
insert into text_vectors (id, user_id)
select t.id, t.user_id from {table} t join users u on u.id = t.user_id for key share of t, u skip locked
on conflict (id) do nothing
"""


class Migration(migrations.Migration):
    """Adds rows alone; they go with their table."""

    dependencies = [("jobwise", "0007_vectors")]

    initial = False

    operations = [
        ops.RunSQL(NOTE_ALL.format(table=table), reverse_sql=ops.RunSQL.noop) for table in ("jobs", "profiles")
    ]
