"""Where models are served: a row for each provider, and the chain of links that the settings name."""

from dataclasses import dataclass

from jobwise.config import Settings, SettingsError

_BUILTIN = "builtin"


@dataclass(frozen=True)
class Deployment:
    """A server that speaks OpenAI's chat completions. `limit_field` is its name for the limit of the answer."""

    name: str
    base_url: str
    key: str
    limit_field: str = "max_completion_tokens"
    needs_key: bool = True


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
            needs_key=False,
        ),
    )
    return {deployment.name: deployment for deployment in known}


def chain(settings: Settings) -> tuple[Link, ...]:
    """The links that the settings name, in order; empty where the built-in writer writes alone.

    Raises: SettingsError, with a line for each mistake.
    """
    known = deployments(settings)
    links: list[Link] = []
    mistakes: list[str] = []
    for entry in filter(None, (each.strip() for each in settings.llm_chain.split(","))):
        if entry == _BUILTIN:
            break
        name, _, model = entry.partition(":")
        if mistake := _mistake(entry, known.get(name), model):
            mistakes.append(f"JOBWISE_LLM_CHAIN: {mistake}")
        else:
            links.append(Link(known[name], model))
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return tuple(links)


def _mistake(entry: str, deployment: Deployment | None, model: str) -> str:
    if deployment is None:
        return f"{entry} begins with no known provider: openai, groq or local, or builtin alone"
    if not model:
        return f"{entry} names no model; write {deployment.name}:model"
    if deployment.needs_key and not deployment.key:
        return f"{entry} needs {deployment.name.upper()}_API_KEY"
    if not deployment.base_url.startswith(("http://", "https://")):
        return f"{entry} needs LOCAL_LLM_BASE_URL, which begins with http:// or https://"
    return ""
