"""The outermost layer of the web application.

Request ids, the access log, security headers, and no traceback for anybody.
"""

import re
import time
from uuid import uuid4

import orjson
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwise.errors import ErrorCode

_REQUEST_ID = re.compile(r"^[\w.:-]{8,100}$")

_SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

log = structlog.get_logger("jobwise.access")


class Requests:
    """ASGI middleware.

    A client may name its request (`X-Request-Id`); the name is in every log line and in the response.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        self._headers = dict(_SECURITY_HEADERS)
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=_request_id(scope))
        await _Exchange(self._app, self._headers, scope, send).run(receive)


class _Exchange:
    def __init__(self, app: ASGIApp, headers: dict[str, str], scope: Scope, send: Send) -> None:
        self._app = app
        self._headers = headers
        self._scope = scope
        self._send = send
        self._status = 0
        self._request_id = structlog.contextvars.get_contextvars()["request_id"]

    async def run(self, receive: Receive) -> None:
        started = time.perf_counter()
        try:
            await self._app(self._scope, receive, self._forward)
        except Exception as error:
            # A bug, or a client that went away in the middle; either way the log has all of it and the client none.
            log.error("unexpected_error", path=self._scope["path"], exc_info=error)
            await self._apologise()
        finally:
            self._log(time.perf_counter() - started)

    async def _forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._request_id
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        elif message["type"] == "websocket.accept":
            self._status = 101
        await self._send(message)

    async def _apologise(self) -> None:
        if self._scope["type"] == "websocket" or self._status:
            raise ConnectionAbortedError("the response had begun already")
        error = {
            "message": "Something went wrong on our side. It has been logged; the request id helps us to find it.",
            "extensions": {"code": ErrorCode.INTERNAL.value, "requestId": self._request_id},
        }
        await self._forward(
            {
                "type": "http.response.start",
                "status": 500,
                "headers": [(b"content-type", b"application/json; charset=utf-8")],
            }
        )
        await self._forward({"type": "http.response.body", "body": orjson.dumps({"errors": [error]})})

    def _log(self, seconds: float) -> None:
        # Probes come every few seconds and say nothing when they succeed. A signed link is a secret while it lives.
        path = self._scope["path"]
        if path.startswith("/health") and self._status == 200:
            return
        log.info(
            "request",
            method=self._scope.get("method", "WEBSOCKET"),
            path="/files/…" if path.startswith("/files/") else path,
            status=self._status,
            milliseconds=round(seconds * 1000, 1),
            address=self._scope["client"][0] if self._scope.get("client") else "",
        )


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else uuid4().hex
