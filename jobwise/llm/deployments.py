"""Where models are served: a row for each provider, and the chain of links that the settings name."""

from dataclasses import dataclass

from jobwise.config import Settings


@dataclass(frozen=True)
class Deployment:
    """A server that speaks OpenAI's chat completions. `limit_field` is its name for the limit of the answer."""

    name: str
    base_url: str
    key: str
    limit_field: str = "max_completion_tokens"


@dataclass(frozen=True)
class Link:
    """One model at one deployment."""

    deployment: Deployment
    model: str


def deployments(settings: Settings) -> dict[str, Deployment]:
    """All that may stand in a chain, by name."""
    known = (
        Deployment("openai", settings.openai_base_url, settings.openai_api_key.get_secret_value()),
        Deployment("groq", settings.groq_base_url, settings.groq_api_key.get_secret_value()),
        Deployment(
            "local",
            settings.local_llm_base_url,
            settings.local_llm_api_key.get_secret_value(),
            limit_field="max_tokens",
        ),
    )
    return {deployment.name: deployment for deployment in known}


def chain(settings: Settings) -> tuple[Link, ...]:
    """The links that the settings name, in order; empty where the built-in writer writes alone."""
    known = deployments(settings)
    return tuple(Link(known[provider], model) for provider, model in settings.model_chain())
