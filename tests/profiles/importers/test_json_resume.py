import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jobwise
from jobwise.errors import ErrorCode
from jobwise.profiles.content import ExperienceKind, HonorKind, ProfileContent
from jobwise.profiles.importers import ImportedProfile, ImportFailed, NoteKind, read

SAMPLES = sorted((Path(jobwise.__file__).parent / "samples" / "profiles").glob("*.json"))


def imported(**sections: Any) -> ImportedProfile:
    return read({"basics": {"name": "Ada Lovelace"}} | sections)


def content(**sections: Any) -> ProfileContent:
    return imported(**sections).content


def notes(found: ImportedProfile, kind: NoteKind) -> dict[str, str]:
    return {note.path: note.message for note in found.report.notes if note.kind is kind}


def refusal(data: Any) -> ImportFailed:
    with pytest.raises(ImportFailed) as refused:
        read(data)
    assert refused.value.code is ErrorCode.IMPORT_FAILED
    return refused.value


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None and str(value).strip():
        yield " ".join(str(value).split())


def lost(data: dict[str, Any]) -> set[str]:
    """The values of a file that are neither in the profile nor kept beside it."""
    found = read(json.dumps(data).encode())
    kept = json.dumps([found.content.model_dump(mode="json"), found.unknown], ensure_ascii=False).replace("\\n", " ")
    return {leaf for leaf in leaves(data) if json.dumps(leaf, ensure_ascii=False)[1:-1] not in kept}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_imported_with_nothing_lost(sample: Path) -> None:
    data = json.loads(sample.read_bytes())

    assert lost({name: value for name, value in data.items() if name != "$schema"}) == set()
    assert not notes(read(data), NoteKind.SKIPPED)


def test_every_section_of_the_standard_has_its_place() -> None:
    found = read(
        {
            "basics": {
                "name": "Ada Lovelace",
                "label": "Analyst",
                "email": "ada@example.com",
                "phone": "+44 20 1234",
                "url": "https://ada.example",
                "summary": "Works on the engine.",
                "location": {
                    "address": "1 St James",
                    "postalCode": "SW1",
                    "city": "London",
                    "countryCode": "gb",
                    "region": "LDN",
                },
                "profiles": [{"network": "GitHub", "username": "ada", "url": "https://github.com/ada"}],
            },
            "work": [
                {
                    "name": "Engine Works",
                    "position": "Analyst",
                    "location": "London",
                    "url": "https://engine.example",
                    "description": "Maker of engines",
                    "summary": "Notes and programs.",
                    "startDate": "1942-01",
                    "endDate": "1943-12-31",
                    "highlights": ["Wrote 7 notes"],
                }
            ],
            "volunteer": [{"organization": "Library", "position": "Reader", "startDate": "1950"}],
            "education": [
                {"institution": "UCL", "studyType": "BSc", "area": "Maths", "score": 1.5, "courses": ["Calculus"]}
            ],
            "awards": [{"title": "Medal", "date": "1944", "awarder": "Society", "summary": "For the notes"}],
            "publications": [
                {"name": "Notes", "publisher": "Memoirs", "releaseDate": "1943-08", "url": "https://m.example"}
            ],
            "certificates": [{"name": "Membership", "date": "1941", "issuer": "Club", "url": "https://c.example"}],
            "skills": [{"name": "Maths", "level": "Expert", "keywords": ["Calculus"]}],
            "languages": [{"language": "English", "fluency": "Native"}],
            "interests": [{"name": "Flying"}],
            "projects": [
                {
                    "name": "Note G",
                    "description": "A program",
                    "roles": ["Author", "Editor"],
                    "entity": "Private",
                    "url": "https://g.example",
                    "startDate": "1942",
                    "highlights": ["First of its kind"],
                    "keywords": ["Bernoulli"],
                }
            ],
        }
    )

    profile = found.content
    assert found.unknown == {}
    assert {note.kind for note in found.report.notes} == {NoteKind.READ}
    assert (profile.contact.city, profile.contact.country_code, profile.contact.postal_code) == ("London", "GB", "SW1")
    assert profile.contact.links[0].username == "ada"
    work, volunteer = profile.experiences
    assert (work.employer, work.title, work.description, work.summary) == (
        "Engine Works",
        "Analyst",
        "Maker of engines",
        "Notes and programs.",
    )
    assert (work.start, work.end) == ("1942-01", "1943-12-31")
    assert (volunteer.kind, volunteer.employer, volunteer.end) == (ExperienceKind.VOLUNTEER, "Library", None)
    assert profile.education[0].score == "1.5"
    assert [(honor.kind, honor.issuer) for honor in profile.honors] == [
        (HonorKind.AWARD, "Society"),
        (HonorKind.PUBLICATION, "Memoirs"),
    ]
    assert (profile.projects[0].role, profile.projects[0].organization) == ("Author, Editor", "Private")
    assert (profile.certifications[0].issuer, profile.certifications[0].date) == ("Club", "1941")
    assert profile.interests == ("Flying",)


def test_older_and_looser_names_are_understood() -> None:
    found = read(
        {
            "basics": {"name": "Ada", "title": "Analyst", "website": "ada.example", "linkedin": "linkedin.com/in/ada"},
            "work": [{"company": "Engine Works", "title": "Analyst", "start_date": "1942", "tech": "Brass, steam"}],
            "certifications": ["Membership"],
            "education": {
                "school": "UCL",
                "degree": "BSc",
                "fieldOfStudy": "Maths",
                "gpa": "4.0",
                "graduationDate": "1940",
            },
        }
    )

    profile = found.content
    assert profile.headline == "Analyst"
    assert profile.contact.url == "https://ada.example"
    assert [(link.network, link.url) for link in profile.contact.links] == [("LinkedIn", "https://linkedin.com/in/ada")]
    assert (profile.experiences[0].employer, profile.experiences[0].start) == ("Engine Works", "1942")
    assert profile.experiences[0].skills == ("Brass", "steam")
    assert profile.certifications[0].name == "Membership"
    assert (profile.education[0].institution, profile.education[0].end) == ("UCL", "1940")
    assert found.unknown == {}


def test_texts_where_lists_belong_and_lists_where_texts_belong_are_read() -> None:
    profile = content(
        work=[{"name": ["Engine", "Works"], "highlights": "- Wrote notes\n• Found a bug\n\n2. Flew"}],
        skills="Python, AWS (EC2, S3); Go",
        languages={"English": "native", "French": "good"},
        interests=[{"keywords": ["Flying", "Horses"]}],
        projects={"name": "Note G"},
    )

    assert profile.experiences[0].employer == "Engine, Works"
    assert [line.text for line in profile.experiences[0].highlights] == ["Wrote notes", "Found a bug", "Flew"]
    assert [skill.name for skill in profile.skills] == ["Python", "AWS (EC2, S3)", "Go"]
    assert [(language.name, language.fluency) for language in profile.languages] == [
        ("English", "native"),
        ("French", "good"),
    ]
    assert profile.interests == ("Flying", "Horses")
    assert profile.projects[0].name == "Note G"


def test_skills_by_category_become_groups() -> None:
    assert [
        (skill.name, skill.keywords) for skill in content(skills={"Tools": ["git", "make"], "Web": "CSS, HTML"}).skills
    ] == [
        ("Tools", ("git", "make")),
        ("Web", ("CSS", "HTML")),
    ]


def test_of_translations_the_language_of_the_file_is_taken_and_the_others_are_kept() -> None:
    found = read(
        {"meta": {"language": "de-AT"}, "basics": {"name": "Ada", "label": {"en": "Analyst", "de": "Analytikerin"}}}
    )

    assert (found.content.headline, found.content.language) == ("Analytikerin", "de")
    assert found.unknown["basics.label.en"] == "Analyst"


@pytest.mark.parametrize("wrapper", [("resume",), ("data", "cv")])
def test_a_resume_inside_another_object_is_found(wrapper: tuple[str, ...]) -> None:
    data: dict[str, Any] = {"basics": {"name": "Ada"}}
    for name in reversed(wrapper):
        data = {name: data, "version": 3}

    found = read(data)

    assert found.content.name == "Ada"
    assert found.unknown == {"version": 3}
    assert wrapper[0] in notes(found, NoteKind.ADJUSTED)


def test_what_has_no_place_is_kept_under_its_path() -> None:
    found = imported(
        work=[{"name": "Engine Works", "team": {"size": 3}}],
        references=[{"name": "Charles", "reference": "Splendid"}],
        interests=[{"name": "Flying", "keywords": ["wings"]}],
        x_custom=[1, 2],
    )

    assert found.unknown == {
        "work[0].team": {"size": 3},
        "references": [{"name": "Charles", "reference": "Splendid"}],
        "interests[0].keywords": ["wings"],
        "x_custom": [1, 2],
    }
    assert set(notes(found, NoteKind.KEPT)) == set(found.unknown)


def test_nulls_blanks_and_empty_entries_are_passed_over() -> None:
    found = imported(
        work=[
            None,
            {"name": None, "highlights": [None, ""]},
            {"name": "Engine Works", "startDate": "", "endDate": None},
        ],
        skills=None,
        languages=[{"language": "", "fluency": None}, {"language": "English"}],
        education=[],
    )

    assert [post.employer for post in found.content.experiences] == ["Engine Works"]
    assert (found.content.experiences[0].start, found.content.experiences[0].end) == (None, None)
    assert set(notes(found, NoteKind.SKIPPED)) == {"work[1]", "languages[0]"}


@pytest.mark.parametrize(
    ("entry", "start", "end"),
    [
        ({"startDate": "March 2020", "endDate": "present"}, "2020-03", None),
        ({"startDate": "2020/03", "endDate": "heute"}, "2020-03", None),
        ({"startDate": 2018, "endDate": {"year": 2019, "month": 5}}, "2018", "2019-05"),
        ({"dates": "Jan 2015 – 2016"}, "2015-01", "2016"),
        ({"startDate": "2020-03-15T00:00:00Z", "isCurrentRole": True}, "2020-03-15", None),
    ],
)
def test_dates_are_read_as_people_write_them(entry: dict[str, Any], start: str | None, end: str | None) -> None:
    found = imported(work=[{"name": "Engine Works", **entry}])

    assert (found.content.experiences[0].start, found.content.experiences[0].end) == (start, end)
    assert found.unknown == {}


def test_an_unreadable_end_never_becomes_a_post_that_goes_on() -> None:
    found = imported(work=[{"name": "Engine Works", "startDate": "1942", "endDate": "some day"}])

    assert (found.content.experiences[0].start, found.content.experiences[0].end) == (None, None)
    assert found.unknown == {"work[0].startDate": "1942", "work[0].endDate": "some day"}
    assert "“some day”" in notes(found, NoteKind.SKIPPED)["work[0].endDate"]


def test_a_date_of_which_only_the_year_is_certain_gives_the_year_and_says_so() -> None:
    found = imported(certificates=[{"name": "Membership", "date": "04/05/2020"}])

    assert found.content.certifications[0].date == "2020"
    assert "only 2020 is certain" in notes(found, NoteKind.ADJUSTED)["certificates[0].date"]


def test_doubtful_periods_are_kept_and_pointed_out() -> None:
    found = imported(
        work=[
            {"name": "A", "startDate": "2020", "endDate": "2018"},
            {"name": "B", "startDate": "2020", "current": False},
            {"name": "C", "startDate": "2020", "endDate": "2021", "current": True},
        ]
    )

    assert [(post.start, post.end) for post in found.content.experiences] == [
        ("2020", "2018"),
        ("2020", None),
        ("2020", "2021"),
    ]
    assert set(notes(found, NoteKind.KEPT)) == {"work[0].endDate", "work[1].current", "work[2].current"}


def test_html_and_invisible_characters_are_removed_and_code_is_left_alone() -> None:
    found = imported(
        work=[
            {
                "name": "R&amp;D <b>Works</b>",
                "summary": "<p>First&nbsp;part.</p><script>alert('x')</script><ul><li>List&lt;String&gt;</li></ul>",
                "highlights": ["Wrote C<T> and a<b\u200b templates", "AT&T"],
            }
        ]
    )

    post = found.content.experiences[0]
    assert post.employer == "R&D Works"
    assert post.summary == "First part.\nList<String>"
    assert [line.text for line in post.highlights] == ["Wrote C<T> and a<b templates", "AT&T"]
    assert "HTML was removed" in notes(found, NoteKind.ADJUSTED)["work[0].summary"]


def test_too_much_is_shortened_and_left_out_with_a_note() -> None:
    found = imported(
        work=[{"name": "Engine Works", "summary": "word " * 3000, "highlights": [f"Line {n}" for n in range(80)]}] * 120
    )

    assert len(found.content.experiences) == 100
    assert len(found.content.experiences[0].highlights) == 50
    assert len(found.content.experiences[0].summary) <= 5000
    assert "5 000 of 15 000" in notes(found, NoteKind.ADJUSTED)["work[0].summary"]
    assert {"work[100]", "work[0].highlights[50]"} <= set(notes(found, NoteKind.SKIPPED))


def test_what_cannot_be_placed_safely_is_skipped_but_not_lost() -> None:
    found = imported(work=["Analyst at Engine Works", {"summary": "Nobody knows"}], skills=[{"level": "high"}])

    assert found.content.experiences == ()
    assert found.unknown == {
        "work[0]": "Analyst at Engine Works",
        "work[1]": {"summary": "Nobody knows"},
        "skills[0]": {"level": "high"},
    }
    assert set(notes(found, NoteKind.SKIPPED)) == set(found.unknown)


def test_a_post_without_employer_stands_under_its_title() -> None:
    found = imported(work=[{"position": "Freelance analyst"}])

    assert (found.content.experiences[0].employer, found.content.experiences[0].title) == ("Freelance analyst", "")
    assert "work[0].name" in notes(found, NoteKind.ADJUSTED)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://ada.example", "not an address", "https://"])
def test_what_is_no_web_address_stays_out(url: str) -> None:
    found = imported(work=[{"name": "Engine Works", "url": url}])

    assert found.content.experiences[0].url == ""
    assert found.unknown == {"work[0].url": url}


@pytest.mark.parametrize(
    ("summary", "language"),
    [
        ("Entwicklung und Betrieb von Diensten mit der Cloud für die Bank", "de"),
        ("Développement et maintenance des services pour la banque avec une équipe", "fr"),
        ("Desarrollo y mantenimiento de los servicios para el banco con un equipo", "es"),
        ("基幹システムのデータ移行と React による開発", "ja"),
        ("Built services in Go and ran them for the bank", "en"),
        ("SAP SD", "en"),
    ],
)
def test_the_language_is_that_of_the_texts(summary: str, language: str) -> None:
    assert read({"basics": {"name": "Ada", "summary": summary}}).content.language == language


def test_the_report_counts_what_was_read() -> None:
    found = imported(work=[{"name": "A", "highlights": ["x", "y"]}, {"name": "B"}], skills=["Go"])

    assert {name: count for name, count in found.report.counts.items() if count} == {
        "experiences": 2,
        "highlights": 2,
        "skills": 1,
    }
    assert notes(found, NoteKind.READ) == {
        "experiences": "2 experiences read.",
        "highlights": "2 highlights read.",
        "skills": "1 skill read.",
    }


@pytest.mark.parametrize("basics", [{}, {"name": None}, {"name": "  "}, {"name": "<b></b>"}, {"email": "a@b.co"}])
def test_a_resume_needs_a_name(basics: dict[str, Any]) -> None:
    refused = refusal({"basics": basics})

    assert refused.path == "basics.name"
    assert "basics.name" in refused.message


def test_a_name_in_the_wrong_place_is_pointed_out() -> None:
    assert "rename that to basics.name" in refusal({"basics": {"fullName": "Ada Lovelace"}}).message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"basics": {}}}, "JSON Schema"),
        ({"title": "Analyst", "company": "Engine Works", "qualifications": []}, "job posting"),
        ({"@type": "JobPosting", "title": "Analyst"}, "job posting"),
        ({"hello": "world"}, "basics is missing"),
        ({}, "basics is missing"),
        ([{"basics": {"name": "Ada"}}], "a list of 1"),
        (42, "only a number"),
        ("Ada", "only a text"),
        (None, "only a null"),
        (True, "only a true or false"),
    ],
)
def test_what_is_no_resume_is_told_so(data: Any, words: str) -> None:
    assert words in refusal(json.dumps(data).encode()).message


@pytest.mark.parametrize("extra", [{"company": "X", "salary": "1"}, {"definitions": {}}])
def test_a_resume_with_names_of_other_formats_is_still_a_resume(extra: dict[str, Any]) -> None:
    assert content(**extra).name == "Ada Lovelace"


def test_every_word_of_the_report_can_be_sent_and_stored() -> None:
    found = imported(
        **{"x\x00\ud800": 1, "y" * 1000: 2},
        work=[{"name": "Engine Works", "startDate": "\ud800\x00never", "z\ud800": {"\ud800": "\ud800"}}],
        skills={"\ud800": "\ud800", "a\x00": "b"},
    )

    sent = json.dumps([found.unknown, [[note.path, note.message] for note in found.report.notes]], ensure_ascii=False)
    assert sent.encode()
    assert "\\u0000" not in sent
    assert set(found.unknown) == {"x", "y" * 100, "work[0].startDate", "work[0].z", "skills."}
