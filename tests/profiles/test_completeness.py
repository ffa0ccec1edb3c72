from jobwise.profiles.completeness import completeness
from jobwise.profiles.content import (
    Contact,
    Education,
    Experience,
    Highlight,
    Language,
    Link,
    ProfileContent,
    Project,
    Skill,
)

FULL = ProfileContent(
    name="Ada Lovelace",
    headline="Analyst",
    summary="Works on the analytical engine, writes programs for it and explains to others what it can do. " * 2,
    contact=Contact(email="ada@example.com", phone="1", city="London", links=(Link(url="https://github.com/ada"),)),
    experiences=tuple(
        Experience(
            employer=employer,
            start="1942",
            highlights=tuple(Highlight(text=f"Wrote {n + 2} programs") for n in range(3)),
        )
        for employer in ("Engine Works", "Library")
    ),
    education=(Education(institution="Private lessons"),),
    skills=(Skill(name="Maths", keywords=tuple(f"Method {n}" for n in range(8))),),
    languages=(Language(name="English"),),
)


def paths(content: ProfileContent) -> list[str]:
    return [advice.path for advice in completeness(content).missing]


def test_a_profile_with_everything_has_100_and_no_advice() -> None:
    found = completeness(FULL)

    assert (found.score, found.missing) == (100, ())


def test_an_empty_profile_has_0_and_is_told_the_most_valuable_first() -> None:
    found = completeness(ProfileContent(name="Ada"))

    assert found.score == 0
    points = [advice.points for advice in found.missing]
    assert points == sorted(points, reverse=True)
    assert sum(points) == 100


def test_what_is_missing_is_named() -> None:
    lacking = FULL.model_copy(update={"contact": Contact(phone="1", city="London"), "education": (), "headline": ""})

    assert set(paths(lacking)) == {"contact.email", "contact.links", "education", "headline"}


def test_thin_experiences_are_named_by_their_employer() -> None:
    thin = Experience(employer="Somewhere", start="1950")
    advice = completeness(FULL.model_copy(update={"experiences": (FULL.experiences[0], thin)})).missing

    assert advice[0].path == "experiences.highlights"
    assert "Somewhere" in advice[0].message
    assert "Engine Works" not in advice[0].message


def test_highlights_without_numbers_are_asked_for_them() -> None:
    words = tuple(Highlight(text=text) for text in ("Wrote programs", "Explained them", "Found a bug"))
    posts = tuple(post.model_copy(update={"highlights": words}) for post in FULL.experiences)

    assert paths(FULL.model_copy(update={"experiences": posts})) == ["experiences.highlights.numbers"]


def test_projects_stand_in_for_jobs() -> None:
    lines = FULL.experiences[0].highlights
    student = FULL.model_copy(
        update={"experiences": (), "projects": tuple(Project(name=name, highlights=lines) for name in ("Note G", "H"))}
    )

    assert completeness(student).score == 100


def test_more_of_everything_never_lowers_the_score() -> None:
    scores = [
        completeness(content).score
        for content in (
            ProfileContent(name="Ada"),
            ProfileContent(name="Ada", contact=FULL.contact),
            ProfileContent(name="Ada", contact=FULL.contact, skills=FULL.skills[:1]),
            ProfileContent(name="Ada", contact=FULL.contact, skills=FULL.skills, experiences=FULL.experiences),
            FULL,
        )
    ]

    assert scores == sorted(set(scores))
