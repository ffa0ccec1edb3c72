"""What somebody has ordered, counted where nobody can delete it.

Only adds: a trigger notes the orders that APIs of the version before accept, too. Those of the last hour are noted in
the same transaction, which keeps writers waiting for as long as that takes; an index leads to them.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
create table generation_orders (
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null)
"""

INDEX = "create index generation_orders_lately on generation_orders (user_id, created_at)"

NOTE = """
create function note_generation_order() returns trigger language plpgsql as $$
begin
    insert into generation_orders (user_id, created_at) values (new.user_id, new.created_at);
    return null;
end $$
"""

# After the trigger that fills in whose event it is.
TRIGGER = """
create trigger note_generation_order after insert on generation_events
for each row when (new.type in ('ACCEPTED', 'RETRIED')) execute function note_generation_order()
"""

NOTE_LATEST = """
insert into generation_orders (user_id, created_at)
select e.user_id, e.created_at from generation_events e join users u on u.id = e.user_id
 where e.type in ('ACCEPTED', 'RETRIED') and e.created_at > now() - interval '1 hour'
"""


class Migration(migrations.Migration):
    dependencies = [("jobwise", "0008_vectors_of_all")]

    initial = False

    operations = [
        ops.RunSQL(TABLE, reverse_sql="drop table generation_orders"),
        ops.RunSQL(INDEX, reverse_sql="drop index generation_orders_lately"),
        ops.RunSQL(NOTE, reverse_sql="drop function note_generation_order()"),
        ops.RunSQL(TRIGGER, reverse_sql="drop trigger note_generation_order on generation_events"),
        ops.RunSQL(NOTE_LATEST, reverse_sql=ops.RunSQL.noop),
    ]
