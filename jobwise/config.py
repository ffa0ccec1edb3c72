"""Settings: the only reader of the environment and of a `.env` file."""

import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

_SHORTEST_SECRET = 32
_BUILTIN = "builtin"
#: The providers of models that are known by name, and how their settings begin.
_PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "groq": "groq",
    "azure": "azure",
    "local": "local_llm",
    "openrouter": "openrouter",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "xai": "xai",
    "together": "together",
}
_WITHOUT_EMBEDDINGS = frozenset({"anthropic"})
_CHAINS = ("llm_chain", "llm_chain_analyze", "llm_chain_write", "llm_chain_repair", "llm_chain_speed")
# As long as the ledger of model calls has room for.
_PROVIDER_NAME = re.compile(r"[\w.-]{1,50}")
_MODEL_NAME = re.compile(r"[^\s;,]{1,100}")
_WEB = ("http", "https")
_POSTGRES = ("postgresql", "postgres", "postgresql+asyncpg", "asyncpg")


class Environment(StrEnum):
    """Where this runs. Production refuses what is only convenient for development."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The settings have mistakes; the message has one line for each."""


@dataclass(frozen=True)
class Endpoint:
    """Where a provider of models is reached, and with which key; `version` is that of Azure's classic addresses."""

    base_url: str
    key: SecretStr
    version: str = ""


class ProviderSettings(BaseSettings):
    """Addresses and keys of the providers of models, under the names that their own users know."""

    openai_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field(default="https://api.openai.com/v1", validation_alias="OPENAI_BASE_URL")
    anthropic_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str = Field(default="https://api.anthropic.com", validation_alias="ANTHROPIC_BASE_URL")
    gemini_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="GEMINI_API_KEY")
    gemini_base_url: str = Field(
        default="https://generativelanguage.googleapis.com/v1", validation_alias="GEMINI_BASE_URL"
    )
    groq_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="GROQ_API_KEY")
    groq_base_url: str = Field(default="https://api.groq.com/openai/v1", validation_alias="GROQ_BASE_URL")
    azure_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="AZURE_OPENAI_API_KEY")
    azure_base_url: str = Field(default="", validation_alias="AZURE_OPENAI_ENDPOINT")
    azure_api_version: str = Field(default="", validation_alias="AZURE_OPENAI_API_VERSION")
    local_llm_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="LOCAL_LLM_API_KEY")
    local_llm_base_url: str = Field(default="", validation_alias="LOCAL_LLM_BASE_URL")
    openrouter_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="OPENROUTER_API_KEY")
    openrouter_base_url: str = Field(default="https://openrouter.ai/api/v1", validation_alias="OPENROUTER_BASE_URL")
    mistral_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="MISTRAL_API_KEY")
    mistral_base_url: str = Field(default="https://api.mistral.ai/v1", validation_alias="MISTRAL_BASE_URL")
    deepseek_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="DEEPSEEK_API_KEY")
    deepseek_base_url: str = Field(default="https://api.deepseek.com/v1", validation_alias="DEEPSEEK_BASE_URL")
    xai_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="XAI_API_KEY")
    xai_base_url: str = Field(default="https://api.x.ai/v1", validation_alias="XAI_BASE_URL")
    together_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="TOGETHER_API_KEY")
    together_base_url: str = Field(default="https://api.together.xyz/v1", validation_alias="TOGETHER_BASE_URL")
    llm_endpoints: str = ""
    llm_endpoint_keys: SecretStr = SecretStr("")

    @field_validator(*(f"{fields}_api_key" for fields in _PROVIDERS.values()))
    @classmethod
    def _key_can_be_sent(cls, key: SecretStr) -> SecretStr:
        """Without what was copied with it by accident."""
        stripped = key.get_secret_value().strip()
        _check_key(stripped)
        return SecretStr(stripped)

    @field_validator("llm_endpoint_keys")
    @classmethod
    def _keys_can_be_sent(cls, keys: SecretStr) -> SecretStr:
        for name, key in _pairs(keys.get_secret_value(), may_be_empty=True).items():
            _check_key(key, f"that of {name}")
        return keys

    @field_validator("llm_endpoints")
    @classmethod
    def _endpoints_are_new(cls, endpoints: str) -> str:
        for name in _pairs(endpoints):
            if name in {*_PROVIDERS, _BUILTIN}:
                raise ValueError(f"{name} is known already; choose another name, or set its own address")
            if not _PROVIDER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name; use at most 50 letters, digits, dots and hyphens")
        return endpoints

    @model_validator(mode="after")
    def _keys_have_endpoints(self) -> Self:
        endpoints = _pairs(self.llm_endpoints)
        keys = _pairs(self.llm_endpoint_keys.get_secret_value(), may_be_empty=True)
        if unknown := [name for name in keys if name not in endpoints]:
            raise ValueError(f"JOBWISE_LLM_ENDPOINT_KEYS: JOBWISE_LLM_ENDPOINTS names no {unknown[0]}")
        return self

    def endpoints(self) -> dict[str, Endpoint]:
        """All providers by name: those known here, then those that `JOBWISE_LLM_ENDPOINTS` adds."""
        known = {
            name: Endpoint(getattr(self, f"{fields}_base_url"), getattr(self, f"{fields}_api_key"))
            for name, fields in _PROVIDERS.items()
        }
        known["azure"] = replace(known["azure"], version=self.azure_api_version)
        keys = _pairs(self.llm_endpoint_keys.get_secret_value(), may_be_empty=True)
        own = {name: Endpoint(url, SecretStr(keys.get(name, ""))) for name, url in _pairs(self.llm_endpoints).items()}
        return {**own, **known}

    def check_link(self, provider: str, model: str, setting: str = "JOBWISE_LLM_CHAIN") -> None:
        """Whether this model, which `setting` names, can be asked. Raises ValueError that says what is missing."""
        endpoints = self.endpoints()
        if provider not in endpoints:
            names = ", ".join(endpoints)
            raise ValueError(
                f"{setting}: {provider!r} is none of {names} and builtin; "
                f"JOBWISE_LLM_ENDPOINTS={provider}=https://... adds it"
            )
        if not model:
            raise ValueError(f"{setting} names no model of {provider}; write {provider}:model")
        if not _MODEL_NAME.fullmatch(model):
            rule = "at most 100 signs without spaces; commas separate links"
            raise ValueError(f"{setting}: {model[:120]!r} is no name of a model: {rule}")
        url, fields = endpoints[provider].base_url, _PROVIDERS.get(provider)
        needed = {"local": ("base_url",), "azure": ("api_key", "base_url")}.get(provider, ("api_key",))
        missing = [f"{fields}_{part}" for part in needed if fields and not getattr(self, f"{fields}_{part}")]
        if missing:
            name = ProviderSettings.model_fields[missing[0]].validation_alias
            raise ValueError(f"{setting} names {provider}, which needs {name}")
        try:
            _check_address(url, _WEB)
        except ValueError as error:
            raise ValueError(f"The address of {provider} {error}") from None


class Settings(ProviderSettings):
    """All settings, checked at start. Every name and default is documented in docs/configuration.md."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_prefix="JOBWISE_",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        # What is wrong may be a secret.
        hide_input_in_errors=True,
    )

    home: Path = Path(".jobwise")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    allowed_origins: str = ""
    trusted_proxies: str = ""
    env: Environment = Environment.DEVELOPMENT
    secret_key: SecretStr = SecretStr("")
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="", validation_alias="REDIS_URL")
    worker_concurrency: int = Field(default=8, ge=1, le=1000)
    renderers: int = Field(default_factory=lambda: max(1, min(os.cpu_count() or 1, 8)), ge=1, le=64)
    lease_seconds: float = Field(default=30.0, ge=1, le=600)
    running_per_person: int = Field(default=4, ge=1, le=1000)
    generation_seconds: float = Field(default=900.0, ge=1)
    requests_per_minute: int | None = Field(default=None, ge=1)
    generations_per_hour: int | None = Field(default=None, ge=1)
    anonymous_requests_per_day: int | None = Field(default=None, ge=1)
    llm_chain: str = _BUILTIN
    llm_chain_analyze: str = ""
    llm_chain_write: str = ""
    llm_chain_repair: str = ""
    llm_chain_speed: str = ""
    embeddings: str = _BUILTIN
    llm_first_token_seconds: float = Field(default=60.0, gt=0)
    llm_idle_seconds: float = Field(default=30.0, gt=0)
    llm_call_seconds: float = Field(default=180.0, gt=0)
    llm_total_seconds: float = Field(default=240.0, gt=0)
    llm_concurrency: int = Field(default=1_000, ge=1)
    llm_requests_per_minute: int | None = Field(default=None, ge=1)
    llm_generation_dollars: Decimal | None = Field(default=None, ge=0)
    llm_person_month_dollars: Decimal | None = Field(default=None, ge=0)
    llm_month_dollars: Decimal | None = Field(default=None, ge=0)

    @field_validator("public_url")
    @classmethod
    def _is_public(cls, url: str) -> str:
        _check_address(url, _WEB)
        return url

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: str) -> str:
        _check_address(url, _POSTGRES, is_told=False)
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, url: str) -> str:
        _check_address(url, ("redis", "rediss", "unix"), is_told=False)
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: str) -> str:
        for proxy in filter(None, map(str.strip, proxies.split(","))):
            try:
                # All addresses, where only the proxy can reach the service at all.
                _ = proxy == "*" or ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{error}; name addresses or networks, separated by commas") from None
        return proxies

    @model_validator(mode="after")
    def _production_is_closed(self) -> Self:
        key = self.secret_key.get_secret_value()
        if (key or self.env is Environment.PRODUCTION) and len(key) < _SHORTEST_SECRET:
            raise ValueError(
                f"JOBWISE_SECRET_KEY must have at least {_SHORTEST_SECRET} characters; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if self.env is Environment.PRODUCTION and not (self.database_url and self.redis_url):
            raise ValueError(
                "DATABASE_URL and REDIS_URL must be set in production: the embedded servers are for one machine"
            )
        return self

    @model_validator(mode="after")
    def _models_can_be_asked(self) -> Self:
        for chain in _CHAINS:
            for provider, model in _links(getattr(self, chain)):
                self.check_link(provider, model, _name_of(chain))
        if "," in self.embeddings:
            raise ValueError("JOBWISE_EMBEDDINGS names one model: vectors of several cannot be compared")
        if link := self.embedding_link():
            if link[0] in _WITHOUT_EMBEDDINGS:
                raise ValueError(f"JOBWISE_EMBEDDINGS: {link[0]} has no embeddings; name a model of another provider")
            self.check_link(*link, "JOBWISE_EMBEDDINGS")
        return self

    def embedding_link(self) -> tuple[str, str] | None:
        """Provider and model of what makes vectors of texts; None for hashed terms alone."""
        links = _links(self.embeddings)
        return links[0] if links else None

    def model_chain(self, purpose: str = "", *, speed: bool = False) -> tuple[tuple[str, str], ...]:
        """Provider and model of each link before the built-in writer; empty where that writes alone.

        `purpose` is analyze, write or repair. `speed` asks for the order in which the fastest stands first: where
        there is one, it is the same for all purposes that models serve.
        """
        own = {"analyze": self.llm_chain_analyze, "write": self.llm_chain_write, "repair": self.llm_chain_repair}
        links = _links(own.get(purpose) or self.llm_chain)
        return _links(self.llm_chain_speed) if speed and links and self.llm_chain_speed else links

    def model_links(self) -> tuple[tuple[str, str], ...]:
        """Provider and model of everything that stands in any chain, each once."""
        return tuple(dict.fromkeys(link for chain in _CHAINS for link in _links(getattr(self, chain))))

    def embedding_model(self) -> str:
        """The same as `provider:model`; empty for hashed terms alone."""
        return ":".join(self.embedding_link() or ())

    def requests_a_minute(self) -> int:
        """Requests that one person may make a minute. On one's own machine the limits only catch runaway scripts."""
        return self.requests_per_minute or (100 if self.env is Environment.PRODUCTION else 6_000)

    def generations_an_hour(self) -> int:
        """Generations that one person may start an hour."""
        return self.generations_per_hour or (10 if self.env is Environment.PRODUCTION else 3_600)

    def anonymous_requests_a_day(self) -> int:
        """Requests that one address may make a day when signed out."""
        return self.anonymous_requests_per_day or (1_000 if self.env is Environment.PRODUCTION else 100_000)

    def files_folder(self) -> Path:
        """Where finished files are kept; API and workers must see the same folder."""
        return self.home.absolute() / "files"

    def home_objection(self) -> str:
        """Why the data folder cannot be used, and what to do; empty where it can. Makes it."""
        home = self.home.absolute()
        try:
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=home):
                return ""
        except OSError as error:
            return f"{home} cannot be written ({error.strerror}); set JOBWISE_HOME"

    def signing_key(self) -> str:
        """The key that signs tokens and links. In development one is made once and kept in the data folder."""
        if key := self.secret_key.get_secret_value():
            return key
        return _development_key(self.home.absolute())


def _check_key(key: str, which: str = "it") -> None:
    """Raises ValueError for what cannot be a key; the message does not have it."""
    if not re.fullmatch(r"[!-~]*", key):
        raise ValueError(f"{which} must have ASCII letters, digits and signs only, without spaces")


def _check_address(url: str, schemes: Collection[str], *, is_told: bool = True) -> None:
    """Raises ValueError for what is no address; nothing is one as well. `is_told` where it has no password in it."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        # A socket has a path in the place of a host.
        is_one = parts.scheme in schemes and bool(parts.hostname or "http" not in schemes) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        begin = " or ".join(f"{scheme}://" for scheme in schemes)
        hint = (
            f", not be {url!r}" if is_told else "; signs of a password such as # / @ [ are written in percent, as %23"
        )
        raise ValueError(f"must begin with {begin} and a host{hint}")


def _name_of(field: str) -> str:
    """The name under which a setting stands in the environment."""
    known = Settings.model_fields.get(field)
    return str(known.validation_alias or f"JOBWISE_{field.upper()}") if known else field


def _pairs(text: str, *, may_be_empty: bool = False) -> dict[str, str]:
    """`name=value, name=value`. Raises ValueError, which does not have the values."""
    entries = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    if not all(name.strip() and equals and (value.strip() or may_be_empty) for name, equals, value in entries):
        raise ValueError("it must be name=value pairs, separated by commas")
    return {name.strip(): value.strip() for name, _, value in entries}


def _links(chain: str) -> tuple[tuple[str, str], ...]:
    entries = [entry.strip() for entry in chain.split(",") if entry.strip()]
    links = entries[: entries.index(_BUILTIN)] if _BUILTIN in entries else entries
    return tuple((provider, model) for provider, _, model in (link.partition(":") for link in links))


@lru_cache(maxsize=8)
def _development_key(home: Path) -> str:
    path = home / "secret-key"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError with a line for each mistake."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_told, error.errors()))) from None


def _told(mistake: ErrorDetails) -> str:
    """A line that begins with the setting."""
    words = str(mistake.get("ctx", {}).get("error") or mistake["msg"])
    return ": ".join((*map(_name_of, map(str, mistake["loc"])), words))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
