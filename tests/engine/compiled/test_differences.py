"""Regressions: where compiled operations once differed from graphql-core, or easily could."""

from ast import literal_eval
from copy import deepcopy
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
import strawberry
from graphql import GraphQLSchema, parse, validate
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from tests.engine.compiled.comparison import Answer, answer_of, by_compiled, by_graphql_core, compiled, must_agree
from tests.engine.compiled.resolvers import SCALARS, SIMILAR_VALUES, WRONG_VALUES, Data, LateValue
from tests.engine.compiled.schemas import SCHEMA
from tests.engine.compiled.types import Colour, Size, Weight, weigh

SEED = 3


async def answer(document: str, schema: GraphQLSchema = SCHEMA, **variables: Any) -> Answer:
    """The answer of both, twice, on data without errors."""
    parsed = parse(document)
    assert validate(schema, parsed) == []
    operation = compiled(schema, parsed)
    for _ in range(2):
        ours = await answer_of(by_compiled(operation, deepcopy(variables), Data(schema, SEED)))
        theirs = await answer_of(by_graphql_core(schema, parsed, None, deepcopy(variables), Data(schema, SEED)))
        must_agree(ours, theirs)
    return ours


@pytest.mark.parametrize(
    "kind",
    [str, int, float, bool, strawberry.ID, Colour, Size, Weight, datetime, date, time, Decimal, UUID, JSON, list[int]],
    ids=str,
)
async def test_leaves_are_completed_like_in_graphql_core(kind: Any) -> None:
    """Every kind of value, in a nullable and in a non-null field."""

    @strawberry.type
    class Box:
        value: kind
        maybe: kind | None = strawberry.field(default=None)

    values = [
        *(*WRONG_VALUES, *chain(*SIMILAR_VALUES.values(), *SCALARS.values())),
        *(*Colour, *Size, [1, 2], [None], LateValue(0, 1)),
    ]

    @strawberry.type
    class Query:
        @strawberry.field
        def boxes(self) -> list[Box | None]:
            return [Box(value=value, maybe=value) for value in values]

        @strawberry.field
        async def later(self) -> list[Box | None]:
            return [Box(value=value, maybe=value) for value in values]

    config = StrawberryConfig(scalar_map={Weight: strawberry.scalar(name="Weight", serialize=weigh)})
    schema = strawberry.Schema(Query, config=config)._schema
    maybe = await answer("{ boxes { maybe } }", schema)
    must = await answer("{ boxes { value } later { value maybe } }", schema)
    assert len(maybe.errors) < len(must.errors)


async def test_a_fragment_is_compiled_with_the_fields_merged_into_it() -> None:
    document = "{ cat { ...F loading { ...F leaves { flag } } } } fragment F on Cat { leaves { text } }"
    cat = literal_eval((await answer(document)).data)["cat"]
    assert list(cat["leaves"]) == ["text"]
    assert list(cat["loading"]["leaves"]) == ["text", "flag"]


async def test_a_one_of_input_may_hold_a_variable() -> None:
    document = "query ($id: ID!) { choose(choice: {id: $id}) }"
    assert (await answer(document, id="1")).data == """{'choose': "Choice(id='1', inner=UNSET, words=None)"}"""


async def test_a_one_of_input_of_too_many_fields_is_an_error_of_its_field() -> None:
    data, [error] = await answer('{ choose(choice: {id: "1", words: ["a"]}) __typename }')
    assert data == "{'choose': None, '__typename': 'Query'}"
    assert (error.path, error.message) == (("choose",), "OneOf Input Object 'Choice' must specify exactly one key.")


async def test_a_resolver_that_mutates_its_arguments_affects_no_other() -> None:
    data, _ = await answer('query ($words: [String!]! = ["x"]) { a: lists(words: $words) b: lists(words: $words) }')
    seen = "\"[['x', 'mutated'], None, [<Size.SMALL: 0>, <Size.LARGE: 1>], UNSET]\""
    assert data == f"{{'a': {seen}, 'b': {seen}}}"


async def test_mutating_a_literal_does_not_affect_the_next_execution() -> None:
    document = 'query ($id: ID) { atoms(anything: {a: {}, b: $id}) lists(words: ["b"], sizes: [LARGE]) }'
    data, _ = await answer(document, id="1")
    assert "{'a': {}, 'b': '1'}" in data
    assert "[['b', 'mutated'], None, [<Size.LARGE: 1>, <Size.LARGE: 1>], UNSET]" in data


async def test_every_invalid_variable_is_reported() -> None:
    document = "query ($whole: Int!, $size: Size!, $flag: Boolean!) { atoms(whole: $whole, size: $size, flag: $flag) }"
    data, errors = await answer(document, whole="1", size="HUGE")
    assert data == "None"
    assert [error.locations for error in errors] == [((1, 8),), ((1, 22),), ((1, 36),)]


async def test_mutating_a_json_variable_affects_the_next_resolver() -> None:
    document = "query ($json: JSON = {}) { a: atoms(anything: $json) b: atoms(anything: $json) }"
    first = await answer(document)
    again = await answer(document, json={})
    assert first == again
    assert first.data.count("{}") == 1
    assert first.data.count("{'seen': 0}") == 1


async def test_mutations_run_serially_even_if_one_fails() -> None:
    data, [error] = await answer('mutation { a: append b: fail clear { atFirst } c: append(word: "z") }')
    assert data == "{'a': ['w'], 'b': None, 'clear': {'atFirst': 0}, 'c': ['z']}"
    assert (error.path, error.message) == (("b",), "after 1 words")
