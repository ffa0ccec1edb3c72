"""Settings under which every provider is the scripted server, and a model of each that is asked in tests."""

from typing import Any

#: One model of each provider; `house` is one that only the settings name.
MODELS = {
    "openai": "gpt-6-luna",
    "anthropic": "claude-haiku-5-5",
    "gemini": "gemini-3.8-flash",
    "groq": "openai/gpt-oss-20b",
    "azure": "our-deployment",
    "local": "llama3.2:3b",
    "openrouter": "anthropic/claude-sonnet-5-5",
    "mistral": "mistral-small-latest",
    "deepseek": "deepseek-flash",
    "xai": "grok-4.7",
    "together": "openai/gpt-oss-120b",
    "house": "anything",
}

_PATHS = {
    "openai": "/v1",
    "anthropic": "/anthropic",
    "gemini": "/gemini/v1",
    "groq": "/groq/openai/v1",
    "azure": "/azure",
    "openrouter": "/openrouter/api/v1",
    "mistral": "/mistral/v1",
    "deepseek": "/deepseek/v1",
    "xai": "/v1",
    "together": "/v1",
}


def addresses(root: str, *, local: str = "/llama/v1") -> dict[str, Any]:
    """Settings that lead to a scripted server at this root; `local` says which of the local servers it plays."""
    found: dict[str, Any] = {
        "local_llm_base_url": f"{root}{local}",
        "llm_endpoints": f"house={root}/v1",
        "llm_endpoint_keys": "house=key-of-the-house",
    }
    for name, path in _PATHS.items():
        found[f"{name}_base_url"] = f"{root}{path}"
        found[f"{name}_api_key"] = f"key-of-{name}"
    return found
