"""The main job with each provider of models: through the real API, followed on a websocket as the text is written.

Every request that these runs send is searched for what must not leave: names, contact details and links.
"""

import asyncio
import json
import re
import socket
import unicodedata
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport

from jobwise import samples
from jobwise.app import UVICORN_OPTIONS, create_app
from jobwise.config import Settings, settings
from jobwise.documents.renderer import Renderer
from jobwise.generation import pipeline, queries
from jobwise.generation.leases import Leases
from jobwise.generation.pipeline import Tools
from jobwise.infra import events, redis_client
from jobwise.infra.storage import Storage
from jobwise.llm.router import opened
from tests.acceptance.test_clients import IMPORT, POSTING, REGISTER, START, Person
from tests.providers.deployments import MODELS, addresses
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

FOLLOW = """subscription ($id: ID!) { generationProgress(id: $id) {
    type stage status document delta restart } }"""
RESULT = """query ($id: ID!) { generation(id: $id) {
    status warnings authors { document provider model } usage { calls inputTokens outputTokens }
    documents { kind pageCount exports { format size } } } }"""

_DEPLOYMENTS = ("openai", "anthropic", "gemini", "groq", "azure", "local", "house")
# Of the posting's contact, and, in formats that the profile does not have, of the sample person themselves.
_NUMBERS = (
    "+44 20 7946 0000", "(020) 7946 0000", "06 12 34 56 78", "555-123-4567", "T: 0161 496 0000",
    "(312) 555-0147", "312.555.0147", "3125550147",
)  # fmt: skip
_NAMES = "nadia varga-holt, NADIA VÁRGA, Vargas, vargaholt.example, @nadia_v, NVargaHolt"
_SECRETS = f"Reach Ada at ada@hidden.example, {', '.join(_NUMBERS)} or https://hidden.example/ada. I am {_NAMES}."


#: The posting is read at once, so that there is time for what is followed.
_READING = Behaviour(schema_name="posting_requirements")


@dataclass
class Seen:
    """What a subscriber has seen: what happened, and the text of each document as it stands after each piece."""

    events: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    pieces: int = 0
    restarts: list[str] = field(default_factory=list)

    def note(self, event: dict[str, Any]) -> None:
        """Take in an event."""
        if event["type"] != "DELTA":
            self.events.append(f"{event['type']} {event['stage'] or ''}".strip())
            return
        document = event["document"]
        self.pieces += 1
        if event["restart"]:
            self.restarts.append(document)
        self.texts[document] = ("" if event["restart"] else self.texts.get(document, "")) + event["delta"]


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(1) as pool:
        yield pool


@pytest.fixture
async def person(database: str, redis_url: str) -> AsyncIterator[Person]:
    """Somebody at the real API, on a real port, with the sample profile."""
    redis_client.connect(redis_url)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(create_app(settings()), lifespan="off", **UVICORN_OPTIONS))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with events.listening():
        person = Person(f"http://127.0.0.1:{listener.getsockname()[1]}")
        account = {"email": "ada@example.com", "password": "Correct-horse-1", "name": "Ada"}
        session = (await person.run(REGISTER, input=account))["register"]["session"]
        person.headers = {"Authorization": f"Bearer {session['accessToken']}"}
        yield person
    server.should_exit = True
    await serving
    await redis_client.close()


@asynccontextmanager
async def _worker(renderer: Renderer, folder: Path, chain: str, provider: Provider) -> AsyncIterator[Tools]:
    async with AsyncExitStack() as stack:
        leases = Leases(timedelta(seconds=30))
        await stack.enter_async_context(leases.kept())
        chosen = Settings(llm_chain=f"{chain},builtin", **addresses(provider.root))
        router = await stack.enter_async_context(opened(chosen))
        yield Tools("a worker", renderer, Storage(folder), leases, most_seconds=900, router=router)


async def _order(person: Person, **options: Any) -> str:
    resume = _json(samples.default_profile().resume)
    profile = (await person.run(IMPORT, input={"content": resume}))["importProfile"]["profile"]
    posting = samples.default_posting()
    draft = {"title": posting.title, "company": posting.company, "description": f"{posting.text}\n\n{_SECRETS}"}
    job = (await person.run(POSTING, input=draft))["createJob"]["job"]
    order = {"profileId": profile["id"], "jobId": job["id"], "instructions": _SECRETS, **options}
    return str((await person.run(START, input=order))["startGeneration"]["generation"]["id"])


def _json(value: Any) -> str:
    """JSON text."""
    return json.dumps(value, ensure_ascii=False)


async def _made(person: Person, generation_id: str, tools: Tools) -> Seen:
    """Work on the generation while the person follows it; what they saw."""
    address = person.url.replace("http", "ws") + "/graphql"
    headers = {name.lower(): value for name, value in person.headers.items()}
    transport = WebsocketsTransport(address, init_payload=headers, connect_args={"proxy": None})
    seen = Seen()
    async with Client(transport=transport) as session:
        request = GraphQLRequest(FOLLOW, variable_values={"id": generation_id})
        work: asyncio.Task[None] | None = None
        async for event in session.subscribe(request):
            seen.note(event["generationProgress"])
            # Begun only now: pieces of text are kept for nobody.
            work = work or asyncio.create_task(_work(tools))
        assert work is not None
        await work
    return seen


async def _work(tools: Tools) -> None:
    claim = await queries.claim("a worker", tools.leases.length, 10)
    assert claim is not None
    # Redis takes a moment to know who listens to the words.
    channel = f"{events._WORD_CHANNEL}generation:{claim.id}"
    async with asyncio.timeout(60):
        while not dict(await redis_client.client().pubsub_numsub(channel))[channel.encode()]:  # noqa: ASYNC110 (Redis does not tell)
            await asyncio.sleep(0.01)
    await pipeline.run(claim, tools)


def _private() -> re.Pattern[str]:
    """The sample person's name, contact details and links, and those of whoever the posting names."""
    basics = samples.default_profile().resume["basics"]
    profiles = [value for each in basics.get("profiles", []) for value in (each.get("url"), each.get("username"))]
    location = basics.get("location", {})
    details = [basics.get("email"), basics.get("phone"), basics.get("url"), location.get("address"), *profiles]
    exact = [*filter(None, details), location.get("postalCode") or "", *basics["name"].split()]
    patterns = [rf"(?<!\w){re.escape(text)}(?!\w)" for text in exact if len(text) > 2]
    patterns += [rf"\w*{part}\w*" for part in re.split(r"[\s-]", basics["name"])]
    digits = [re.sub(r"\D", "", number)[-7:] for number in (basics["phone"], *_NUMBERS)]
    patterns += [r"\D{0,3}".join(number) for number in digits]
    return re.compile("|".join([*patterns, r"hidden\.example", r"[\w.]+@[\w.]+\.\w+", "https?://"]), re.IGNORECASE)


def _leaks(provider: Provider) -> list[str]:
    assert provider.requests
    sent = [json.dumps(_without_schemas(request), ensure_ascii=False) for request in provider.requests]
    return [found for text in sent for found in _private().findall(_without_accents(text))]


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def _without_schemas(request: Any) -> Any:
    """Schemas are ours, and may name the dialect that they are in by its address."""
    if isinstance(request, dict):
        return {name: _without_schemas(value) for name, value in request.items() if "schema" not in name.lower()}
    return [_without_schemas(value) for value in request] if isinstance(request, list) else request


@pytest.mark.parametrize("name", _DEPLOYMENTS)
async def test_the_main_job_runs_with_each_provider_and_the_text_is_followed_as_it_comes(
    name: str, person: Person, renderer: Renderer, tmp_path: Path
) -> None:
    model = MODELS[name]
    async with (
        running(Script(default=Behaviour(stream_seconds=1), rules=[_READING])) as provider,
        _worker(renderer, tmp_path, f"{name}:{model}", provider) as tools,
    ):
        generation_id = await _order(person)
        seen = await _made(person, generation_id, tools)

        assert _leaks(provider) == []
        assert {call.model for call in provider.calls} == {model}
        assert {call.outcome for call in provider.calls} == {"finished"}
        billed = sum(call.input_tokens for call in provider.calls), sum(call.output_tokens for call in provider.calls)

    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert result["status"] == "COMPLETED"
    assert [(author["provider"], author["model"]) for author in result["authors"]] == [(name, model)] * 2
    assert result["warnings"] == []
    usage = result["usage"]
    assert (usage["calls"], usage["inputTokens"], usage["outputTokens"]) == (len(provider.calls), *billed)
    assert [document["kind"] for document in result["documents"]] == ["RESUME", "COVER_LETTER"]
    assert all(export["size"] for document in result["documents"] for export in document["exports"])
    assert [each for each in seen.events if each.startswith("STAGE_COMPLETED")] == [
        f"STAGE_COMPLETED {stage}" for stage in ("ANALYZE", "MATCH", "WRITE", "VERIFY", "EXPORT")
    ]
    assert sorted(seen.restarts) == ["COVER_LETTER", "RESUME"]
    # More than one for each of the four answers that they are made of.
    assert seen.pieces >= 6
    assert all(len(text) > 200 for text in seen.texts.values())


async def test_when_an_answer_breaks_off_the_follower_hears_that_its_text_is_void(
    person: Person, renderer: Renderer, tmp_path: Path
) -> None:
    cut = Behaviour(stream_seconds=0.6, fault="cut", after_tokens=40, schema_name="letter_paragraphs")
    async with (
        running(Script(next=[cut], default=Behaviour(stream_seconds=0.5))) as provider,
        _worker(renderer, tmp_path, "openai:gpt-6-luna", provider) as tools,
    ):
        generation_id = await _order(person, kinds=["COVER_LETTER"])
        seen = await _made(person, generation_id, tools)
        letters = [call for call in provider.calls if call.schema_name == "letter_paragraphs"]

    assert [call.outcome for call in letters] == ["broken", "finished"]
    assert seen.restarts[0] == "COVER_LETTER"
    assert len(seen.restarts) >= 2
    opening = seen.texts["COVER_LETTER"].strip()[:40]
    assert seen.texts["COVER_LETTER"].count(opening) == 1
    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert result["authors"] == [{"document": "COVER_LETTER", "provider": "openai", "model": "gpt-6-luna"}]


async def test_who_asks_for_the_built_in_writer_gets_it_and_nothing_is_sent(
    person: Person, renderer: Renderer, tmp_path: Path
) -> None:
    async with (
        running() as provider,
        _worker(renderer, tmp_path, "gemini:gemini-3.8-flash", provider) as tools,
    ):
        generation_id = await _order(person, writer="BUILTIN")
        seen = await _made(person, generation_id, tools)

        assert list(provider.requests) == []
    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert [(author["provider"], author["model"]) for author in result["authors"]] == [("builtin", None)] * 2
    assert (result["warnings"], result["usage"]["calls"], seen.pieces) == ([], 0, 0)


async def test_with_every_model_down_the_built_in_writer_finishes_and_the_result_says_so(
    person: Person, renderer: Renderer, tmp_path: Path
) -> None:
    down = Behaviour(fault="status", status=401, code="invalid_api_key")
    chain = "openai:gpt-6-luna,anthropic:claude-haiku-5-5,gemini:gemini-3.8-flash"
    async with running(Script(default=down)) as provider, _worker(renderer, tmp_path, chain, provider) as tools:
        generation_id = await _order(person)
        await _made(person, generation_id, tools)

    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert result["status"] == "COMPLETED"
    assert [author["provider"] for author in result["authors"]] == ["builtin", "builtin"]
    (told,) = result["warnings"]
    for part in ("rules alone read the posting", "writer wrote the résumé and the cover letter"):
        assert part in told
    assert all(f"{link}: its key is not accepted" in told for link in chain.split(","))


async def test_nothing_private_leaves_when_words_are_refused_and_repaired(
    person: Person, renderer: Renderer, tmp_path: Path
) -> None:
    links = _letter("I led 4,000 engineers at Google; see https://hidden.example/ada or ask ada@hidden.example.")
    untrue = _letter("I led 4,000 engineers at Google.")
    answers = [Behaviour(schema_name="letter_paragraphs", text=text) for text in (links, untrue)]
    async with (
        running(Script(next=answers)) as provider,
        _worker(renderer, tmp_path, "anthropic:claude-haiku-5-5", provider) as tools,
    ):
        generation_id = await _order(person)
        await _made(person, generation_id, tools)

        asked = [call.schema_name for call in provider.calls]
        assert (asked.count("letter_paragraphs"), asked.count("letter_repairs")) == (2, 1)
        assert _leaks(provider) == []
    result = (await person.run(RESULT, id=generation_id))["generation"]
    assert result["status"] == "COMPLETED"


def _letter(sentence: str) -> str:
    """A model's answer with a sentence of this kind in its middle."""
    said: list[tuple[str, list[str]]] = [("I am applying.", []), (sentence, ["f3"]), ("Thank you.", [])]
    return json.dumps({"paragraphs": [{"text": text, "evidence": evidence} for text, evidence in said]})
