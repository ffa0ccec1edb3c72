"""The GraphiQL page: the API's explorer, opened on a worked example from signing in to the finished documents."""

import html
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jobwise import samples

#: Served under /static. The set-up puts GraphiQL's own files into the folder `graphiql` below it.
STATIC = Path(__file__).parent / "static"

#: GraphiQL and what it needs: file name → where the public CDN has it, for installations without the files.
_SCRIPTS = {
    "react.production.min.js": "react@18.3.1/umd/react.production.min.js",
    "react-dom.production.min.js": "react-dom@18.3.1/umd/react-dom.production.min.js",
    "graphiql.min.js": "graphiql@3.8.2/graphiql.min.js",
}
_STYLE = {"graphiql.min.css": "graphiql@3.8.2/graphiql.min.css"}
_CDN = "https://cdn.jsdelivr.net"


def page(request: Request) -> Response:
    """The page. No other scripts than its own run in it: each carries the nonce of this answer."""
    nonce = secrets.token_urlsafe(16)
    places = _places()
    sources = [places[name] for name in _SCRIPTS] + ["/static/explorer.js"]
    tags = [f'<script nonce="{nonce}" src="{html.escape(source)}"></script>' for source in sources]
    body = _template()
    for name, value in {
        "css": places["graphiql.min.css"],
        "nonce": nonce,
        "example": _example(),
        "scripts": "\n".join(tags),
    }.items():
        body = body.replace(f"{{{{{name}}}}}", value)
    headers = {"content-security-policy": _policy(nonce, request.url.netloc), "cache-control": "no-store"}
    return HTMLResponse(body, headers=headers)


def _places() -> dict[str, str]:
    folder = STATIC / "graphiql"
    files = {**_SCRIPTS, **_STYLE}
    if all((folder / name).is_file() for name in files):
        return {name: f"/static/graphiql/{name}" for name in files}
    return {name: f"{_CDN}/npm/{path}" for name, path in files.items()}


def _policy(nonce: str, host: str) -> str:
    # GraphiQL's editor writes style attributes, for which there are no nonces.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'self' 'unsafe-inline' {_CDN}",
            "img-src 'self' data:",
            "font-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


@cache
def _template() -> str:
    return (STATIC / "explorer.html").read_text(encoding="utf-8")


@cache
def _example() -> str:
    """The tabs as JSON that is safe inside a script element."""
    return orjson.dumps(example()).decode().replace("<", "\\u003c")


def example() -> list[dict[str, Any]]:
    """The worked example: one operation after the other, with variables that refer to the results of earlier ones."""
    resume = orjson.dumps(samples.default_profile().resume, option=orjson.OPT_INDENT_2).decode()
    posting = samples.default_posting()
    advertisement = f"{posting.title}\n{posting.company}, {posting.location}\n\n{posting.text}"
    variables: dict[str, dict[str, Any]] = {
        "1-register": {"input": {"email": "you@example.com", "password": "Correct-Horse-9", "name": "You"}},
        "2-import-profile": {"input": {"content": resume}},
        "3-import-job": {"input": {"text": advertisement}},
        "4-start-generation": {"input": {"profileId": "LAST_PROFILE", "jobId": "LAST_JOB"}},
        "5-progress": {"id": "LAST_GENERATION"},
        "6-documents": {"id": "LAST_GENERATION"},
    }
    return [
        {"query": (STATIC / "example" / f"{name}.graphql").read_text(encoding="utf-8"), "variables": values}
        for name, values in variables.items()
    ]
