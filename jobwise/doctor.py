"""The command `jobwise doctor`: is everything there that JobWise needs, and what to do where it is not."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from jobwise.config import Settings
from jobwise.documents import fonts
from jobwise.documents.content import LetterContent, LetterParagraph
from jobwise.documents.renderer import Renderer
from jobwise.errors import JobWiseError
from jobwise.infra import db, redis_client
from jobwise.infra.embedded import EmbeddedError, binaries
from jobwise.infra.http_client import HttpClients
from jobwise.llm.calls import Target
from jobwise.llm.checks import Check, check, check_vectors
from jobwise.llm.deployments import adapter, links
from jobwise.llm.embedding import Embedder, Vector
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.router import Router, opened
from jobwise.llm.types import Caller, Completion, Link, Request, Texts, Transcript
from jobwise.observability import health
from jobwise.profiles.dates import PartialDate
from jobwise.supervisor import ServiceFailed, find_running, listen

_OLDEST_PYTHON = (3, 11)
_LIBRARIES = (
    "needs Pango and HarfBuzz. "
    "Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; macOS: brew install pango"
)

_ADVICE = {
    ErrorKind.AUTH: "does not accept the key; check it and what it may be used for",
    ErrorKind.QUOTA: "has nothing left to spend; add credit there",
    ErrorKind.UNKNOWN_MODEL: "does not know the model; check its name and the address",
    ErrorKind.ADDRESS: "is not what answers at this address; check it, and what it ends with, such as /v1",
    ErrorKind.CONNECTION: "cannot be reached; check the address, that the server runs, and a proxy if there is one",
    ErrorKind.TIMEOUT: "does not answer in time",
    ErrorKind.RATE_LIMIT: "takes no more calls just now",
    ErrorKind.OVERLOADED: "has a fault or too much to do just now",
    ErrorKind.CONTEXT_TOO_LONG: "has no room for even the test question; give it a larger context",
    ErrorKind.REFUSED: "declined the test question",
    ErrorKind.NO_ROOM: "has only thought; let it think less, or choose another model",
    ErrorKind.BAD_REQUEST: "does not accept the form of our requests, so it cannot be used as it is",
    ErrorKind.PROTOCOL: "does not answer as its protocol says; check the address, and what stands in between",
    ErrorKind.SPENDING: "was not asked",
    ErrorKind.PACED: "was not asked",
}
_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"
_Embed = Callable[[Target[Embedder], Texts], Awaitable[list[Vector]]]


@dataclass(frozen=True)
class Result:
    """What a check found. `detail` says what is there, or what to do."""

    ok: bool
    detail: str


async def examine(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Make all checks, tell each result in a line; whether nothing needed is missing."""
    checks: dict[str, Callable[[Settings], Awaitable[Result]]] = {
        "Python": _python,
        "fonts": _fonts,
        "PDF": _pdf,
        "secret": _secret,
        "database": _database,
        "Redis": _redis,
        "port": _port,
    }
    good = True
    for name, look in checks.items():
        good = _told(name, await look(settings), tell) and good
    async for name, result in models(settings):
        good = _told(name, result, tell) and good
    return good


def _told(name: str, result: Result, tell: Callable[[str], None]) -> bool:
    tell(f"{'✓' if result.ok else '✗'} {name}: {result.detail}")
    return result.ok


async def _python(_settings: Settings) -> Result:
    found = ".".join(map(str, sys.version_info[:3]))
    return Result(sys.version_info >= _OLDEST_PYTHON, f"{found}; 3.11 or newer is needed")


async def _fonts(_settings: Settings) -> Result:
    try:
        glyphs = len(fonts.characters(fonts.LATIN_FALLBACKS[0]))
    except OSError as error:
        return Result(False, f"cannot be read ({error}); run `make setup` again")
    return Result(True, f"{fonts.LATIN_FALLBACKS[0]} with {glyphs} characters")


async def _pdf(_settings: Settings) -> Result:
    """Through the same rendering process as in the service."""
    line = LetterContent(
        name="JobWise",
        date=PartialDate("2026-01-01"),
        salutation="Hello",
        paragraphs=(LetterParagraph(text="It works."),),
        closing="Bye",
        signature="JobWise",
    )
    try:
        async with Renderer(1) as renderer:
            made = await renderer.render(line, created=datetime.now(UTC))
    except JobWiseError as error:
        return Result(False, f"a line cannot be rendered ({error}); this {_LIBRARIES}")
    slow = "" if find_library("harfbuzz-subset") else "; embedding fonts is slower without libharfbuzz-subset"
    return Result(True, f"{made.page_count} page, {len(made.data)} bytes{slow}")


async def _secret(settings: Settings) -> Result:
    if objection := settings.home_objection():
        return Result(False, objection)
    own = bool(settings.secret_key.get_secret_value())
    settings.signing_key()
    where = "JOBWISE_SECRET_KEY" if own else f"made for development in {settings.home / 'secret-key'}"
    return Result(True, where)


async def _database(settings: Settings) -> Result:
    async with _connected(settings) as found:
        return found or _embedded(binaries.postgres_installation, "PostgreSQL")


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Result | None]:
    """The database for the block, and whether it can be used; None where there is none."""
    url = settings.database_url or await embedded_url(settings, "database_url")
    if not url:
        yield None
        return
    try:
        await db.connect(url, pool=1)
        yield await _migrated()
    finally:
        await db.close()


async def _migrated() -> Result:
    try:
        missing = await health.missing_migrations()
    except db.DatabaseUnavailable as error:
        return Result(False, f"does not answer ({error.reason}); check DATABASE_URL")
    except db.OperationalError as error:
        return Result(False, f"cannot be read ({type(error).__name__}); check DATABASE_URL")
    return Result(not missing, missing or "answers and is migrated")


async def _redis(settings: Settings) -> Result:
    url = settings.redis_url or await embedded_url(settings, "redis_url")
    if not url:
        return _embedded(binaries.redis_program, "Redis")
    try:
        async with Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            await client.ping()
    except redis_client.REDIS_ERRORS as error:
        return Result(False, f"does not answer ({type(error).__name__}); check REDIS_URL")
    return Result(True, "answers")


async def _port(settings: Settings) -> Result:
    if running := await find_running(settings.home):
        return Result(True, f"JobWise runs at {running.url}")
    try:
        listen(settings.host, settings.port).close()
    except ServiceFailed as error:
        return Result(False, str(error))
    return Result(True, f"{settings.port} is free")


async def models(settings: Settings) -> AsyncIterator[tuple[str, Result]]:
    """A test question to every model of the settings, through the ledger of model calls where there is a database.

    Who sets up models may have none yet.
    """
    if not settings.model_links():
        yield "models", Result(True, "the built-in writer writes alone; JOBWISE_LLM_CHAIN names models")
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(_connected(settings))
        router = await stack.enter_async_context(opened(settings))
        if router is None:
            return
        if database and database.ok:
            ask = partial(_written_down, router)
            embed: _Embed = partial(router.embed, caller=Caller(), always=True)
        else:
            http = HttpClients(pools=1)
            stack.push_async_callback(http.aclose)
            ask, embed = partial(_straight, settings, http), _embed_straight
            yield "models", Result(True, "without a database, what these test questions cost is not written down")
        for link in links(settings):
            found = await check(link.deployment.name, link.model, partial(ask, link))
            yield f"{found.provider}:{found.model}", _of_model(found)
        if target := router.embedding:
            found = await check_vectors(target.provider, target.model.model, partial(embed, target))
            yield target.name, _of_vectors(found)


async def _embed_straight(target: Target[Embedder], texts: Texts) -> list[Vector]:
    return await target.model.embed(texts, Transcript(), uuid4(), lambda: None)


async def _written_down(router: Router, link: Link, request: Request, transcript: Transcript) -> Completion:
    return await router.ask_once((link.deployment.name, link.model), request, Caller(), transcript)


async def _straight(
    settings: Settings, http: HttpClients, link: Link, request: Request, transcript: Transcript
) -> Completion:
    limits = TimeLimits(settings.llm_first_token_seconds, settings.llm_idle_seconds, settings.llm_call_seconds)
    return await adapter(link, http, limits).complete(request, transcript, uuid4(), lambda: None)


def _of_model(found: Check) -> Result:
    if found.error:
        return Result(False, _advice(found.error))
    first, last = (found.first_token_ms or 0) / 1000, (found.latency_ms or 0) / 1000
    facts = [
        f"answers in {last:.1f} s, the first word after {first:.1f} s",
        "follows the schema" if found.follows_schema else "does NOT follow the schema, so its answers cannot be used",
        "streams" if found.streams else "does not stream",
        _priced(found.price_is_known),
        *found.warnings,
    ]
    return Result(found.is_good, "; ".join(facts))


def _of_vectors(found: Check) -> Result:
    if found.error:
        return Result(False, _advice(found.error))
    made = f"makes vectors of {found.dimensions} numbers in {(found.latency_ms or 0) / 1000:.1f} s"
    return Result(True, f"{made}; {_priced(found.price_is_known)}")


def _advice(error: ProviderError) -> str:
    if _CERTIFICATE in error.message:
        return f"shows a certificate that is not trusted here; SSL_CERT_FILE may name its authority's ({error})"
    return f"{_ADVICE[error.kind]} ({error})"


def _priced(is_known: bool) -> str:
    return "its price is known" if is_known else "its price is not known, so spending limits do not hold for it"


async def embedded_url(settings: Settings, name: str) -> str:
    """The address of an embedded server that runs just now; empty when none does."""
    record = settings.home / "run" / "servers.json"
    if await find_running(settings.home) is None or not record.exists():
        return ""
    return str((json.loads(record.read_text()).get("addresses") or {}).get(name, ""))


def _embedded(program: Callable[[], Path], name: str) -> Result:
    try:
        found = program()
    except EmbeddedError as error:
        return Result(False, str(error))
    return Result(True, f"embedded {name} in {found}; `jobwise up` starts it")
