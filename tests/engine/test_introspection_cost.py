"""What introspection costs: about what it builds."""

from typing import Any

import orjson
import pytest
from graphql import get_introspection_query, graphql_sync

from engine.cost import TooCostly
from schema.cost import COST_MODEL
from tests.engine.test_cost import SCHEMA, measured


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"descriptions": False},
        # GraphiQL's query.
        {"schema_description": True, "input_value_deprecation": True, "specified_by_url": True, "one_of": True},
        {"experimental_directive_deprecation": True, "directive_is_repeatable": True},
    ],
)
def test_the_standard_introspection_costs_at_most_twice_its_objects(options: dict[str, bool]) -> None:
    query = get_introspection_query(**options)  # type: ignore[arg-type]
    result = measured(query)
    result.check(COST_MODEL)
    assert result.depth == 15
    built = objects_in(graphql_sync(SCHEMA, query).data) - 1
    # More than it builds, as the types of an interface count as the most that one has.
    assert built <= result.cost <= built * 2


def objects_in(value: Any) -> int:
    if isinstance(value, list):
        return sum(objects_in(item) for item in value)
    return 1 + objects_in(list(value.values())) if isinstance(value, dict) else 0


@pytest.mark.parametrize(
    "field",
    [
        '__type(name: "Node") { possibleTypes { fields { name description args { name } type { name } } } }',
        '__type(name: "Session") { interfaces { possibleTypes { interfaces { possibleTypes { fields { name } } } } } }',
        f'__type(name: "Node") {{ {"possibleTypes { interfaces { " * 4} name {"} } " * 4} }}',
        "__schema { types { possibleTypes { interfaces { possibleTypes { name } } } } }",
    ],
)
def test_introspection_of_interfaces_costs_at_least_its_objects(field: str) -> None:
    result = measured(f"{{ {field} }}")
    assert objects_in(graphql_sync(SCHEMA, f"{{ {field} }}").data) - 1 <= result.cost


@pytest.mark.parametrize("name", ["a{:02}", "a{:02}" + "b" * 92], ids=["of many descriptions", "of many long names"])
def test_a_long_response_of_few_fields_is_refused(name: str) -> None:
    """It has more than a megabyte: as many as this cost less than the standard query before."""
    aliases = " ".join(f"{name.format(number)}: description" for number in range(70))
    document = f"{{ __schema {{ types {{ fields {{ {aliases} }} }} }} }}"
    assert len(orjson.dumps(graphql_sync(SCHEMA, document).data)) > 1_000_000
    with pytest.raises(TooCostly):
        measured(document).check(COST_MODEL)


@pytest.mark.parametrize(
    "field",
    [
        '__type(name: "Query") { fields { args { type { inputFields { type { ofType { name } } } } } } }',
        '__type(name: "Session") { fields { type { ofType { fields { type { ofType { name } } } } } } }',
        "__schema { types { name } }",
    ],
)
def test_repeated_introspection_is_refused(field: str) -> None:
    measured(f"{{ {field} }}").check(COST_MODEL)
    with pytest.raises(TooCostly, match=r"This operation has a cost of [\d,]+; the maximum is 5,000"):
        measured("{ " + " ".join(f"a{i}: {field}" for i in range(100)) + " }").check(COST_MODEL)
