import re
from decimal import Decimal
from typing import Any

import pytest

from jobwise import doctor
from jobwise.config import Settings
from jobwise.infra import db
from jobwise.llm.models import LlmCall, Outcome
from tests.providers.script import Behaviour, Script
from tests.providers.server import running


async def _told(*behaviours: Behaviour, **settings: Any) -> tuple[list[str], list[bool]]:
    """What the doctor says of the models of a chain, when they behave like this."""
    async with running(Script(next=list(behaviours))) as provider:
        chosen = Settings(
            llm_chain="openai:gpt-6-luna,builtin",
            llm_chain_repair="local:mine",
            openai_base_url=provider.url,
            openai_api_key="a-key",
            local_llm_base_url=provider.url,
            **settings,
        )
        found = [item async for item in doctor.models(chosen)]
    return [f"{name}: {result.detail}" for name, result in found], [result.ok for _, result in found]


async def test_the_doctor_asks_every_model_of_every_chain() -> None:
    good = Behaviour(text='{"words": ["one", "two", "three"]}', stream_seconds=0.3)

    (note, *said), fine = await _told(good, good)

    assert note == "models: without a database, what these test questions cost is not written down"
    assert fine == [True, True, True]
    assert re.match(r"openai:gpt-6-luna: answers in \d", said[0])
    assert said[0].endswith("follows the schema; streams; its price is known")
    assert "its price is not known" in said[1]


async def test_the_doctor_gives_advice_and_the_exact_error() -> None:
    wrong_key = Behaviour(fault="status", status=401, code="invalid_api_key", message="Incorrect API key provided")
    other_form = Behaviour(text='{"numbers": 3}')

    (_, *said), fine = await _told(wrong_key, other_form)

    assert fine == [True, False, False]
    assert "does not accept the key; check it" in said[0]
    assert "AUTH: Incorrect API key provided" in said[0]
    assert "does NOT follow the schema" in said[1]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour(fault="status", status=200, body="<html><title>Log in</title></html>"), "web page ('Log in')"),
        (
            Behaviour(fault="status", status=301, headers={"location": "https://other.example"}, body=""),
            "moved to https://other",
        ),
        (Behaviour(fault="status", status=403, body="<html>Denied</html>"), "cannot be reached; check the address"),
        (Behaviour(fault="status", status=400, code="invalid_value"), "does not accept the form of our requests"),
        (Behaviour(fault="status", status=200, body={"object": "chat.completion"}), "not a stream of events"),
        (Behaviour(fault="length", text='{"words": ["one'), "The answer was cut off after"),
        (Behaviour(fault="content_filter"), "declined the test question"),
    ],
)
async def test_the_doctor_knows_what_answers_in_the_place_of_a_model(behaviour: Behaviour, words: str) -> None:
    good = Behaviour(text='{"words": ["one", "two", "three"]}')

    (_, said, _), fine = await _told(behaviour, good)

    assert words in said
    assert fine == [True, False, True]


async def test_with_a_database_each_question_is_written_down_with_what_it_has_used(database: str) -> None:
    good = Behaviour(text='{"words": ["one", "two", "three"]}', stream_seconds=0.3)
    wrong_key = Behaviour(fault="status", status=401, code="invalid_api_key")

    said, fine = await _told(good, wrong_key, database_url=database)

    assert [line.split(": ")[0] for line in said] == ["openai:gpt-6-luna", "local:mine"]
    assert fine == [True, False]
    await db.connect(database)
    first, second = await LlmCall.all().order_by("created_at")
    assert (first.purpose, first.outcome, first.estimated) == ("probe", Outcome.COMPLETED, False)
    assert first.output_tokens > 0
    assert (first.cost or 0) > 0
    assert (second.outcome, second.error, second.output_tokens) == (Outcome.FAILED, "AUTH", 0)


async def test_the_doctor_asks_nobody_beyond_a_spending_limit(database: str) -> None:
    (paid, free), fine = await _told(database_url=database, llm_month_dollars=Decimal("0.000001"))

    assert paid.startswith("openai:gpt-6-luna: was not asked (SPENDING: this installation's spending limit")
    assert free.startswith("local:mine: answers")
    assert fine == [False, True]


@pytest.mark.parametrize("state", ["away", "without tables"])
async def test_a_database_that_cannot_be_used_does_not_keep_the_doctor_from_asking(
    state: str, empty_database: str
) -> None:
    url = empty_database if state == "without tables" else "postgresql://nobody@127.0.0.1:1/none"
    good = Behaviour(text='{"words": ["one", "two", "three"]}', stream_seconds=0.3)

    said, fine = await _told(good, good, database_url=url)

    assert "is not written down" in said[0]
    assert fine == [True, True, True]


async def test_without_models_the_doctor_says_who_writes() -> None:
    ((name, result),) = [item async for item in doctor.models(Settings())]

    assert (name, result.ok) == ("models", True)
    assert "built-in writer" in result.detail


@pytest.mark.parametrize("with_database", [True, False])
async def test_the_doctor_asks_the_model_for_vectors_as_well(with_database: bool, database: str) -> None:
    url = database if with_database else ""
    said, fine = await _told(embeddings="openai:text-embedding-3-small", database_url=url)

    assert fine[-1]
    assert said[-1].startswith("openai:text-embedding-3-small: makes vectors of 512 numbers in ")
    assert said[-1].endswith("; its price is known")
    await db.connect(database)
    assert await LlmCall.filter(purpose="embed").count() == with_database


async def test_vectors_need_no_chain() -> None:
    wrong_key = Behaviour(fault="status", status=401, code="invalid_api_key", message="Incorrect API key provided")
    async with running(Script(next=[wrong_key])) as provider:
        chosen = Settings(
            embeddings="openai:text-embedding-3-small", openai_base_url=provider.url, openai_api_key="a-key"
        )
        found = [item async for item in doctor.models(chosen)]

    assert [name for name, _ in found] == ["models", "models", "openai:text-embedding-3-small"]
    assert "does not accept the key" in found[-1][1].detail
