import pytest
from pydantic import BaseModel, Field, ValidationError

from jobwise.errors import ErrorCode
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
