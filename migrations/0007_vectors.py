"""Vectors of postings and profiles that a model has made, and which of them are to be made when.

Only adds: triggers note what is written by APIs that know nothing of vectors. What is there already is noted by the
next migration, since whoever makes triggers keeps all writers waiting until its transaction ends.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Beside the postings and profiles, whose own rows and indexes need not change with every claim. `due` is when a vector
# is to be made, null where nothing is to be done; whoever makes it puts it off first, and knows its claim by that.
TABLE = """
create table text_vectors (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    vector vector,
    model varchar(160),
    hash varchar(64),
    due timestamptz default now())
"""

INDEXES = {
    "text_vectors_due": "text_vectors (due) where due is not null",
    "text_vectors_of_person": "text_vectors (user_id, due)",
}

FUNCTIONS = {
    "vector_is_due": """
create function vector_is_due() returns trigger language plpgsql as $$
begin
    insert into text_vectors (id, user_id) values (new.id, new.user_id) on conflict (id) do update set due = now();
    return null;
end $$
""",
    "vector_is_done_with": """
create function vector_is_done_with() returns trigger language plpgsql as $$
begin
    delete from text_vectors where id = old.id;
    return null;
end $$
""",
}

# What a posting's vector is made from is in its hash; each change of a profile or its parts counts its version up.
CHANGES = {"jobs": "content_hash", "profiles": "version"}


class Migration(migrations.Migration):
    dependencies = [("jobwise", "0006_notices")]

    initial = False

    operations = [
        ops.RunSQL(TABLE, reverse_sql="drop table text_vectors"),
        *(
            ops.RunSQL(f"create index {name} on {target}", reverse_sql=f"drop index {name}")
            for name, target in INDEXES.items()
        ),
        *(ops.RunSQL(statement, reverse_sql=f"drop function {name}()") for name, statement in FUNCTIONS.items()),
        *(
            ops.RunSQL(
                f"create trigger vector_is_due after insert or update of {column} on {table} for each row execute function vector_is_due()",
                reverse_sql=f"drop trigger vector_is_due on {table}",
            )
            for table, column in CHANGES.items()
        ),
        *(
            ops.RunSQL(
                f"create trigger vector_is_done_with after delete on {table} for each row execute function vector_is_done_with()",
                reverse_sql=f"drop trigger vector_is_done_with on {table}",
            )
            for table in CHANGES
        ),
    ]
