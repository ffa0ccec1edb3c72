"""A mistake in the settings is told with the setting's name, and without what may be a secret."""

from pathlib import Path

import pytest

from jobwise.config import Settings, SettingsError, load_settings

_HOUSE = {"JOBWISE_LLM_ENDPOINTS": "house=https://models.example/v1"}


def _mistake(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JOBWISE_PORT", "99999", "less than or equal to 65535"),
        ("JOBWISE_ENV", "prod", "'development' or 'production'"),
        ("JOBWISE_SECRET_KEY", "short", "must have at least 32 characters"),
        ("JOBWISE_PUBLIC_URL", "jobs.example", "must begin with http:// or https:// and a host, not be 'jobs.example'"),
        ("JOBWISE_PUBLIC_URL", "https://", "must begin with"),
        ("JOBWISE_TRUSTED_PROXIES", "10.0.0.0/8, proxy", "'proxy' does not appear to be"),
        ("DATABASE_URL", "mysql://user:hidden@host/db", "must begin with postgresql://"),
        ("REDIS_URL", "hidden", "must begin with redis://"),
        ("JOBWISE_LLM_CHAIN", "house:a;house:b", "commas separate links"),
        ("JOBWISE_LLM_CHAIN", f"house:{'x' * 101}", "at most 100 signs"),
        ("JOBWISE_LLM_CHAIN_WRITE", "hose:a", "'hose' is none of"),
        ("JOBWISE_LLM_CHAIN_SPEED", "house", "write house:model"),
        ("JOBWISE_LLM_ENDPOINTS", "house", "must be name=value pairs"),
        ("JOBWISE_LLM_ENDPOINTS", "openai=https://ours.example", "openai is known already"),
        ("JOBWISE_LLM_ENDPOINTS", "our house=https://ours.example", "'our house' is no name"),
        ("JOBWISE_LLM_ENDPOINT_KEYS", "hose=hidden", "JOBWISE_LLM_ENDPOINTS names no hose"),
        ("JOBWISE_LLM_ENDPOINT_KEYS", "hidden", "must be name=value pairs"),
        ("JOBWISE_LLM_ENDPOINT_KEYS", "house=hid den", "that of house must have ASCII letters"),
        ("OPENAI_API_KEY", "hid den", "must have ASCII letters"),
    ],
)
def test_a_mistake_is_told_with_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    said = _mistake(monkeypatch, **{**_HOUSE, name: value})

    assert said.startswith(name)
    assert words in said
    assert "hid" not in said
    assert "Value error" not in said


@pytest.mark.parametrize(
    "url", ["http://", "models.example/v1", "ftp://models.example", "https://models.example:99999"]
)
def test_an_address_that_is_none_is_told_with_its_provider(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    said = _mistake(monkeypatch, JOBWISE_LLM_ENDPOINTS=f"house={url}", JOBWISE_LLM_CHAIN="house:a")

    assert said == f"The address of house must begin with http:// or https:// and a host, not be {url!r}"


def test_all_usual_forms_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {
        "DATABASE_URL": "postgresql+asyncpg:///jobwise?host=/run/postgresql",
        "REDIS_URL": "unix:///run/redis.sock?db=1",
        "JOBWISE_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1",
        "JOBWISE_LLM_ENDPOINTS": "house=http://[::1]:8080/v1, other-2=https://models.example",
        "JOBWISE_LLM_ENDPOINT_KEYS": "other-2=a=b,house=",
        "JOBWISE_LLM_CHAIN": "house:org/model:8b@q4, other-2:m,builtin",
    }
    for name, value in usual.items():
        monkeypatch.setenv(name, value)

    chosen = load_settings()

    assert chosen.model_links() == (("house", "org/model:8b@q4"), ("other-2", "m"))
    assert chosen.endpoints()["other-2"].key.get_secret_value() == "a=b"


def test_a_data_folder_that_cannot_be_one_is_told_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    for home in (file, file / "below"):
        objection = Settings(home=home).home_objection()
        assert objection.startswith(str(home))
        assert objection.endswith("; set JOBWISE_HOME")
    assert Settings(home=tmp_path / "new" / "one").home_objection() == ""
