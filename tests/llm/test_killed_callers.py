from datetime import timedelta
from pathlib import Path

from jobwise.infra import db
from jobwise.llm import prices
from jobwise.llm.ledger import settle_abandoned
from jobwise.llm.models import LlmCall, Outcome
from jobwise.llm.types import Usage
from tests.faults.harness import Program, until
from tests.llm.falling_over import providers

_MODEL = "gpt-6-luna"


async def test_what_a_killed_process_was_billed_is_in_the_ledger_and_counts_at_least_as_much(
    database: str, redis_url: str, tmp_path: Path
) -> None:
    async with providers(tmp_path) as (servers, chain):
        variables = {
            **chain,
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "JOBWISE_LLM_CHAIN": f"openai:{_MODEL},builtin",
        }
        asker = await Program("asker", ["-m", "tests.llm.asker", "10"], variables, tmp_path / "asker.log").start()
        await until(lambda: asker.said().count('"at"') >= 15, "some answers", within=60)
        await asker.kill()
        bill = {call["client_request_id"]: call for call in await servers[0].bill()}
    await settle_abandoned(timedelta())

    calls = {str(call.id): call for call in await LlmCall.all()}
    assert set(bill) <= set(calls)
    assert {call.outcome for call in calls.values()} == {Outcome.COMPLETED, Outcome.ABANDONED}
    for id_, billed in bill.items():
        call = calls[id_]
        cost = prices.cost("openai", _MODEL, Usage(billed["input_tokens"], billed["output_tokens"]))
        assert cost is not None
        assert call.cost is not None
        assert call.cost == cost if call.outcome == Outcome.COMPLETED else call.cost >= cost
    assert await db.fetch_all("select 1 from llm_calls where cost is null") == []
