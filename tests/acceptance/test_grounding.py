"""Finished PDFs of every sample person hold nothing that is not in the person's own file."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from jobwise import samples
from jobwise.documents.content import ResumeContent
from jobwise.documents.renderer import Renderer
from jobwise.generation.stages.match import match
from jobwise.generation.stages.verify import verify
from jobwise.generation.stages.write import write
from jobwise.generation.types import Options, Verified
from jobwise.jobs.analysis import analyze
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.importers import read
from tests.acceptance.grounding import Ungrounded, ungrounded

NOW = datetime(2026, 11, 21, tzinfo=UTC)
POSTINGS = samples.postings()[::18]
TODAY_IN_WORDS = ("21 November 2026", "21. November 2026")


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(2) as pool:
        yield pool


def _tailored(profile: ProfileContent, posting: samples.SamplePosting, today: date) -> Verified:
    analysis = analyze(posting.title, posting.company, posting.text, posting.location)
    report, options = match(profile, analysis, today), Options(template="modern")
    return verify(write(profile, analysis, report, options, today), profile, analysis, report, options, today)


@pytest.mark.parametrize("person", samples.profiles(), ids=lambda person: person.key)
async def test_nothing_in_a_finished_file_is_absent_from_the_profile(
    renderer: Renderer, person: samples.SampleProfile
) -> None:
    profile = read(person.resume).content
    own = {name: value for name, value in person.resume.items() if name != "meta"}
    for posting in POSTINGS:
        draft = _tailored(profile, posting, NOW.date()).draft
        for content, frame in (
            (draft.resume, ()),
            (draft.letter, (posting.title, posting.company, posting.location, *TODAY_IN_WORDS)),
        ):
            assert content is not None
            file = await renderer.render(content, created=NOW, template="modern")
            assert file.read_back is not None
            assert ungrounded(file.read_back.text, own, frame) == Ungrounded((), (), ()), posting.key


@pytest.mark.parametrize("person", samples.profiles(), ids=lambda person: person.key)
async def test_employers_titles_and_degrees_are_the_profiles_own_letter_for_letter(
    renderer: Renderer, person: samples.SampleProfile
) -> None:
    profile = read(person.resume).content
    resume = _tailored(profile, POSTINGS[0], NOW.date()).draft.resume
    assert isinstance(resume, ResumeContent)

    file = await renderer.render(resume, created=NOW, max_pages=4)

    assert file.read_back is not None
    said = " ".join(file.read_back.text.split())
    for job in profile.experiences:
        assert " ".join(job.employer.split()) in said
        assert " ".join(job.title.split()) in said
    for study in profile.education:
        assert study.degree in said
        assert study.institution in said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Cut costs by 37% with Kubernetes at Initech.",
            Ungrounded(("37",), ("Kubernetes",), ("Initech", "Kubernetes")),
        ),
        ("Wrote Python for 4 years at Acme.", Ungrounded((), (), ())),
    ],
)
def test_the_auditor_finds_what_was_invented_and_only_that(said: str, expected: Ungrounded) -> None:
    resume = {"basics": {"name": "Ada"}, "work": [{"name": "Acme", "summary": "Wrote Python for 4 years"}]}
    assert ungrounded(said, resume) == expected
