"""Messages, with the vendor's checks of a request."""

from collections.abc import Mapping
from typing import Any

from tests.providers.wires.base import (
    Asked,
    Call,
    Finish,
    Refused,
    Wire,
    frame,
    names,
    schema_in_words,
    subschemas,
    unclosed,
)

_VERSIONS = {"2023-06-01", "2026-10-21"}
_FIELDS = names(
    "max_tokens messages model cache_control container inference_geo metadata output_config service_tier speed "
    "stop_sequences stream system temperature thinking tool_choice tools top_k top_p"
)
_SAMPLING = ("temperature", "top_p", "top_k")
_EFFORTS = {"low", "medium", "high", "xhigh", "max"}
_KEYWORDS = names(
    "type description title enum const $ref $defs anyOf allOf properties required additionalProperties items format "
    "default"
)
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STOPS: dict[Finish, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
}


class AnthropicWire(Wire):
    """The server."""

    request_id_header = "request-id"

    def asked(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> Asked | None:
        if path != "/v1/messages":
            return None
        self._check(headers, body)
        output = body.get("output_config") or {}
        messages = _messages(body)
        schema = (output.get("format") or {}).get("schema") or schema_in_words(messages)
        name = str((schema or {}).get("title", ""))
        return Asked(body["model"], messages, bool(body.get("stream")), schema, name)

    def _check(self, headers: Mapping[str, str], body: dict[str, Any]) -> None:
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if key in {"", "wrong-key"}:
            raise self._refused(401, "invalid x-api-key")
        version = headers.get("anthropic-version", "")
        if version not in _VERSIONS:
            raise self._refused(400, "anthropic-version: header is required")
        for field in ("model", "messages", "max_tokens"):
            if not body.get(field):
                raise self._refused(400, f"{field}: Field required")
        if unknown := [field for field in body if field not in _FIELDS]:
            raise self._refused(400, f"{unknown[0]}: Extra inputs are not permitted")
        sampled = [field for field in _SAMPLING if field in body]
        if sampled and version == "2026-10-21":
            raise self._refused(400, f"{sampled[0]}: Extra inputs are not permitted")
        self._check_output(body.get("output_config") or {})

    def _check_output(self, output: dict[str, Any]) -> None:
        if unknown := set(output) - {"effort", "format"}:
            raise self._refused(400, f"output_config.{unknown.pop()}: Extra inputs are not permitted")
        if output.get("effort", "low") not in _EFFORTS:
            raise self._refused(400, "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
        if wanted := output.get("format"):
            schema = wanted["schema"]
            for part in subschemas(schema):
                if unknown := set(part) - _KEYWORDS:
                    raise self._refused(400, f"output_config.format.schema: '{unknown.pop()}' is not supported")
            if unclosed(schema):
                message = "output_config.format.schema: For 'object' type, 'additionalProperties' must be false"
                raise self._refused(400, message)

    def _refused(self, status: int, message: str) -> Refused:
        return Refused(status, self.error(status, _TYPES[status], message))

    def opening(self, call: Call) -> list[str]:
        message = {**self._message(call), "content": [], "stop_reason": None, "usage": self._usage(call, output=1)}
        return [
            frame({"type": "message_start", "message": message}, "message_start"),
            frame(
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                "content_block_start",
            ),
            frame({"type": "ping"}, "ping"),
        ]

    def thought(self, call: Call, text: str) -> str:
        return self._delta({"type": "thinking_delta", "thinking": text})

    def words(self, call: Call, text: str, *, refusing: bool) -> str:
        return self._delta({"type": "text_delta", "text": text})

    def closing(self, call: Call, finish: Finish, *, wants_usage: bool) -> list[str]:
        delta = {"stop_reason": _STOPS[finish], "stop_sequence": None}
        return [
            frame({"type": "content_block_stop", "index": 0}, "content_block_stop"),
            frame({"type": "message_delta", "delta": delta, "usage": self._usage(call)}, "message_delta"),
        ]

    def end_marker(self) -> str:
        return frame({"type": "message_stop"}, "message_stop")

    def whole(self, call: Call, text: str, finish: Finish) -> dict[str, Any]:
        content = [{"type": "text", "text": text}]
        stop = {"stop_reason": _STOPS[finish], "stop_sequence": None}
        return {**self._message(call), "content": content, **stop, "usage": self._usage(call)}

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": code, "message": message}, "request_id": "req_scripted"}

    def stream_error(self, body: Any) -> str:
        return frame(body, "error")

    def overflow(self, tokens: int) -> Refused:
        return self._refused(400, f"prompt is too long: {tokens} tokens > {self.context} maximum")

    def _delta(self, delta: dict[str, str]) -> str:
        return frame({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def _message(self, call: Call) -> dict[str, Any]:
        return {"id": call.id, "type": "message", "role": "assistant", "model": call.model, "stop_sequence": None}

    def _usage(self, call: Call, output: int | None = None) -> dict[str, Any]:
        return {
            "input_tokens": call.input_tokens - call.cached_tokens,
            "cache_read_input_tokens": call.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": call.output_tokens if output is None else output,
            "output_tokens_details": {"thinking_tokens": call.reasoning_tokens},
        }


def _messages(body: dict[str, Any]) -> list[dict[str, str]]:
    system = body.get("system") or ""
    found = [{"role": "system", "content": _text(system)}] if system else []
    return [*found, *({"role": each["role"], "content": _text(each["content"])} for each in body["messages"])]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
