"""Job postings as clients see them: the posting, its analysis, how a profile matches it."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import urlsplit

import strawberry

from jobwise.generation import types as generation
from jobwise.generation.stages.match import match
from jobwise.jobs import capture, job_fields, models, requirements, salaries
from jobwise.jobs.requirements import JobAnalysis as PlainAnalysis
from schema import ids
from schema.context import Info
from schema.enums import describe

describe(
    models.JobStatus,
    "JobStatus",
    "Whether a posting is still of interest.",
    ACTIVE="Still of interest.",
    CLOSED="No longer open.",
    ARCHIVED="Put away by the person.",
)
describe(
    models.JobSource,
    "JobSource",
    "How a posting came in.",
    MANUAL="Typed into a form.",
    TEXT="Read from pasted text.",
    HTML="Read from a web page.",
    JSON="Read from a file after `jobTemplate`.",
    SAMPLE="One of the samples that come with JobWise.",
)
describe(
    job_fields.Workplace,
    "Workplace",
    "Where the work is done.",
    REMOTE="From anywhere, or from anywhere in a region.",
    HYBRID="Partly at the employer's.",
    ONSITE="At the employer's.",
)
describe(
    salaries.PayInterval,
    "PayInterval",
    "What a salary is paid for.",
    HOUR="An hour.",
    DAY="A day.",
    WEEK="A week.",
    MONTH="A month.",
    YEAR="A year.",
)
describe(
    requirements.RequirementKind,
    "RequirementKind",
    "What sort of thing a posting asks for.",
    HARD_SKILL="A tool, method or field of knowledge.",
    SOFT_SKILL="A way of working.",
    EXPERIENCE="Years or kind of experience.",
    EDUCATION="A degree or training.",
    CERTIFICATION="A certificate or licence.",
    LANGUAGE="A spoken language.",
    RESPONSIBILITY="What is to be done in the job.",
)
describe(
    requirements.Importance,
    "Importance",
    "How much a posting insists on a requirement.",
    MUST="Without it there is little hope.",
    SHOULD="Asked for.",
    NICE="A plus.",
)
describe(
    requirements.Seniority,
    "Seniority",
    "Level of a position.",
    INTERN="Internship or trainee.",
    JUNIOR="First years.",
    MID="Some years of experience.",
    SENIOR="Experienced.",
    LEAD="Leads others.",
    EXECUTIVE="Leads an organisation or a large part of it.",
)
describe(
    generation.Strength,
    "Strength",
    "How well a profile answers a requirement.",
    DIRECT="The profile states exactly this; counts 1.",
    STRONG="The profile states something very close; counts 0.85.",
    TRANSFERABLE="The profile states something that carries over; counts 0.6.",
    MISSING="The profile says nothing about it; counts 0.",
)


@strawberry.type(description="One thing that a posting asks for.")
class Requirement:
    """Part of an analysis."""

    id: strawberry.ID = strawberry.field(description="Stable within the analysis: `r1`, `r2`, …")
    quote: str = strawberry.field(description="The words, verbatim in the posting.")
    kind: requirements.RequirementKind = strawberry.field(description="What sort of thing it is.")
    importance: requirements.Importance = strawberry.field(description="How much the posting insists.")
    terms: list[str] = strawberry.field(description="Skills and tools that the quote names, by their usual names.")
    years: float | None = strawberry.field(description="Least number of years, where the quote says so.")

    @classmethod
    def of(cls, requirement: requirements.Requirement) -> "Requirement":
        """From the analysis."""
        return cls(
            id=strawberry.ID(requirement.id),
            quote=requirement.quote,
            kind=requirement.kind,
            importance=requirement.importance,
            terms=list(requirement.terms),
            years=requirement.years,
        )


@strawberry.type(description="A posting, read: what it asks for.")
class JobAnalysis:
    """Kept by the posting's text: reading the same text again costs nothing."""

    title: str = strawberry.field(description="The position, as the posting calls it.")
    company: str = strawberry.field(description="The employer, where the posting names it.")
    location: str = strawberry.field(description="The place, where the posting names it.")
    seniority: requirements.Seniority | None = strawberry.field(description="Level, where it can be told.")
    years: float | None = strawberry.field(description="Least years of experience overall, where the posting says so.")
    language: str = strawberry.field(description="ISO 639-1 code of the posting's language.")
    requirements: list[Requirement] = strawberry.field(description="What is asked for, in the posting's order.")
    keywords: list[str] = strawberry.field(
        description="Skills and tools anywhere in the posting, most important first."
    )
    warnings: list[str] = strawberry.field(description="What could not be read and what would help, for people.")

    @classmethod
    def of(cls, analysis: PlainAnalysis) -> "JobAnalysis":
        """From the product's analysis."""
        return cls(
            title=analysis.title,
            company=analysis.company,
            location=analysis.location,
            seniority=analysis.seniority,
            years=analysis.years,
            language=analysis.language,
            requirements=[Requirement.of(requirement) for requirement in analysis.requirements],
            keywords=list(analysis.keywords),
            warnings=list(analysis.warnings),
        )


@strawberry.type(description="How well a profile answers one requirement.")
class RequirementMatch:
    """Part of a match."""

    requirement_id: strawberry.ID = strawberry.field(description="Id of the requirement within the analysis.")
    importance: requirements.Importance = strawberry.field(description="How much the posting insists.")
    strength: generation.Strength = strawberry.field(description="That of the best evidence.")
    evidence_ids: list[strawberry.ID] = strawberry.field(description="Parts of the profile that answer it, best first.")
    missing_terms: list[str] = strawberry.field(description="What of it the profile does not name.")

    @classmethod
    def of(cls, match: generation.RequirementMatch) -> "RequirementMatch":
        """From the product's match."""
        return cls(
            requirement_id=strawberry.ID(match.requirement_id),
            importance=match.importance,
            strength=match.strength,
            evidence_ids=[strawberry.ID(str(evidence.fact_id)) for evidence in match.evidence],
            missing_terms=list(match.missing_terms),
        )


@strawberry.type(description="A profile held against a posting. Computed by rules, not by a model.")
class Match:
    """All of it is deterministic."""

    score: int = strawberry.field(description="0 to 100.")
    requirements: list[RequirementMatch] = strawberry.field(description="Each requirement, weighed.")
    ranked_skills: list[str] = strawberry.field(description="The profile's skills, most relevant to the posting first.")
    covered_terms: list[str] = strawberry.field(description="Terms of the posting that the profile has.")
    missing_terms: list[str] = strawberry.field(description="Terms of the posting that the profile does not have.")
    years: float = strawberry.field(description="Years of work in the profile, overlaps counted once.")

    @classmethod
    def of(cls, report: generation.MatchReport) -> "Match":
        """From the product's report."""
        return cls(
            score=report.score,
            requirements=[RequirementMatch.of(match) for match in report.requirements],
            ranked_skills=list(report.ranked_skills),
            covered_terms=list(report.covered_terms),
            missing_terms=list(report.missing_terms),
            years=report.years,
        )


@strawberry.type(description="What a position pays, as far as the posting says.")
class Salary:
    """In units of the currency for each interval."""

    min: float | None = strawberry.field(description="The lower end.")
    max: float | None = strawberry.field(description="The upper end.")
    currency: str = strawberry.field(description="ISO 4217 code; empty where the posting names none.")
    interval: salaries.PayInterval | None = strawberry.field(description="What it is paid for.")

    @classmethod
    def of(cls, salary: salaries.Salary | None) -> "Salary | None":
        """From the product's salary."""
        return cls(**dict(salary)) if salary else None


@strawberry.type(description="A posting as it was read, to be looked over before it is kept. Nothing is stored.")
class JobDraft:
    """What `convertJobText` answers."""

    title: str = strawberry.field(description="The position.")
    company: str = strawberry.field(description="The employer.")
    location: str = strawberry.field(description="The place.")
    workplace: job_fields.Workplace | None = strawberry.field(description="Where the work is done.")
    employment_types: list[str] = strawberry.field(description="In the words of schema.org, such as `FULL_TIME`.")
    salary: Salary | None = strawberry.field(description="What it pays.")
    posted: date | None = strawberry.field(description="When it was published.")
    valid_through: date | None = strawberry.field(description="The last day to apply.")
    url: str = strawberry.field(description="Where it can be read.")
    language: str = strawberry.field(description="ISO 639-1 code of its language.")
    description: str = strawberry.field(description="The advertisement as plain text.")
    attribution: str = strawberry.field(description="The site that it was captured from.")
    warnings: list[str] = strawberry.field(description="What to look at, for people.")
    missing: list[str] = strawberry.field(description="Fields that could not be filled.")

    @classmethod
    def of(cls, draft: capture.CapturedPosting) -> "JobDraft":
        """From the product's draft."""
        values = {name: getattr(draft, name) for name in type(draft).model_fields if name not in ("salary", "raw")}
        return cls(salary=Salary.of(draft.salary), **values)


@strawberry.type(description="A posting that you found or captured.")
class Job(ids.Node):
    """Its analysis and match are computed when they are asked for, and kept by the posting's text."""

    row: strawberry.Private[models.Job]
    title: str = strawberry.field(description="The position.")
    company: str = strawberry.field(description="The employer; empty where the posting names none.")
    location: str = strawberry.field(description="The place; empty where the posting names none.")
    workplace: job_fields.Workplace | None = strawberry.field(description="Where the work is done.")
    employment_types: list[str] = strawberry.field(description="In the words of schema.org, such as `FULL_TIME`.")
    salary: Salary | None = strawberry.field(description="What it pays.")
    url: str = strawberry.field(description="Where it can be read; empty where that is not known.")
    language: str = strawberry.field(description="ISO 639-1 code of its language.")
    description: str = strawberry.field(description="The advertisement as plain text.")
    source: models.JobSource = strawberry.field(description="How it came in.")
    status: models.JobStatus = strawberry.field(description="Whether it is still of interest.")
    warnings: list[str] = strawberry.field(description="What to look at, for people.")
    posted_on: date | None = strawberry.field(description="When it was published.")
    valid_through: date | None = strawberry.field(description="The last day to apply.")
    created_at: datetime = strawberry.field(description="When it came in.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Job) -> "Job":
        """From the table's row."""
        return cls(
            id=ids.encode("Job", row.id),
            row=row,
            title=row.title,
            company=row.company,
            location=row.location,
            workplace=job_fields.Workplace(row.workplace) if row.workplace else None,
            employment_types=row.employment_types,
            salary=Salary.of(salaries.Salary.model_validate(row.salary) if row.salary else None),
            url=row.url,
            language=row.language,
            description=row.description,
            source=row.source,
            status=row.status,
            warnings=row.warnings,
            posted_on=row.posted_on,
            valid_through=row.valid_through,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="What it asks for.")
    async def analysis(self, info: Info) -> JobAnalysis:
        """Kept by the posting's text."""
        return JobAnalysis.of(await info.context.loaders.analyses.load(self.row))

    @strawberry.field(description="How one of your profiles answers it.")
    async def match(
        self, info: Info, profile_id: Annotated[strawberry.ID, strawberry.argument(description="Id of the profile.")]
    ) -> Match:
        """Computed from the profile as it is now."""
        profile = await info.context.loaders.own_profile(info.context.viewer, ids.decode(profile_id, "Profile"))
        content = await info.context.loaders.contents.load(profile.id)
        analysis = await info.context.loaders.analyses.load(self.row)
        return Match.of(await asyncio.to_thread(match, content, analysis, datetime.now(UTC).date()))

    @strawberry.field(description="The site that it was captured from; null where that is not known.")
    def attribution(self) -> str | None:
        """From its address."""
        return (urlsplit(self.row.url).hostname or "").removeprefix("www.") or None


@strawberry.type(description="A posting on your list, with your notes.")
class SavedJob(ids.Node):
    """One for each posting at most."""

    job: Job = strawberry.field(description="The posting.")
    notes: str = strawberry.field(description="Your own words about it.")
    created_at: datetime = strawberry.field(description="When you saved it.")
    updated_at: datetime = strawberry.field(description="When you last changed the notes.")

    @classmethod
    def of(cls, row: models.SavedJob) -> "SavedJob":
        """From the table's row, whose posting has been read with it."""
        return cls(
            id=ids.encode("SavedJob", row.id),
            job=Job.of(row.job),
            notes=row.notes,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type(description="A posting and how well a profile answers it.")
class MatchingJob:
    """Part of `matchingJobs`."""

    job: Job = strawberry.field(description="The posting.")
    score: int = strawberry.field(description="0 to 100.")
