import time

import pytest
from graphql import build_schema, get_introspection_query, parse

from schema import limits
from tests.schema.conftest import Api

SCHEMA = build_schema(
    """
    type Query { job: Job, jobs(first: Int = 20): JobConnection, profiles: [Profile!]! }
    type Mutation { startGeneration: Job, logout: Job }
    type JobConnection { nodes: [Job!]!, edges: [Edge!]!, totalCount: Int! }
    type Edge { node: Job! }
    type Job { title: String, company: Company, analysis: Company, tags: [String!]! }
    type Company { name: String }
    type Profile { name: String, experiences: [Company!]! }
    """
)


def _measure(text: str) -> limits.Measure:
    return next(iter(limits.measures(SCHEMA, parse(text)).values()))


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ __typename }", 0),
        ("{ job { title tags } }", 1),
        ("{ job { company { name } } }", 2),
        ("{ job { analysis { name } } }", 1 + 5 + 1),
        ("{ profiles { name } }", 10),
        ("{ profiles { experiences { name } } }", 10 * (1 + 10)),
        ("{ jobs { nodes { title } } }", 1 + 20),
        ("{ jobs(first: 5) { nodes { company { name } } } }", 1 + 5 * 2),
        ("{ jobs(first: 5) { edges { node { title } } } }", 1 + 5 * 2),
        ("{ jobs(first: 5) { totalCount } }", 1 + 5 * 10),
        ("query ($n: Int) { jobs(first: $n) { nodes { title } } }", 1 + 100),
        ("{ jobs(first: 100000) { nodes { title } } }", 1 + 100),
        ("{ jobs(first: -1) { nodes { title } } }", 1 + 1),
        ("mutation { logout { title } }", 11),
        ("mutation { startGeneration { title } }", 101),
        ("{ ...F ...F } fragment F on Query { job { title } }", 2),
        ("{ ... on Query { job { title } } }", 1),
        ("{ nothing { at { all } } }", 0),
    ],
)
def test_the_cost_follows_the_published_formula(query: str, cost: int) -> None:
    assert _measure(query).cost == cost


def test_depth_fields_aliases_and_directives_are_counted_through_fragments() -> None:
    measure = _measure(
        """
        query { a: job { ...F @include(if: true) } b: job { ...F } }
        fragment F on Job { x: title company { name @skip(if: false) } }
        """
    )

    assert (measure.depth, measure.fields, measure.aliases, measure.directives) == (3, 8, 4, 3)


def test_each_operation_has_its_own_measure() -> None:
    measures = limits.measures(SCHEMA, parse("query A { job { title } } query B { profiles { name } }"))

    assert {name: measure.cost for name, measure in measures.items()} == {"A": 1, "B": 10}


def test_a_chain_of_fragments_that_doubles_at_every_link_is_measured_at_once() -> None:
    links = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    document = parse(f"{{ ...F0 }} {links} fragment F60 on Query {{ job {{ title }} }}")
    started = time.process_time()

    measure = limits.measures(SCHEMA, document)[None]

    assert measure.fields == 2 * 2**60
    assert time.process_time() - started < 1


def test_fragments_that_spread_each_other_are_measured_without_end_less_loops() -> None:
    measure = _measure("{ ...A } fragment A on Query { job { title } ...B } fragment B on Query { ...A }")

    assert measure.fields == 2


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("{ " + "viewer { profiles { experiences { highlights { id } } } } " * 101 + "}", "fields"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }", "31 aliases; at most 30"),
        ("{ __typename " + "@include(if: true) " * 51 + "}", "51 directives; at most 50"),
        (
            "{ viewer { profiles { "
            + " ".join(f"a{n}: experiences {{ highlights {{ id }} }}" for n in range(20))
            + " } } }",
            "points; at most 20,000",
        ),
        ("{" + "a{" * 15 + "b" + "}" * 16, "nests 16 levels; at most 14"),
        ("{ viewer { " + "user { email } " * 51 + "} }", "the field `user` 51 times; at most 50"),
        (
            "{ __typename } fragment Unused on Viewer { " + "user { email } " * 51 + "}",
            "the field `user` 51 times; at most 50",
        ),
        (
            "{ __typename } fragment Unused on Viewer { " + " ".join(f"a{n}: email" for n in range(31)) + " }",
            "uses 31 aliases; at most 30",
        ),
        ("{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(5)) + " }", "costs 25,000 points"),
    ],
)
async def test_a_query_over_a_limit_is_refused_with_the_number_and_the_limit(
    api: Api, query: str, complaint: str
) -> None:
    body = (await api.post(query)).json()

    complaints = [error for error in body["errors"] if error["extensions"]["code"] == "QUERY_TOO_COMPLEX"]
    assert any(complaint in error["message"] for error in complaints), body
    assert "data" not in body


async def test_what_is_over_a_limit_is_not_validated(api: Api) -> None:
    body = (await api.post("{ nothing viewer { " + "user { email } " * 380 + "} }")).json()

    assert {error["extensions"]["code"] for error in body["errors"]} == {"QUERY_TOO_COMPLEX"}


async def test_hostile_documents_do_not_hold_up_the_server(api: Api) -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    documents = [
        f"{{ ...F0 }} {chain} fragment F40 on Query {{ __typename }}",
        "{" + "a{" * 900,
        "{a(b:" + "[" * 900,
        "query(" + "$a:Int," * 600 + ")",
        "{" + "__typename " * 1900 + "}",
        "# " + "x" * 50_000,
        "{" + "a " * 5_000 + "}",
    ]
    started = time.process_time()

    for document in documents:
        error = (await api.post(document)).json()["errors"][0]
        assert error["extensions"]["code"] in {"QUERY_TOO_COMPLEX", "BAD_REQUEST"}

    assert time.process_time() - started < 5


async def test_too_many_tokens_are_too_complex(api: Api) -> None:
    error = await api.error("{" + "a " * 3_000 + "}")

    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_a_query_of_sixty_thousand_characters_is_refused_unread(api: Api) -> None:
    error = await api.error("#" * 60_001)

    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "variables" in error["message"]


async def test_the_cost_is_reported_with_every_answer(api: Api) -> None:
    body = (await api.post("{ viewer { profiles { name } } }")).json()

    assert body["extensions"]["cost"] == {"requested": 11, "limit": 20_000}


async def test_the_reported_cost_is_that_of_the_chosen_operation(api: Api) -> None:
    query = "query A { __typename } query B { viewer { profiles { name } } }"
    response = await api.http.post("/graphql", json={"query": query, "operationName": "A"})

    assert response.json()["extensions"]["cost"]["requested"] == 0


async def test_introspection_fits_the_limits_and_nested_introspection_does_not(api: Api) -> None:
    data = await api.run(get_introspection_query(input_value_deprecation=True))
    nested = "{__schema{types{fields{type{fields{type{fields{type{fields{name" + "}" * 10
    error = await api.error(nested)

    assert data["__schema"]["queryType"]["name"] == "Query"
    assert "introspection depth" in error["message"].lower()
