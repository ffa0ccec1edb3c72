import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from jobwise.config import Environment
from jobwise.observability import logs


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, configured as in production; the logging of the tests is put back afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level, options = root.handlers, root.level, structlog.get_config()
    logs.configure(Environment.PRODUCTION)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.configure(**options)
    structlog.contextvars.clear_contextvars()


def _last(lines: io.StringIO) -> dict[str, object]:
    event: dict[str, object] = json.loads(lines.getvalue().splitlines()[-1])
    return event


def test_events_are_json_with_the_ids_that_belong_to_them(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r1", user_id="u1", generation_id="g1")
    structlog.get_logger("jobwise.test").info("happened", count=3)

    event = _last(lines)
    assert {name: event[name] for name in ("event", "level", "request_id", "user_id", "generation_id", "count")} == {
        "event": "happened",
        "level": "info",
        "request_id": "r1",
        "user_id": "u1",
        "generation_id": "g1",
        "count": 3,
    }
    assert event["timestamp"]


def test_the_logs_of_uvicorn_and_the_libraries_go_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("socket %s closed", 7)

    assert _last(lines)["event"] == "socket 7 closed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("refresh_token", "hunter2"),
        ("Authorization", "Bearer hunter2"),
        ("variables", {"input": {"email": "hunter2"}}),
        ("api_key", "hunter2"),
        ("headers", {"cookie": "hunter2"}),
        ("error", "refused: Authorization: Bearer hunter2.abc-def"),
        ("error", "token eyJhbGciOiJIUzI1NiJ9.hunter2.sig is bad"),
        ("error", "key sk-proj-hunter2hunter2hunter2 was refused"),
        ("error", "could not connect to postgresql://jobwise:hunter2@db/jobwise"),
        ("items", ["ok", {"token": "hunter2"}]),
    ],
)
def test_secrets_are_hidden_by_name_and_by_look(lines: io.StringIO, name: str, value: object) -> None:
    structlog.get_logger("jobwise.test").info("happened", **{name: value})

    assert "hunter2" not in lines.getvalue()
    assert "[hidden]" in lines.getvalue()


def test_secrets_in_tracebacks_are_hidden(lines: io.StringIO) -> None:
    try:
        raise ValueError("rediss://user:hunter2@cache:6380")
    except ValueError as error:
        structlog.get_logger("jobwise.test").error("failed", exc_info=error)

    assert "hunter2" not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_counts_of_model_tokens_are_no_secrets(lines: io.StringIO) -> None:
    structlog.get_logger("jobwise.test").info("call", input_tokens=120, output_tokens=40)

    assert (_last(lines)["input_tokens"], _last(lines)["output_tokens"]) == (120, 40)
