import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, Field, ValidationError

import jobwise
import schema as api
import workers
from jobwise.errors import ErrorCode, JobWiseError
from schema import errors
from schema.build import schema


def test_pydantics_complaints_have_the_clients_field_names() -> None:
    class Inner(BaseModel):
        postal_code: str = Field(max_length=3)

    class Outer(BaseModel):
        home_address: list[Inner]

    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"home_address": [{"postal_code": "12345"}]})
    failed = errors.validation_failed(caught.value)

    assert [(field.path, field.message) for field in failed.fields] == [
        ("homeAddress.0.postalCode", "String should have at most 3 characters")
    ]


def test_every_error_in_a_union_is_one_that_can_be_made() -> None:
    made = {member.__name__ for member in errors.MEMBERS.values()}
    for name, type_ in schema._schema.type_map.items():
        if any(interface.name == "UserError" for interface in getattr(type_, "interfaces", ())):
            assert name in made


def test_every_code_has_a_description_for_clients() -> None:
    described = schema._schema.type_map["ErrorCode"].values  # type: ignore[attr-defined]

    assert set(described) == {code.value for code in ErrorCode}
    assert all(value.description for value in described.values())


def test_the_message_of_every_error_is_whole_sentences() -> None:
    """It is its class's docstring, which a formatter of docstrings may have parted in the middle of a sentence."""
    found = {f"{error.__module__}.{error.__name__}": error for error in _all_errors()}
    assert "schema.http.PayloadTooLarge" in found
    for name, error in found.items():
        for paragraph in inspect.cleandoc(error.__doc__ or "").split("\n\n"):
            text = " ".join(paragraph.split())
            assert text[:1].isupper() or text.startswith("`"), (name, text)
            assert text.endswith("."), (name, text)
            assert text.count("`") % 2 == 0, (name, text)
            assert all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "“”")), name


def _all_errors() -> Iterator[type[JobWiseError]]:
    for package in (jobwise, api, workers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    pending = JobWiseError.__subclasses__()
    while pending:
        error = pending.pop()
        pending += error.__subclasses__()
        if error.__module__.split(".")[0] in ("jobwise", "schema", "workers"):
            yield error
