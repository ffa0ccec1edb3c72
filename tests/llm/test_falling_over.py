import math
from pathlib import Path

from jobwise.infra import db
from tests.llm.falling_over import HEARD_SECONDS, outage


async def test_a_killed_provider_is_left_alone_by_all_processes_and_asked_again_when_it_is_back(
    empty_database: str, redis_url: str, tmp_path: Path
) -> None:
    await db.migrate(empty_database)

    seen = await outage(
        tmp_path, {"DATABASE_URL": empty_database, "REDIS_URL": redis_url}, askers=20, before=0.5, down=0.5
    )

    # Every question has an end; only those that were being answered when it died have no answer.
    cut = [question for question in seen.questions if question.error]
    assert all(question.at < seen.killed_at for question in cut)
    assert all("PROTOCOL" in question.error for question in cut)
    during = seen.began(seen.opened_at, seen.back_at)
    assert len(during) >= 20
    assert {question.link for question in during} == {"groq"}
    assert {question.link for question in seen.began(0, seen.killed_at) if question.link} >= {"openai"}
    assert "openai" in {question.link for question in seen.began(seen.closed_at + HEARD_SECONDS, math.inf)}
    # Calls under way when it opens have failed as well; hardly any was begun after.
    assert seen.attempts <= 20 + 5
