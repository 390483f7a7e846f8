"""The inputs of a compiled operation are converted as by Strawberry and graphql-core."""

import datetime
from typing import Any

import pytest
import strawberry
from graphql import parse, validate
from strawberry.relay import GlobalID
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from tests.engine.compiled.comparison import Answer, answer_of, by_compiled, by_graphql_core, compiled, must_agree
from tests.engine.compiled.types import Colour, Size, Weight, weigh


@strawberry.input
class Inner:
    words: list[str] | None = None
    colour: Colour | None = Colour.GREEN
    size: Size = Size.SMALL


@strawberry.input
class Options:
    text: str | None = strawberry.UNSET
    whole: int = 3
    ratio: float | None = None
    colours: list[Colour] | None = None
    grid: list[list[int | None]] | None = None
    inner: Inner | None = strawberry.UNSET
    inners: list[Inner | None] | None = strawberry.UNSET
    at: datetime.datetime | None = None
    weight: Weight | None = None
    anything: JSON | None = None
    maybe: strawberry.Maybe[str | None]
    maybe_inner: strawberry.Maybe[Inner]
    other: bool = strawberry.field(name="renamed", default=True)
    more: "Options | None" = None


@strawberry.input
class Reference:
    id: GlobalID | None = None
    ids: list[GlobalID] | None = None
    inner: "Reference | None" = None


@strawberry.input
class Tree:
    name: str
    reference: Reference | None = None
    trees: "list[Tree] | None" = None


@strawberry.input
class Plain:
    words: list[str]
    plain: "Plain | None" = None


@strawberry.type
class Query:
    @strawberry.field
    def options(self, options: Options | None = None) -> str | None:
        seen = repr(options)
        if options and options.colours:
            options.colours.append(Colour.RED)
        return seen

    @strawberry.field
    def tree(self, tree: Tree, plain: Plain | None = None, id: GlobalID | None = None) -> str | None:
        return repr((tree, plain, id))


SCHEMA = strawberry.Schema(
    Query,
    config=StrawberryConfig(scalar_map={Weight: strawberry.scalar(name="Weight", serialize=weigh, parse_value=weigh)}),
)._schema

WISH = "query ($options: Options! = {}) { options(options: $options) }"


async def answer(text: str, variables: dict[str, Any]) -> Answer:
    """The answer of both, twice, because neither may change the document's values."""
    document = parse(text)
    assert validate(SCHEMA, document) == []
    operation = compiled(SCHEMA, document)
    answers = []
    for _ in range(2):
        ours = await answer_of(by_compiled(operation, variables, None))
        must_agree(ours, await answer_of(by_graphql_core(SCHEMA, document, None, variables, None)))
        answers.append(ours)
    must_agree(*answers)
    return answers[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (None, "Expected value of non-null type 'Options!' not to be None."),
        ([], "Expected value of type 'Options' to be an object"),
        ({"whole": "7"}, "Int cannot represent non-integer value: '7'"),
        ({"whole": None}, "Expected value of non-null type 'Int!' not to be None."),
        ({"colours": ["PINK"]}, "Value 'PINK' does not exist in 'Colour' enum."),
        ({"colours": [7]}, "Enum 'Colour' cannot represent non-string value: 7."),
        ({"inner": {"nothing": 1}}, "Expected value of type 'Inner' not to include unknown field 'nothing'"),
        ({"weight": -1}, "A weight is 0 or more, got -1."),
        ({"inners": {"words": [None]}}, "Expected value of non-null type 'String!' not to be None."),
    ],
)
async def test_a_wrong_input_is_the_error_that_graphql_core_makes_of_it(options: Any, message: str) -> None:
    data, [error] = await answer(WISH, {"options": options})
    assert data == "None"
    assert message in error.message
    assert error.path is None


async def test_a_maybe_that_must_not_be_null_is_an_error_of_its_field() -> None:
    data, [error] = await answer("{ options(options: {maybeInner: null}) }", {})
    assert data == "{'options': None}"
    assert "cannot be explicitly set to null" in error.message


@pytest.mark.parametrize("depth", [10, 29, 30, 31, 100, 400, 2000])
async def test_inputs_may_nest_as_deeply_as_in_graphql_core(depth: int) -> None:
    options: dict[str, Any] = {"text": "innermost"}
    for _ in range(depth):
        options = {"more": options}
    data, errors = await answer(WISH, {"options": options})
    assert ("innermost" in data) is not bool(errors)
    assert bool(errors) is (depth > 200)


@pytest.mark.parametrize(
    "variables",
    [
        {"tree": {"name": "a", "trees": [{"name": "b", "reference": {"id": "Q2F0OjE="}}]}, "id": "Q2F0OjE="},
        {
            "tree": {"name": "a", "reference": {"inner": {"ids": ["Q2F0OjE="]}}},
            "plain": {"words": ["a"], "plain": None},
        },
        {"tree": {"name": "a", "reference": {"id": "nonsense"}}},
        {"tree": {"name": "a"}, "id": "nonsense"},
        {"tree": {"name": "a"}, "plain": {"words": "a", "plain": {"words": []}}},
    ],
)
async def test_an_input_with_a_global_id_is_converted_by_strawberry(variables: dict[str, Any]) -> None:
    text = "query ($tree: Tree!, $plain: Plain, $id: ID) { tree(tree: $tree, plain: $plain, id: $id) }"
    data, errors = await answer(text, variables)
    assert bool(errors) is ("nonsense" in repr(variables))
    assert errors or "Tree(name='a'" in data
