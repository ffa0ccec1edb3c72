"""Where models are served: a row for each provider, the chain of links that the settings name, and who asks them.

A server that speaks OpenAI's chat completions needs no row: an address in the settings is enough.
"""

from dataclasses import dataclass
from urllib.parse import quote

from jobwise.config import Endpoint, Settings
from jobwise.infra.http_client import HttpClients
from jobwise.llm.anthropic import AnthropicMessages
from jobwise.llm.embedding import Embedder
from jobwise.llm.exchange import Adapter, TimeLimits
from jobwise.llm.gemini import GeminiContent, GeminiEmbeddings
from jobwise.llm.openai import OpenAiChat, OpenAiEmbeddings
from jobwise.llm.types import Deployment, Link, Wire

_ADAPTERS: dict[Wire, type[Adapter]] = {
    Wire.OPENAI: OpenAiChat,
    Wire.ANTHROPIC: AnthropicMessages,
    Wire.GEMINI: GeminiContent,
}
_EMBEDDERS: dict[Wire, type[Embedder]] = {Wire.OPENAI: OpenAiEmbeddings, Wire.GEMINI: GeminiEmbeddings}


@dataclass(frozen=True)
class _Row:
    """What is special about a provider; see `types.Deployment`."""

    wire: Wire = Wire.OPENAI
    limit_field: str = "max_tokens"
    asks_usage: bool = True
    key_header: str = "authorization"


_ROWS = {
    "openai": _Row(limit_field="max_completion_tokens"),
    "anthropic": _Row(Wire.ANTHROPIC, key_header="x-api-key"),
    "gemini": _Row(Wire.GEMINI, key_header="x-goog-api-key"),
    # These two tell the usage unasked; Mistral refuses to be asked for it.
    "groq": _Row(limit_field="max_completion_tokens", asks_usage=False),
    "mistral": _Row(asks_usage=False),
    "azure": _Row(limit_field="max_completion_tokens", key_header="api-key"),
    "xai": _Row(limit_field="max_completion_tokens"),
}
_USUAL = _Row()


def deployments(settings: Settings) -> dict[str, Deployment]:
    """All that may stand in a chain, by name."""
    return {name: _deployment(name, endpoint) for name, endpoint in settings.endpoints().items()}


def links(settings: Settings) -> tuple[Link, ...]:
    """All links of all chains that the settings name; empty where the built-in writer writes alone."""
    known = deployments(settings)
    return tuple(Link(known[provider], model) for provider, model in settings.model_links())


def embedding_link(settings: Settings) -> Link | None:
    """The model that makes vectors; None where they are made of hashed terms alone."""
    named = settings.embedding_link()
    return Link(deployments(settings)[named[0]], named[1]) if named else None


def adapter(link: Link, http: HttpClients, limits: TimeLimits) -> Adapter:
    """Who asks a model. It remembers what the server refuses, so make one for a link and keep it."""
    return _ADAPTERS[link.deployment.wire](link, http, limits)


def embedder(link: Link, http: HttpClients, limits: TimeLimits) -> Embedder:
    """Who asks a model for vectors; as `adapter`."""
    return _EMBEDDERS[link.deployment.wire](link, http, limits)


def _deployment(name: str, endpoint: Endpoint) -> Deployment:
    row = _ROWS.get(name, _USUAL)
    base_url, query = endpoint.base_url.rstrip("/"), ""
    if name == "azure":
        base_url, query = _azure(base_url, endpoint.version)
    return Deployment(
        name,
        base_url,
        endpoint.key.get_secret_value(),
        row.wire,
        row.limit_field,
        row.asks_usage,
        row.key_header,
        query,
    )


def _azure(endpoint: str, version: str) -> tuple[str, str]:
    """The general address, or where a version is named the classic one, which has the deployment in it."""
    root = endpoint.removesuffix("/openai/v1")
    if version:
        return f"{root}/openai/deployments/{{model}}", f"?api-version={quote(version)}"
    return f"{root}/openai/v1", ""
