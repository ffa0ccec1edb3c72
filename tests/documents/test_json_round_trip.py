"""What we export as JSON Resume, our own importer takes back with nothing lost."""

from jobwise.documents.content import ResumeContent
from jobwise.documents.formats.json_resume import to_json_resume
from jobwise.profiles.importers import read
from tests.documents.factories import resume


def test_an_exported_resume_comes_back_as_the_same_profile() -> None:
    content: ResumeContent = resume()

    profile = read(to_json_resume(content)).content

    assert (profile.name, profile.headline, profile.summary) == (content.name, content.headline, content.summary)
    assert (profile.contact.email, profile.contact.phone) == ("ines.brandt@example.com", "+49 30 5550 1234")
    work = content.sections[0].entries
    assert [(job.title, job.employer, job.start, job.end) for job in profile.experiences] == [
        (entry.title, entry.organization, entry.span.start, entry.span.end) for entry in work
    ]
    assert [[line.text for line in job.highlights] for job in profile.experiences] == [
        [line.text for line in entry.lines] for entry in work
    ]
    assert [study.institution for study in profile.education] == ["Technische Universität Berlin"]
    assert [skill.keywords for skill in profile.skills] == [("Python", "Go", "SQL"), ("Kafka", "PostgreSQL")]
    assert [(item.name, item.issuer) for item in profile.certifications] == [
        ("Certified Kubernetes Administrator", "CNCF")
    ]
    assert [(item.name, item.fluency) for item in profile.languages] == [("German", "Native"), ("English", "Fluent")]
