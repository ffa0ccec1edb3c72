"""GraphQL over a websocket: the protocol graphql-transport-ws, with every way to break it answered by a close code.

The token comes in the connection_init payload: `{"authorization": "Bearer …"}`. It is looked at again for every
operation, and the socket closes with 4403 when it expires or its session ends. A bad document ends its own operation
only.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, suppress
from typing import Any, cast

import jwt
import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected
from strawberry.types.execution import ExecutionResult, PreExecutionError, StreamExecutionResult

from jobwise.accounts import endings
from jobwise.accounts.service import SessionEnded, Viewer
from jobwise.config import Settings
from jobwise.errors import ErrorCode, JobWiseError
from schema import access
from schema.context import Context
from schema.errors import extensions_of, present
from schema.execution import TIMEOUT_SECONDS, JobWiseSchema, interruptions_named
from schema.http import Operation, OutOfTime

PROTOCOL = "graphql-transport-ws"

MAX_OPERATIONS = 50
INIT_SECONDS = 10.0

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
WRONG_PROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
INIT_TWICE = 4429
TRY_AGAIN_LATER = 1013

_LONGEST_REASON = 120

log = structlog.get_logger(__name__)


class Closing(Exception):
    """The client broke the protocol or may not be here: close the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class TooManyOperations(JobWiseError):
    """This socket has as many operations as it may: complete one, or open another socket."""

    code = ErrorCode.RATE_LIMITED


class Endpoint:
    """The route /graphql for websockets."""

    def __init__(self, schema: JobWiseSchema, settings: Settings) -> None:
        self._schema = schema
        self._settings = settings

    async def handle(self, websocket: WebSocket) -> None:
        """Serve one socket until it closes.

        Tokens come in a message and never in a cookie, so any origin may connect.
        """
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(WRONG_PROTOCOL, f"Subprotocol not acceptable: offer {PROTOCOL}")
            return
        await websocket.accept(subprotocol=PROTOCOL)
        await _Connection(websocket, self._schema, self._settings).serve()


class _Connection:
    """One socket: its token, its deadline and its running operations by id."""

    def __init__(self, websocket: WebSocket, schema: JobWiseSchema, settings: Settings) -> None:
        self._websocket = websocket
        self._schema = schema
        self._settings = settings
        self._origin = access.origin(websocket)
        self._token: str | None = None
        self._initialised = False
        self._acknowledged = False
        self._session_ended = False
        self._held = ExitStack()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        try:
            await self._receive()
        except Closing as closing:
            await self._close(closing.code, closing.reason)
        except JobWiseError as error:
            log.warning("websocket_refused", reason=type(error.__cause__ or error).__name__)
            await self._close(TRY_AGAIN_LATER, error.message)
        finally:
            await self._stop_all()

    async def _receive(self) -> None:
        """Handle messages until the socket or the deadline ends: first that of the initialisation, then the token's."""
        try:
            async with asyncio.timeout(INIT_SECONDS) as deadline:
                with self._held:
                    async for message in self._messages():
                        await self._handle(message, deadline)
        except TimeoutError:
            if self._session_ended:
                raise Closing(FORBIDDEN, f"Forbidden: {SessionEnded().message}") from None
            if self._acknowledged:
                raise Closing(FORBIDDEN, "Forbidden: the access token has expired") from None
            raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text")
            if text is None:
                raise Closing(BAD_MESSAGE, "Messages must be text, not binary")
            yield _parse(text)

    async def _handle(self, message: dict[str, Any], deadline: asyncio.Timeout) -> None:
        match message.get("type"):
            case "connection_init":
                await self._initialise(_payload(message), deadline)
            case "ping":
                await self._send({"type": "pong", **_echo(message)})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(_id(message), _operation(message))
            case "complete":
                if task := self._operations.pop(_id(message), None):
                    task.cancel()
            case str() as unknown:
                raise Closing(BAD_MESSAGE, f"Unknown message type {unknown!r}")
            case _:
                raise Closing(BAD_MESSAGE, "Message has no type")

    async def _initialise(self, payload: dict[str, Any], deadline: asyncio.Timeout) -> None:
        if self._initialised:
            raise Closing(INIT_TWICE, "Too many initialisation requests")
        self._initialised = True
        self._token = access.bearer(payload.get("authorization", payload.get("Authorization")))
        context = await self._admit()
        left = _seconds_left(self._token) if self._token else None
        deadline.reschedule(None if left is None else asyncio.get_running_loop().time() + left)
        if context.identity is not None:
            self._watch(context.identity, deadline)
        self._acknowledged = True
        await self._send({"type": "connection_ack"})

    def _watch(self, viewer: Viewer, deadline: asyncio.Timeout) -> None:
        """Let the end of the session be the deadline. An end before this is noticed by the first operation."""

        def end() -> None:
            self._session_ended = True
            if not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

        self._held.enter_context(endings.watch.attend(viewer.user_id, viewer.session_id, end))

    async def _admit(self) -> Context:
        """The context of another operation. A token that does not count (any more) closes the socket."""
        context = await access.admit(self._settings, self._origin, self._token)
        if context.refusal is not None:
            raise Closing(FORBIDDEN, f"Forbidden: {context.refusal.message}")
        return context

    async def _subscribe(self, operation_id: str, operation: Operation) -> None:
        if not self._acknowledged:
            raise Closing(UNAUTHORIZED, "Unauthorized: send connection_init first")
        if operation_id in self._operations:
            raise Closing(DUPLICATE_ID, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            await self._fail(operation_id, [_error(TooManyOperations())])
            return
        self._operations[operation_id] = asyncio.create_task(self._operate(operation_id, operation))

    async def _operate(self, operation_id: str, operation: Operation) -> None:
        """Run one operation to its end; the task of its own."""
        try:
            with interruptions_named():
                await self._stream(operation_id, operation, await self._admit())
        except Closing as closing:
            await self._close(closing.code, closing.reason)
        except TimeoutError:
            await self._fail(operation_id, [_error(OutOfTime())])
        except JobWiseError as error:
            await self._fail(operation_id, [_error(error)])
        except Exception as error:
            # Strawberry raises syntax errors here, and whatever goes wrong outside the resolvers.
            raised = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            await self._fail(operation_id, present([raised]))

    async def _stream(self, operation_id: str, operation: Operation, context: Context) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS) as context.deadline:
            results = await self._schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
            )
            async with aclosing(results):
                async for result in results:
                    if isinstance(result, PreExecutionError):
                        # Nothing was executed: the answer is an error message, not a result.
                        await self._fail(operation_id, present(result.errors or ()))
                        return
                    await self._send({"id": operation_id, "type": "next", "payload": _payload_of(result)})
        self._forget(operation_id)
        await self._send({"id": operation_id, "type": "complete"})

    async def _fail(self, operation_id: str, errors: list[dict[str, Any]]) -> None:
        self._forget(operation_id)
        await self._send({"id": operation_id, "type": "error", "payload": errors})

    def _forget(self, operation_id: str) -> None:
        # The id is free for use again once the client reads the last message; not after a complete that crossed it.
        if self._operations.get(operation_id) is asyncio.current_task():
            del self._operations[operation_id]

    async def _send(self, message: dict[str, Any]) -> None:
        # When nobody is there any more, the receiving side has been told as well and ends everything.
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            # Text frames: clients of this protocol do not read binary ones.
            await self._websocket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        encoded = reason.encode()[:_LONGEST_REASON]
        try:
            await self._websocket.close(code, encoded.decode(errors="ignore"))
        except (RuntimeError, WebSocketDisconnect):
            log.debug("websocket_closed_already", code=code)

    async def _stop_all(self) -> None:
        tasks = list(self._operations.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _parse(text: str) -> dict[str, Any]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Closing(BAD_MESSAGE, "Message is not valid JSON") from None
    if not isinstance(message, dict):
        raise Closing(BAD_MESSAGE, "Message must be a JSON object")
    return message


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload = message.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Closing(BAD_MESSAGE, "Message payload must be an object")
    return payload


def _echo(message: dict[str, Any]) -> dict[str, Any]:
    return {"payload": payload} if (payload := _payload(message)) else {}


def _id(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= 200:
        raise Closing(BAD_MESSAGE, "Message id must be a string of 1 to 200 characters")
    return operation_id


def _operation(message: dict[str, Any]) -> Operation:
    try:
        return Operation.of(_payload(message))
    except JobWiseError as error:
        raise Closing(BAD_MESSAGE, f"Invalid subscribe payload: {error.message}") from None


def _seconds_left(token: str) -> float | None:
    """How long a token that was just accepted stays valid."""
    expires = jwt.decode(token, options={"verify_signature": False}).get("exp")
    return None if expires is None else max(0.0, float(expires) - time.time())


def _payload_of(result: StreamExecutionResult) -> dict[str, Any]:
    # Incremental delivery is not enabled, so that every result is a whole one.
    result = cast("ExecutionResult", result)
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = present(result.errors)
    if result.extensions:
        payload["extensions"] = result.extensions
    return payload


def _error(error: JobWiseError) -> dict[str, Any]:
    return {"message": error.message, "extensions": extensions_of(error)}
