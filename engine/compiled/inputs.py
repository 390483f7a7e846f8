"""Input values: closures that coerce and convert the values of a schema's input types.

They do what graphql-core's `coerce_input_value` and `coerce_input_literal` and Strawberry's `convert_argument` do, with
the types examined only once. If a value is not valid, they return Undefined, and graphql-core creates the error.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias, cast
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import is_iterable
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal, coerce_input_value
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

# Stands for the default of a required field.
REQUIRED = object()


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
        self.config = strawberry.config
        self.registry = strawberry.schema_converter.scalar_registry
        self._coercers: dict[GraphQLInputObjectType, Coerce] = {}
        self._converters: dict[type, Convert] = {}

    # Values of variables.

    def coercer(self, type: GraphQLInputType) -> Coerce:
        """A function of a value and its depth that returns the coerced value, or Undefined."""
        of = get_nullable_type(type)
        null = Undefined if isinstance(type, GraphQLNonNull) else None
        if is_list_type(of):
            return self._list_coercer(of, null)
        if is_input_object_type(of):
            object_coercer = self._object_coercer(of)
            return lambda value, depth: null if value is None else object_coercer(value, depth)
        if isinstance(of, CustomGraphQLEnumType):
            members = {name: of.coerce_input_value(name) for name in of.values}
            return lambda value, depth: (
                members.get(value, Undefined) if value.__class__ is str else null if value is None else Undefined
            )
        function = cast(GraphQLScalarType, of).coerce_input_value

        def coerce(value: Any, depth: int) -> Any:
            if value is None:
                return null
            try:
                return function(value)
            except Exception:
                return Undefined

        return coerce

    def _list_coercer(self, type: Any, null: Any) -> Coerce:
        coerce_item = self.coercer(type.of_type)

        def coerce(value: Any, depth: int) -> Any:
            if value is None or depth > DEPTH_LIMIT:
                return null if value is None else Undefined
            if value.__class__ is not list:
                if is_iterable(value):
                    return coerce_input_value(value, type)
                value = [value]
            items = [coerce_item(item, depth + 1) for item in value]
            return Undefined if any(item is Undefined for item in items) else items

        return coerce

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
                    if field is Undefined:
                        return Undefined
                    coerced[out_name] = field
                elif default is REQUIRED:
                    return Undefined
                elif default is not Undefined:
                    coerced[out_name] = default
            if number < len(value) or (type.is_one_of and (len(coerced) != 1 or None in coerced.values())):
                return Undefined
            return type.out_type(coerced)

        self._coercers[type] = coerce
        for name, field in type.fields.items():
            fields.append((name, field.out_name or name, default_of(field), self.coercer(field.type)))
        return coerce

    # Values in documents.

    def literal(self, node: ValueNode, type: GraphQLInputType) -> Read:
        """A function of the variables that returns the coerced value, or Undefined."""
        if isinstance(node, VariableNode):
            name = node.name.value
            if isinstance(type, GraphQLNonNull):
                return lambda variables: Undefined if (it := variables.coerced.get(name)) is None else it
            return lambda variables: variables.coerced.get(name, Undefined)
        of = get_nullable_type(type)
        read: Read | None = None
        if is_input_object_type(of) and isinstance(node, ObjectValueNode):
            nodes = {field.name.value: field.value for field in node.fields}
            if not of.is_one_of and nodes.keys() <= of.fields.keys() and (fields := self.fields(nodes, of.fields)):
                return lambda variables: it if (it := fields(variables)) is Undefined else of.out_type(it)
        elif not isinstance(node, ListValueNode) or not any(isinstance(item, VariableNode) for item in node.values):
            read = _constant(node, type)
        return read or (lambda variables: coerce_input_literal(node, type, variables))

    def fields(
        self,
        nodes: Mapping[str, ValueNode],
        definitions: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    ) -> Read | None:
        """A function that returns the coerced fields of an input object, or the arguments of a field, in the schema's
        order; or Undefined. None: one that is required is missing.
        """
        # The name in the value, how to read it, the variable (which may be absent) if it is one, and the default.
        fields: list[tuple[str, Read, str | None, Any]] = []
        for name, definition in definitions.items():
            node, default = nodes.get(name), default_of(definition)
            if node is None and default is REQUIRED:
                return None
            if node is not None or default is not Undefined:
                variable = node.name.value if isinstance(node, VariableNode) else None
                read_field = self.literal(node, definition.type) if node else same(default)
                fields.append((definition.out_name or name, read_field, variable, default))

        def read(variables: VariableValues) -> Any:
            coerced: dict[str, Any] = {}
            for name, read_field, variable, default in fields:
                if variable is not None and variable not in variables.coerced:
                    value = default
                    if value is Undefined:
                        continue
                else:
                    value = read_field(variables)
                if value is Undefined or value is REQUIRED:
                    return Undefined
                coerced[name] = value
            return coerced

        return read

    # Strawberry's conversion of coerced values.

    def converter(self, type: Any) -> Convert | None:
        """A function of a coerced value that returns the resolver's argument. None: the value is the argument.

        Raises Unusual.
        """
        try:
            return self._converter(type)
        except Unusual:
            self._converters.clear()  # some may be of types that contain the unusual one
            raise

    def _converter(self, type: Any) -> Convert | None:
        if isinstance(type, StrawberryMaybe) or type is GlobalID:
            raise Unusual
        if isinstance(type, StrawberryOptional):
            return self._converter(type.of_type)
        if isinstance(type, LazyType):
            return self._converter(type.resolve_type())
        if isinstance(type, StrawberryList):
            convert_item = self._converter(type.of_type)
            if convert_item is None:
                return lambda value: value if value is None or value is UNSET else list(value)
            return lambda value: value if value is None or value is UNSET else [convert_item(item) for item in value]
        if isinstance(type, StrawberryEnumDefinition) or has_enum_definition(type) or is_scalar(type, self.registry):
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
        for field in definition.fields:
            of = field.resolve_type(type_definition=definition)
            name = self.config.name_converter.from_field(field)
            fields[name] = (field.python_name, self._converter(of))
        return convert


def default_of(definition: GraphQLArgument | GraphQLInputField) -> Any:
    """The coerced default. Undefined: none; REQUIRED: none, and the type is not nullable."""
    if definition.default is None and definition.default_value is Undefined:
        return REQUIRED if isinstance(definition.type, GraphQLNonNull) else Undefined
    try:
        return coerce_default_value(definition)
    except TypeError:  # graphql-core raises it again when the default is needed
        return REQUIRED


def _constant(node: ValueNode, type: GraphQLInputType) -> Read | None:
    """The value of a leaf or of a list of leaves, if it is valid. A resolver may change a list, but nothing else."""
    try:
        value = coerce_input_literal(node, type)
    except Exception:  # it is raised again where the field is executed
        return None
    if value.__class__ is list and all(map(is_immutable, value)):
        return lambda variables: value.copy()
    return same(value) if is_immutable(value) else None


def is_immutable(value: Any) -> bool:
    """Whether executions can share the value, because no resolver can change it."""
    return value.__class__ in IMMUTABLE or isinstance(value, Enum)


def same(value: Any) -> Read:
    """A function that returns the value."""
    return lambda variables: value
