"""What failures mean that all providers have in common: by status, by words, and of the connection."""

import html
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from jobwise.llm.errors import ErrorKind, ProviderError

#: In characters; what providers say beyond that is not kept.
LONGEST_MESSAGE = 500

# What an HTTP status means where the body does not say more. Others than these, of requests that are not taken, come
# from servers that are not what the address was thought to be.
_KINDS_BY_STATUS = {
    400: ErrorKind.BAD_REQUEST,
    401: ErrorKind.AUTH,
    402: ErrorKind.QUOTA,
    403: ErrorKind.AUTH,
    # Who has no such model says so.
    404: ErrorKind.ADDRESS,
    # From a proxy on the way, which wants a password for itself.
    407: ErrorKind.CONNECTION,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.OVERLOADED,
    413: ErrorKind.CONTEXT_TOO_LONG,
    422: ErrorKind.BAD_REQUEST,
    424: ErrorKind.OVERLOADED,
    425: ErrorKind.OVERLOADED,
    429: ErrorKind.RATE_LIMIT,
    451: ErrorKind.AUTH,
    498: ErrorKind.OVERLOADED,
    499: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
}
# Some say with words alone, under the status of a bad request, a wrong key or too many calls, what others have a code
# for.
_KINDS_BY_WORDS = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        (
            ErrorKind.CONTEXT_TOO_LONG,
            r"context (?:length|window|size|limit)|(?:prompt|input|request) is too (?:long|large)|input token count"
            r"|too many (?:input )?tokens|reduce the length",
        ),
        (
            ErrorKind.REFUSED,
            r"\b(?:input|prompt|output|content) was flagged\b|moderation|content filter|content policy"
            r"|violates .{0,30}(?:usage|content) (?:guidelines|policy)|\bSAFETY_CHECK",
        ),
        (
            ErrorKind.QUOTA,
            r"credit balance|insufficient (?:balance|credits?|funds|quota)|have any credits|used all .{0,20}credits"
            r"|credits are depleted|spend(?:ing)? (?:limit|cap)|specified API usage limits|\bkey limit exceeded",
        ),
        (
            ErrorKind.AUTH,
            r"(?:incorrect|invalid) (?:x-)?api[ _-]?key|api key (?:not valid|expired|not found)"
            r"|\b(?:organization|account) must be verified",
        ),
        (
            ErrorKind.UNKNOWN_MODEL,
            r"\bmodel\b.{0,100}(?:does not exist|not found|not exist|decommissioned|deprecated|no longer supported)"
            r"|not a valid model id\b|\binvalid model(?: id| name)?:|\bno endpoints found for",
        ),
    )
)
_VAGUE = frozenset({ErrorKind.BAD_REQUEST, ErrorKind.AUTH, ErrorKind.ADDRESS})
# What a filter of web traffic answers in the place of the provider.
_REFUSALS_ON_THE_WAY = frozenset({403, 451})
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s|html\b|head\b|body\b|\?xml\b)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)
# In characters.
_MOST_OF_A_BODY = 200


def failure(kind: ErrorKind, message: str, retry_after: float | None = None) -> ProviderError:
    """An error with the provider's message; its words may tell more than the status."""
    told = next((found for found, words in _KINDS_BY_WORDS if words.search(message)), kind)
    is_spent = kind is ErrorKind.RATE_LIMIT and told is ErrorKind.QUOTA and retry_after is None
    if kind in _VAGUE or is_spent:
        kind = told
    return ProviderError(kind, message[:LONGEST_MESSAGE] or "no reason given", retry_after=retry_after)


def unexplained(status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
    """What an answer means that has no error in the provider's own form: it may come from somebody on the way."""
    text = body.decode("utf-8", "replace")
    is_page = bool(_WEB_PAGE.match(text))
    kind = kind_of_status(status)
    if is_page and status in _REFUSALS_ON_THE_WAY:
        kind = ErrorKind.CONNECTION
    elif is_page and kind is ErrorKind.PROTOCOL:
        kind = ErrorKind.ADDRESS
    return failure(kind, f"HTTP {status}{_described(status, text, is_page, headers)}", retry_after(headers))


def _described(status: int, text: str, is_page: bool, headers: Mapping[str, str]) -> str:
    if moved_to := headers.get("location"):
        return f", moved to {moved_to}"
    if is_page:
        title = _TITLE.search(text)
        return f" with a web page{f' ({html.unescape(title[1]).strip()!r})' if title else ''}"
    # What may be an answer, or what was sent, is not told.
    if httpx.codes.is_success(status) or text.lstrip()[:1] in ("{", "["):
        return f" with {headers.get('content-type', 'something')}"
    words = " ".join(text[: 2 * _MOST_OF_A_BODY].split())
    return f": {words[:_MOST_OF_A_BODY]}" if words else ""


def kind_of_status(status: int) -> ErrorKind:
    """What a status means that came without an explanation."""
    if named := _KINDS_BY_STATUS.get(status):
        return named
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ErrorKind.OVERLOADED
    return ErrorKind.PROTOCOL if httpx.codes.is_success(status) else ErrorKind.ADDRESS


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds to wait, as the headers say."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(headers["retry-after"])
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (KeyError, ValueError, OverflowError):
        return None


def network_error(error: Exception, *, has_answered: bool) -> ProviderError:
    """What a failure of the connection means, before or after the provider began to answer.

    Its words are only told where they are known to be about the connection, and not about what was sent.
    """
    if isinstance(error, httpx.TimeoutException):
        return ProviderError(ErrorKind.TIMEOUT, f"no connection in time ({type(error).__name__})")
    kind = ErrorKind.PROTOCOL if has_answered else ErrorKind.CONNECTION
    is_known = isinstance(error, httpx.HTTPError | httpx.InvalidURL) and not isinstance(error, httpx.LocalProtocolError)
    words = f": {error}" if is_known else ""
    return ProviderError(kind, f"{type(error).__name__}{words}"[:LONGEST_MESSAGE])
