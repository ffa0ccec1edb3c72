from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from schema import sdl
from schema.build import schema

GRAPHQL_OWN = ("__", "String", "Int", "Float", "Boolean", "ID")


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert sdl.drift() == "", "run `jobwise schema` and commit schema/schema.graphql"


def test_everything_in_the_schema_is_described() -> None:
    bare = []
    for name, type_ in schema._schema.type_map.items():
        if name.startswith(GRAPHQL_OWN):
            continue
        if not type_.description:
            bare.append(name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                bare += [f"{name}.{field_name}"] if not field.description else []
                bare += [f"{name}.{field_name}({arg})" for arg, value in field.args.items() if not value.description]
        if isinstance(type_, GraphQLInputObjectType):
            bare += [f"{name}.{field_name}" for field_name, value in type_.fields.items() if not value.description]
        if isinstance(type_, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, definition in type_.values.items() if not definition.description]

    assert bare == []


def test_every_mutation_but_logout_takes_one_input_and_answers_with_a_union() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        if name.startswith("logout"):
            continue
        assert list(field.args) == ["input"], name
        assert isinstance(field.type.of_type, GraphQLUnionType), name
