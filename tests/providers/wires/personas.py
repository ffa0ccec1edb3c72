"""Servers that speak OpenAI's chat completions, each in its own way."""

from dataclasses import dataclass
from typing import Literal

from tests.providers.wires.base import names

#: Everything that OpenAI's request body may have.
_OPENAI_FIELDS = names(
    "messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key "
    "prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier "
    "stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options"
)
_GROQ_FIELDS = names(
    "messages model citation_options disable_tool_validation documents exclude_domains frequency_penalty function_call "
    "functions include_domains include_reasoning logit_bias logprobs max_completion_tokens max_tokens metadata n "
    "parallel_tool_calls presence_penalty reasoning_effort reasoning_format response_format search_settings seed "
    "service_tier stop store stream temperature tool_choice tools top_logprobs top_p user"
)
_MISTRAL_FIELDS = names(
    "messages model max_tokens stream temperature top_p random_seed stop response_format tools tool_choice n "
    "presence_penalty frequency_penalty safe_prompt parallel_tool_calls prompt_mode"
)
_EMBEDDING_FIELDS = names("model input dimensions encoding_format user")


@dataclass(frozen=True)
class Persona:
    """What is special about a server. `fields` are those that it takes, None for any; `paths` are where it answers."""

    name: str
    fields: frozenset[str] | None = None
    key_header: str = ""
    usage: Literal["asked", "always", "x_groq"] = "asked"
    has_json_schema: bool = True
    has_reasoning_rules: bool = False
    integer_codes: bool = False
    comments: bool = False
    context: int | None = None
    cuts_prompts: bool = False
    has_embeddings: bool = True
    embedding_fields: frozenset[str] | None = None
    paths: tuple[str, ...] = ("/v1/chat/completions",)


PERSONAS = (
    Persona("openai", _OPENAI_FIELDS, has_reasoning_rules=True, embedding_fields=_EMBEDDING_FIELDS),
    Persona(
        "groq",
        _GROQ_FIELDS,
        "authorization",
        usage="x_groq",
        has_embeddings=False,
        paths=("/openai/v1/chat/completions",),
    ),
    Persona(
        "azure",
        _OPENAI_FIELDS,
        "api-key",
        embedding_fields=_EMBEDDING_FIELDS,
        paths=("/openai/v1/chat/completions", "/openai/deployments/*/chat/completions"),
    ),
    Persona(
        "mistral",
        _MISTRAL_FIELDS,
        "authorization",
        usage="always",
        embedding_fields=names("model input output_dimension output_dtype encoding_format metadata"),
    ),
    Persona("deepseek", key_header="authorization", has_json_schema=False, has_embeddings=False),
    Persona("openrouter", key_header="authorization", comments=True, paths=("/api/v1/chat/completions",)),
    Persona("ollama", context=4096, cuts_prompts=True),
    Persona("llama", integer_codes=True, context=32_768),
)
