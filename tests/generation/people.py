"""People and postings that the generation tests are about."""

from datetime import date
from uuid import UUID, uuid5

from jobwise.jobs.requirements import Importance, JobAnalysis, Requirement, RequirementKind
from jobwise.profiles.content import (
    Certification,
    Contact,
    Education,
    Experience,
    ExperienceKind,
    Highlight,
    Honor,
    HonorKind,
    Language,
    Link,
    ProfileContent,
    Project,
    Skill,
)
from jobwise.profiles.dates import PartialDate

TODAY = date(2026, 11, 21)
_IDS = UUID("5d1c0f2e-0000-4000-8000-000000000000")


def id_of(name: str) -> UUID:
    """A stable id for a part, by its name."""
    return uuid5(_IDS, name)


def lines(*texts: str) -> tuple[Highlight, ...]:
    """Highlights with stable ids."""
    return tuple(Highlight(id=id_of(text), text=text) for text in texts)


def on(text: str) -> PartialDate:
    """A date."""
    return PartialDate(text)


ENGINEER = ProfileContent(
    name="Mara Lindqvist",
    headline="Senior Backend Engineer",
    summary=(
        "Backend engineer with eight years of experience in payment systems. "
        "Designs services in Python and keeps them running on AWS. "
        "Enjoys migrations that nobody notices."
    ),
    contact=Contact(
        email="mara@example.org",
        phone="+46 8 555 01 23",
        url="https://mara.example.org/",
        city="Malmö",
        country_code="SE",
        links=(Link(network="GitHub", username="maral", url="https://github.example.org/maral"),),
    ),
    experiences=(
        Experience(
            id=id_of("Northpay"),
            employer="Northpay",
            title="Senior Backend Engineer",
            location="Malmö",
            description="Card payments for 4,000 shops",
            start=on("2021-03"),
            highlights=lines(
                "Mentored three junior engineers and wrote the onboarding guide",
                "Reduced p99 latency of the checkout API by 33% by moving hot queries from PostgreSQL to Redis",
                "Led a team of five engineers in splitting a Django monolith into eleven FastAPI services over 14 "
                "months",
                "Contributed to the migration of 40 services from virtual machines to Kubernetes",
                "Cut the nightly settlement run from four hours to 45 minutes, handling 1,200 files and $35M a day",
                "Introduced OAuth 2.0 and Java 17 in the partner gateway",
            ),
            skills=("Python", "PostgreSQL", "Redis", "Kubernetes", "AWS"),
        ),
        Experience(
            id=id_of("Fjordbank"),
            employer="Fjordbank",
            title="Software Engineer",
            location="Oslo",
            start=on("2018-06"),
            end=on("2021-02"),
            highlights=lines(
                "Built a fraud-scoring service in Go and Kafka that checks 2.3 million transactions a month",
                "Raised test coverage from 34% to 88% with pytest",
            ),
            skills=("Go", "Kafka"),
        ),
        Experience(
            id=id_of("Code Evenings"),
            kind=ExperienceKind.VOLUNTEER,
            employer="Code Evenings",
            title="Tutor",
            start=on("2019-01"),
            end=on("2020-12"),
            highlights=lines("Taught SQL basics to 120 adults"),
        ),
    ),
    education=(
        Education(
            id=id_of("Lund"),
            institution="Lund University",
            degree="Bachelor of Science",
            area="Computer Science",
            start=on("2014-09"),
            end=on("2018-06"),
            courses=("Databases", "Statistics"),
        ),
    ),
    projects=(
        Project(
            id=id_of("tinyledger"),
            name="tinyledger",
            role="Author",
            description="A double-entry ledger library",
            highlights=lines("Used by eight companies; more than 400 stars on GitHub"),
            keywords=("Python",),
        ),
    ),
    skills=(
        Skill(id=id_of("Languages"), name="Languages", keywords=("Python", "Go", "SQL", "Java")),
        Skill(id=id_of("Infrastructure"), name="Infrastructure", keywords=("Docker", "Kubernetes", "AWS", "Terraform")),
    ),
    certifications=(
        Certification(
            id=id_of("CKA"), name="Certified Kubernetes Administrator", issuer="Linux Foundation", date=on("2023-05")
        ),
    ),
    languages=(
        Language(id=id_of("Swedish"), name="Swedish", fluency="Native"),
        Language(id=id_of("English"), name="English", fluency="Fluent"),
    ),
    honors=(
        Honor(id=id_of("Prize"), kind=HonorKind.AWARD, title="Reliability Prize", issuer="Northpay", date=on("2024")),
    ),
)

GRADUATE = ProfileContent(
    name="Tomi Adeyemi",
    headline="Computer Science Graduate",
    education=(
        Education(
            id=id_of("Leeds"),
            institution="University of Leeds",
            degree="BSc",
            area="Computer Science",
            start=on("2023-09"),
            end=on("2026-06"),
        ),
    ),
    experiences=(
        Experience(
            id=id_of("Quill"),
            employer="Quill Labs",
            title="Software Engineering Intern",
            start=on("2025-06"),
            end=on("2025-09"),
            highlights=lines("Wrote a React dashboard for support staff"),
        ),
    ),
    projects=(Project(id=id_of("busmap"), name="busmap", description="A live map of city buses"),),
    skills=(Skill(id=id_of("skills"), name="Web", keywords=("JavaScript", "React")),),
)

BARE = ProfileContent(name="Kim Vale")
"""Somebody who has filled in nothing but a name."""

BAULEITER = ProfileContent(
    name="Jonas Rehfeld",
    language="de",
    headline="Bauleiter",
    summary="Bauleiter mit neun Jahren Erfahrung im Wohnungsbau. Sicher in VOB und Kalkulation.",
    experiences=(
        Experience(
            id=id_of("Elbbau"),
            employer="Elbbau GmbH",
            title="Bauleiter",
            start=on("2019-04"),
            highlights=lines(
                "Leitung des Neubaus von 120 Wohnungen mit einer Bausumme von 2,3 Mio. Euro",
                "Koordination von bis zu 25 Nachunternehmern und 1.200 m² Fassade",
                "Senkung der Mängel bei der Abnahme um 35 %",
            ),
        ),
    ),
    languages=(Language(id=id_of("Deutsch"), name="Deutsch", fluency="Muttersprache"),),
)


def need(
    number: int,
    quote: str,
    *terms: str,
    kind: RequirementKind = RequirementKind.HARD_SKILL,
    importance: Importance = Importance.MUST,
    years: float | None = None,
) -> Requirement:
    """A requirement."""
    return Requirement(id=f"r{number}", quote=quote, kind=kind, importance=importance, terms=terms, years=years)


def posting(*requirements: Requirement, title: str = "Platform Engineer", company: str = "Gridworks") -> JobAnalysis:
    """A posting with these requirements."""
    keywords = tuple(dict.fromkeys(term for requirement in requirements for term in requirement.terms))
    return JobAnalysis(
        version=1,
        title=title,
        company=company,
        location="Berlin, Germany",
        requirements=requirements,
        keywords=keywords,
    )


PLATFORM = posting(
    need(1, "Kubernetes in production", "Kubernetes"),
    need(2, "Strong Python and PostgreSQL", "Python", "PostgreSQL"),
    need(3, "Rust is a plus", "Rust", importance=Importance.NICE),
    need(4, "5+ years of backend experience", kind=RequirementKind.EXPERIENCE, years=5),
    need(5, "Bachelor's degree in Computer Science", kind=RequirementKind.EDUCATION, importance=Importance.SHOULD),
    need(6, "Fluent English", kind=RequirementKind.LANGUAGE),
)
