"""Claims wait for nobody's rows: where one person's are locked, those of others are claimed.

Only replaces a function by one with the same arguments and answer: workers of both versions may call it.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

# All claims take turns, so that whoever waits within one keeps everybody waiting. What is locked here is all that the
# statements below change: the generation, and the counter by which its person's events are numbered.
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
    select g.id into chosen from generations g join generation_event_counters c on c.user_id = g.user_id
     where g.status = 'RUNNING' and g.lease_until <= now() and g.cancel_requested_at is null
       and g.attempt < g.max_attempts and (g.attempt < 3 or not has_suspect)
     order by g.lease_until limit 1 for no key update skip locked;
    if chosen is null then
        select g.id into chosen from generations g join generation_event_counters c on c.user_id = g.user_id
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

BEFORE: str = import_module("migrations.0003_progress_per_person_and_fairness").CLAIM


class Migration(migrations.Migration):
    dependencies = [("jobwise", "0009_orders")]

    initial = False

    operations = [ops.RunSQL(CLAIM, reverse_sql=BEFORE)]
