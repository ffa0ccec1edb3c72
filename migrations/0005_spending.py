"""Reservations of model calls that no number of them at once can use to go beyond a ceiling.

Only adds: older workers go on writing calls without a cost, which then count nothing.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Who reserves waits for whoever reserves under the same ceiling, and each statement after the lock sees what they have
# committed. A call that has not been settled counts at its reservation; one whose price is not known counts nothing.
RESERVE = """
create function reserve_llm_call(
    call uuid, person uuid, generation uuid, stage_ text, provider_ text, model_ text, purpose_ text, tokens int,
    worst numeric, generation_ceiling numeric, person_ceiling numeric, ceiling numeric) returns text
language plpgsql as $$
declare
    month timestamptz := date_trunc('month', now(), 'UTC');
begin
    if worst is not null and ceiling is not null then
        perform pg_advisory_xact_lock(7340003, 0);
    end if;
    if worst is not null and (generation_ceiling is not null or person_ceiling is not null) then
        perform pg_advisory_xact_lock(7340004, hashtext(coalesce(person, generation, call)::text));
    end if;
    if generation_ceiling is not null and worst + (
            select coalesce(sum(coalesce(cost, reserved_cost)), 0) from llm_calls
             where generation_id = generation and id <> call) > generation_ceiling then
        return 'GENERATION';
    end if;
    if person_ceiling is not null and worst + (
            select coalesce(sum(coalesce(cost, reserved_cost)), 0) from llm_calls
             where user_id = person and created_at >= month and id <> call) > person_ceiling then
        return 'PERSON_MONTH';
    end if;
    if ceiling is not null and worst + (
            select coalesce(sum(coalesce(cost, reserved_cost)), 0) from llm_calls
             where created_at >= month and id <> call) > ceiling then
        return 'MONTH';
    end if;
    insert into llm_calls (id, user_id, generation_id, stage, provider, model, purpose, outcome, input_tokens,
                           output_tokens, cached_tokens, estimated, reserved_cost, created_at)
    values (call, person, generation, stage_, provider_, model_, purpose_, 'RESERVED', tokens, 0, 0, true, worst,
            clock_timestamp())
    on conflict (id) do nothing;
    return '';
end $$
"""

# Sums read the index alone.
INDEXES = {
    "llm_calls_cost_by_time": "llm_calls (created_at) include (cost, reserved_cost)",
    "llm_calls_cost_of_person": "llm_calls (user_id, created_at) include (cost, reserved_cost)",
}


class Migration(migrations.Migration):
    dependencies = [("jobwise", "0004_model_calls")]

    initial = False

    operations = [
        ops.RunSQL(
            RESERVE,
            reverse_sql="drop function reserve_llm_call(uuid, uuid, uuid, text, text, text, text, int, numeric, numeric, numeric, numeric)",
        ),
        *(
            ops.RunSQL(f"create index {name} on {target}", reverse_sql=f"drop index {name}")
            for name, target in INDEXES.items()
        ),
    ]
