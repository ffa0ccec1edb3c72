"""Chat completions and embeddings, held to the rules of OpenAI's request bodies; `personas` says how others differ."""

import base64
import re
import struct
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.providers.wires.base import (
    Asked,
    Call,
    Finish,
    Refused,
    Vectors,
    Wire,
    frame,
    names,
    schema_in_words,
    subschemas,
    unclosed,
)
from tests.providers.wires.personas import Persona

_REASONING = re.compile(r"^(?:gpt-(?:5\.[4-9]|[6-9])|o\d)")
_ALWAYS_REASONING = re.compile(r"^(?:gpt-6-astra|o\d)")
_EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
_SCHEMA_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_STRICT = names(
    "type description title enum const $ref $defs anyOf properties required additionalProperties items minimum maximum "
    "minItems maxItems pattern format multipleOf exclusiveMinimum exclusiveMaximum"
)


_MOST_TEXTS = 2048
_LENGTHS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
#: Of a model that nobody knows.
_USUAL_LENGTH = 64


class OpenAiWire(Wire):
    """One server."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self.context, self.cuts_prompts = persona.context, persona.cuts_prompts

    @property
    def persona(self) -> Persona:
        """How it differs."""
        return self._persona

    def asked(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> Asked | None:
        chat = f"{path.removesuffix('/embeddings')}/chat/completions" if path.endswith("/embeddings") else path
        pattern = next((pattern for pattern in self._persona.paths if fnmatchcase(chat, pattern)), None)
        if pattern is None or (chat != path and not self._persona.has_embeddings):
            return None
        if "*" in pattern:
            if "api-version" not in query:
                raise self._refused(404, "404", "Resource not found")
            body = {**body, "model": path.split("/")[3]}
        self._check_key(headers)
        if chat != path:
            return self._texts(body)
        self._check_fields(body, ("model", "messages"), self._persona.fields)
        if self._persona.has_reasoning_rules:
            self._check_reasoning(body)
        messages = [{"role": str(each["role"]), "content": str(each["content"])} for each in body["messages"]]
        name, schema = self._schema(body.get("response_format") or {"type": "text"}, messages)
        options = body.get("stream_options") or {}
        wants = self._persona.usage == "always" or bool(options.get("include_usage"))
        return Asked(body["model"], messages, bool(body.get("stream")), schema, name, wants)

    def _check_key(self, headers: Mapping[str, str]) -> None:
        header = self._persona.key_header or "authorization"
        key = headers.get(header, "").removeprefix("Bearer ")
        if key == "wrong-key" or (self._persona.key_header and not key):
            raise self._refused(401, "invalid_api_key", "Incorrect API key provided.")

    def _texts(self, body: dict[str, Any]) -> Asked:
        self._check_fields(body, ("model", "input"), self._persona.embedding_fields)
        model, given, encoding = body["model"], body["input"], body.get("encoding_format", "float")
        texts: list[str] = [given] if isinstance(given, str) else given
        if encoding not in ("float", "base64"):
            raise self._refused(400, "invalid_value", f"Invalid value: '{encoding}'.", "encoding_format")
        if len(texts) > _MOST_TEXTS or not all(isinstance(text, str) and text for text in texts):
            raise self._refused(400, "invalid_value", "'$.input' is invalid.", "input")
        if "dimensions" in body and not model.startswith("text-embedding-3"):
            raise self._refused(400, "invalid_request_error", "This model does not support specifying dimensions.")
        length = body.get("dimensions") or _LENGTHS.get(model, _USUAL_LENGTH)
        messages = [{"role": "user", "content": text} for text in texts]
        return Asked(model, messages, stream=False, vectors=Vectors(length, encoding))

    def _check_fields(self, body: dict[str, Any], needed: tuple[str, ...], known: frozenset[str] | None) -> None:
        for field in needed:
            if not body.get(field):
                raise self._refused(400, "missing_required_parameter", f"Missing required parameter: '{field}'.", field)
        unknown = [field for field in body if known and field not in known]
        if unknown and self._persona.name == "mistral":
            wrong = {"type": "extra_forbidden", "loc": ["body", unknown[0]], "msg": "Extra inputs are not permitted"}
            raise Refused(422, {"object": "error", "message": {"detail": [wrong]}, "type": "invalid_request_error"})
        if unknown:
            raise self._refused(400, "unknown_parameter", f"Unknown parameter: '{unknown[0]}'.", unknown[0])
        if body.get("stream_options") and not body.get("stream"):
            raise self._refused(400, "invalid_value", "stream_options needs stream.", "stream_options")
        if "max_tokens" in body and "max_completion_tokens" in body:
            raise self._refused(400, "invalid_parameter_combination", "Set only one limit.", "max_tokens")

    def _check_reasoning(self, body: dict[str, Any]) -> None:
        model, effort = body["model"], body.get("reasoning_effort")
        if effort is not None and effort not in _EFFORTS:
            raise self._refused(400, "invalid_value", f"Invalid value: '{effort}'.", "reasoning_effort")
        if not _REASONING.match(model):
            return
        if effort == "none" and _ALWAYS_REASONING.match(model):
            raise self._refused(400, "unsupported_value", "'none' is not supported.", "reasoning_effort")
        if "max_tokens" in body:
            message = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            raise self._refused(400, "unsupported_parameter", message, "max_tokens")
        sampled = next((field for field in ("temperature", "top_p", "logprobs") if field in body), None)
        if sampled and effort != "none":
            raise self._refused(400, "unsupported_parameter", f"'{sampled}' is not supported.", sampled)

    def _schema(self, wanted: dict[str, Any], messages: list[dict[str, str]]) -> tuple[str, dict[str, Any] | None]:
        if wanted["type"] == "json_schema":
            if not self._persona.has_json_schema:
                message = "This response_format type is unavailable now"
                raise self._refused(400, "invalid_request_error", message)
            named = wanted["json_schema"]
            self._check_schema(named)
            return named["name"], named["schema"]
        if wanted["type"] == "json_object" and not any("json" in each["content"].lower() for each in messages):
            message = "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'."
            raise self._refused(400, "invalid_request_error", message, "messages")
        told = schema_in_words(messages)
        return (str(told.get("title", "")), told) if told else ("", None)

    def _check_schema(self, named: dict[str, Any]) -> None:
        if not _SCHEMA_NAME.match(named.get("name", "")):
            raise self._refused(400, "invalid_value", "Invalid name.", "response_format.json_schema.name")
        if not named.get("strict"):
            return
        wrong = unclosed(named["schema"]) or any(
            set(part) - _STRICT or set(part.get("required", ())) != set(part.get("properties", {}))
            for part in subschemas(named["schema"])
        )
        if wrong:
            message = f"Invalid schema for response_format '{named['name']}'."
            raise self._refused(400, "invalid_json_schema", message, "text.format.schema")

    def _refused(self, status: int, code: str, message: str, param: str | None = None) -> Refused:
        body = self.error(status, code, message)
        if not self._persona.integer_codes:
            body["error"]["param"] = param
        return Refused(status, body)

    def opening(self, call: Call) -> list[str]:
        comments = [": OPENROUTER PROCESSING\n\n"] if self._persona.comments else []
        return [*comments, self._chunk(call, {"role": "assistant", "content": ""})]

    def thought(self, call: Call, text: str) -> str:
        return self._chunk(call, {"reasoning": text})

    def words(self, call: Call, text: str, *, refusing: bool) -> str:
        return self._chunk(call, {"refusal" if refusing else "content": text})

    def closing(self, call: Call, finish: Finish, *, wants_usage: bool) -> list[str]:
        extra: dict[str, Any] = {}
        if self._persona.usage == "x_groq":
            extra["x_groq"] = {"id": call.id, "usage": self._usage(call)}
        frames = [self._chunk(call, {}, finish, extra)]
        if wants_usage and self._persona.usage != "x_groq":
            frames.append(frame({**self._frame(call), "choices": [], "usage": self._usage(call)}))
        return frames

    def end_marker(self) -> str:
        return "data: [DONE]\n\n"

    def whole(self, call: Call, text: str, finish: Finish) -> dict[str, Any]:
        field = "refusal" if finish == "refusal" else "content"
        message = {"role": "assistant", "content": None, "refusal": None, field: text}
        choice = {"index": 0, "message": message, "finish_reason": _finish(finish), "logprobs": None}
        return {**self._frame(call, "chat.completion"), "choices": [choice], "usage": self._usage(call)}

    def embeddings(self, call: Call, vectors: list[list[Any]], wanted: Vectors, order: list[int]) -> dict[str, Any]:
        told: list[Any] = vectors
        if wanted.encoding == "base64":
            told = [base64.b64encode(struct.pack(f"<{len(one)}f", *one)).decode() for one in vectors]
        found = [{"object": "embedding", "index": place, "embedding": told[place]} for place in order]
        usage = {"prompt_tokens": call.input_tokens, "total_tokens": call.input_tokens}
        return {"object": "list", "data": found, "model": call.model, "usage": usage}

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        if self._persona.integer_codes:
            return {"error": {"code": status, "message": message, "type": code}}
        return {"error": {"message": message, "type": code, "param": None, "code": code}}

    def overflow(self, tokens: int) -> Refused:
        code = "exceed_context_size_error" if self._persona.integer_codes else "context_length_exceeded"
        return self._refused(400, code, f"The request has {tokens} tokens, the context only {self.context}.")

    def _chunk(
        self, call: Call, delta: dict[str, str], finish: Finish | None = None, extra: dict[str, Any] | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish and _finish(finish), "logprobs": None}
        return frame({**self._frame(call), "choices": [choice], **(extra or {})})

    def _frame(self, call: Call, kind: str = "chat.completion.chunk") -> dict[str, Any]:
        return {"id": call.id, "object": kind, "created": int(call.received_at), "model": call.model}

    def _usage(self, call: Call) -> dict[str, Any]:
        return {
            "prompt_tokens": call.input_tokens,
            "completion_tokens": call.output_tokens,
            "total_tokens": call.input_tokens + call.output_tokens,
            "prompt_tokens_details": {"cached_tokens": call.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": call.reasoning_tokens},
        }


def _finish(finish: Finish) -> str:
    return "stop" if finish == "refusal" else finish
