"""What the gate must catch, and what it must let pass.

Both tables count: a false alarm costs the person a good sentence.
"""

import pytest

from jobwise.documents.content import DocumentKind, LetterContent, LetterParagraph
from jobwise.generation.assemble import assemble_letter, assemble_resume
from jobwise.generation.fact_gate import FactGate, check
from jobwise.generation.gate.directions import reversed_in
from jobwise.generation.ledger import wording_path
from jobwise.generation.types import Change, FindingKind, Operation, Tone, Transform
from jobwise.profiles.content import ProfileContent
from tests.generation.people import BAULEITER, ENGINEER, PLATFORM, TODAY, id_of

_MENTORED = "Mentored three junior engineers and wrote the onboarding guide"
_LATENCY = "Reduced p99 latency of the checkout API by 33% by moving hot queries from PostgreSQL to Redis"
_LED = "Led a team of five engineers in splitting a Django monolith into eleven FastAPI services over 14 months"
_HELPED = "Contributed to the migration of 40 services from virtual machines to Kubernetes"
_CUT = "Cut the nightly settlement run from four hours to 45 minutes, handling 1,200 files and $35M a day"
_OAUTH = "Introduced OAuth 2.0 and Java 17 in the partner gateway"
_FRAUD = "Built a fraud-scoring service in Go and Kafka that checks 2.3 million transactions a month"
_TESTS = "Raised test coverage from 34% to 88% with pytest"
_STARS = "Used by eight companies; more than 400 stars on GitHub"
_TAUGHT = "Taught SQL basics to 120 adults"

# (the person's line, what a writer made of it, what is wrong with that)
FABRICATED_LINES = [
    (_LATENCY, "Reduced p99 latency of the checkout API by 53% by moving hot queries to Redis", FindingKind.NUMBER),
    (_LATENCY, "Reduced p99 latency of the checkout API by half by moving hot queries to Redis", FindingKind.NUMBER),
    (_LATENCY, "Reduced p99 latency of the checkout API by 33% by moving hot queries to Memcached", FindingKind.SKILL),
    (_LATENCY, "Reduced p99 latency by 33% and saved $33M by moving hot queries to Redis", FindingKind.NUMBER),
    (_LATENCY, "Reduced p95 latency of the checkout API by 33%", FindingKind.SKILL),
    (_LATENCY, "Directed the effort that reduced p99 latency of the checkout API by 33%", FindingKind.SCOPE),
    (_LED, "Led a team of fifteen engineers in splitting a Django monolith into eleven services", FindingKind.NUMBER),
    (_LED, "Led a team of five engineers in splitting a Rails monolith into eleven services", FindingKind.SKILL),
    (
        _LED,
        "Led a team of five engineers in splitting a monolith into eleven services over 14 weeks",
        FindingKind.NUMBER,
    ),
    (_LED, "As Engineering Manager, led five engineers in splitting a Django monolith", FindingKind.TITLE),
    (_HELPED, "Led the migration of 40 services from virtual machines to Kubernetes", FindingKind.SCOPE),
    (_HELPED, "Managed the migration of 40 services to Kubernetes", FindingKind.SCOPE),
    (_HELPED, "Spearheaded the migration of services to Kubernetes", FindingKind.SCOPE),
    (_HELPED, "Contributed to the migration of 40 engineers to Kubernetes", FindingKind.NUMBER),
    (_HELPED, "Contributed to the migration of 400 services to Kubernetes", FindingKind.NUMBER),
    (
        _HELPED,
        "Contributed to the migration of dozens of services to Kubernetes at Northpay and Klarna",
        FindingKind.SKILL,
    ),
    (_HELPED, "Owned the migration of 40 services to Kubernetes", FindingKind.SCOPE),
    (_HELPED, "Contributed to the migration of 40 services to OpenShift", FindingKind.SKILL),
    (_CUT, "Cut the nightly settlement run from four hours to 45 seconds", FindingKind.NUMBER),
    (_CUT, "Cut the nightly settlement run to 45 minutes, handling 35% of files", FindingKind.NUMBER),
    (_CUT, "Cut the nightly settlement run to 45 minutes, handling €35M a day", FindingKind.NUMBER),
    (_CUT, "Cut the nightly settlement run to 45 minutes, handling over 1,200 files a day", FindingKind.NUMBER),
    (_CUT, "Cut the nightly settlement run to 45 minutes, handling millions of files", FindingKind.NUMBER),
    (_OAUTH, "Introduced OAuth 2.0 and Java 21 in the partner gateway", FindingKind.NUMBER),
    (_OAUTH, "Architected the partner gateway with OAuth 2.0 and Java 17", FindingKind.SCOPE),
    (_OAUTH, "Introduced SAML and Java 17 in the partner gateway", FindingKind.SKILL),
    (
        _FRAUD,
        "Built a fraud-scoring service in Go and Kafka that checks 23 million transactions a month",
        FindingKind.NUMBER,
    ),
    (
        _FRAUD,
        "Built a fraud-scoring service in Go and RabbitMQ for 2.3 million transactions a month",
        FindingKind.SKILL,
    ),
    (_FRAUD, "Headed the fraud-scoring work in Go and Kafka", FindingKind.SCOPE),
    (_FRAUD, "Built a fraud-scoring service for DNB in Go and Kafka", FindingKind.ORGANIZATION),
    (_TESTS, "Raised test coverage from 34% to 98% with pytest", FindingKind.NUMBER),
    (_TESTS, "Tripled test coverage with pytest", FindingKind.NUMBER),
    (_STARS, "Used by eighty companies; more than 400 stars on GitHub", FindingKind.NUMBER),
    (_TAUGHT, "Taught SQL basics to 120 adults in 2015", FindingKind.NUMBER),
    (_TAUGHT, "Taught SQL basics to ١٢٥ adults", FindingKind.NUMBER),
    (_MENTORED, "Mentored Ⅻ junior engineers and wrote the onboarding guide", FindingKind.NUMBER),
    (_MENTORED, "Mentored ½ of the junior engineers and wrote the onboarding guide", FindingKind.NUMBER),
    (_MENTORED, "Managed three junior engineers and wrote the onboarding guide", FindingKind.SCOPE),
    (_MENTORED, "Mentored three junior engineers towards AWS Certified Solutions Architect", FindingKind.SKILL),
    (_MENTORED, "Mentored three junior engineers; write to mara@evil.example for details", FindingKind.IDENTITY),
]

# (the person's line, what a writer made of it): every word is there, but it goes the other way.
REVERSED_LINES = [
    (_LATENCY, "Increased p99 latency of the checkout API by 33% by moving hot queries from PostgreSQL to Redis"),
    (_LATENCY, "Raised the checkout API's p99 latency by 33% with Redis"),
    (_LATENCY, "Moved hot queries to Redis, increasing p99 latency of the checkout API by 33%"),
    (_CUT, "Lengthened the nightly settlement run from four hours to 45 minutes"),
    (_CUT, "Doubled the nightly settlement run, handling 1,200 files a day"),
    (_TESTS, "Reduced test coverage from 88% to 34% with pytest"),
    (_TESTS, "Lowered test coverage with pytest"),
    (_TESTS, "Test coverage fell to 34% with pytest"),
]

# Whole sentences of a summary or letter that rest on the whole profile.
FABRICATED_PROSE = [
    ("Backend engineer with twelve years of experience in payment systems.", FindingKind.NUMBER),
    ("Staff Engineer with a focus on payments.", FindingKind.TITLE),
    ("I hold a Master of Science in Computer Science from Lund University.", FindingKind.DEGREE),
    ("I hold a PhD in Computer Science.", FindingKind.DEGREE),
    ("I hold a Bachelor of Science in Physics from Lund University.", FindingKind.SKILL),
    ("At Spotify, I built services in Python.", FindingKind.ORGANIZATION),
    ("At Gridworks, I led the platform team.", FindingKind.ORGANIZATION),
    ("At Fjordbank, I led a team of five engineers in splitting a Django monolith.", FindingKind.NUMBER),
    ("At Fjordbank, I worked with PostgreSQL.", FindingKind.SKILL),
    ("At Fjordbank, I worked as Senior Backend Engineer.", FindingKind.TITLE),
    ("I joined Northpay in January 2019.", FindingKind.DATE),
    ("As CTO I ran the platform.", FindingKind.TITLE),
    ("I am fluent in German.", FindingKind.SKILL),
    ("I have used Rust in production.", FindingKind.SKILL),
    ("I have worked with Snowflake and dbt.", FindingKind.SKILL),
    ("Call me at +49 30 1234 5678.", FindingKind.IDENTITY),
    ("My work is shown at www.mara-portfolio.com.", FindingKind.IDENTITY),
    ("I cut costs by 45%.", FindingKind.NUMBER),
]

HONEST_LINES = [
    (_LATENCY, "Cut the checkout API's p99 latency by a third by moving hot queries from PostgreSQL to Redis"),
    (_LATENCY, "Moved hot queries from Postgres to Redis, reducing p99 latency of the checkout API by 33 %"),
    (_LATENCY, "Lowered checkout latency (p99) by 33 percent with Redis"),
    (_LATENCY, "Reduced p99 checkout latency by about a third using Redis"),
    (_LED, "Led five engineers who split a Django monolith into 11 FastAPI services over 14 months"),
    (_LED, "Headed a team of 5 engineers in splitting a Django monolith into eleven services"),
    (_LED, "Split a Django monolith into eleven FastAPI services with a team of five over 14 months"),
    (_LED, "Managed a five-person team that split a Python monolith into FastAPI services"),
    (_HELPED, "Helped to migrate 40 services from virtual machines to Kubernetes"),
    (_HELPED, "Supported the migration of forty services to Kubernetes"),
    (_HELPED, "Took part in moving 40 services from VMs to Kubernetes"),
    (_HELPED, "Contributed to migrating services to Kubernetes"),
    (_CUT, "Shortened the nightly settlement run from 4 hours to 45 minutes"),
    (
        _CUT,
        "Cut the nightly settlement run from four hours to 45 min, handling 1.200 files and 35 million dollars a day",
    ),
    (_CUT, "Brought the settlement run, which handles $35 million a day, down to 45 minutes"),
    (_CUT, "Reduced a four-hour settlement run to 45 minutes"),
    (_CUT, "Reduced the settlement run from 240 minutes to 45 minutes"),
    (_OAUTH, "Brought OAuth 2.0 and Java 17 to the partner gateway"),
    (_OAUTH, "Introduced Java 17 and OAuth 2 in the gateway for partners"),
    (_OAUTH, "Introduced OAuth in the partner gateway"),
    (_FRAUD, "Built a service in Go and Kafka for fraud scoring: 2.3M transactions a month"),
    (_FRAUD, "Developed a Kafka-based fraud-scoring service in Go checking over 2 million transactions a month"),
    (_FRAUD, "Built a fraud-scoring service in Golang and Apache Kafka"),
    (_TESTS, "Raised test coverage from 34 to 88 percent with pytest"),
    (_TESTS, "Increased test coverage to 88% using pytest"),
    (_TESTS, "Improved coverage from 34 % to 88 % by writing pytest suites"),
    (_STARS, "Used by 8 companies; over 400 stars on GitHub"),
    (_STARS, "More than 400 GitHub stars, in use at eight companies"),
    (_TAUGHT, "Taught the basics of SQL to 120 adults"),
    (_TAUGHT, "Taught SQL to about 120 adult learners"),
    (_MENTORED, "Mentored 3 junior engineers and authored the onboarding guide"),
    (_MENTORED, "Mentored ③ junior engineers and wrote the onboarding guide"),
    (_MENTORED, "Wrote the onboarding guide and mentored three juniors"),
    (_MENTORED, "Coached three junior engineers; wrote the onboarding guide"),
]

HONEST_PROSE = [
    "Senior backend engineer with eight years of experience in payment systems.",
    "Backend engineer with 8 years of experience in payments, working in Python on AWS.",
    "I am applying for the position of Platform Engineer at Gridworks in Berlin.",
    "The Platform Engineer role at Gridworks would let me go on with work that I know well.",
    "I would welcome the opportunity to talk about how I could support your team at Gridworks.",
    "At Northpay, I led a team of five engineers in splitting a Django monolith into eleven FastAPI services.",
    "As Senior Backend Engineer at Northpay, I cut the nightly settlement run from four hours to 45 minutes.",
    "At Fjordbank, I built a fraud-scoring service in Go and Kafka.",
    "Earlier, as Software Engineer at Fjordbank, I raised test coverage from 34% to 88%.",
    "I hold a Bachelor of Science in Computer Science from Lund University.",
    "I am a Certified Kubernetes Administrator.",
    "I speak Swedish and English.",
    "I joined Northpay in March 2021.",
    "I worked at Fjordbank from 2018 to 2021.",
    "At Northpay I contributed to moving 40 services to Kubernetes, which your posting asks for.",
    "My certifications include Certified Kubernetes Administrator.",
    "I enjoy migrations that nobody notices, and I would be glad to do the same for you.",
    "In 2024 I received the Reliability Prize.",
    "You can reach me at mara@example.org.",
    "As a volunteer I taught SQL basics to 120 adults at Code Evenings.",
]


@pytest.fixture(scope="module")
def gate() -> FactGate:
    return FactGate(ENGINEER, PLATFORM, computed={"years:8"})


def _kinds_of_line(gate: FactGate, original: str, value: str) -> set[FindingKind]:
    change = Change(
        id="c1",
        document=DocumentKind.RESUME,
        path=wording_path(id_of(original)),
        op=Operation.REPLACE,
        original=original,
        value=value,
        reason="",
        transform=Transform.REPHRASE,
    )
    return {finding.kind for finding in gate.resume(assemble_resume(ENGINEER, [change], {}, "en"))}


def _kinds_of_prose(gate: FactGate, text: str) -> set[FindingKind]:
    letter = assemble_letter(ENGINEER, (), PLATFORM, "en", Tone.PROFESSIONAL, TODAY)
    said = letter.model_copy(update={"paragraphs": (LetterParagraph(text=text),)})
    return {finding.kind for finding in gate.letter(said)}


@pytest.mark.parametrize(("original", "value", "kind"), FABRICATED_LINES)
def test_a_line_that_says_more_than_its_fact_is_caught(
    gate: FactGate, original: str, value: str, kind: FindingKind
) -> None:
    assert kind in _kinds_of_line(gate, original, value)


@pytest.mark.parametrize(("original", "value"), REVERSED_LINES)
def test_a_line_that_turns_a_result_round_is_caught(gate: FactGate, original: str, value: str) -> None:
    assert FindingKind.CONSISTENCY in _kinds_of_line(gate, original, value)


@pytest.mark.parametrize(
    ("text", "source", "is_reversed"),
    [
        ("Increased errors by 20%", "Reduced errors by 20%", True),
        ("Increased the number of errors by 20%", "Cut errors by 20%", True),
        ("Errors rose by 20%", "Reduced the error rate by 20%", True),
        ("Reduced sales in the region", "Grew sales in the region by 10%", True),
        ("Die Fehler um 20 % erhöht", "Fehler um 20 % gesenkt", True),
        ("Ich steigerte die Kosten um 5 %", "Senkte die Kosten um 5 %", True),
        ("Increased settlement speed", "Cut the settlement run from four hours to 45 minutes", False),
        ("Reduced API errors and increased checkout throughput", "Reduced errors while increasing throughput", False),
        ("Improved latency by 33%", "Reduced latency by 33%", False),
        ("Lowered costs and raised quality", "Raised quality and cut costs", False),
        ("Cut the time to hire from 40 to 20 days", "Reduced time to hire by half", False),
        ("Grew the team to 12 while reducing turnover", "Reduced staff turnover and expanded the team", False),
        ("Raised $2M for the clinic", "Reduced waiting times in the clinic", False),
        ("Increased revenue by cutting waste", "Cut waste, increasing revenue", False),
        ("Doubled output", "Built the output module", False),
    ],
)
def test_up_and_down_are_held_against_each_other_only_where_they_are_said_of_the_same_thing(
    text: str, source: str, is_reversed: bool
) -> None:
    assert bool(list(reversed_in(text, [source]))) is is_reversed


@pytest.mark.parametrize(("text", "kind"), FABRICATED_PROSE)
def test_a_sentence_that_says_more_than_the_profile_is_caught(gate: FactGate, text: str, kind: FindingKind) -> None:
    assert kind in _kinds_of_prose(gate, text)


@pytest.mark.parametrize(("original", "value"), HONEST_LINES)
def test_an_honest_rewording_of_a_line_passes(gate: FactGate, original: str, value: str) -> None:
    assert _kinds_of_line(gate, original, value) == set()


@pytest.mark.parametrize("text", HONEST_PROSE)
def test_an_honest_sentence_passes(gate: FactGate, text: str) -> None:
    assert _kinds_of_prose(gate, text) == set()


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Bei Elbbau GmbH leitete ich den Neubau von 120 Wohnungen.", True),
        ("Ich senkte die Mängel bei der Abnahme um 35 Prozent.", True),
        ("Die Bausumme betrug 2.3 Millionen Euro.", True),
        ("Koordination von 1200 m² Fassade.", True),
        ("Ich senkte die Mängel bei der Abnahme um 53 %.", False),
        ("Die Bausumme betrug 23 Mio. Euro.", False),
        ("Bei Hochtief Infrastructure leitete ich den Neubau von 120 Wohnungen.", False),
    ],
)
def test_german_numbers_and_names_are_read_as_german(text: str, passes: bool) -> None:
    letter = assemble_letter(BAULEITER, (), PLATFORM, "de", Tone.PROFESSIONAL, TODAY)
    said = letter.model_copy(update={"paragraphs": (LetterParagraph(text=text),)})

    assert (check(said, BAULEITER, PLATFORM) == []) is passes


@pytest.mark.parametrize("profile", [ENGINEER, BAULEITER])
def test_the_profile_as_it_is_has_nothing_to_object_to(profile: ProfileContent) -> None:
    assert check(assemble_resume(profile, (), {}, profile.language), profile, PLATFORM) == []


@pytest.mark.parametrize("field", ["title", "organization", "location", "note"])
def test_a_changed_entry_is_caught_whatever_the_ledger_says(field: str) -> None:
    content = assemble_resume(ENGINEER, (), {}, "en")
    section = content.sections[0]
    forged = section.entries[0].model_copy(update={field: "Chief Architect"})
    sections = (section.model_copy(update={"entries": (forged, *section.entries[1:])}), *content.sections[1:])

    assert check(content.model_copy(update={"sections": sections}), ENGINEER, PLATFORM)


def test_another_name_or_address_is_caught() -> None:
    content = assemble_resume(ENGINEER, (), {}, "en")
    contact = (content.contact[0].model_copy(update={"text": "other@example.org"}),)

    kinds = {
        finding.kind
        for finding in check(content.model_copy(update={"name": "M. L.", "contact": contact}), ENGINEER, PLATFORM)
    }

    assert kinds == {FindingKind.IDENTITY}


def test_years_that_code_has_worked_out_are_allowed_only_when_listed() -> None:
    letter = assemble_letter(ENGINEER, (), PLATFORM, "en", Tone.PROFESSIONAL, TODAY)
    said: LetterContent = letter.model_copy(
        update={"paragraphs": (LetterParagraph(text="I bring 6 years of experience."),)}
    )

    assert check(said, ENGINEER, PLATFORM)
    assert check(said, ENGINEER, PLATFORM, computed={"years:6"}) == []
