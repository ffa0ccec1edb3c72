"""Every failure that the vendors document, in their words, and what it is to us.

The three protocols are `openai`, `anthropic` and `gemini`; other providers are named where they differ from them.
"""

from dataclasses import dataclass, field
from typing import Any

from jobwise.llm.errors import ErrorKind
from tests.providers.script import Behaviour

_GOOGLE = "type.googleapis.com/google.rpc"


@dataclass(frozen=True)
class Documented:
    """A failure before the first word: what the provider answers, the kind that it is, how long we are to wait."""

    provider: str
    name: str
    status: int
    body: Any
    kind: ErrorKind
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @property
    def id(self) -> str:
        """For the names of tests."""
        return f"{self.provider}-{self.name}"

    def behaviour(self) -> Behaviour:
        """What makes the scripted provider fail like this."""
        return Behaviour(fault="status", status=self.status, body=self.body, headers=self.headers)


def _openai(
    name: str,
    status: int,
    kind: ErrorKind,
    *,
    type_: str = "invalid_request_error",
    code: str | None = None,
    **more: Any,
) -> Documented:
    error = {"message": more.pop("message", "No."), "type": type_, "param": None, "code": code}
    return Documented("openai", name, status, {"error": error}, kind, **more)


def _anthropic(name: str, status: int, kind: ErrorKind, message: str = "No.", **more: Any) -> Documented:
    body = {"type": "error", "error": {"type": name, "message": message}, "request_id": "req_1"}
    return Documented("anthropic", more.pop("called", name), status, body, kind, **more)


def _gemini(
    name: str,
    status: int,
    state: str,
    kind: ErrorKind,
    message: str = "No.",
    details: list[Any] | None = None,
    **more: Any,
) -> Documented:
    error = {"code": status, "message": message, "status": state, "details": details or []}
    return Documented("gemini", name, status, {"error": error}, kind, **more)


def _other(provider: str, name: str, status: int, kind: ErrorKind, error: Any, **more: Any) -> Documented:
    return Documented(provider, name, status, error, kind, **more)


OPENAI = (
    _openai("wrong-key", 401, ErrorKind.AUTH, code="invalid_api_key"),
    _openai("wrong-country", 403, ErrorKind.AUTH, code="unsupported_country_region_territory"),
    _openai("unknown-model", 404, ErrorKind.UNKNOWN_MODEL, code="model_not_found"),
    _openai("context", 400, ErrorKind.CONTEXT_TOO_LONG, code="context_length_exceeded"),
    _openai("bad-request", 400, ErrorKind.BAD_REQUEST, code="invalid_value"),
    _openai("policy", 400, ErrorKind.REFUSED, code="content_policy_violation"),
    _openai("flagged", 400, ErrorKind.REFUSED, code="invalid_prompt", message="The prompt was flagged."),
    _openai("unprocessable", 422, ErrorKind.BAD_REQUEST),
    _openai("conflict", 409, ErrorKind.OVERLOADED),
    _openai(
        "rate-limit",
        429,
        ErrorKind.RATE_LIMIT,
        type_="tokens",
        code="rate_limit_exceeded",
        headers={"retry-after-ms": "1500", "retry-after": "2"},
        retry_after=1.5,
    ),
    _openai("rate-limit-unexplained", 429, ErrorKind.RATE_LIMIT, headers={"retry-after": "7"}, retry_after=7.0),
    _openai("quota", 429, ErrorKind.QUOTA, type_="insufficient_quota", code="insufficient_quota"),
    _openai("hard-limit", 429, ErrorKind.QUOTA, code="billing_hard_limit_reached"),
    _openai("no-credit", 429, ErrorKind.QUOTA, code="credit_balance_exhausted"),
    _openai("spend-limit", 429, ErrorKind.QUOTA, code="project_spend_limit_exceeded"),
    _openai("server-error", 500, ErrorKind.OVERLOADED, type_="server_error"),
    _openai("overloaded", 503, ErrorKind.OVERLOADED, code="server_is_overloaded"),
    _other("openai", "gateway", 502, ErrorKind.OVERLOADED, "<html>Bad gateway</html>"),
    _other("openai", "gateway-time-out", 504, ErrorKind.TIMEOUT, "<html>Gateway time-out</html>"),
)

ANTHROPIC = (
    _anthropic("invalid_request_error", 400, ErrorKind.BAD_REQUEST),
    _anthropic("authentication_error", 401, ErrorKind.AUTH, "invalid x-api-key"),
    _anthropic("billing_error", 402, ErrorKind.QUOTA),
    _anthropic("permission_error", 403, ErrorKind.AUTH),
    _anthropic("not_found_error", 404, ErrorKind.UNKNOWN_MODEL, "model: claude-none"),
    _anthropic("request_too_large", 413, ErrorKind.CONTEXT_TOO_LONG),
    _anthropic("rate_limit_error", 429, ErrorKind.RATE_LIMIT, headers={"retry-after": "12"}, retry_after=12.0),
    _anthropic("api_error", 500, ErrorKind.OVERLOADED),
    _anthropic("timeout_error", 504, ErrorKind.TIMEOUT),
    _anthropic("overloaded_error", 529, ErrorKind.OVERLOADED),
    _anthropic(
        "invalid_request_error",
        400,
        ErrorKind.CONTEXT_TOO_LONG,
        "prompt is too long: 1000001 tokens > 1000000 maximum",
        called="context",
    ),
    _anthropic(
        "invalid_request_error",
        400,
        ErrorKind.QUOTA,
        "Your credit balance is too low to access the API.",
        called="no-credit",
    ),
    _anthropic(
        "invalid_request_error",
        400,
        ErrorKind.QUOTA,
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
        called="own-limit",
    ),
    _anthropic(
        "invalid_request_error",
        400,
        ErrorKind.REFUSED,
        "Output blocked by content filtering policy",
        called="filtered",
    ),
    _anthropic(
        "invalid_request_error",
        400,
        ErrorKind.CONTEXT_TOO_LONG,
        "input length and `max_tokens` exceed context limit: 199000 + 4000 > 200000",
        called="context-with-answer",
    ),
    _other("anthropic", "gateway", 502, ErrorKind.OVERLOADED, "<html>Bad gateway</html>"),
)

GEMINI = (
    _gemini("bad-request", 400, "INVALID_ARGUMENT", ErrorKind.BAD_REQUEST),
    _gemini(
        "wrong-key",
        400,
        "INVALID_ARGUMENT",
        ErrorKind.AUTH,
        "API key not valid. Please pass a valid API key.",
        [{"@type": f"{_GOOGLE}.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
    ),
    _gemini(
        "context",
        400,
        "INVALID_ARGUMENT",
        ErrorKind.CONTEXT_TOO_LONG,
        "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    _gemini("wrong-country", 400, "FAILED_PRECONDITION", ErrorKind.AUTH),
    _gemini("unauthenticated", 401, "UNAUTHENTICATED", ErrorKind.AUTH),
    _gemini("forbidden", 403, "PERMISSION_DENIED", ErrorKind.AUTH),
    _gemini("unknown-model", 404, "NOT_FOUND", ErrorKind.UNKNOWN_MODEL),
    _gemini(
        "rate-limit",
        429,
        "RESOURCE_EXHAUSTED",
        ErrorKind.RATE_LIMIT,
        details=[
            {
                "@type": f"{_GOOGLE}.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "5"}],
            },
            {"@type": f"{_GOOGLE}.RetryInfo", "retryDelay": "7s"},
        ],
        retry_after=7.0,
    ),
    _gemini(
        "quota-of-the-day",
        429,
        "RESOURCE_EXHAUSTED",
        ErrorKind.QUOTA,
        details=[
            {
                "@type": f"{_GOOGLE}.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}],
            },
            {"@type": f"{_GOOGLE}.RetryInfo", "retryDelay": "30.5s"},
        ],
        retry_after=30.5,
    ),
    _gemini("prepaid", 429, "RESOURCE_EXHAUSTED", ErrorKind.QUOTA, "Your prepayment credits are depleted."),
    _gemini(
        "own-limit", 429, "RESOURCE_EXHAUSTED", ErrorKind.QUOTA, "Your project has exceeded its monthly spending cap."
    ),
    _gemini("cancelled", 499, "CANCELLED", ErrorKind.OVERLOADED),
    _gemini("internal", 500, "INTERNAL", ErrorKind.OVERLOADED),
    _gemini("unavailable", 503, "UNAVAILABLE", ErrorKind.OVERLOADED),
    _gemini("deadline", 504, "DEADLINE_EXCEEDED", ErrorKind.TIMEOUT),
    _other(
        "gemini",
        "in-a-list",
        503,
        ErrorKind.OVERLOADED,
        [{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}],
    ),
    _other("gemini", "gateway", 502, ErrorKind.OVERLOADED, "<html>Bad gateway</html>"),
)

OTHERS = (
    _other(
        "groq",
        "capacity",
        498,
        ErrorKind.OVERLOADED,
        {"error": {"message": "No capacity.", "type": "invalid_request_error", "code": "capacity_exceeded"}},
    ),
    _other(
        "groq",
        "larger-than-a-minute",
        413,
        ErrorKind.CONTEXT_TOO_LONG,
        {"error": {"message": "Request too large.", "type": "tokens", "code": "rate_limit_exceeded"}},
    ),
    _other(
        "groq",
        "invalid-json-from-the-model",
        400,
        ErrorKind.PROTOCOL,
        {
            "error": {
                "message": "Failed to generate JSON.",
                "type": "invalid_request_error",
                "code": "json_validate_failed",
            }
        },
    ),
    _other(
        "groq",
        "model-gone",
        400,
        ErrorKind.UNKNOWN_MODEL,
        {"error": {"message": "No.", "type": "invalid_request_error", "code": "model_decommissioned"}},
    ),
    _other(
        "groq",
        "terms-not-accepted",
        400,
        ErrorKind.AUTH,
        {"error": {"message": "No.", "type": "invalid_request_error", "code": "model_terms_required"}},
    ),
    _other(
        "xai",
        "prompt-not-taken",
        403,
        ErrorKind.REFUSED,
        {"code": "forbidden", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"},
    ),
    _other(
        "xai",
        "no-credit",
        429,
        ErrorKind.QUOTA,
        {
            "code": "resource-exhausted",
            "error": "Your team has either used all available credits or reached its monthly spending limit.",
        },
    ),
    _other(
        "xai",
        "no-credit-yet",
        403,
        ErrorKind.QUOTA,
        {"code": "forbidden", "error": "Your newly created team doesn't have any credits yet."},
    ),
    _other(
        "openrouter",
        "unknown-model",
        400,
        ErrorKind.UNKNOWN_MODEL,
        {"error": {"code": 400, "message": "typo/m is not a valid model ID"}},
    ),
    _other(
        "openrouter",
        "key-used-up",
        403,
        ErrorKind.QUOTA,
        {"error": {"code": 403, "message": "Key limit exceeded (total limit)."}},
    ),
    _other(
        "openrouter",
        "told-by-who-is-behind",
        400,
        ErrorKind.CONTEXT_TOO_LONG,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {"raw": '{"message": "prompt is too long"}', "provider_name": "Some"},
            }
        },
    ),
    _other(
        "mistral",
        "unknown-model",
        400,
        ErrorKind.UNKNOWN_MODEL,
        {"object": "error", "message": "Invalid model: none", "type": "invalid_model", "code": "1500"},
    ),
    _other(
        "together",
        "unknown-model",
        400,
        ErrorKind.UNKNOWN_MODEL,
        {"error": {"message": "No.", "type": "invalid_request_error", "code": "model_not_available"}},
    ),
    _other(
        "azure",
        "blocked-prompt",
        400,
        ErrorKind.REFUSED,
        {
            "error": {
                "message": "The response was filtered.",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {
                    "code": "ResponsibleAIPolicyViolation",
                    "content_filter_result": {"violence": {"filtered": True, "severity": "medium"}},
                },
            }
        },
    ),
    _other(
        "azure",
        "unknown-deployment",
        404,
        ErrorKind.UNKNOWN_MODEL,
        {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}},
    ),
    _other(
        "azure",
        "rate-limit",
        429,
        ErrorKind.RATE_LIMIT,
        {"error": {"code": "429", "message": "Requests have exceeded the call rate limit."}},
        headers={"retry-after": "26"},
        retry_after=26.0,
    ),
    _other("azure", "wrong-key", 401, ErrorKind.AUTH, {"error": {"code": "401", "message": "Access denied."}}),
    _other(
        "local",
        "context-of-llama-server",
        400,
        ErrorKind.CONTEXT_TOO_LONG,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9000,
                "n_ctx": 4096,
            }
        },
    ),
    _other(
        "local",
        "llama-server-loads",
        503,
        ErrorKind.OVERLOADED,
        {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
    ),
    _other(
        "local",
        "llama-server-key",
        401,
        ErrorKind.AUTH,
        {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}},
    ),
    _other(
        "local",
        "ollama-without-the-model",
        404,
        ErrorKind.UNKNOWN_MODEL,
        {"error": {"message": "model 'none' not found", "type": "api_error", "param": None, "code": None}},
    ),
    _other("local", "old-ollama", 500, ErrorKind.OVERLOADED, {"error": "llama runner process has terminated"}),
    _other(
        "local",
        "context-of-vllm",
        400,
        ErrorKind.CONTEXT_TOO_LONG,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
    ),
    _other(
        "openrouter",
        "no-credits",
        402,
        ErrorKind.QUOTA,
        {"error": {"code": 402, "message": "Insufficient credits"}},
    ),
    _other(
        "openrouter",
        "moderation",
        403,
        ErrorKind.REFUSED,
        {"error": {"code": 403, "message": "Your input was flagged", "metadata": {"reasons": ["violence"]}}},
    ),
    _other(
        "openrouter",
        "provider-down",
        502,
        ErrorKind.OVERLOADED,
        {"error": {"code": 502, "message": "Provider returned error"}},
    ),
    _other(
        "deepseek",
        "no-balance",
        402,
        ErrorKind.QUOTA,
        {
            "error": {
                "message": "Insufficient Balance",
                "type": "unknown_error",
                "param": None,
                "code": "invalid_request_error",
            }
        },
    ),
    _other(
        "mistral",
        "rate-limit",
        429,
        ErrorKind.RATE_LIMIT,
        {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": None, "code": "1300"},
    ),
    _other(
        "xai",
        "wrong-key",
        400,
        ErrorKind.AUTH,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: k***y."},
    ),
)

DOCUMENTED = (*OPENAI, *ANTHROPIC, *GEMINI, *OTHERS)
