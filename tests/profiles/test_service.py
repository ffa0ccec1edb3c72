import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import pytest

from jobwise.accounts.service import Viewer
from jobwise.errors import NotFound, ValidationFailed
from jobwise.infra import db
from jobwise.profiles import parts, queries, service
from jobwise.profiles.content import HonorKind, ProfileContent
from jobwise.profiles.importers import ImportFailed
from jobwise.profiles.inputs import (
    CertificationInput,
    ContactInput,
    EducationInput,
    ExperienceInput,
    HighlightInput,
    HonorInput,
    LanguageInput,
    LinkInput,
    PartInput,
    ProfileInput,
    ProjectInput,
    SkillInput,
)
from jobwise.profiles.models import ProfileVersion
from jobwise.profiles.parts import KINDS, PartKind
from jobwise.profiles.service import Changed
from tests.accounts.people import a_viewer

pytestmark = pytest.mark.usefixtures("database")

FILE = {
    "basics": {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "summary": "Analyst of the engine.",
        "pronouns": "she",
    },
    "work": [
        {
            "name": "Engine Works",
            "position": "Analyst",
            "startDate": "1942-01",
            "highlights": ["Wrote 7 notes", "Found 1 bug"],
        },
        {"name": "Home", "position": "Student", "startDate": "1935", "endDate": "1941"},
    ],
    "education": [{"institution": "Private lessons", "area": "Mathematics", "courses": ["Calculus"]}],
    "projects": [{"name": "Note G", "keywords": ["Bernoulli numbers"]}],
    "skills": [{"name": "Mathematics", "keywords": ["Calculus", "Logic"]}],
    "certificates": [{"name": "Membership", "date": "1941"}],
    "languages": [{"language": "English", "fluency": "native"}],
    "awards": [{"title": "Medal", "date": "1943"}],
    "interests": ["Flying"],
}

ONE_OF_EACH: list[PartInput] = [
    ExperienceInput(employer="Engine Works", title="Analyst"),
    EducationInput(institution="Private lessons"),
    ProjectInput(name="Note G"),
    SkillInput(name="Mathematics"),
    CertificationInput(name="Membership"),
    LanguageInput(name="English"),
]


each_kind = pytest.mark.parametrize("values", ONE_OF_EACH, ids=lambda values: type(values).__name__)


async def a_profile(viewer: Viewer, **values: Any) -> Changed:
    return await service.create(viewer, ProfileInput(name="Ada Lovelace", **values))


async def fields_refused(attempt: Awaitable[object]) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        await attempt
    return [field.path for field in refusal.value.fields]


def part_of(changed: Changed) -> Any:
    assert changed.part is not None
    return changed.part


async def reasons(profile_id: UUID) -> list[str]:
    return [version.reason for version in await ProfileVersion.filter(profile_id=profile_id).order_by("number")]


async def test_a_new_profile_is_its_own_first_version() -> None:
    viewer = await a_viewer()

    changed = await service.create(
        viewer,
        ProfileInput(
            name=" Ada\u200b  Lovelace ",
            headline="Analyst",
            language="en-GB",
            contact=ContactInput(email="ada@example.com", links=(LinkInput(network="GitHub", url="github.com/ada"),)),
            honors=(HonorInput(kind=HonorKind.AWARD, title="Medal", date="1943"),),
            interests=("Flying", "Flying", " "),
        ),
    )

    content = changed.content
    assert (content.name, content.headline, content.language) == ("Ada Lovelace", "Analyst", "en")
    assert content.contact.links[0].url == "https://github.com/ada"
    assert content.honors[0].date == "1943"
    assert content.interests == ("Flying",)
    assert changed.profile.version == 1
    assert await queries.version_content(viewer, changed.profile.id, 1) == content
    assert await queries.content_of(changed.profile) == content


async def test_only_the_fields_that_are_given_change() -> None:
    viewer = await a_viewer()
    before = await a_profile(viewer, headline="Analyst", contact=ContactInput(email="ada@example.com", city="London"))

    after = await service.update(
        viewer, before.profile.id, ProfileInput(summary="First line\n\nSecond  line", contact=ContactInput(city=None))
    )

    assert after.content.headline == "Analyst"
    assert after.content.summary == "First line\nSecond line"
    assert (after.content.contact.email, after.content.contact.city) == ("ada@example.com", "")
    assert after.profile.version == 2
    assert after.profile.updated_at > before.profile.updated_at


@each_kind
async def test_a_part_can_be_added_changed_and_deleted_each_with_a_version(values: PartInput) -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    kind = KINDS[type(values)]
    name = next(iter(values.given()))

    added = await service.add(viewer, profile_id, values)
    changed = await service.change(viewer, part_of(added).id, type(values).model_validate({name: "Another"}))
    deleted = await service.remove(viewer, kind, part_of(added).id)

    assert getattr(added.content, kind.section) == (added.part,)
    assert getattr(part_of(changed), name) == "Another"
    assert part_of(changed).id == part_of(added).id
    assert getattr(deleted.content, kind.section) == ()
    assert deleted.profile.version == 4
    assert await reasons(profile_id) == [
        "Created",
        f"{kind.noun} added",
        f"{kind.noun} updated",
        f"{kind.noun} deleted",
    ]
    for number, content in ((2, added.content), (3, changed.content), (4, deleted.content)):
        assert await queries.version_content(viewer, profile_id, number) == content


@each_kind
async def test_another_persons_profile_and_its_parts_are_not_found(values: PartInput) -> None:
    owner, stranger = await a_viewer(), await a_viewer(is_staff=True)
    profile_id = (await a_profile(owner)).profile.id
    part_id = part_of(await service.add(owner, profile_id, values)).id
    kind = KINDS[type(values)]
    before = await queries.content_of(await queries.profile(owner, profile_id))

    for attempt in (
        service.add(stranger, profile_id, values),
        service.change(stranger, part_id, values),
        service.remove(stranger, kind, part_id),
        service.update(stranger, profile_id, ProfileInput(name="Eve")),
        service.delete(stranger, profile_id),
        service.import_profile(stranger, FILE, profile_id=profile_id),
        service.restore_version(stranger, profile_id, 1),
        queries.profile(stranger, profile_id),
        queries.versions(stranger, profile_id),
        queries.version_content(stranger, profile_id, 1),
    ):
        with pytest.raises(NotFound):
            await attempt

    assert await queries.profiles(stranger) == []
    assert await queries.content_of(await queries.profile(owner, profile_id)) == before


@each_kind
async def test_what_does_not_exist_is_not_found(values: PartInput) -> None:
    viewer = await a_viewer()
    for attempt in (
        service.add(viewer, uuid4(), values),
        service.change(viewer, uuid4(), values),
        service.remove(viewer, KINDS[type(values)], uuid4()),
        service.update(viewer, uuid4(), ProfileInput(name="Ada")),
        service.delete(viewer, uuid4()),
        service.restore_version(viewer, uuid4(), 1),
    ):
        with pytest.raises(NotFound):
            await attempt


@each_kind
async def test_a_part_needs_its_name(values: PartInput) -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id

    assert await fields_refused(service.add(viewer, profile_id, type(values)())) == [next(iter(values.given()))]
    assert (await queries.profile(viewer, profile_id)).version == 1


async def test_all_mistakes_are_told_at_once_with_their_paths() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id

    assert await fields_refused(
        service.add(
            viewer,
            profile_id,
            ExperienceInput(
                employer=" ",
                url="javascript:alert(1)",
                start="soon",
                highlights=(HighlightInput(text="fine"), HighlightInput(text="x" * 2001)),
                skills=("y",) * 101,
            ),
        )
    ) == ["url", "start", "highlights.1.text", "skills", "employer"]
    refused = await fields_refused(
        service.update(
            viewer,
            profile_id,
            ProfileInput(
                name="",
                headline="x" * 301,
                language="english",
                contact=ContactInput(email="ada@", country_code="England", postal_code="1" * 101, links=(LinkInput(),)),
                honors=(HonorInput(title="", date="never"),),
            ),
        )
    )
    assert set(refused) == {
        "name",
        "headline",
        "language",
        "contact.email",
        "contact.countryCode",
        "contact.postalCode",
        "contact.links.0",
        "honors.0.title",
        "honors.0.date",
    }


@pytest.mark.parametrize(
    ("start", "end", "is_right"),
    [
        ("2020-05", "2020-04", False),
        ("2021", "2020-12", False),
        ("2020-05", "2020", True),
        ("2020", "2020-05", True),
        ("2020-05-02", "2020-05", True),
        ("2020", "", True),
        ("", "2020", True),
    ],
)
async def test_nothing_ends_before_it_starts(start: str, end: str, *, is_right: bool) -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    attempt = service.add(viewer, profile_id, ProjectInput(name="Note G", start=start, end=end))

    if is_right:
        assert part_of(await attempt).start == (start or None)
    else:
        assert await fields_refused(attempt) == ["end"]


async def test_an_update_is_judged_together_with_what_was_there() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    part = part_of(await service.add(viewer, profile_id, ProjectInput(name="Note G", start="2020")))

    assert await fields_refused(service.change(viewer, part.id, ProjectInput(end="2019"))) == ["end"]


async def test_highlights_keep_their_ids_by_id_or_by_words() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    lines = tuple(HighlightInput(text=text) for text in ("One", "Two", "Three"))
    first = part_of(await service.add(viewer, profile_id, ExperienceInput(employer="Engine Works", highlights=lines)))
    one, two, _ = first.highlights

    edited = (
        HighlightInput(text="Two"),
        HighlightInput(text="First", id=one.id),
        HighlightInput(text="New", id=uuid4()),
    )
    second = part_of(await service.change(viewer, first.id, ExperienceInput(highlights=edited)))

    assert [line.text for line in second.highlights] == ["Two", "First", "New"]
    assert [line.id for line in second.highlights[:2]] == [two.id, one.id]
    assert second.highlights[2].id not in {line.id for line in first.highlights} | {edited[2].id}


async def test_a_position_moves_the_others_along() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    ids = [part_of(await service.add(viewer, profile_id, SkillInput(name=name))).id for name in "ABC"]

    await service.change(viewer, ids[2], SkillInput(position=0))
    await service.remove(viewer, parts.SKILL, ids[0])
    await service.add(viewer, profile_id, SkillInput(name="D"))
    changed = await service.add(viewer, profile_id, SkillInput(name="E", position=1))
    moved_last = await service.change(viewer, ids[2], SkillInput(position=99))

    assert [skill.name for skill in changed.content.skills] == ["C", "E", "B", "D"]
    assert [skill.name for skill in moved_last.content.skills] == ["E", "B", "D", "C"]
    assert await fields_refused(service.change(viewer, ids[2], SkillInput(position=-1))) == ["position"]


async def test_a_profile_takes_no_more_parts_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    few = PartKind(parts.SKILL.table, parts.SKILL.plain, parts.SKILL.section, parts.SKILL.noun, most=1)
    monkeypatch.setattr(service, "KINDS", {SkillInput: few})
    await service.add(viewer, profile_id, SkillInput(name="A"))

    assert await fields_refused(service.add(viewer, profile_id, SkillInput(name="B"))) == ["skills"]


async def test_changes_at_the_same_time_each_get_a_version_of_their_own() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id

    await asyncio.gather(*(service.add(viewer, profile_id, SkillInput(name=f"Skill {n}")) for n in range(10)))

    found = await queries.versions(viewer, profile_id)
    assert [version.number for version in found] == list(range(11, 0, -1))
    assert [len(ProfileContent.model_validate(version.content).skills) for version in found] == list(range(10, -1, -1))


async def test_a_refused_change_leaves_no_version() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id

    await fields_refused(service.update(viewer, profile_id, ProfileInput(name="")))

    assert await reasons(profile_id) == ["Created"]
    assert (await queries.profile(viewer, profile_id)).name == "Ada Lovelace"


async def test_an_import_makes_a_profile_with_all_parts_and_keeps_the_rest() -> None:
    viewer = await a_viewer()

    imported = await service.import_profile(viewer, FILE)

    content = imported.content
    assert [post.employer for post in content.experiences] == ["Engine Works", "Home"]
    assert [line.text for line in content.experiences[0].highlights] == ["Wrote 7 notes", "Found 1 bug"]
    assert content.education[0].courses == ("Calculus",)
    assert (content.certifications[0].date, content.honors[0].date) == ("1941", "1943")
    assert imported.profile.unknown == {"basics.pronouns": "she"}
    assert imported.report.counts["experiences"] == 2
    assert await queries.version_content(viewer, imported.profile.id, 1) == content


async def test_an_import_replaces_a_profile_and_restoring_brings_it_back_as_it_was() -> None:
    viewer = await a_viewer()
    first = await service.import_profile(viewer, FILE)

    second = await service.import_profile(viewer, {"basics": {"name": "Grace"}}, profile_id=first.profile.id)
    third = await service.restore_version(viewer, first.profile.id, 1)

    assert second.content == ProfileContent(name="Grace")
    assert second.profile.id == first.profile.id
    assert third.content == first.content
    assert third.profile.version == 3
    assert await reasons(first.profile.id) == ["Imported", "Imported", "Version 1 restored"]


async def test_a_file_that_cannot_be_imported_changes_nothing() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id

    with pytest.raises(ImportFailed):
        await service.import_profile(viewer, b"[1, 2", profile_id=profile_id)

    assert await reasons(profile_id) == ["Created"]
    assert len(await queries.profiles(viewer)) == 1


async def test_what_an_import_reads_can_be_stored_whatever_is_in_it() -> None:
    viewer = await a_viewer()
    nasty = "\x00\ud800\u202e" + "x" * 50_000
    file = {
        "basics": {"name": "Ada", "label": nasty, "summary": nasty, "x\x00\ud800": [nasty[:100], {"\x00": 1.5}]},
        "work": [{"name": nasty, "position": nasty, "location": nasty, "summary": nasty, "highlights": [nasty]}] * 150,
        "skills": [{"name": nasty, "level": nasty, "keywords": [nasty] * 150}],
        "languages": [{"language": nasty, "fluency": nasty}],
        "education": [{"institution": nasty, "score": nasty, "studyType": nasty, "area": nasty}],
    }

    imported = await service.import_profile(viewer, file)

    assert len(imported.content.experiences) == 100


async def test_a_deleted_profile_takes_its_parts_and_versions_along() -> None:
    viewer = await a_viewer()
    imported = await service.import_profile(viewer, FILE)

    await service.delete(viewer, imported.profile.id)

    assert not await ProfileVersion.exists(profile_id=imported.profile.id)
    assert not await parts.EXPERIENCE.table.exists(profile_id=imported.profile.id)
    with pytest.raises(NotFound):
        await queries.content_of(imported.profile)


async def test_the_number_of_profiles_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, other = await a_viewer(), await a_viewer()
    monkeypatch.setattr("jobwise.profiles.limits.PROFILES", 1)
    await a_profile(viewer)

    with pytest.raises(service.TooManyProfiles):
        await a_profile(viewer)
    assert (await a_profile(other)).profile.version == 1


async def test_versions_are_read_page_by_page() -> None:
    viewer = await a_viewer()
    profile_id = (await a_profile(viewer)).profile.id
    for name in "ABC":
        await service.add(viewer, profile_id, SkillInput(name=name))

    first = await queries.versions(viewer, profile_id, first=2)
    rest = await queries.versions(viewer, profile_id, first=2, before=first[-1].number)

    assert [version.number for version in (*first, *rest)] == [4, 3, 2, 1]


async def test_any_number_of_profiles_is_read_in_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = await a_viewer()
    made = [await service.import_profile(viewer, FILE) for _ in range(3)]
    statements: list[str] = []
    fetch_all = db.fetch_all

    async def counted(sql: str, *arguments: Any) -> list[dict[str, Any]]:
        statements.append(sql)
        rows: list[dict[str, Any]] = await fetch_all(sql, *arguments)
        return rows

    monkeypatch.setattr(db, "fetch_all", counted)
    contents = await queries.contents_of(one.profile.id for one in made)

    assert contents == {one.profile.id: one.content for one in made}
    assert len(statements) == 1
