"""Input values: closures that coerce and convert the values of a schema's input types.

They do what graphql-core's `coerce_input_value` and `coerce_input_literal` and Strawberry's `convert_argument` do, with
the types examined only once. If a value is not valid, they return Undefined, and graphql-core creates the error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias, cast
from uuid import UUID

from graphql import (
    ArgumentNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLSchema,
    ListValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import is_iterable
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.schema.compat import is_scalar
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.lazy_type import LazyType

Coerce: TypeAlias = Callable[[Any, int], Any]
Read: TypeAlias = Callable[[VariableValues], Any]
Convert: TypeAlias = Callable[[Any], Any]

# graphql-core coerces values of variables that are nested deeper. It has its own limit.
DEPTH_LIMIT = 30

# The classes of leaves that cannot be changed, besides those of enums.
IMMUTABLE = frozenset({str, int, float, bool, type(None), datetime, date, time, timedelta, Decimal, UUID})

# Stands for the value of a field that is left out.
ABSENT = object()


class Unusual(Exception):
    """An input type that only Strawberry can convert."""


@lru_cache(maxsize=8)
def inputs_of(schema: GraphQLSchema) -> "Inputs":
    """The input types of a schema, whose closures are made once."""
    return Inputs(schema)


class Inputs:
    """Makes the closures of input types, and keeps those of input objects."""

    def __init__(self, schema: GraphQLSchema) -> None:
        strawberry = schema._strawberry_schema  # type: ignore[attr-defined]
        self.names = strawberry.config.name_converter
        self._scalars = strawberry.schema_converter.scalar_registry
        self._coercers: dict[GraphQLInputObjectType, Coerce] = {}
        self._converters: dict[type, Convert] = {}

    # Values of variables.

    def coercer(self, type: GraphQLInputType) -> Coerce:
        """A function of a value and its depth that returns the coerced value, or Undefined. It may also raise."""
        of = get_nullable_type(type)
        null = Undefined if isinstance(type, GraphQLNonNull) else None
        if is_list_type(of):
            coerce_item = self.coercer(of.of_type)

            def coerce_list(value: Any, depth: int) -> Any:
                if value is None:
                    return null
                if value.__class__ is not list:
                    if is_iterable(value):
                        return Undefined
                    value = [value]
                items = [coerce_item(item, depth) for item in value]
                return Undefined if any(item is Undefined for item in items) else items

            return coerce_list
        if is_input_object_type(of):
            coerce_object = self._object_coercer(of)
            return lambda value, depth: null if value is None else coerce_object(value, depth)
        coerce_leaf: Callable[[Any], Any] = cast(GraphQLLeafType, of).coerce_input_value
        if isinstance(of, CustomGraphQLEnumType):
            coerce_leaf = {name: coerce_leaf(name) for name in of.values}.__getitem__
        return lambda value, depth: null if value is None else coerce_leaf(value)

    def _object_coercer(self, type: GraphQLInputObjectType) -> Coerce:
        if type in self._coercers:
            return self._coercers[type]
        fields: list[tuple[str, str, Any, Coerce]] = []

        def coerce(value: Any, depth: int) -> Any:
            if not isinstance(value, dict) or depth > DEPTH_LIMIT:
                return Undefined
            coerced: dict[str, Any] = {}
            number = 0
            for name, out_name, default, coerce_field in fields:
                if name in value:
                    number += 1
                    field = coerce_field(value[name], depth + 1)
                elif default is ABSENT:
                    continue
                else:
                    field = default
                if field is Undefined:
                    return Undefined
                coerced[out_name] = field
            is_refused = type.is_one_of and (len(coerced) != 1 or None in coerced.values())
            return Undefined if is_refused or number < len(value) else type.out_type(coerced)

        self._coercers[type] = coerce
        for name, field in type.fields.items():
            fields.append((name, field.out_name or name, default_of(field), self.coercer(field.type)))
        return coerce

    # Values in documents.

    def literal(self, node: ValueNode, type: GraphQLInputType) -> Read:
        """A function of the variables that returns the coerced value, or Undefined. The node is not a variable."""
        of = get_nullable_type(type)
        if is_input_object_type(of) and isinstance(node, ObjectValueNode) and not of.is_one_of:
            fields = self.fields(node.fields, of.fields)
            return lambda variables: it if (it := fields(variables)) is Undefined else of.out_type(it)
        items = node.values if isinstance(node, ListValueNode) else ()
        if is_leaf_type(get_named_type(of)) and not any(isinstance(item, VariableNode) for item in items):
            value = coerce_input_literal(node, type)
            if is_immutable(value):
                return same(value)
            if value.__class__ is list and all(map(is_immutable, value)):  # a resolver may change the list
                return lambda variables: value.copy()
        return lambda variables: coerce_input_literal(node, type, variables)

    def fields(
        self,
        nodes: Iterable[ArgumentNode | ObjectFieldNode],
        definitions: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    ) -> Read:
        """The same for the fields of an input object, or the arguments of a field. The order is the schema's."""
        given = {node.name.value: node.value for node in nodes}
        fields: list[tuple[str, Read]] = []
        for name, definition in definitions.items():
            node, default = given.get(name), default_of(definition)
            if isinstance(node, VariableNode):
                read_field = _variable(node.name.value, definition.type, default)
            elif node:
                read_field = self.literal(node, definition.type)
            elif default is ABSENT:
                continue
            else:
                read_field = same(default)
            fields.append((definition.out_name or name, read_field))

        def read(variables: VariableValues) -> Any:
            coerced: dict[str, Any] = {}
            for name, read_field in fields:
                value = read_field(variables)
                if value is Undefined:
                    return Undefined
                if value is not ABSENT:
                    coerced[name] = value
            return coerced

        return read

    # Strawberry's conversion of coerced values.

    def converter(self, type: Any) -> Convert | None:
        """A function of a coerced value that returns the resolver's argument. None: the value is the argument.

        Raises Unusual.
        """
        if isinstance(type, StrawberryMaybe) or type is GlobalID:
            raise Unusual
        if isinstance(type, StrawberryOptional):
            return self.converter(type.of_type)
        if isinstance(type, LazyType):
            return self.converter(type.resolve_type())
        if isinstance(type, StrawberryList):
            convert_item = self.converter(type.of_type)
            if convert_item is None:
                return lambda value: value if value is None or value is UNSET else list(value)
            return lambda value: value if value is None or value is UNSET else [convert_item(item) for item in value]
        if isinstance(type, StrawberryEnumDefinition) or has_enum_definition(type) or is_scalar(type, self._scalars):
            return None
        return self._object_converter(type)

    def _object_converter(self, type: Any) -> Convert:
        if type in self._converters:
            return self._converters[type]
        definition = type.__strawberry_definition__ if has_object_definition(type) else None
        if definition is None or not definition.is_input or definition.from_input is not None:
            raise Unusual
        fields: dict[str, tuple[str, Convert | None]] = {}
        nulls = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }

        def convert(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            given: dict[str, Any] = nulls.copy()
            for name, item in value.items():
                python_name, convert_item = fields[name]
                given[python_name] = item if convert_item is None else convert_item(item)
            return type(**given)

        self._converters[type] = convert
        try:
            for field in definition.fields:
                convert_field = self.converter(field.resolve_type(type_definition=definition))
                fields[self.names.from_field(field)] = (field.python_name, convert_field)
        except Unusual:
            self._converters.clear()  # some may be of types that contain the unusual one
            raise
        return convert


def default_of(definition: GraphQLArgument | GraphQLInputField) -> Any:
    """The coerced default. Without one, ABSENT if the type is nullable, else Undefined. Undefined if it is invalid."""
    if definition.default is None and definition.default_value is Undefined:
        return Undefined if isinstance(definition.type, GraphQLNonNull) else ABSENT
    try:
        return coerce_default_value(definition)
    except TypeError:  # graphql-core raises it again when the default is needed
        return Undefined


def _variable(name: str, type: GraphQLInputType, default: Any) -> Read:
    """A function of the variables that returns the value of this one."""
    if isinstance(type, GraphQLNonNull):
        return lambda variables: Undefined if (it := variables.coerced.get(name, default)) is None else it
    return lambda variables: variables.coerced.get(name, default)


def same(value: Any) -> Read:
    """A function that returns the value."""
    return lambda variables: value


def is_immutable(value: Any) -> bool:
    """Whether executions can share the value, because no resolver can change it."""
    return value.__class__ in IMMUTABLE or isinstance(value, Enum)
