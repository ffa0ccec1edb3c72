import pytest

from jobwise import samples, seed
from jobwise.accounts import service as accounts
from jobwise.accounts.models import Session
from jobwise.config import Environment, settings
from jobwise.jobs.models import Job, JobSource
from jobwise.profiles.models import Profile


async def test_the_demo_account_gets_all_samples_once(database: str) -> None:
    loaded = await seed.seed()
    assert loaded == seed.Loaded(len(samples.profiles()), len(samples.postings()))
    assert await seed.seed() is None
    assert await Profile.all().count() == len(samples.profiles())
    assert await Job.filter(source=JobSource.SAMPLE).count() == len(samples.postings())
    assert await Session.filter(revoked_at=None).count() == 0
    signed_in = await accounts.login(seed.EMAIL, seed.PASSWORD)
    assert signed_in.user.email == seed.EMAIL


async def test_production_refuses_the_samples(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "env", Environment.PRODUCTION)
    with pytest.raises(seed.NotInProduction):
        await seed.seed()
