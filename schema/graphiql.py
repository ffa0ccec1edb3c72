"""The GraphiQL page: the API's explorer, opened on a worked example from signing in to the finished documents."""

import secrets
from functools import cache
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_FOLDER = Path(__file__).parent / "static"


def assets() -> Path:
    """The folder of GraphiQL's own scripts; the set-up fills it. Without it, the page takes them from a public CDN."""
    return _FOLDER / "graphiql"


def page(request: Request) -> Response:
    """The page. Nothing but its own scripts may run in it."""
    return HTMLResponse("<!doctype html><title>JobWise</title>")
