"""GraphQL over HTTP, after the GraphQL-over-HTTP specification: media types, methods, statuses, body limits.

A response is `application/graphql-response+json` where the client accepts it, else `application/json`. Requests that
GraphQL refuses (syntax, validation, variables) have status 400 under the first and 200 under the second, as the
specification says.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

import orjson
import structlog
from graphql import GraphQLError, GraphQLSyntaxError, parse
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from jobwise.config import Settings
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra import db
from schema import access, graphiql, limits
from schema.context import Context
from schema.errors import present, refusal
from schema.execution import TIMEOUT_SECONDS, JobWiseSchema, interruptions_named, is_import

MODERN = "application/graphql-response+json"
LEGACY = "application/json"

_MAX_BODY = 1_000_000
_MAX_IMPORT_BODY = 12_000_000
#: What is away is usually back soon, and asking costs little.
_RETRY_SECONDS = "2"

_STATUS = {
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}


class BadRequest(JobWiseError):
    """This is not a GraphQL request."""

    code = ErrorCode.BAD_REQUEST

    def __init__(self, message: str, status: int = 400) -> None:
        """`status` is that of the HTTP response."""
        self.status = status
        super().__init__(message)


class PayloadTooLarge(JobWiseError):
    """The request body is larger than 1 MB (12 MB for nothing but importProfile by somebody who is signed in)."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class QueryTooLong(JobWiseError):
    """The query has more than 60 000 characters: send long values, such as a file's content, as variables."""

    code = ErrorCode.QUERY_TOO_COMPLEX


class OutOfTime(JobWiseError):
    """The operation took too long and was stopped. Ask for less at once, or try again in a moment."""

    code = ErrorCode.UNAVAILABLE


@dataclass(frozen=True)
class Operation:
    """What a client asks for."""

    query: str
    variables: dict[str, Any] | None = None
    name: str | None = None

    @classmethod
    def of(cls, data: object) -> "Operation":
        """Read the parameters of a request. Raises BadRequest."""
        if isinstance(data, list):
            raise BadRequest("Batches are not offered: send one operation in each request.")
        if not isinstance(data, dict):
            raise BadRequest("The body must be a JSON object with a `query`.")
        query = data.get("query")
        if not isinstance(query, str) or not query:
            raise BadRequest("`query` is missing: it must be a string with a GraphQL document.")
        _optional(data, "extensions", dict, "an object")
        if len(query) > limits.MAX_CHARACTERS:
            raise QueryTooLong
        return cls(
            query, _optional(data, "variables", dict, "an object"), _optional(data, "operationName", str, "a string")
        )


def _optional(data: Mapping[str, Any], name: str, kind: type, what: str) -> Any:
    value = data.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {what} or null.")
    return value


class Endpoint:
    """The route /graphql for GET and POST."""

    def __init__(self, schema: JobWiseSchema, settings: Settings) -> None:
        self._schema = schema
        self._settings = settings

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        if (
            request.method == "GET"
            and "query" not in request.query_params
            and "text/html" in request.headers.get("accept", "")
        ):
            return graphiql.page(request)
        media_type = _negotiate(request.headers.get("accept", "*/*"))
        try:
            return await self._answer(request, media_type)
        except db.DatabaseUnavailable as error:
            structlog.get_logger(__name__).warning("unavailable", reason=error.reason)
            return _refuse(error, media_type)
        except JobWiseError as error:
            return _refuse(error, media_type)
        except Exception as error:
            # Not left to the outermost layer, whose answer a page from elsewhere may not read.
            shown = present([GraphQLError(str(error), original_error=error)])
            return _json_response({"errors": shown}, 500, media_type)

    async def _answer(self, request: Request, media_type: str) -> Response:
        context = await access.admit(self._settings, access.origin(request), _bearer(request))
        operation = await _read(request, signed_in=context.identity is not None)
        structlog.contextvars.bind_contextvars(operation=(operation.name or "")[:100])
        result = await self._execute(request, operation, context)
        return _respond(result, media_type)

    async def _execute(self, request: Request, operation: Operation, context: Context) -> ExecutionResult:
        allowed = {OperationType.QUERY} if request.method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
        try:
            with interruptions_named():
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    return await self._schema.execute(
                        operation.query,
                        variable_values=operation.variables,
                        context_value=context,
                        operation_name=operation.name,
                        allowed_operation_types=allowed,
                    )
        except TimeoutError:
            raise OutOfTime from None
        except CannotGetOperationTypeError as error:
            return PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        except InvalidOperationTypeError as error:
            raise _wrong_method(error.operation_type) from None


def _wrong_method(operation_type: OperationType) -> BadRequest:
    if operation_type is OperationType.SUBSCRIPTION:
        return BadRequest("Subscriptions run over a websocket at this address (subprotocol graphql-transport-ws).")
    return BadRequest("Mutations must be sent by POST.", status=405)


async def _read(request: Request, *, signed_in: bool) -> Operation:
    if request.method == "GET":
        return Operation.of(_query_parameters(request))
    _check_content_type(request.headers.get("content-type", ""))
    body = await _body(request, _MAX_IMPORT_BODY if signed_in else _MAX_BODY)
    operation = Operation.of(_json(body, "The body"))
    if len(body) > _MAX_BODY and not _only_imports(operation.query):
        raise PayloadTooLarge
    return operation


def _query_parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = _json(parameters[name].encode(), f"`{name}`")
    return {name: value or None for name, value in parameters.items()}


def _check_content_type(header: str) -> None:
    message = Message()
    message["content-type"] = header
    charset = str(message.get_param("charset", "utf-8")).lower()
    if message.get_content_type() != LEGACY or not header:
        raise BadRequest(f"Send the request as {LEGACY}.", status=415)
    if charset not in ("utf-8", "utf8"):
        raise BadRequest("Send the request in UTF-8.", status=415)


async def _body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise PayloadTooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge
    return bytes(body)


def _json(text: bytes, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(f"{what} is not valid JSON in UTF-8.") from None


def _only_imports(query: str) -> bool:
    try:
        return is_import(parse(query, max_tokens=limits.MAX_TOKENS, no_location=True))
    except (GraphQLSyntaxError, RecursionError):
        return False


def _bearer(request: Request) -> str | None:
    return access.bearer(request.headers.get("authorization"))


def _negotiate(accept: str) -> str:
    """The better of our two media types; the legacy one for clients that accept neither or do not care."""
    weights = dict(map(_weighed, accept.lower().split(",")))
    legacy = weights.get(LEGACY, weights.get("application/*", weights.get("*/*", 0.0)))
    modern = weights.get(MODERN, 0.0)
    return MODERN if modern > 0 and modern >= legacy else LEGACY


def _weighed(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


def _respond(result: ExecutionResult, media_type: str) -> Response:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = present(result.errors)
    refused = result.data is None and all(error.path is None for error in result.errors or ())
    if not refused:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    status = 400 if refused and media_type == MODERN else 200
    return _json_response(body, status, media_type)


def _refuse(error: JobWiseError, media_type: str) -> Response:
    status = error.status if isinstance(error, BadRequest) else _STATUS.get(error.code, 400)
    response = _json_response(refusal(error), status, media_type)
    if status == 405:
        response.headers["allow"] = "POST"
    if status == 503:
        response.headers["retry-after"] = _RETRY_SECONDS
    return response


def _json_response(body: dict[str, Any], status: int, media_type: str) -> Response:
    headers = {"cache-control": "no-store", "vary": "accept"}
    for error in body.get("errors", ()):
        if (seconds := error.get("extensions", {}).get("retryAfterSeconds")) is not None:
            status, headers["retry-after"] = 429, str(seconds)
    return Response(orjson.dumps(body), status, headers, f"{media_type}; charset=utf-8")
