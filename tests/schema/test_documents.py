from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLUnionType, get_named_type

from jobwise.accounts.service import Viewer
from jobwise.config import settings
from jobwise.documents.renderer import Renderer
from jobwise.generation import housekeeping, pipeline, queries
from jobwise.generation.leases import Leases
from jobwise.generation.pipeline import Tools
from jobwise.infra import db
from jobwise.infra import events as wake_ups
from jobwise.infra.storage import Storage
from jobwise.llm.models import LlmCall
from schema import ids
from schema.build import schema
from tests.generation.orders import an_order
from tests.schema.conftest import Api
from tests.schema.test_generations import DELETE


@pytest.fixture
async def tools(api: Api) -> AsyncIterator[Tools]:
    leases = Leases(timedelta(seconds=30))
    async with Renderer(1) as renderer, wake_ups.listening(), leases.kept():
        yield Tools("a worker", renderer, Storage(settings().files_folder()), leases, most_seconds=900)


def _everything(of: GraphQLNamedType) -> str:
    """All fields of a type and of what is below them."""
    if isinstance(of, GraphQLUnionType):
        return "{ __typename " + " ".join(f"... on {each.name} {_everything(each)}" for each in of.types) + " }"
    if not isinstance(of, GraphQLObjectType):
        return ""
    return (
        "{ " + " ".join(f"{name} {_everything(get_named_type(field.type))}" for name, field in of.fields.items()) + " }"
    )


def _document() -> str:
    found = schema._schema.type_map["Document"]
    return f"query ($g: ID!) {{ documents(first: 2, filter: {{generationId: $g}}) {{ nodes {_everything(found)} }} }}"


async def _read(api: Api, generation_id: str) -> list[dict[str, Any]]:
    """The résumé and the letter with all that is below them and what is in their files, in the place of the links."""
    nodes: list[dict[str, Any]] = (await api.run(_document(), g=generation_id))["documents"]["nodes"]
    for export in (export for node in nodes for export in node["exports"]):
        download = await api.http.get(export.pop("url"))
        assert download.status_code == 200
        export["file"] = download.content
    return sorted(nodes, key=lambda node: str(node["kind"]))


async def _made(viewer: Viewer, tools: Tools) -> str:
    """The global id of a generation that is completed, and some of which was refused."""
    key = await an_order(viewer)
    claim = await queries.claim(tools.worker, tools.leases.length, 10)
    assert claim is not None
    await pipeline.run(claim, tools)
    # What the built-in writer says is never refused.
    await db.fetch_all(
        "update document_versions set refused = jsonb_build_array(changes -> 0) || jsonb_build_array(changes -> 1)"
    )
    return ids.encode("Generation", key)


async def test_documents_stay_whole_when_their_generation_is_deleted(api: Api, tools: Tools) -> None:
    assert api.viewer
    generation_id = await _made(api.viewer, tools)
    await LlmCall.create(
        user_id=api.viewer.user_id,
        generation_id=ids.parse(generation_id)[1],
        provider="openai",
        model="gpt-6-luna",
        purpose="write",
        input_tokens=7,
    )
    before = await _read(api, generation_id)

    assert (await api.run(DELETE, id=generation_id))["deleteGeneration"]["__typename"] == "DeleteSuccess"
    await housekeeping.run()

    after = await _read(api, generation_id)
    assert after == before
    assert [document["kind"] for document in after] == ["COVER_LETTER", "RESUME"]
    for document in after:
        assert any(change["evidence"] and change["requirements"] for change in document["changes"])
        assert any(change["evidence"] for change in document["refused"])
        assert {export["format"] for export in document["exports"]} == {"pdf", "text", "json"}
        assert document["versions"]
    usage = (await api.run("{ viewer { usage { inputTokens } } }"))["viewer"]["usage"]
    assert usage == {"inputTokens": 7}


async def test_what_older_workers_left_to_the_generation_is_shown_for_as_long_as_that_is_there(
    api: Api, tools: Tools
) -> None:
    assert api.viewer
    generation_id = await _made(api.viewer, tools)
    whole = await _read(api, generation_id)
    for column in ("changes", "refused"):
        await db.fetch_all(
            f"""
            update document_versions set {column} = (
                select jsonb_agg(change - 'evidence' - 'requirements') from jsonb_array_elements({column}) change)
            """
        )

    assert await _read(api, generation_id) == whole
    await api.run(DELETE, id=generation_id)

    without = [{**change, "evidence": [], "requirements": []} for change in whole[1]["changes"]]
    assert (await _read(api, generation_id))[1]["changes"] == without
