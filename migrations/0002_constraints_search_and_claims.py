"""What the models cannot say: checks, partial and search indexes, the posting's embedding, and the claim function."""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHECKS = {
    "users": {"users_email_is_normal": "email = lower(email) and position('@' in email) > 1"},
    "profiles": {
        "profiles_name_is_given": "length(btrim(name)) > 0",
        "profiles_version_counts_up": "version >= 0",
        "profiles_language_is_iso": "language ~ '^[a-z]{2}$'",
    },
    "profile_experiences": {
        "experiences_kind_is_known": "kind in ('WORK', 'VOLUNTEER')",
        "experiences_employer_is_given": "length(btrim(employer)) > 0",
    },
    "jobs": {
        "jobs_title_is_given": "length(btrim(title)) > 0",
        "jobs_status_is_known": "status in ('ACTIVE', 'CLOSED', 'ARCHIVED')",
        "jobs_workplace_is_known": "workplace in ('REMOTE', 'HYBRID', 'ONSITE')",
    },
    "documents": {
        "documents_kind_is_known": "kind in ('RESUME', 'COVER_LETTER')",
        "documents_version_counts_up": "version >= 1",
    },
    "exports": {"exports_size_is_not_negative": "size >= 0"},
    "generations": {
        "generations_status_is_known": "status in ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')",
        "generations_lease_while_running": "(status = 'RUNNING') = (lease_until is not null)",
        "generations_end_is_dated": "(finished_at is not null) = (status in ('COMPLETED', 'FAILED', 'CANCELLED'))",
        "generations_failure_has_a_reason": "(status = 'FAILED') = (error_code is not null)",
        "generations_progress_is_a_percentage": "progress between 0 and 100",
        "generations_attempts_are_bounded": "attempt between 0 and max_attempts",
    },
    "generation_events": {"events_start_at_one": "seq >= 1"},
    "llm_calls": {"llm_calls_count_up": "input_tokens >= 0 and output_tokens >= 0 and cached_tokens >= 0"},
}

INDEXES = {
    "generations_queue": "generations (vt) where status = 'QUEUED'",
    "generations_leases": "generations (lease_until) where status = 'RUNNING'",
    "generations_open_by_user": "generations (user_id) where status in ('QUEUED', 'RUNNING')",
    "generations_by_user": "generations (user_id, created_at desc, id desc)",
    "jobs_by_user": "jobs (user_id, created_at desc, id desc)",
    "jobs_search": "jobs using gin (search)",
    "jobs_embedding": "jobs using hnsw (embedding vector_cosine_ops)",
    "documents_by_user": "documents (user_id, created_at desc, id desc)",
    "llm_calls_by_day": "llm_calls (created_at)",
    "sessions_open": "sessions (user_id) where revoked_at is null",
}

# "simple" beside "english": names of tools and companies, and postings in other languages, must not be stemmed away.
SEARCH_COLUMN = """
alter table jobs add column search tsvector generated always as (
    setweight(to_tsvector('english', title) || to_tsvector('simple', title), 'A') ||
    setweight(to_tsvector('simple', company || ' ' || location), 'B') ||
    setweight(to_tsvector('english', description) || to_tsvector('simple', description), 'D')
) stored
"""

# One statement for the caller: the lock makes the cap per user exact, since two claims never count at the same time.
# An expired lease is taken over first; else the queued generation with the lowest virtual time.
CLAIM = """
create function claim_generation(claimer text, lease interval, cap int) returns setof generations
language plpgsql as $$
declare
    chosen uuid;
begin
    perform pg_advisory_xact_lock(7340002);
    select id into chosen from generations
     where status = 'RUNNING' and lease_until <= now() and cancel_requested_at is null and attempt < max_attempts
     order by lease_until limit 1 for no key update skip locked;
    if chosen is null then
        select g.id into chosen from generations g
         where g.status = 'QUEUED' and g.not_before <= now() and g.attempt < g.max_attempts
           and g.user_id <> all (array(
               select user_id from generations where status = 'RUNNING' group by user_id having count(*) >= cap))
         order by g.vt limit 1 for no key update skip locked;
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
               case when c.attempt > 1 then 'Going on after an interruption' else 'Started' end, clock_timestamp()
          from claimed c)
    select * from claimed;
end $$
"""


class Migration(migrations.Migration):
    """Runs after the tables are there; goes down in the opposite order."""

    dependencies = [("jobwise", "0001_initial")]

    operations = [
        ops.RunSQL("create extension if not exists vector", reverse_sql=ops.RunSQL.noop),
        *(
            ops.RunSQL(
                f"alter table {table} add constraint {name} check ({condition})",
                reverse_sql=f"alter table {table} drop constraint {name}",
            )
            for table, checks in CHECKS.items()
            for name, condition in checks.items()
        ),
        ops.RunSQL(SEARCH_COLUMN, reverse_sql="alter table jobs drop column search"),
        ops.RunSQL(
            "alter table jobs add column embedding vector(256)", reverse_sql="alter table jobs drop column embedding"
        ),
        *(
            ops.RunSQL(f"create index {name} on {target}", reverse_sql=f"drop index {name}")
            for name, target in INDEXES.items()
        ),
        ops.RunSQL(CLAIM, reverse_sql="drop function claim_generation(text, interval, int)"),
    ]
