import pytest

from jobwise.config import SettingsError, load_settings
from jobwise.llm.router import opened


def _mistake(monkeypatch: pytest.MonkeyPatch, chain: str) -> str:
    monkeypatch.setenv("JOBWISE_LLM_CHAIN", chain)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


async def test_without_any_setting_the_built_in_writer_writes_alone() -> None:
    async with opened(load_settings()) as router:
        assert router is None


def test_a_model_keeps_the_colons_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBWISE_LLM_CHAIN", " local:llama3.2:3b , builtin")
    monkeypatch.setenv("LOCAL_LLM_BASE_URL", "http://127.0.0.1:11434/v1")

    assert load_settings().model_chain() == (("local", "llama3.2:3b"),)


def test_an_address_without_a_scheme_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_LLM_BASE_URL", "127.0.0.1:11434/v1")

    assert "must begin with http://" in _mistake(monkeypatch, "local:llama3.2")


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ("openai:gpt-6-luna", "OPENAI_API_KEY"),
        ("groq:openai/gpt-oss-20b,builtin", "GROQ_API_KEY"),
        ("local:anything", "LOCAL_LLM_BASE_URL"),
        ("local", "write local:model"),
        ("opnai:gpt-6-luna", "'opnai' is none of openai, anthropic, gemini, "),
    ],
)
def test_a_mistake_in_the_chain_is_named(monkeypatch: pytest.MonkeyPatch, chain: str, words: str) -> None:
    assert words in _mistake(monkeypatch, chain)


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOBWISE_LLM_CHAIN", "JOBWISE_LLM_MONTH_DOLLARS", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "")

    chosen = load_settings()

    assert (chosen.llm_chain, chosen.llm_month_dollars) == ("builtin", None)
    assert chosen.openai_base_url.startswith("https://")
