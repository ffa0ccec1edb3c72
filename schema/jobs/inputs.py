"""What clients send about postings. In updates, a field that is left out stays as it is and null empties it."""

from datetime import date

import strawberry
from strawberry import UNSET

from jobwise.jobs import job_fields, models, salaries
from jobwise.jobs.queries import JobSort
from schema.enums import describe

describe(
    JobSort,
    "JobSort",
    "Order of a list of postings.",
    RELEVANCE="Best answer to the search first; without a search, the newest first.",
    NEWEST="The newest first.",
)


@strawberry.input(description="What a position pays.")
class SalaryInput:
    """In units of the currency for each interval."""

    min: float | None = strawberry.field(default=None, description="The lower end.")
    max: float | None = strawberry.field(default=None, description="The upper end.")
    currency: str = strawberry.field(default="", description="ISO 4217 code.")
    interval: salaries.PayInterval | None = strawberry.field(default=None, description="What it is paid for.")


@strawberry.input
class _JobFields:
    company: str | None = strawberry.field(default=UNSET, description="The employer, as it is to stand in a letter.")
    location: str | None = strawberry.field(default=UNSET, description="The place.")
    workplace: job_fields.Workplace | None = strawberry.field(default=UNSET, description="Where the work is done.")
    employment_types: list[str] | None = strawberry.field(default=UNSET, description="Such as `FULL_TIME`.")
    salary: SalaryInput | None = strawberry.field(default=UNSET, description="What it pays.")
    url: str | None = strawberry.field(default=UNSET, description="Where it can be read.")
    posted_on: date | None = strawberry.field(default=UNSET, description="When it was published.")
    valid_through: date | None = strawberry.field(default=UNSET, description="The last day to apply.")


@strawberry.input(description="A posting, typed in. To have one read from its text, use `importJob`.")
class CreateJobInput(_JobFields):
    """Input of `createJob`."""

    title: str = strawberry.field(description="The position.")
    description: str = strawberry.field(description="The whole advertisement.")


@strawberry.input(description="Changes to a posting.")
class UpdateJobInput(_JobFields):
    """Input of `updateJob`."""

    id: strawberry.ID = strawberry.field(description="Id of the posting.")
    title: str | None = strawberry.field(default=UNSET, description="The position.")
    description: str | None = strawberry.field(default=UNSET, description="The whole advertisement.")


@strawberry.input(description="A posting to read. Give exactly one of `text`, `html` and `json`.")
class ImportJobInput:
    """Input of `importJob`."""

    text: str | None = strawberry.field(default=None, description="Pasted text, plain or Markdown.")
    html: str | None = strawberry.field(default=None, description="Source of the posting's web page.")
    json: str | None = strawberry.field(
        default=None, description="JSON after `jobTemplate`, or schema.org's JobPosting."
    )
    url: str = strawberry.field(default="", description="Address of the page, with `html`. Nothing is fetched from it.")


@strawberry.input(description="Whether a posting is still of interest.")
class SetJobStatusInput:
    """Input of `setJobStatus`."""

    id: strawberry.ID = strawberry.field(description="Id of the posting.")
    status: models.JobStatus = strawberry.field(description="The new status.")


@strawberry.input(description="A posting to read again.")
class AnalyzeJobInput:
    """Input of `analyzeJob`."""

    id: strawberry.ID = strawberry.field(description="Id of the posting.")


@strawberry.input(description="A posting for your list.")
class SaveJobInput:
    """Input of `saveJob` and `updateSavedJob`."""

    job_id: strawberry.ID = strawberry.field(description="Id of the posting.")
    notes: str = strawberry.field(default="", description="Your own words about it.")


@strawberry.input(description="A posting to take off your list.")
class UnsaveJobInput:
    """Input of `unsaveJob`."""

    job_id: strawberry.ID = strawberry.field(description="Id of the posting.")


@strawberry.input(description="Which postings. Everything that is given must hold.")
class JobFilter:
    """Filter of `jobs`."""

    status: list[models.JobStatus] | None = strawberry.field(default=UNSET, description="One of these.")
    workplace: list[job_fields.Workplace] | None = strawberry.field(default=UNSET, description="One of these.")
    source: list[models.JobSource] | None = strawberry.field(default=UNSET, description="One of these.")
    company: str | None = strawberry.field(default=UNSET, description="Part of the employer's name.")
    location: str | None = strawberry.field(default=UNSET, description="Part of the place.")
    language: str | None = strawberry.field(default=UNSET, description="ISO 639-1 code of the posting's language.")
    saved: bool | None = strawberry.field(default=UNSET, description="Whether it is on your list.")
