"""The web application: GraphQL, health, downloads. A composition root: the only module in here that knows the API."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from jobwise.config import Environment, Settings
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra import db, events, redis_client, storage
from jobwise.observability import health
from jobwise.observability.requests import Requests
from schema import graphiql, http, transport, websocket
from schema.build import schema

_STATUS_OF_DOWNLOAD = {ErrorCode.NOT_FOUND: 404, ErrorCode.FORBIDDEN: 403, ErrorCode.UNAVAILABLE: 503}
_LOCALHOST = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

#: What uvicorn must be told beside host and port; measured in the notes of docs/graphql.md.
UVICORN_OPTIONS: dict[str, Any] = {
    "ws": transport.ImpatientProtocol,
    "ws_per_message_deflate": False,
    "ws_max_size": 1_000_000,
    "access_log": False,
    "log_config": None,
    "proxy_headers": False,
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}


def create_app(settings: Settings) -> Starlette:
    """The application.

    It connects to the database and Redis when it starts and gives the connections back when it ends.
    """
    routes = [
        Route("/graphql", http.Endpoint(schema, settings).handle, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", websocket.Endpoint(schema, settings).handle),
        Route("/health", _alive),
        Route("/health/ready", _ready),
        Route("/files/{signed:path}", _Downloads(settings).handle),
        Mount("/static", StaticFiles(directory=graphiql.STATIC)),
    ]
    return Starlette(routes=routes, middleware=_middleware(settings), lifespan=_lifespan(settings))


def _middleware(settings: Settings) -> list[Middleware]:
    listed = [origin.strip() for origin in settings.allowed_origins.split(",") if origin.strip()]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=listed,
        allow_origin_regex=_LOCALHOST if settings.env is Environment.DEVELOPMENT else None,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=["retry-after", "x-request-id"],
        max_age=600,
    )
    layers = [Middleware(Requests, https=settings.env is Environment.PRODUCTION), cors]
    if settings.trusted_proxies:
        layers.insert(0, Middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies))
    return layers


def _lifespan(settings: Settings) -> Any:
    @asynccontextmanager
    async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await db.connect(settings.database_url)
            stack.push_async_callback(db.close)
            redis_client.connect(settings.redis_url)
            stack.push_async_callback(redis_client.close)
            await stack.enter_async_context(events.listening())
            yield

    return lifespan


async def _alive(_request: Request) -> Response:
    """The process answers; nothing else is asked."""
    return _json({"status": "ok"})


async def _ready(_request: Request) -> Response:
    """Whether requests can be served, with each part that they need. 503 when not."""
    parts = await health.parts()
    ready = all(part.ok for part in parts.values())
    body = {"status": "ok" if ready else "unavailable", "parts": {name: asdict(part) for name, part in parts.items()}}
    return _json(body, 200 if ready else 503)


class _Downloads:
    """Files behind signed links."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.signing_key()
        self._storage = storage.Storage(settings.files_folder())

    async def handle(self, request: Request) -> Response:
        """The file, or in JSON why not."""
        try:
            file = storage.open_signed(request.path_params["signed"], self._secret)
            data = await self._storage.get(file.key)
        except JobWiseError as error:
            return _json(
                {"error": {"code": error.code.value, "message": error.message}}, _STATUS_OF_DOWNLOAD[error.code]
            )
        headers = {
            "content-disposition": _disposition(file.filename),
            "cache-control": "private, max-age=3600",
            "content-security-policy": "sandbox",
        }
        return Response(data, headers=headers, media_type=file.media_type)


def _disposition(filename: str) -> str:
    """RFC 6266: a plain name for old clients, the real one in UTF-8 for all others."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_" for letter in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _json(body: dict[str, Any], status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(orjson.dumps(body), status, headers, "application/json; charset=utf-8")
