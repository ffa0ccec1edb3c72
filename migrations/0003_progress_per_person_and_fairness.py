"""Events numbered per person, tokens of checkpoints, working time, and a claim that isolates what kills its workers.

Only adds: workers and APIs of the version before go on working beside newer ones, since a trigger fills in what they do
not know.
"""

from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from jobwise.generation.models import EventType

# The counter's row lock makes numbers follow the order of commits, so that nobody who reads up to a number misses a
# smaller one that is committed later.
NUMBER_EVENTS = """
create function number_generation_event() returns trigger language plpgsql as $$
begin
    select user_id into strict new.user_id from generations where id = new.generation_id;
    insert into generation_event_counters as c (user_id, last_seq) values (new.user_id, 1)
    on conflict (user_id) do update set last_seq = c.last_seq + 1
    returning last_seq into new.user_seq;
    return new;
end $$
"""

BACKFILL = """
with numbered as (
    select e.id, g.user_id, row_number() over (partition by g.user_id order by e.id) as seq
      from generation_events e join generations g on g.id = e.generation_id),
e as (
    update generation_events e set user_id = n.user_id, user_seq = n.seq from numbered n where n.id = e.id)
insert into generation_event_counters (user_id, last_seq) select user_id, max(seq) from numbered group by user_id
"""

TRIGGER = """
create trigger number_generation_event before insert on generation_events
for each row execute function number_generation_event()
"""

# What has crashed its workers three times since its last checkpoint runs alone among its like: then it takes no other
# suspect down with it, and what was only near a crash gets through before its attempts are used up.
CLAIM = """
create or replace function claim_generation(claimer text, lease interval, cap int) returns setof generations
language plpgsql as $$
declare
    chosen uuid;
    has_suspect boolean;
begin
    perform pg_advisory_xact_lock(7340002);
    select exists (select 1 from generations where status = 'RUNNING' and worker = claimer and lease_until > now()
                                               and attempt > 3) into has_suspect;
    select id into chosen from generations
     where status = 'RUNNING' and lease_until <= now() and cancel_requested_at is null and attempt < max_attempts
       and (attempt < 3 or not has_suspect)
     order by lease_until limit 1 for no key update skip locked;
    if chosen is null then
        select g.id into chosen from generations g
         where g.status = 'QUEUED' and g.not_before <= now() and g.attempt < g.max_attempts
           and (g.attempt < 3 or not has_suspect)
           and g.user_id <> all (array(
               select user_id from generations where status = 'RUNNING' group by user_id having count(*) >= cap))
         order by g.vt, g.created_at limit 1 for no key update skip locked;
    end if;
    if chosen is null then
        return;
    end if;
    return query
    with claimed as (
        update generations g
           set status = 'RUNNING', attempt = g.attempt + 1, token = g.token + 1, worker = claimer,
               lease_until = now() + lease, started_at = coalesce(g.started_at, now()), last_seq = g.last_seq + 1
         where g.id = chosen
        returning *),
    event as (
        insert into generation_events (generation_id, seq, type, stage, status, progress, message, created_at)
        select c.id, c.last_seq, 'STARTED', c.stage, 'RUNNING', c.progress,
               case when c.token > 1 then 'Going on where it stood' else 'Started' end, clock_timestamp()
          from claimed c)
    select * from claimed;
end $$
"""

INDEXES = {
    "generation_checkpoints_lately": "generation_checkpoints (created_at)",
    "generation_events_of_person": "generation_events (user_id, user_seq)",
    "generation_orders_of_person": "generation_events (user_id, created_at) where type in ('ACCEPTED', 'RETRIED')",
    "generation_events_by_age": "generation_events using brin (created_at)",
    "exports_by_file": "exports (storage_key)",
}


class Migration(migrations.Migration):
    dependencies = [("jobwise", "0002_constraints_search_and_claims")]

    initial = False

    operations = [
        ops.CreateModel(
            name="EventCounter",
            fields=[
                ("user_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("last_seq", fields.BigIntField(db_default=0)),
                ("pruned_to", fields.BigIntField(db_default=0)),
            ],
            options={
                "table": "generation_event_counters",
                "app": "jobwise",
                "pk_attr": "user_id",
                "table_description": "How far a person's events have been numbered, and up to which number they were removed for their age.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Checkpoint",
            options={
                "table": "generation_checkpoints",
                "app": "jobwise",
                "unique_together": (("generation", "stage", "input_hash"),),
                "pk_attr": "id",
                "table_description": "A stage's output and the tokens it cost. The same input is never worked on twice.",
            },
        ),
        ops.AddField(model_name="Checkpoint", name="input_tokens", field=fields.IntField(db_default=0)),
        ops.AddField(model_name="Checkpoint", name="output_tokens", field=fields.IntField(db_default=0)),
        ops.AlterField(
            model_name="Event",
            name="type",
            field=fields.CharEnumField(
                description="ACCEPTED: ACCEPTED\nSTARTED: STARTED\nSTAGE_STARTED: STAGE_STARTED\nSTAGE_COMPLETED: STAGE_COMPLETED\nRELEASED: RELEASED\nRETRIED: RETRIED\nCOMPLETED: COMPLETED\nFAILED: FAILED\nCANCELLED: CANCELLED\nRESYNC: RESYNC\nDELTA: DELTA",
                enum_type=EventType,
                max_length=20,
            ),
        ),
        ops.AddField(model_name="Event", name="user_id", field=fields.UUIDField(null=True)),
        ops.AddField(model_name="Event", name="user_seq", field=fields.BigIntField(null=True)),
        ops.AddField(model_name="Generation", name="spent_seconds", field=fields.FloatField(db_default=0.0)),
        ops.RunSQL(BACKFILL, reverse_sql=ops.RunSQL.noop),
        ops.RunSQL(NUMBER_EVENTS, reverse_sql="drop function number_generation_event()"),
        ops.RunSQL(TRIGGER, reverse_sql="drop trigger number_generation_event on generation_events"),
        # The newer function also works on the older tables, so that there is nothing to go back to.
        ops.RunSQL(CLAIM, reverse_sql=ops.RunSQL.noop),
        *(
            ops.RunSQL(f"create index {name} on {target}", reverse_sql=f"drop index {name}")
            for name, target in INDEXES.items()
        ),
    ]
