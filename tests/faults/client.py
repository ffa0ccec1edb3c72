"""People as clients of the API: they sign up, order, say again what was refused for a moment, and follow."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from jobwise import samples
from schema import ids
from schema.generation.types import CursorOf, decode_cursor, encode_cursor
from tests.faults.harness import Site

_PAUSE_SECONDS = 0.1
_PATIENCE_SECONDS = 90.0
_RETRYABLE = frozenset(("UNAVAILABLE", "RATE_LIMITED"))
ENDED = frozenset(("COMPLETED", "FAILED", "CANCELLED"))
BOTH = ("RESUME", "COVER_LETTER")

_REGISTER = """mutation($input: RegisterInput!) { register(input: $input) {
  __typename ... on RegisterSuccess { session { accessToken } } ... on UserError { code message } } }"""
_IMPORT = """mutation($input: ImportProfileInput!) { importProfile(input: $input) {
  __typename ... on ImportProfileSuccess { profile { id } } ... on UserError { code message } } }"""
_JOB = """mutation($input: CreateJobInput!) { createJob(input: $input) {
  __typename ... on JobSuccess { job { id } } ... on UserError { code message } } }"""
_START = """mutation($input: StartGenerationInput!) { startGeneration(input: $input) {
  __typename ... on StartGenerationSuccess { generation { id } } ... on UserError { code message } } }"""
_CANCEL = """mutation($id: ID!) { cancelGeneration(input: {id: $id}) {
  __typename ... on UserError { code message } } }"""
_RETRY = """mutation($id: ID!) { retryGeneration(input: {id: $id}) {
  __typename ... on UserError { code message } } }"""
_PROGRESS = """subscription($id: ID!, $after: String) { event: generationProgress(id: $id, after: $after) {
  cursor type stage status progress message delta } }"""
_MINE = """subscription($after: String) { event: myGenerations(after: $after) {
  cursor type stage status progress message delta } }"""


class Refused(Exception):
    """The API said no, and would say so again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass
class Order:
    """A generation that was asked for, and what the API answered."""

    key: str
    id: str = ""

    @property
    def row(self) -> UUID:
        """Its id in the database."""
        return ids.decode(self.id, "Generation")


@dataclass
class Person:
    """Somebody with an account, a profile and a posting. Says everything again that was refused for the moment."""

    site: Site
    token: str = ""
    profile: str = ""
    job: str = ""
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.org")

    async def arrive(
        self,
        title: str = "Data Analyst",
        *,
        profile: str = "junior-data-analyst",
        posting: str = "junior-data-analyst-charity",
    ) -> "Person":
        """Sign up, bring a sample profile and a sample posting under this title."""
        account = {"email": self.email, "password": "Only-For-Faults-1", "name": "Robin Sample"}
        self.token = (await self.mutate(_REGISTER, input=account))["session"]["accessToken"]
        resume = json.dumps(samples.profile(profile).resume)
        self.profile = (await self.mutate(_IMPORT, input={"content": resume}))["profile"]["id"]
        await self.want(title, posting)
        return self

    async def want(self, title: str, posting: str = "junior-data-analyst-charity") -> None:
        """Order for another posting from now on."""
        draft = {"title": title, "company": "Harbour Trust", "description": samples.posting(posting).text}
        self.job = (await self.mutate(_JOB, input=draft))["job"]["id"]

    async def order(self, *, kinds: tuple[str, ...] = BOTH, key: str = "", once: bool = False) -> Order:
        """Start a generation; sent again with the same key until it is accepted, unless `once`."""
        order = Order(key or uuid4().hex)
        values = {
            "profileId": self.profile, "jobId": self.job, "kinds": list(kinds), "idempotencyKey": order.key,
            "language": "en",
        }  # fmt: skip
        found = await self.mutate(_START, once=once, input=values)
        order.id = found["generation"]["id"]
        return order

    async def cancel(self, order: Order) -> None:
        """Ask to stop. Raises Refused when it has ended."""
        await self.mutate(_CANCEL, id=order.id)

    async def retry(self, order: Order) -> None:
        """Let an ended one go on."""
        await self.mutate(_RETRY, id=order.id)

    async def mutate(self, document: str, *, once: bool = False, **variables: Any) -> dict[str, Any]:
        """The result of a mutation. Raises Refused; with `once` also httpx's errors."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        body = {"query": document, "variables": variables}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            while True:
                try:
                    response = await http.post(f"{self.site.url}/graphql", json=body, headers=headers)
                    return _result(response)
                except (httpx.TransportError, Refused) as error:
                    final = isinstance(error, Refused) and error.code not in _RETRYABLE
                    if final or once or time.monotonic() > deadline:
                        raise
                await asyncio.sleep(_PAUSE_SECONDS)


def _result(response: httpx.Response) -> dict[str, Any]:
    answer = response.json()
    if errors := answer.get("errors"):
        raise Refused(errors[0].get("extensions", {}).get("code", "BAD_REQUEST"), errors[0]["message"])
    (result,) = answer["data"].values()
    if not result["__typename"].endswith("Success"):
        raise Refused(result["code"], result["message"])
    return dict(result)


class Follower:
    """A subscriber that comes back with its last cursor, however often it is cut off, and remembers what it saw.

    With an order: that generation until it has ended. Without: everything of the person, until `done`.
    """

    def __init__(self, person: Person, order: Order | None = None) -> None:
        self.order = order
        self.person = person
        self.seen: list[int] = []
        self.types: list[str] = []
        self.resyncs = 0
        self.cuts = 0
        self.connections = 0
        self.ended = asyncio.Event()
        self._of = CursorOf.GENERATION if order else CursorOf.PERSON
        # Without a cursor, a person's events are those from now on.
        self._cursor: str | None = None if order else encode_cursor(0, self._of)
        self._connection: ClientConnection | None = None
        self._task = asyncio.create_task(self._follow())

    def cut(self) -> bool:
        """Break the line without a word, if there is one."""
        if self._connection is None:
            return False
        self._connection.transport.abort()
        self._connection = None
        self.cuts += 1
        return True

    async def stop(self) -> None:
        """Go away."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def trouble(self) -> BaseException | None:
        """Why it gave up, if it did."""
        return self._task.exception() if self._task.done() and not self._task.cancelled() else None

    async def wait(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Until the generation has ended and the API has said so."""
        ended = asyncio.create_task(self.ended.wait())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait([self._task, ended], return_when="FIRST_COMPLETED")
        finally:
            ended.cancel()
        if self._task.done():
            self._task.result()

    async def _follow(self) -> None:
        while not self.ended.is_set():
            try:
                async for event in self._connected():
                    self._note(event)
                if self.order is not None and self.types and self.types[-1] in ENDED:
                    self.ended.set()
            except (WebSocketException, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_SECONDS)

    def _note(self, event: dict[str, Any]) -> None:
        if event["type"] == "DELTA":
            return
        self._cursor = event["cursor"]
        if event["type"] == "RESYNC":
            self.resyncs += 1
            return
        self.seen.append(decode_cursor(event["cursor"], self._of))
        self.types.append(event["type"])

    async def _connected(self) -> AsyncIterator[dict[str, Any]]:
        address = self.person.site.url.replace("http", "ws", 1) + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(
            address, subprotocols=[protocol], proxy=None, compression=None, open_timeout=10, close_timeout=1
        ) as connection:
            self._connection = connection
            self.connections += 1
            payload = {"authorization": f"Bearer {self.person.token}"}
            await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
            await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": self._operation()}))
            async for text in connection:
                message = json.loads(text)
                match message["type"]:
                    case "next" if "errors" not in message["payload"]:
                        yield message["payload"]["data"]["event"]
                    case "next" | "error":
                        _raise(message["payload"])
                    case "complete":
                        return
                    case "ping":
                        await connection.send(json.dumps({"type": "pong"}))
        raise ConnectionResetError("closed before the end")

    def _operation(self) -> dict[str, Any]:
        if self.order is None:
            return {"query": _MINE, "variables": {"after": self._cursor}}
        return {"query": _PROGRESS, "variables": {"id": self.order.id, "after": self._cursor}}


def _raise(payload: Any) -> None:
    """What the API says about a subscription that it ends: to come back later, or that something is wrong."""
    error = (payload["errors"] if isinstance(payload, dict) else payload)[0]
    code = error.get("extensions", {}).get("code", "BAD_REQUEST")
    if code in _RETRYABLE:
        raise ConnectionResetError(code)
    raise Refused(code, error["message"])
