import pytest

from jobwise.llm.capabilities import Dialect, Mode, all_capabilities, capabilities


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-6-astra", "gpt-6*"),
        ("gpt-6.1-sol", "gpt-6*"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini*"),
        ("openai/gpt-oss-120b", "gpt-oss*"),
        ("claude-haiku-5-5", "claude-*"),
        ("anthropic/Claude-Sonnet-4-5", "claude-sonnet-4-5*"),
        ("gemini-4-argon", "gemini-4*"),
        ("gemini-3.5-flash-lite", "gemini-3*"),
        ("llama3.2:3b", "llama*"),
        ("qwen3:8b", "*"),
    ],
)
def test_a_model_belongs_to_a_family_whoever_sells_it(model: str, family: str) -> None:
    assert capabilities(model).family == family


@pytest.mark.parametrize(
    ("model", "effort"),
    [("gpt-6-luna", "low"), ("deepseek-flash", "low"), ("mistral-small-latest", ""), ("gemini-2.5-flash", "")],
)
def test_models_that_reason_are_asked_for_little_of_it(model: str, effort: str) -> None:
    assert capabilities(model).effort == effort


def test_models_that_reason_are_told_no_temperature() -> None:
    told = {row.family for row in all_capabilities() if row.takes_temperature}

    assert "mistral*" in told
    assert not {row.family for row in all_capabilities() if row.effort} & told


def test_nothing_is_assumed_of_a_model_that_nobody_knows() -> None:
    unknown = capabilities("our-deployment")

    assert (unknown.takes_temperature, unknown.effort, unknown.context) == (False, "", None)
    assert (unknown.dialect, unknown.mode) == (Dialect.OPENAI, Mode.JSON_SCHEMA)
