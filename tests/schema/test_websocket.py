import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sized
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from jobwise.accounts import endings, tokens
from jobwise.accounts import service as accounts
from jobwise.accounts.models import Session
from jobwise.accounts.service import InvalidRefreshToken, SignedIn
from jobwise.config import settings
from jobwise.infra import db
from schema import transport, websocket
from tests.accounts.people import a_viewer
from tests.schema.conftest import Api

PROTOCOL = "graphql-transport-ws"
PASSWORD = "Correct1horse"


class Socket:
    """One websocket to the API."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self.connection.recv(), 60)
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
        await asyncio.wait_for(self.connection.wait_closed(), 60)
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
    [
        ("{", "Syntax Error"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{...Nope}", "Unknown fragment"),
        ("fragment F on Query { __typename }", "nothing to run"),
    ],
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
    assert error["payload"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert result["payload"]["data"] == {"__typename": "Query"}


async def test_the_name_of_no_operation_ends_its_operation_and_is_no_bug(live: str) -> None:
    async with _socket(live) as socket:
        await socket.init()
        payload = {"query": "query A { __typename }", "operationName": "B"}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        error = await socket.receive()

    assert (error["type"], error["id"]) == ("error", "1")
    assert error["payload"] == [
        {"message": "The document has no operation 'B'.", "extensions": {"code": "BAD_REQUEST"}}
    ]


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
    now, deadlines = asyncio.get_running_loop().time, []
    really = websocket._Connection._initialise

    async def initialise(self: websocket._Connection, payload: dict[str, Any], deadline: asyncio.Timeout) -> None:
        deadlines.append(deadline)
        await really(self, payload, deadline)

    monkeypatch.setattr(websocket._Connection, "_initialise", initialise)
    monkeypatch.setattr(websocket, "_seconds_left", lambda _: 700.0)
    async with _socket(live) as socket:
        await socket.init(api.token)
        (deadline,) = deadlines
        assert 600 < (deadline.when() or 0) - now() <= 700
        deadline.reschedule(now())

        assert await socket.closed() == (4403, "Forbidden: the access token has expired")


async def _sign_out(signed_in: SignedIn) -> None:
    await accounts.logout(signed_in.viewer)


async def _sign_out_everywhere(signed_in: SignedIn) -> None:
    await accounts.logout_everywhere((await accounts.login(signed_in.user.email, PASSWORD)).viewer)


async def _change_password(signed_in: SignedIn) -> None:
    elsewhere = (await accounts.login(signed_in.user.email, PASSWORD)).viewer
    await accounts.change_password(elsewhere, PASSWORD, f"{PASSWORD}2")


async def _delete_account(signed_in: SignedIn) -> None:
    await accounts.delete_account(signed_in.viewer, PASSWORD)


async def _use_a_refresh_token_twice(signed_in: SignedIn) -> None:
    await accounts.refresh_session(signed_in.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await accounts.refresh_session(signed_in.refresh_token)


ENDS = [_sign_out, _sign_out_everywhere, _change_password, _delete_account, _use_a_refresh_token_twice]


@pytest.mark.parametrize("end", ENDS)
async def test_the_end_of_its_session_closes_a_socket_with_4403_at_once(
    live: str, monkeypatch: pytest.MonkeyPatch, end: Callable[[SignedIn], Awaitable[None]]
) -> None:
    monkeypatch.setattr(endings, "LOOK_SECONDS", 3600.0)
    signed_in = await accounts.register("ada@example.com", PASSWORD)
    other = await a_viewer()
    async with _socket(live) as socket, _socket(live) as socket_of_other:
        await socket.init(signed_in.access_token)
        await socket_of_other.init(tokens.issue_access(other.user_id, other.session_id).value)
        await socket.subscribe("subscription { myGenerations { type } }")
        await _waits(endings.watch._ends, 2)
        await end(signed_in)

        assert await socket.closed() == (4403, "Forbidden: This session was ended: please sign in again.")
        await socket_of_other.subscribe("{ __typename }")
        assert (await socket_of_other.receive())["payload"]["data"] == {"__typename": "Query"}

    await _waits(endings.watch._ends, 0)
    assert endings.watch._reader is None


async def test_who_changes_the_password_keeps_the_own_socket(live: str) -> None:
    signed_in = await accounts.register("ada@example.com", PASSWORD)
    elsewhere = await accounts.login("ada@example.com", PASSWORD)
    async with _socket(live) as mine, _socket(live) as other:
        await mine.init(signed_in.access_token)
        await other.init(elsewhere.access_token)
        await accounts.change_password(signed_in.viewer, PASSWORD, f"{PASSWORD}2")

        assert (await other.closed())[0] == 4403
        await mine.subscribe("{ __typename }")
        assert (await mine.receive())["payload"]["data"] == {"__typename": "Query"}


async def test_an_end_that_nobody_heard_of_is_seen_by_one_look_for_all_sockets(
    live: str, monkeypatch: pytest.MonkeyPatch, counting: Any
) -> None:
    monkeypatch.setattr(endings, "LOOK_SECONDS", 0.05)
    looks: list[set[UUID]] = []
    really, over = endings.Watch._end_those_over, asyncio.Event()

    async def look(self: endings.Watch, session_ids: set[UUID]) -> None:
        if over.is_set() and not looks:
            looks.append(session_ids)
            await really(self, session_ids)

    monkeypatch.setattr(endings.Watch, "_end_those_over", look)
    viewers = [await a_viewer() for _ in range(4)]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(_socket(live)) for _ in viewers]
        for socket, viewer in zip(sockets, viewers, strict=True):
            await socket.init(tokens.issue_access(viewer.user_id, viewer.session_id).value)
        await Session.filter(id__in=[viewer.session_id for viewer in viewers[:3]]).update(revoked_at=datetime.now(UTC))
        with counting() as statements:
            over.set()
            for socket in sockets[:3]:
                assert (await socket.closed())[0] == 4403
        await sockets[3].subscribe("{ __typename }")
        assert (await sockets[3].receive())["payload"]["data"] == {"__typename": "Query"}

    assert looks == [{viewer.session_id for viewer in viewers}]
    assert statements.texts == [endings._OVER]


async def test_looks_go_on_after_the_database_was_away(live: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "LOOK_SECONDS", 0.1)
    really, failed = db.fetch_all, asyncio.Event()

    async def fetch_all(query: str, *arguments: Any) -> Any:
        if query == endings._OVER and not failed.is_set():
            failed.set()
            raise db.DatabaseUnavailable
        return await really(query, *arguments)

    monkeypatch.setattr(db, "fetch_all", fetch_all)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await asyncio.wait_for(failed.wait(), 60)
        await Session.all().update(revoked_at=datetime.now(UTC))

        assert (await socket.closed())[0] == 4403


async def _waits(watched: Sized, number: int) -> None:
    async with asyncio.timeout(60):
        while len(watched) != number:  # noqa: ASYNC110 (what is waited for has no flag)
            await asyncio.sleep(0.01)


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
        await asyncio.wait_for(started.wait(), 60)
        await socket.send({"type": "complete", "id": "1"})

        assert await asyncio.wait_for(stopped.wait(), 60)


async def test_a_client_that_hangs_up_leaves_nothing_running(
    live: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, stopped = _until_stopped(monkeypatch)
    async with _socket(live) as socket:
        await socket.init(api.token)
        await socket.subscribe("{ viewer { profiles { id } } }")
        await asyncio.wait_for(started.wait(), 60)

    assert await asyncio.wait_for(stopped.wait(), 60)


async def test_a_client_that_does_not_read_is_sent_away_with_4413_and_holds_nothing(
    live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(transport, "FAREWELL_SECONDS", 60.0)
    _answer_at_length(monkeypatch)
    ended: asyncio.Queue[websocket._Connection] = asyncio.Queue()
    really = websocket._Connection._stop_all

    async def stop_all(self: websocket._Connection) -> None:
        await really(self)
        ended.put_nowait(self)

    monkeypatch.setattr(websocket._Connection, "_stop_all", stop_all)
    async with _socket(live, max_queue=1, close_timeout=0.1) as socket:
        await socket.init()
        for number in range(40):
            await socket.subscribe("{ __typename }", str(number))
        connection = await asyncio.wait_for(ended.get(), 60)
        assert all(task.done() for task in connection._operations.values())
        with suppress(ConnectionClosed):
            while True:
                await socket.receive()

        assert await socket.closed() == (4413, "Too slow: come back with your last cursor")


async def test_a_client_that_never_reads_again_is_cut(live: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STALL_SECONDS", 0.1)
    monkeypatch.setattr(transport, "FAREWELL_SECONDS", 0.1)
    _answer_at_length(monkeypatch)
    lost = asyncio.Event()
    really = transport.ImpatientProtocol.connection_lost

    def connection_lost(self: transport.ImpatientProtocol, error: Exception | None) -> None:
        really(self, error)
        lost.set()

    monkeypatch.setattr(transport.ImpatientProtocol, "connection_lost", connection_lost)
    async with _socket(live, max_queue=1, close_timeout=0.1) as socket:
        await socket.init()
        for number in range(40):
            await socket.subscribe("{ __typename }", str(number))

        assert await asyncio.wait_for(lost.wait(), 60)


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


def _answer_at_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each answer be as long as a message may be, so that a few of them fill all buffers on the way."""
    monkeypatch.setattr(websocket, "_payload_of", lambda _: {"data": {"__typename": "Query" * 200_000}})


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
