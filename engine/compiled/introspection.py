"""Introspection, which needs nothing of an execution except its variables."""

from typing import Any, NamedTuple

import orjson
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import get_argument_values
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues

from engine.compiled.planning import Subfields


class Selected(NamedTuple):
    """A selected field of an object. `constant` is its value, if the field is `__typename`."""

    key: str
    definition: GraphQLField
    arguments: dict[str, Any]
    details: list[FieldDetails]
    constant: str | None


class Introspection:
    """Executes `__schema` and `__type` with graphql-core's own resolvers, in a fraction of its executor's time:
    these resolvers neither fail nor return awaitables.
    """

    def __init__(self, schema: GraphQLSchema, subfields: Subfields, variables: VariableValues) -> None:
        self.schema = schema  # the resolvers read it from their `info`, which is this object
        self._subfields = subfields
        self._variables = variables
        self._selected: dict[tuple[str, int], list[Selected]] = {}

    def execute(self, type: GraphQLObjectType, key: str, details: list[FieldDetails]) -> orjson.Fragment:
        """The value of a field of the query, as JSON. Raises GraphQLError if a variable is null."""
        selected = self._select(type, key, details)
        return orjson.Fragment(orjson.dumps(self._value(selected, None)))

    def _select(self, type: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Selected:
        node = details[0].node
        definition = self.schema.get_field(type, node.name.value)
        assert definition is not None, "the document is valid"
        arguments = get_argument_values(definition, node, self._variables)
        return Selected(key, definition, arguments, details, type.name if node.name.value == "__typename" else None)

    def _value(self, field: Selected, source: Any) -> Any:
        if field.constant:
            return field.constant
        assert field.definition.resolve, "graphql-core has a resolver for each field of introspection"
        value = field.definition.resolve(source, self, **field.arguments)
        return self._completed(field.definition.type, value, field.details)

    def _completed(self, type: GraphQLOutputType, value: Any, details: list[FieldDetails]) -> Any:
        if value is None:
            return None
        if is_non_null_type(type):
            type = type.of_type
        if is_list_type(type):
            return [self._completed(type.of_type, item, details) for item in value]
        if is_leaf_type(type):
            return type.coerce_output_value(value)
        assert is_object_type(type), "introspection has no interfaces and unions"
        key = type.name, id(details)
        if (selected := self._selected.get(key)) is None:
            subfields = self._subfields(type, details).items()
            selected = self._selected[key] = [self._select(type, name, each) for name, each in subfields]
        return {field.key: self._value(field, value) for field in selected}
