from jobwise import doctor
from jobwise.config import Settings
from tests.providers.script import Behaviour, Script
from tests.providers.server import running


async def _told(*behaviours: Behaviour) -> tuple[list[str], list[bool]]:
    """What the doctor says of the models of a chain, when they behave like this."""
    async with running(Script(next=list(behaviours))) as provider:
        chosen = Settings(
            llm_chain="openai:gpt-6-luna,builtin",
            llm_chain_repair="local:mine",
            openai_base_url=provider.url,
            openai_api_key="a-key",
            local_llm_base_url=provider.url,
        )
        found = [item async for item in doctor.models(chosen)]
    return [f"{name}: {result.detail}" for name, result in found], [result.ok for _, result in found]


async def test_the_doctor_asks_every_model_of_every_chain() -> None:
    good = Behaviour(text='{"words": ["one", "two", "three"]}', stream_seconds=0.3)

    said, fine = await _told(good, good)

    assert fine == [True, True]
    assert said[0].startswith("openai:gpt-6-luna: answers in 0.")
    assert said[0].endswith("follows the schema; streams; its price is known")
    assert "its price is not known" in said[1]


async def test_the_doctor_gives_advice_and_the_exact_error() -> None:
    wrong_key = Behaviour(fault="status", status=401, code="invalid_api_key", message="Incorrect API key provided")
    other_form = Behaviour(text='{"numbers": 3}')

    said, fine = await _told(wrong_key, other_form)

    assert fine == [False, False]
    assert "does not accept the key; check it" in said[0]
    assert "AUTH: Incorrect API key provided" in said[0]
    assert "does NOT follow the schema" in said[1]


async def test_without_models_the_doctor_says_who_writes() -> None:
    ((name, result),) = [item async for item in doctor.models(Settings())]

    assert (name, result.ok) == ("models", True)
    assert "built-in writer" in result.detail
