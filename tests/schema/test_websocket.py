import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from graphql import get_introspection_query
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from jobwise.accounts import service as accounts
from jobwise.config import settings
from schema import transport, websocket
from tests.schema.conftest import Api

PROTOCOL = "graphql-transport-ws"


class Socket:
    """One websocket to the API."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self.connection.recv(), 10)
        assert isinstance(text, str), "frames must be text"
        message: dict[str, Any] = json.loads(text)
        return message

    async def init(self, token: str | None = None) -> None:
        payload = {"authorization": f"Bearer {token}"} if token else None
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, query: str, operation_id: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"type": "subscribe", "id": operation_id, "payload": payload})

    async def closed(self) -> tuple[int, str]:
        """Code and reason with which the server closes."""
        await asyncio.wait_for(self.connection.wait_closed(), 10)
        code, reason = self.connection.close_code, self.connection.close_reason
        assert code is not None
        assert code != 1006, "the server hung up without a close frame"
        return code, reason or ""


@asynccontextmanager
async def _socket(live: str, protocol: str = PROTOCOL, **options: Any) -> AsyncIterator[Socket]:
    address = live.replace("http://", "ws://") + "/graphql"
    async with connect(address, subprotocols=[Subprotocol(protocol)], proxy=None, **options) as connection:
        yield Socket(connection)


async def test_an_operation_runs_and_completes(live: str, api: Api) -> None:
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { sessions { isCurrent } } }")

        message, end = await socket.receive(), await socket.receive()

    assert message["payload"]["data"] == {"viewer": {"sessions": [{"isCurrent": True}]}}
    assert end == {"id": "1", "type": "complete"}


async def test_the_client_of_the_gql_library_gets_along(live: str, api: Api) -> None:
    transport = WebsocketsTransport(
        live.replace("http://", "ws://") + "/graphql",
        subprotocols=[PROTOCOL],
        init_payload={"Authorization": f"Bearer {api.token}"},
        connect_args={"proxy": None},
    )
    async with Client(transport=transport) as session:
        result = await session.execute(gql("{ viewer { sessions { isCurrent } } }"))

    assert result == {"viewer": {"sessions": [{"isCurrent": True}]}}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("[]", "Message must be a JSON object"),
        ("1", "Message must be a JSON object"),
        ("null", "Message must be a JSON object"),
        ("{", "Message is not valid JSON"),
        ("[" * 50_000, "Message is not valid JSON"),
        (b"{}", "Messages must be text, not binary"),
        ("{}", "Message has no type"),
        ('{"type": 1}', "Message has no type"),
        ('{"type": "start"}', "Unknown message type 'start'"),
        ('{"type": "connection_init", "payload": []}', "Message payload must be an object"),
        ('{"type": "ping", "payload": 1}', "Message payload must be an object"),
        ('{"type": "subscribe", "id": [], "payload": {"query": "{__typename}"}}', "Message id must be a string"),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{__typename}"}}', "Message id must be a string"),
        ('{"type": "subscribe", "id": "1"}', "`query` is missing"),
        ('{"type": "subscribe", "id": "1", "payload": "x"}', "Message payload must be an object"),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 1}}', "`query` is missing"),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}', "`variables` must be"),
        ('{"type": "complete", "id": 1}', "Message id must be a string"),
    ],
)
async def test_a_malformed_message_closes_with_4400_and_says_why(live: str, message: str | bytes, reason: str) -> None:
    async with _socket(live) as socket:
        await socket.send(message)

        code, said = await socket.closed()

    assert code == 4400
    assert reason in said


async def test_a_malformed_message_closes_with_4400_after_the_initialisation_too(live: str) -> None:
    async with _socket(live) as socket:
        await socket.init()
        await socket.send("[]")

        assert await socket.closed() == (4400, "Message must be a JSON object")


@pytest.mark.parametrize(
    ("query", "message"),
    [("{", "Syntax Error"), ("{ nothing }", "Cannot query field 'nothing'"), ("{...Nope}", "Unknown fragment")],
)
async def test_a_bad_document_ends_its_operation_and_not_the_socket(live: str, query: str, message: str) -> None:
    async with _socket(live) as socket:
        await socket.init()
        await socket.subscribe(query)
        error = await socket.receive()
        await socket.subscribe("{ __typename }")
        result = await socket.receive()

    assert (error["type"], error["id"]) == ("error", "1")
    assert message in error["payload"][0]["message"]
    assert result["payload"]["data"] == {"__typename": "Query"}


async def test_a_subprotocol_that_is_not_ours_closes_with_4406(live: str) -> None:
    async with _socket(live, "graphql-ws") as socket:
        code, reason = await socket.closed()

    assert code == 4406
    assert "graphql-transport-ws" in reason


async def test_subscribing_before_the_acknowledgement_closes_with_4401(live: str) -> None:
    async with _socket(live) as socket:
        await socket.subscribe("{ __typename }")

        assert (await socket.closed())[0] == 4401


async def test_initialising_twice_closes_with_4429(live: str) -> None:
    async with _socket(live) as socket:
        await socket.init()
        await socket.send({"type": "connection_init"})

        assert await socket.closed() == (4429, "Too many initialisation requests")


async def test_an_id_that_is_in_use_closes_with_4409(live: str, monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    monkeypatch.setattr("jobwise.profiles.queries.profiles", _for_ever)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        await socket.subscribe("{ __typename }")

        assert await socket.closed() == (4409, "Subscriber for 1 already exists")


async def test_silence_instead_of_an_initialisation_closes_with_4408(
    live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "INIT_SECONDS", 0.05)
    async with _socket(live) as socket:
        assert await socket.closed() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize("value", ["Bearer nonsense", "nonsense", 1, ["Bearer x"], "Basic x"])
async def test_a_token_that_does_not_count_closes_with_4403(live: str, value: Any) -> None:
    async with _socket(live) as socket:
        await socket.send({"type": "connection_init", "payload": {"authorization": value}})

        code, reason = await socket.closed()

    assert code == 4403
    assert reason.startswith("Forbidden: ")


async def test_the_socket_closes_with_4403_when_its_token_expires(
    live: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "_seconds_left", lambda _: 0.05)
    async with _socket(live) as socket:
        await socket.init(api.token)

        assert await socket.closed() == (4403, "Forbidden: the access token has expired")


async def test_after_signing_out_the_socket_takes_no_more_operations(live: str, api: Api) -> None:
    async with _socket(live) as socket:
        await socket.init(api.token)
        assert api.viewer is not None
        await accounts.logout(api.viewer)
        await socket.subscribe("{ __typename }")

        assert (await socket.closed())[0] == 4403


async def test_the_fifty_first_operation_is_refused_alone(live: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobwise.profiles.queries.profiles", _for_ever)
    async with _socket(live) as socket:
        await socket.init(api.token)
        for number in range(51):
            await socket.subscribe("{ viewer { profiles { id } } }", str(number))
        refused = await socket.receive()
        await socket.send({"type": "complete", "id": "0"})
        await socket.subscribe("{ __typename }", "more")
        accepted = await socket.receive()

    assert (refused["type"], refused["id"]) == ("error", "50")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert accepted["payload"]["data"] == {"__typename": "Query"}


async def test_operations_on_a_socket_count_like_requests(live: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "requests_a_minute", lambda _: 2)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ __typename }")
        assert [(await socket.receive())["type"], (await socket.receive())["type"]] == ["next", "complete"]
        await socket.subscribe("{ __typename }")
        refused = await socket.receive()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= refused["payload"][0]["extensions"]["retryAfterSeconds"] <= 60


async def test_pings_are_answered_with_their_payload(live: str) -> None:
    async with _socket(live) as socket:
        await socket.send({"type": "ping"})
        await socket.send({"type": "ping", "payload": {"n": 1}})

        assert [await socket.receive(), await socket.receive()] == [
            {"type": "pong"},
            {"type": "pong", "payload": {"n": 1}},
        ]


async def test_a_completed_operation_is_stopped(live: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    started, stopped = _until_stopped(monkeypatch)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        await asyncio.wait_for(started.wait(), 5)
        await socket.send({"type": "complete", "id": "1"})

        assert await asyncio.wait_for(stopped.wait(), 5)


async def test_a_client_that_hangs_up_leaves_nothing_running(
    live: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, stopped = _until_stopped(monkeypatch)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        await asyncio.wait_for(started.wait(), 5)

    assert await asyncio.wait_for(stopped.wait(), 5)


async def test_a_client_that_does_not_read_is_sent_away_with_4413_and_holds_nothing(
    live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "STALL_SECONDS", 0.2)
    ended: list[websocket._Connection] = []
    really = websocket._Connection._stop_all

    async def stop_all(self: websocket._Connection) -> None:
        await really(self)
        ended.append(self)

    monkeypatch.setattr(websocket._Connection, "_stop_all", stop_all)
    async with _socket(live, max_queue=1, close_timeout=0.1) as socket:
        await socket.init()
        for number in range(40):
            await socket.subscribe(get_introspection_query(), str(number))
        async with asyncio.timeout(20):
            while not ended:  # noqa: ASYNC110 (what is waited for has no flag)
                await asyncio.sleep(0.05)
        assert all(task.done() for task in ended[0]._operations.values())
        with suppress(ConnectionClosed):
            while True:
                await socket.receive()

        assert await socket.closed() == (4413, "Too slow: come back with your last cursor")


async def test_a_client_that_never_reads_again_is_cut(live: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STALL_SECONDS", 0.1)
    monkeypatch.setattr(transport, "FAREWELL_SECONDS", 0.1)
    lost = asyncio.Event()
    really = transport.ImpatientProtocol.connection_lost

    def connection_lost(self: transport.ImpatientProtocol, error: Exception | None) -> None:
        really(self, error)
        lost.set()

    monkeypatch.setattr(transport.ImpatientProtocol, "connection_lost", connection_lost)
    async with _socket(live, max_queue=1, close_timeout=0.1) as socket:
        await socket.init()
        for number in range(40):
            await socket.subscribe(get_introspection_query(), str(number))

        assert await asyncio.wait_for(lost.wait(), 20)


async def test_an_operation_that_takes_too_long_is_stopped_alone(
    live: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobwise.profiles.queries.profiles", _for_ever)
    monkeypatch.setattr(websocket, "TIMEOUT_SECONDS", 0.05)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        error = await socket.receive()

    assert error["type"] == "error"
    assert error["payload"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_an_operation_whose_part_is_cancelled_ends_with_an_internal_error(
    live: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancelled(*_: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr("jobwise.profiles.queries.profiles", cancelled)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        error = await socket.receive()

    assert (error["type"], error["id"]) == ("error", "1")
    assert error["payload"][0]["extensions"]["code"] == "INTERNAL"


async def _for_ever(*_: Any) -> Any:
    await asyncio.Event().wait()


def _until_stopped(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Make the list of profiles a read that never ends; flags for its start and its end."""
    started, stopped = asyncio.Event(), asyncio.Event()

    async def read(*_: Any) -> Any:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()

    monkeypatch.setattr("jobwise.profiles.queries.profiles", read)
    return started, stopped
