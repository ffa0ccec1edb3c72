"""Logs: one event a line, JSON in production and readable on a terminal, with the ids that belong together.

`request_id`, `user_id` and `generation_id` come from context variables (`structlog.contextvars.bind_contextvars`).
Secrets never reach a log: values under telling names and anything that looks like a token are replaced here, last of
all.
"""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from jobwise.config import Environment

_HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"passw|secret|token|authori[sz]ation|api_?key|cookie|variables|credential", re.IGNORECASE)
_SECRET_VALUES = re.compile(
    r"(?i)(\bbearer\s+)[\w.~+/=-]+"  # an authorization header
    r"|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JSON web token
    r"|\b(?:sk|gsk|xai|AIza)[-_\w]{16,}"  # a provider's key
    r"|((?:postgres(?:ql)?|rediss?)://[^:/@\s]*:)[^@\s]+(?=@)"  # a password in a URL
)
# The lease token is a number that fences workers, and counts of model tokens are what budgets are about.
_HARMLESS_NAMES = frozenset({"token_count", "input_tokens", "output_tokens", "cached_tokens", "lease_token"})


def configure(environment: Environment, *, level: int = logging.INFO) -> None:
    """Send all logs of this process, also those of uvicorn and the libraries, through one formatter to stderr."""
    shared = _shared_processors()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(environment, shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    _route_libraries()


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(environment: Environment, shared: list[Processor]) -> logging.Formatter:
    readable = environment is Environment.DEVELOPMENT and sys.stderr.isatty()
    ending: list[Processor] = (
        # Plain tracebacks: the pretty ones print local variables, secrets among them.
        [redact, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )


def _route_libraries() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "strawberry.execution", "arq.worker"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # Requests are logged by our own middleware, with their ids; httpx would log whole URLs.
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets: by the name of the value, else by what a value looks like."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and name not in _HARMLESS_NAMES:
        return _HIDDEN
    if isinstance(value, str):
        return _SECRET_VALUES.sub(lambda match: f"{match[1] or match[2] or ''}{_HIDDEN}", value)
    if isinstance(value, dict):
        return {key: _without_secrets(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", item) for item in value]
    return value
