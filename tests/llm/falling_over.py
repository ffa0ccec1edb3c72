"""Three providers, the first of which is killed and comes back while two processes ask: what that costs, in figures."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from jobwise.infra import db
from tests.faults.harness import ModelServer, Program, free_port, until
from tests.providers.script import Behaviour, Script

_LINKS = ("openai", "groq", "local")
FIRST_TOKEN_SECONDS = 0.3
_ANSWER_SECONDS = 1.0
#: By then all processes have looked how a breaker stands that has changed.
HEARD_SECONDS = 0.2
SCRIPT = Script(
    default=Behaviour(
        first_token_seconds=FIRST_TOKEN_SECONDS, stream_seconds=_ANSWER_SECONDS - FIRST_TOKEN_SECONDS, text="word " * 40
    )
)


@dataclass(frozen=True)
class Question:
    """One question and what came of it. Times are of the calendar; `first` is when the first word was heard."""

    at: float
    first: float | None
    end: float
    link: str
    error: str


@dataclass(frozen=True)
class Outage:
    """What was seen. `killed_at`, `opened_at`, `back_at` and `closed_at` are of the calendar.

    `failures` is how many failures had opened the breaker, `attempts` how many calls were begun at the dead provider,
    probes included.
    """

    questions: list[Question]
    killed_at: float
    opened_at: float
    back_at: float
    closed_at: float
    failures: int
    attempts: int

    def began(self, since: float, until: float) -> list[Question]:
        """Questions that were begun in between."""
        return [question for question in self.questions if since <= question.at < until]


@asynccontextmanager
async def providers(folder: Path, script: Script = SCRIPT) -> AsyncIterator[tuple[list[ModelServer], dict[str, str]]]:
    """Three servers, and the settings of a chain of them."""
    servers = []
    for name in _LINKS:
        arguments = ["-m", "tests.providers.server", "--port", str(free_port()), "--script", script.model_dump_json()]
        servers.append(await ModelServer(name, arguments, {}, folder / f"{name}.log").start())
    try:
        for server in servers:
            await server.ready()
        one, two, three = (server.url for server in servers)
        yield (
            servers,
            {
                "JOBWISE_LLM_CHAIN": "openai:scripted,groq:scripted,local:scripted,builtin",
                "OPENAI_BASE_URL": one,
                "OPENAI_API_KEY": "any",
                "GROQ_BASE_URL": two,
                "GROQ_API_KEY": "any",
                "LOCAL_LLM_BASE_URL": three,
            },
        )
    finally:
        for server in servers:
            if server.lives:
                await server.kill()


async def outage(folder: Path, settings: Mapping[str, str], *, askers: int, before: float, down: float) -> Outage:
    """Two processes with `askers` in all ask; after `before` seconds the first provider is dead for `down` seconds.

    `settings` name a migrated database and a Redis that nobody else uses.
    """
    async with providers(folder) as (servers, chain):
        variables = {**settings, **chain}
        processes = [
            await Program(
                f"asker-{n}", ["-m", "tests.llm.asker", str(askers // 2)], variables, folder / f"{n}.log"
            ).start()
            for n in range(2)
        ]
        try:
            await until(lambda: all(_answered(process) for process in processes), "first answers", within=60)
            await asyncio.sleep(before)
            killed_at = await servers[0].kill()
            opened_at, failures = await _opened(settings["REDIS_URL"])
            await asyncio.sleep(down)
            await until(lambda: len(_begun_since(processes, opened_at)) >= askers, "answers without it", within=60)
            await servers[0].start()
            await servers[0].ready()
            back_at = time.time()
            closed_at = await _closed(settings["REDIS_URL"])
            await asyncio.sleep(before)
            heard_at = closed_at + HEARD_SECONDS
            await until(lambda: "openai" in _begun_since(processes, heard_at), "an answer of it", within=60)
        finally:
            for process in processes:
                await process.kill()
    questions = [question for process in processes for question in _questions(process)]
    attempts = await _attempts(settings["DATABASE_URL"], killed_at, back_at)
    return Outage(questions, killed_at, opened_at, back_at, closed_at, failures, attempts)


def _answered(process: Program) -> bool:
    assert process.lives, process.said()
    return bool(_questions(process))


def _begun_since(processes: Sequence[Program], moment: float) -> list[str]:
    """Who has answered the questions that were begun since."""
    return [question.link for process in processes for question in _questions(process) if question.at > moment]


def _questions(process: Program) -> list[Question]:
    lines = [line for line in process.said().splitlines() if line.startswith('{"at"') and line.endswith("}")]
    return [Question(**json.loads(line)) for line in lines]


async def _state(redis: Redis) -> dict[str, float]:
    keys = await redis.keys("jobwise:breaker:openai:*")
    found: dict[str, float] = json.loads(await redis.get(keys[0]) or "{}") if keys else {}
    return found


async def _opened(url: str) -> tuple[float, int]:
    """When the breaker was seen open, and how many failures there had been."""
    async with Redis.from_url(url) as redis:

        async def failures() -> int:
            state = await _state(redis)
            return int(state["failures"]) if state.get("open_until") else 0

        found = await until(failures, "an open breaker", within=60)
        return time.time(), found


async def _closed(url: str) -> float:
    async with Redis.from_url(url) as redis:

        async def is_well() -> bool:
            return not await _state(redis)

        await until(is_well, "a closed breaker", within=60)
        return time.time()


async def _attempts(url: str, since: float, to: float) -> int:
    connection = await asyncpg.connect(**db.credentials(url))
    try:
        found: int = await connection.fetchval(
            """
            select count(*) from llm_calls
             where provider = 'openai' and created_at > to_timestamp($1) and created_at < to_timestamp($2)
            """,
            since,
            to,
        )
    finally:
        await connection.close()
    return found
