"""The sample data: a demo account with six profiles and all sample postings. For development only."""

from dataclasses import dataclass

from jobwise import samples
from jobwise.accounts import service as accounts
from jobwise.accounts.models import User
from jobwise.accounts.service import Viewer
from jobwise.config import Environment, settings
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.infra import db
from jobwise.jobs import service as jobs
from jobwise.jobs.job_fields import Workplace, employment_types
from jobwise.jobs.models import JobSource
from jobwise.jobs.salaries import PayInterval, Salary
from jobwise.profiles import service as profiles
from jobwise.samples import SamplePosting

EMAIL = "demo@jobwise.example"
#: Known to everybody, which is why production refuses the sample data.
PASSWORD = "Demo-password-1"  # noqa: S105 (not a secret)

_WORKPLACES = {"on-site": Workplace.ONSITE, "hybrid": Workplace.HYBRID, "remote": Workplace.REMOTE}


class NotInProduction(JobWiseError):
    """The sample data has an account whose password everybody knows: it is for development only."""

    code = ErrorCode.FORBIDDEN


@dataclass(frozen=True)
class Loaded:
    """How much was loaded."""

    profiles: int
    postings: int


async def seed() -> Loaded | None:
    """Load the sample data, all of it or nothing. None when the demo account is there already, which is left as it is.

    Raises NotInProduction.
    """
    if settings().env is Environment.PRODUCTION:
        raise NotInProduction
    if await User.exists(email=EMAIL):
        return None
    async with db.transaction():
        await db.may_stand_still()
        viewer = (await accounts.register(EMAIL, PASSWORD, "Demo")).viewer
        for profile in samples.profiles():
            await profiles.import_profile(viewer, profile.resume)
        for posting in samples.postings():
            await _keep(viewer, posting)
        await accounts.logout(viewer)
    return Loaded(len(samples.profiles()), len(samples.postings()))


async def _keep(viewer: Viewer, posting: SamplePosting) -> None:
    values = jobs.JobInput(
        title=posting.title,
        company=posting.company,
        location=posting.location,
        workplace=_WORKPLACES[posting.workplace],
        employment_types=employment_types(posting.employment),
        salary=_salary(posting),
        posted_on=posting.posted,
        description=posting.text,
    )
    await jobs.create_manual(viewer, values, source=JobSource.SAMPLE)


def _salary(posting: SamplePosting) -> Salary | None:
    paid = posting.salary
    if paid is None:
        return None
    return Salary(min=paid.minimum, max=paid.maximum, currency=paid.currency, interval=PayInterval(paid.period.upper()))
