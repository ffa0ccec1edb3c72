from typing import Any
from uuid import UUID

import orjson
import pytest

from jobwise import samples
from schema import ids
from tests.schema.conftest import Api

ERRORS = "... on ValidationFailed { fieldErrors { path message } } ... on UserError { code message }"
CREATE = f"""mutation ($input: CreateProfileInput!) {{ createProfile(input: $input) {{
    __typename ... on ProfileSuccess {{ profile {{ id name version contact {{ city }} }} }} {ERRORS} }} }}"""
UPDATE = f"""mutation ($input: UpdateProfileInput!) {{ updateProfile(input: $input) {{
    __typename ... on ProfileSuccess {{ profile {{ id name headline version }} }} {ERRORS} }} }}"""
IMPORT = """mutation ($input: ImportProfileInput!) { importProfile(input: $input) {
    __typename ... on ImportProfileSuccess {
        profile { id name experiences { id employer } } report { counts { section count } notes { path kind } } }
    ... on UserError { code message } } }"""

# What each kind of part needs at least, and what an update changes.
PARTS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "Experience": ({"employer": "ACME", "start": "2020-03", "highlights": [{"text": "Did it"}]}, "title", "Engineer"),
    "Education": ({"institution": "Uni"}, "degree", "BSc"),
    "Project": ({"name": "Engine"}, "role", "Designer"),
    "Skill": ({"name": "Python"}, "keywords", ["asyncio"]),
    "Certification": ({"name": "CKA"}, "issuer", "CNCF"),
    "Language": ({"name": "English"}, "fluency", "C2"),
}


async def _profile(api: Api, name: str = "Ada") -> str:
    profile_id: str = (await api.run(CREATE, input={"name": name}))["createProfile"]["profile"]["id"]
    return profile_id


async def _change_part(api: Api, verb: str, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    field = kind.lower()
    wanted = "highlights { id text }" if kind == "Experience" else ""
    query = f"""mutation ($input: {verb.title()}{kind}Input!) {{ {verb}{kind}(input: $input) {{
        __typename
        ... on {kind}Success {{ {field} {{ id {PARTS[kind][1]} {wanted} }} profile {{ version }} }} {ERRORS} }} }}"""
    result: dict[str, Any] = (await api.run(query, input=values))[f"{verb}{kind}"]
    return result


async def _delete(api: Api, kind: str, thing_id: str) -> dict[str, Any]:
    query = f"""mutation ($id: ID!) {{ delete{kind}(input: {{id: $id}}) {{
        __typename ... on UserError {{ code }} }} }}"""
    result: dict[str, Any] = (await api.run(query, id=thing_id))[f"delete{kind}"]
    return result


@pytest.mark.parametrize("kind", PARTS)
async def test_a_part_is_added_changed_and_deleted_and_each_is_a_version(api: Api, kind: str) -> None:
    values, changed, value = PARTS[kind]
    profile_id = await _profile(api)

    added = await _change_part(api, "add", kind, {"profileId": profile_id, **values})
    part_id = added[kind.lower()]["id"]
    updated = await _change_part(api, "update", kind, {"id": part_id, changed: value})
    deleted = await _delete(api, kind, part_id)
    again = await _delete(api, kind, part_id)

    assert added["profile"]["version"] == 2
    assert updated[kind.lower()][changed] == value
    assert updated["profile"]["version"] == 3
    assert deleted["__typename"] == "DeletePartSuccess"
    assert again == {"__typename": "NotFound", "code": "NOT_FOUND"}


@pytest.mark.parametrize("kind", PARTS)
async def test_another_persons_parts_do_not_exist(api: Api, kind: str) -> None:
    values, changed, value = PARTS[kind]
    profile_id = await _profile(api)
    part_id = (await _change_part(api, "add", kind, {"profileId": profile_id, **values}))[kind.lower()]["id"]
    other = await api.someone()

    results = [
        await _change_part(other, "add", kind, {"profileId": profile_id, **values}),
        await _change_part(other, "update", kind, {"id": part_id, changed: value}),
        await _delete(other, kind, part_id),
    ]

    assert [result["code"] for result in results] == ["NOT_FOUND"] * 3


async def test_another_persons_profile_does_not_exist(api: Api) -> None:
    profile_id = await _profile(api)
    other = await api.someone()
    restore = """mutation ($id: ID!) { restoreProfileVersion(input: {profileId: $id, number: 1}) {
        ... on UserError { code } } }"""

    reads = [
        await other.error("query ($id: ID!) { profile(id: $id) { name } }", id=profile_id),
        await other.error("query ($id: ID!) { node(id: $id) { id } }", id=profile_id),
    ]
    writes = [
        (await other.run(UPDATE, input={"id": profile_id, "name": "Eve"}))["updateProfile"],
        (await other.run(IMPORT, input={"profileId": profile_id, "content": '{"basics": {"name": "Eve"}}'}))[
            "importProfile"
        ],
        (await other.run(restore, id=profile_id))["restoreProfileVersion"],
        await _delete(other, "Profile", profile_id),
    ]

    assert [error["extensions"]["code"] for error in reads] == ["NOT_FOUND"] * 2
    assert [result["code"] for result in writes] == ["NOT_FOUND"] * 4
    assert (await api.run("query ($id: ID!) { profile(id: $id) { name } }", id=profile_id)) == {
        "profile": {"name": "Ada"}
    }


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("", "BAD_REQUEST"),
        ("nonsense", "BAD_REQUEST"),
        ("ä", "BAD_REQUEST"),
        ("UHJvZmlsZTox", "BAD_REQUEST"),
        (ids.encode("Job", UUID(int=7)), "NOT_FOUND"),
        (ids.encode("Profile", UUID(int=7)), "NOT_FOUND"),
    ],
)
async def test_an_id_that_leads_nowhere_says_why_in_words_for_people(api: Api, bad: str, code: str) -> None:
    error = await api.error("query ($id: ID!) { profile(id: $id) { name } }", id=bad)

    assert error["extensions"]["code"] == code
    assert "Traceback" not in error["message"]
    assert "utf-8" not in error["message"]


async def test_mistakes_are_named_by_the_clients_own_field_names(api: Api) -> None:
    profile_id = await _profile(api)

    values = {"profileId": profile_id, "employer": "", "start": "2020-13", "url": "javascript:alert(1)"}
    part = await _change_part(api, "add", "Experience", values)
    contact = {"email": "nope", "countryCode": "Germany", "links": [{"url": "nope"}]}
    profile = (await api.run(UPDATE, input={"id": profile_id, "contact": contact}))["updateProfile"]

    assert {error["path"] for error in part["fieldErrors"]} == {"employer", "start", "url"}
    paths = {error["path"] for error in profile["fieldErrors"]}
    assert {"contact.email", "contact.countryCode"} <= paths


async def test_what_is_left_out_stays_and_null_empties(api: Api) -> None:
    profile_id = await _profile(api)
    await api.run(UPDATE, input={"id": profile_id, "headline": "Analyst"})

    kept = (await api.run(UPDATE, input={"id": profile_id, "name": "Ada L."}))["updateProfile"]["profile"]
    emptied = (await api.run(UPDATE, input={"id": profile_id, "headline": None}))["updateProfile"]["profile"]

    assert (kept["name"], kept["headline"]) == ("Ada L.", "Analyst")
    assert (emptied["name"], emptied["headline"]) == ("Ada L.", "")


async def test_a_reworded_highlight_keeps_its_id(api: Api) -> None:
    profile_id = await _profile(api)
    added = await _change_part(api, "add", "Experience", {"profileId": profile_id, **PARTS["Experience"][0]})
    experience = added["experience"]
    line = {"id": experience["highlights"][0]["id"], "text": "Did it well"}

    updated = await _change_part(api, "update", "Experience", {"id": experience["id"], "highlights": [line]})
    refused = await _change_part(
        api, "update", "Experience", {"id": experience["id"], "highlights": [{"id": "x", "text": "y"}]}
    )

    assert updated["experience"]["highlights"] == [line]
    assert refused["fieldErrors"][0]["path"] == "highlights.0.id"


async def test_an_import_reports_what_became_of_the_file_and_can_be_undone(api: Api) -> None:
    resume = orjson.dumps(samples.default_profile().resume).decode()
    profile_id = await _profile(api)

    imported = (await api.run(IMPORT, input={"profileId": profile_id, "content": resume}))["importProfile"]
    restored = await api.run(
        """mutation ($id: ID!) { restoreProfileVersion(input: {profileId: $id, number: 1}) {
            ... on ProfileSuccess { profile { name experiences { id } versions { number reason } } } } }""",
        id=profile_id,
    )

    counts = {count["section"]: count["count"] for count in imported["report"]["counts"]}
    assert counts["experiences"] == len(imported["profile"]["experiences"])
    profile = restored["restoreProfileVersion"]["profile"]
    assert (profile["name"], profile["experiences"]) == ("Ada", [])
    assert [version["number"] for version in profile["versions"]] == [3, 2, 1]


@pytest.mark.parametrize("content", ["", "[]", "no json", '{"basics": 1}', '{"a": 1}'])
async def test_a_file_that_is_no_resume_is_refused_with_a_reason(api: Api, content: str) -> None:
    result = (await api.run(IMPORT, input={"content": content}))["importProfile"]

    assert result["code"] == "IMPORT_FAILED"
    assert result["message"]


WHOLE = """{ viewer { profiles {
    name contact { email links { url } } honors { title } interests
    experiences { employer highlights { text } } education { institution } projects { name } skills { name keywords }
    certifications { name } languages { name } analytics { completeness missing { message } }
    generationSummary { total completed } versions { number reason } } } }"""


async def test_profiles_with_all_their_parts_take_the_same_few_statements_however_many_there_are(
    api: Api, counting: Any
) -> None:
    async def statements() -> int:
        with counting() as seen:
            data = await api.run(WHOLE)
        assert all(profile["experiences"] for profile in data["viewer"]["profiles"])
        return len(seen.texts)

    await _import_samples(api, 1)
    one = await statements()
    await _import_samples(api, 5)
    six = await statements()

    # The session, the profiles, all their parts, the counts of generations, the versions.
    assert (one, six) == (5, 5)


async def _import_samples(api: Api, number: int) -> None:
    resume = orjson.dumps(samples.default_profile().resume).decode()
    for _ in range(number):
        await api.run(IMPORT, input={"content": resume})
