"""Where models are served, from the settings alone."""

from pathlib import Path

import pytest

from jobwise.config import Settings, SettingsError, load_settings
from jobwise.llm.deployments import deployments
from jobwise.llm.types import Wire
from tests.providers.deployments import MODELS


def _mistake(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_every_provider_has_its_protocol_and_its_public_address() -> None:
    known = deployments(Settings())

    assert set(known) == set(MODELS) - {"house"}
    assert {name: known[name].wire for name in known if known[name].wire is not Wire.OPENAI} == {
        "anthropic": Wire.ANTHROPIC,
        "gemini": Wire.GEMINI,
    }
    assert {name for name in known if not known[name].base_url.startswith("https://")} == {"azure", "local"}


@pytest.mark.parametrize(
    ("endpoint", "version", "base_url", "query"),
    [
        ("https://our.openai.azure.com", "", "https://our.openai.azure.com/openai/v1", ""),
        ("https://our.openai.azure.com/openai/v1/", "", "https://our.openai.azure.com/openai/v1", ""),
        (
            "https://our.openai.azure.com/",
            "2024-10-21",
            "https://our.openai.azure.com/openai/deployments/{model}",
            "?api-version=2024-10-21",
        ),
    ],
)
def test_azure_has_two_kinds_of_addresses(endpoint: str, version: str, base_url: str, query: str) -> None:
    azure = deployments(Settings(azure_base_url=endpoint, azure_api_version=version, azure_api_key="k"))["azure"]

    assert (azure.base_url, azure.query, azure.key_header) == (base_url, query, "api-key")


def test_a_server_of_ones_own_is_a_name_and_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBWISE_LLM_ENDPOINTS", "house=https://models.example.org/v1, lab = http://10.0.0.5:8000/v1")
    monkeypatch.setenv("JOBWISE_LLM_ENDPOINT_KEYS", "house=secret=with=signs")
    monkeypatch.setenv("JOBWISE_LLM_CHAIN", "house:one,lab:two,builtin")

    known = deployments(load_settings())

    assert (known["house"].base_url, known["house"].key) == ("https://models.example.org/v1", "secret=with=signs")
    assert (known["lab"].base_url, known["lab"].key) == ("http://10.0.0.5:8000/v1", "")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"JOBWISE_LLM_CHAIN": "anthropic:claude-haiku-5-5"}, "ANTHROPIC_API_KEY"),
        ({"JOBWISE_LLM_CHAIN": "gemini:gemini-3.8-flash"}, "GEMINI_API_KEY"),
        ({"JOBWISE_LLM_CHAIN": "azure:ours"}, "AZURE_OPENAI_API_KEY"),
        ({"JOBWISE_LLM_CHAIN": "azure:ours", "AZURE_OPENAI_API_KEY": "k"}, "AZURE_OPENAI_ENDPOINT"),
        ({"JOBWISE_LLM_CHAIN": "house:any"}, "JOBWISE_LLM_ENDPOINTS=house=https://... adds it"),
        (
            {"JOBWISE_LLM_CHAIN": "house:any", "JOBWISE_LLM_ENDPOINTS": "house=models.example.org"},
            "must begin with http",
        ),
    ],
)
def test_what_a_provider_lacks_is_named(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str) -> None:
    assert words in _mistake(monkeypatch, **settings)


def test_no_key_is_shown_by_accident() -> None:
    settings = Settings(
        openai_api_key="top-secret", llm_endpoints="house=http://x/v1", llm_endpoint_keys="house=top-secret"
    )

    assert "top-secret" not in f"{settings!r}{settings.endpoints()!r}{deployments(settings)!r}"


def test_the_documents_name_every_provider() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")

    assert [name for name in deployments(Settings()) if f"`{name}`" not in text] == []


def test_a_key_is_taken_without_what_was_copied_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-our-key\r\n")

    assert deployments(load_settings())["openai"].key == "sk-our-key"


@pytest.mark.parametrize("key", ["sk-our\nkey", "sk-our key", "sk-our-kéy", "sk-our-key\x00"])
@pytest.mark.parametrize("setting", ["OPENAI_API_KEY", "JOBWISE_LLM_ENDPOINT_KEYS"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(setting: str, key: str) -> None:
    given = {setting: f"house={key}" if setting.startswith("JOBWISE") else key}
    field = {"OPENAI_API_KEY": "OPENAI_API_KEY", "JOBWISE_LLM_ENDPOINT_KEYS": "llm_endpoint_keys"}[setting]

    with pytest.raises(ValueError, match="must have ASCII letters, digits and signs only") as caught:
        Settings.model_validate({field: given[setting]})

    assert "sk-our" not in str(caught.value)
