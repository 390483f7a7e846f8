"""Introspection: compiled operations return what graphql-core returns, with the same order of keys."""

from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, get_introspection_query, parse, validate

from schema.root import schema
from tests.engine.compiled.comparison import compiled
from tests.engine.compiled.schemas import SCHEMA

ALL = ("input_value_deprecation", "specified_by_url", "schema_description", "one_of", "directive_is_repeatable")

DOCUMENTS = [
    get_introspection_query(),
    get_introspection_query(descriptions=False),
    get_introspection_query(**dict.fromkeys(ALL, True)),
    "{ __schema { __typename queryType { a: name, b: name } subscriptionType { name } directives { locations } } }",
    '{ __type(name: "Query") { ...F } b: __type(name: "No") { name } } fragment F on __Type { kind ...G } '
    "fragment G on __Type { fields { name __typename type { ofType { ofType { name } } } } }",
    '{ __type(name: "Query") { fields(includeDeprecated: true) { isDeprecated deprecationReason args { name } } } }',
    '{ __typename ... on Query { __type(name: "Query") { interfaces { name } possibleTypes { name } kind } } }',
    '{ __type(name: "Query") { name } __type(name: "Query") { kind } }',
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("of", [SCHEMA, schema._schema], ids=["test schema", "Roomkey's schema"])
async def test_the_result_is_that_of_graphql_core(of: GraphQLSchema, document: str) -> None:
    await compare(of, document, {})


@pytest.mark.parametrize("yes", [True, False])
async def test_conditions_are_decided_first(yes: bool) -> None:
    document = (
        "query ($a: Boolean!) { __schema { types @include(if: $a) { name } queryType { name @skip(if: $a) kind } } }"
    )
    await compare(SCHEMA, document, {"a": yes})


@pytest.mark.parametrize("variables", [{}, {"a": True, "b": "Cat"}, {"a": False, "b": "No"}, {"a": None}])
async def test_arguments_can_be_variables(variables: dict[str, Any]) -> None:
    document = """query ($a: Boolean = true, $b: String! = "Query") {
        __schema { types { name fields(includeDeprecated: $a) { name } } }
        __type(name: $b) { name ... @include(if: true) { fields { name } } }
        __typename
    }"""
    await compare(SCHEMA, document, variables)


async def compare(of: GraphQLSchema, document: str, variables: dict[str, Any]) -> None:
    parsed = parse(document)
    assert validate(of, parsed) == []
    operation = compiled(of, parsed)
    expected = execute(of, parsed, variable_values=variables)
    assert isinstance(expected, ExecutionResult)
    for _ in range(2):
        result = await operation.execute(variables)
        assert orjson.dumps(result.data) == orjson.dumps(expected.data)
        assert result.errors == expected.errors
