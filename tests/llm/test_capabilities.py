import pytest

from jobwise.llm.capabilities import Dialect, Effort, Mode, Sampling, capabilities


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-6-astra", "gpt-6-astra*"),
        ("gpt-6.1-sol", "gpt-6*"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini*"),
        ("openai/gpt-oss-120b", "gpt-oss*"),
        ("claude-haiku-5-5", "claude-*"),
        ("anthropic/Claude-Sonnet-4-5", "claude-sonnet-4-5*"),
        ("gemini-4-argon", "gemini-4*"),
        ("gemini-3.5-flash-lite", "gemini-3*"),
        ("llama3.2:3b", "*"),
    ],
)
def test_a_model_belongs_to_a_family_whoever_sells_it(model: str, family: str) -> None:
    assert capabilities(model).family == family


@pytest.mark.parametrize(
    ("model", "wanted", "effort"),
    [
        ("gpt-6-luna", Effort.LOW, Effort.LOW),
        ("gpt-6-luna", Effort.NONE, Effort.NONE),
        ("gpt-6-astra", Effort.NONE, Effort.LOW),
        ("openai/gpt-oss-20b", Effort.MAX, Effort.HIGH),
        ("gemini-3.8-flash", Effort.MINIMAL, Effort.LOW),
        ("mistral-small-latest", Effort.LOW, None),
    ],
)
def test_the_effort_is_the_nearest_that_a_model_knows(model: str, wanted: Effort, effort: Effort | None) -> None:
    assert capabilities(model).effort(wanted) == effort


def test_models_that_reason_take_no_sampling_parameters() -> None:
    luna, astra, oss = capabilities("gpt-6-luna"), capabilities("gpt-6-astra"), capabilities("gpt-oss-20b")

    assert luna.may_sample(Effort.NONE)
    assert not luna.may_sample(Effort.LOW)
    assert not astra.may_sample(Effort.NONE)
    assert oss.may_sample(Effort.LOW)


def test_nothing_is_assumed_of_a_model_that_nobody_knows() -> None:
    unknown = capabilities("our-deployment")

    assert (unknown.sampling, unknown.efforts, unknown.context) == (Sampling.ALWAYS, (), None)
    assert (unknown.dialect, unknown.mode) == (Dialect.OPENAI, Mode.JSON_SCHEMA)
