"""The documents that people read name what is there, and leave nothing out."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from jobwise.cli import main
from jobwise.config import Settings
from jobwise.errors import ErrorCode
from schema.build import schema
from schema.errors import MEMBERS
from tests.faults import scenarios as _registered  # noqa: F401 (fills the registry)
from tests.faults.scene import SCENARIOS

_ROOT = Path(__file__).resolve().parent.parent
_DOCUMENTS = sorted([_ROOT / "README.md", _ROOT / "CHANGELOG.md", *(_ROOT / "docs").glob("*.md")])
# In a shell's JSON a quotation mark inside the document is escaped.
_OPERATION = re.compile(
    r'"((?:query|mutation) [({](?:[^"\\]|\\.)*)"|^ *((?:subscription|mutation) \(.*?)(?:\'\'\'|```)', re.M | re.S
)


def _names() -> set[str]:
    prefix = str(Settings.model_config["env_prefix"])
    return {str(field.validation_alias or f"{prefix}{name}".upper()) for name, field in Settings.model_fields.items()}


def test_every_setting_is_documented_and_no_other() -> None:
    text = (_ROOT / "docs" / "configuration.md").read_text("utf-8")
    table = re.findall(r"^\| `([A-Z_]+)` \|", text, re.M)

    assert len(table) == len(set(table))
    assert set(table) == _names()


def test_compose_passes_on_every_setting_that_the_image_does_not_fix() -> None:
    text = (_ROOT / "docker-compose.yml").read_text("utf-8")
    names = re.findall(r"^    ([A-Z_]+): ", text.partition("services:")[0], re.M)

    assert len(names) == len(set(names))
    assert set(names) == _names() - {"JOBWISE_HOME", "JOBWISE_HOST", "JOBWISE_PORT"}


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_every_example_operation_is_valid(document: Path) -> None:
    found = _OPERATION.findall(document.read_text("utf-8"))

    for quoted, plain in found:
        operation = quoted.replace('\\"', '"') or plain
        assert validate(schema._schema, parse(operation)) == [], operation


def test_the_readme_shows_queries_mutations_and_a_subscription() -> None:
    found = _OPERATION.findall((_ROOT / "README.md").read_text("utf-8"))

    assert len(found) == 6


def test_every_promise_names_what_proves_it_and_every_scenario_proves_one() -> None:
    text = (_ROOT / "docs" / "operations.md").read_text("utf-8")
    table = text.partition("## Promises")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in re.findall(r"^\| [A-Z].*\|$", table, re.M)]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[3])}

    assert rows
    assert all(re.search(r"`\w+`|see below", row[3]) for row in rows)
    assert named == set(SCENARIOS)


def test_every_command_is_documented_and_no_other() -> None:
    text = (_ROOT / "docs" / "operations.md").read_text("utf-8")
    table = re.findall(r"^\| `jobwise (\w+)", text, re.M)

    assert sorted(table) == sorted(main.commands)


def test_every_code_of_an_error_outside_of_a_union_is_documented() -> None:
    text = (_ROOT / "docs" / "graphql.md").read_text("utf-8").partition("## Errors")[2].partition("\n## ")[0]
    table = re.findall(r"^\| `([A-Z_]+)` \|", text, re.M)
    # What mutations declare, and what only a generation ends with.
    elsewhere = {
        *MEMBERS,
        ErrorCode.PAGE_LIMIT_TOO_SMALL,
        ErrorCode.RENDERING_FAILED,
        ErrorCode.TIMED_OUT,
        ErrorCode.WORKER_LOST,
    }

    assert set(ErrorCode) - elsewhere <= set(table) <= set(ErrorCode)
