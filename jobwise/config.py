"""Settings: the only reader of the environment and of a `.env` file."""

import os
import secrets
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SHORTEST_SECRET = 32


class Environment(StrEnum):
    """Where this runs. Production refuses what is only convenient for development."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The settings have mistakes; the message has one line for each."""


class Settings(BaseSettings):
    """All settings, checked at start. Every name and default is documented in docs/configuration.md."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="JOBWISE_", extra="ignore", populate_by_name=True)

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
    llm_chain: str = "builtin"
    llm_first_token_seconds: float = Field(default=60.0, gt=0)
    llm_idle_seconds: float = Field(default=30.0, gt=0)
    llm_call_seconds: float = Field(default=180.0, gt=0)
    openai_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field(default="https://api.openai.com/v1", validation_alias="OPENAI_BASE_URL")
    groq_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="GROQ_API_KEY")
    groq_base_url: str = Field(default="https://api.groq.com/openai/v1", validation_alias="GROQ_BASE_URL")
    local_llm_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="LOCAL_LLM_API_KEY")
    local_llm_base_url: str = Field(default="", validation_alias="LOCAL_LLM_BASE_URL")

    @model_validator(mode="after")
    def _production_is_closed(self) -> Self:
        key = self.secret_key.get_secret_value()
        if self.env is Environment.PRODUCTION and len(key) < _SHORTEST_SECRET:
            raise ValueError(
                f"JOBWISE_SECRET_KEY must have at least {_SHORTEST_SECRET} characters in production; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if self.env is Environment.PRODUCTION and not (self.database_url and self.redis_url):
            raise ValueError(
                "DATABASE_URL and REDIS_URL must be set in production: the embedded servers are for one machine"
            )
        return self

    @model_validator(mode="after")
    def _models_can_be_asked(self) -> Self:
        openai, groq = self.openai_api_key.get_secret_value(), self.groq_api_key.get_secret_value()
        needed = {
            "openai": (openai, "OPENAI_API_KEY", self.openai_base_url),
            "groq": (groq, "GROQ_API_KEY", self.groq_base_url),
            "local": (self.local_llm_base_url, "LOCAL_LLM_BASE_URL", self.local_llm_base_url),
        }
        for provider, model in self.model_chain():
            if provider not in needed:
                raise ValueError(f"JOBWISE_LLM_CHAIN: {provider!r} is none of {', '.join(needed)} and builtin")
            value, name, address = needed[provider]
            if not model:
                raise ValueError(f"JOBWISE_LLM_CHAIN names no model of {provider}; write {provider}:model")
            if not value:
                raise ValueError(f"JOBWISE_LLM_CHAIN names {provider}, which needs {name}")
            if not address.startswith(("http://", "https://")):
                raise ValueError(f"The address of {provider} must begin with http:// or https://, not be {address!r}")
        return self

    def model_chain(self) -> tuple[tuple[str, str], ...]:
        """Provider and model of each link before the built-in writer; empty where that writes alone."""
        entries = [entry.strip() for entry in self.llm_chain.split(",") if entry.strip()]
        links = entries[: entries.index("builtin")] if "builtin" in entries else entries
        return tuple((provider, model) for provider, _, model in (link.partition(":") for link in links))

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

    def signing_key(self) -> str:
        """The key that signs tokens and links. In development one is made once and kept in the data folder."""
        if key := self.secret_key.get_secret_value():
            return key
        return _development_key(self.home.absolute())


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
        lines = [f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors()]
        raise SettingsError("\n".join(lines)) from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
