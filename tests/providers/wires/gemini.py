"""generateContent, streamGenerateContent and batchEmbedContents, with the vendor's checks of a request."""

import re
from collections.abc import Mapping
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
)

_PATH = re.compile(r"^/v1/models/([^:]+):(generateContent|streamGenerateContent|batchEmbedContents)$")
_TEXT_FIELDS = names("model content taskType title outputDimensionality")
_MOST_TEXTS = 100
_LONGEST_VECTOR = 3072
#: It does not tell what it has read.
_SILENT_ABOUT_USAGE = "gemini-embedding-001"
_FIELDS = names("contents systemInstruction generationConfig safetySettings tools toolConfig cachedContent")
_CONFIG = names(
    "candidateCount frequencyPenalty logprobs maxOutputTokens presencePenalty responseJsonSchema responseLogprobs "
    "responseMimeType responseModalities responseSchema seed stopSequences temperature thinkingConfig topK topP"
)
_THINKING = frozenset({"includeThoughts", "thinkingBudget", "thinkingLevel"})
_LEVELS = {"MINIMAL", "LOW", "MEDIUM", "HIGH"}
_WITHOUT_MINIMAL = re.compile(r"^gemini-(?:3\.[78]|4)")
_KEYWORDS = names(
    "$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems minimum maximum "
    "anyOf oneOf properties additionalProperties required propertyOrdering"
)
_FINISHES: dict[Finish, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "PROHIBITED_CONTENT",
}
_STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


class GeminiWire(Wire):
    """The server."""

    def asked(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> Asked | None:
        found = _PATH.match(path)
        if found is None:
            return None
        model, config = found[1], body.get("generationConfig") or {}
        self._check_key(headers)
        if found[2] == "batchEmbedContents":
            return self._texts(model, body)
        self._check_fields(body, config)
        self._check_thinking(model, config.get("thinkingConfig") or {})
        messages = _messages(body)
        schema = config.get("responseJsonSchema") or schema_in_words(messages)
        streams = found[2] == "streamGenerateContent"
        if streams and query.get("alt") != "sse":
            raise self._refused(400, "Only alt=sse is scripted.")
        return Asked(model, messages, streams, schema, str((schema or {}).get("title", "")))

    def _check_key(self, headers: Mapping[str, str]) -> None:
        key = headers.get("x-goog-api-key", "")
        if not key:
            raise self._refused(403, "Method doesn't allow unregistered callers.")
        if key == "wrong-key":
            refused = self._refused(400, "API key not valid. Please pass a valid API key.")
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            refused.body["error"]["details"] = [info]
            raise refused

    def _texts(self, model: str, body: dict[str, Any]) -> Asked:
        requests = body.get("requests") or []
        unknown = {*(set(body) - {"requests"}), *(name for one in requests for name in set(one) - _TEXT_FIELDS)}
        if unknown:
            message = (
                f"Invalid JSON payload received. Unknown name \"{unknown.pop()}\" at 'requests': Cannot find field."
            )
            raise self._refused(400, message)
        if len(requests) > _MOST_TEXTS:
            message = "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch"
            raise self._refused(400, message)
        lengths = {one.get("outputDimensionality", _LONGEST_VECTOR) for one in requests}
        texts = [_text(one.get("content") or {"parts": []}) for one in requests]
        if len(lengths) != 1 or not 0 < max(lengths) <= _LONGEST_VECTOR or not all(texts):
            raise self._refused(400, "* BatchEmbedContentsRequest.requests: a request is not valid")
        if any(one.get("model") != f"models/{model}" for one in requests):
            raise self._refused(400, "* BatchEmbedContentsRequest.requests: model is not that of the address")
        return Asked(model, [{"role": "user", "content": text} for text in texts], False, vectors=Vectors(max(lengths)))

    def _check_fields(self, body: dict[str, Any], config: dict[str, Any]) -> None:
        for place, there, allowed in (
            ("", body, _FIELDS),
            (" at 'generation_config'", config, _CONFIG),
            (" at 'generation_config.thinking_config'", config.get("thinkingConfig") or {}, _THINKING),
        ):
            if unknown := set(there) - allowed:
                message = f'Invalid JSON payload received. Unknown name "{unknown.pop()}"{place}: Cannot find field.'
                raise self._refused(400, message)
        if not body.get("contents"):
            raise self._refused(400, "* GenerateContentRequest.contents: contents is not specified")
        if schema := config.get("responseJsonSchema"):
            if config.get("responseMimeType") != "application/json":
                raise self._refused(400, "responseJsonSchema needs the responseMimeType application/json")
            if any(set(part) - _KEYWORDS for part in subschemas(schema)):
                raise self._refused(400, "The specified responseJsonSchema has keywords that are not supported.")

    def _check_thinking(self, model: str, thinking: dict[str, Any]) -> None:
        level = str(thinking.get("thinkingLevel", "LOW")).upper()
        if level not in _LEVELS or (level == "MINIMAL" and _WITHOUT_MINIMAL.match(model)):
            raise self._refused(400, f"Thinking level {level} is not supported for this model. (thinkingLevel)")

    def _refused(self, status: int, message: str) -> Refused:
        return Refused(status, self.error(status, _STATUSES[status], message))

    def opening(self, call: Call) -> list[str]:
        return []

    def thought(self, call: Call, text: str) -> str:
        return frame(self._piece(call, [{"text": text, "thought": True}]))

    def words(self, call: Call, text: str, *, refusing: bool) -> str:
        return frame(self._piece(call, [{"text": text}]))

    def closing(self, call: Call, finish: Finish, *, wants_usage: bool) -> list[str]:
        if finish == "content_filter" and not call.output_tokens:
            piece = self._piece(call, [])
            blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": piece["usageMetadata"]}
            return [frame({**blocked, "modelVersion": call.model, "responseId": call.id})]
        return [frame(self._piece(call, [{"text": ""}], finish))]

    def end_marker(self) -> str:
        return ""

    def whole(self, call: Call, text: str, finish: Finish) -> dict[str, Any]:
        return self._piece(call, [{"text": text}], finish)

    def embeddings(self, call: Call, vectors: list[list[Any]], wanted: Vectors, order: list[int]) -> dict[str, Any]:
        said: dict[str, Any] = {"embeddings": [{"values": one} for one in vectors]}
        if call.model != _SILENT_ABOUT_USAGE:
            said["usageMetadata"] = {"promptTokenCount": call.input_tokens}
        return said

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": code}}

    def overflow(self, tokens: int) -> Refused:
        message = f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({self.context})."
        return self._refused(400, message)

    def _piece(self, call: Call, parts: list[dict[str, Any]], finish: Finish | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = _FINISHES[finish]
        usage: dict[str, int] = {
            "promptTokenCount": call.input_tokens,
            "candidatesTokenCount": call.output_tokens - call.reasoning_tokens,
            "totalTokenCount": call.input_tokens + call.output_tokens,
        }
        if call.reasoning_tokens:
            usage["thoughtsTokenCount"] = call.reasoning_tokens
        if call.cached_tokens:
            usage["cachedContentTokenCount"] = call.cached_tokens
        return {
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": call.model,
            "responseId": call.id,
        }


def _messages(body: dict[str, Any]) -> list[dict[str, str]]:
    system = body.get("systemInstruction")
    found = [{"role": "system", "content": _text(system)}] if system else []
    return [*found, *({"role": each.get("role", "user"), "content": _text(each)} for each in body["contents"])]


def _text(content: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in content["parts"])
