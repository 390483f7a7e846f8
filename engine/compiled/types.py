"""Types: how a value is told by its class to be what a type of the schema says."""

from collections.abc import Hashable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
)
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.base import StrawberryObjectDefinition

# Conditions under which graphql-core makes of a value `{v}` the value itself.
UNCHANGED = {
    GraphQLString: "{v}.__class__ is str",
    GraphQLID: "{v}.__class__ is str",
    GraphQLBoolean: "{v}.__class__ is bool",
    GraphQLInt: "{v}.__class__ is int and -2147483648 <= {v} <= 2147483647",
    GraphQLFloat: "{v}.__class__ is float and {v} - {v} == 0",  # finite
}

# Classes of values that are neither null, nor an error, nor awaitable.
PLAIN = frozenset(
    {
        *(str, int, float, bool, bytes, list, tuple, dict, datetime, date, time, timedelta, Decimal, UUID),
        orjson.Fragment,
    }
)


def class_of(type: GraphQLObjectType) -> Any:
    """The class whose objects are of the type, unless they were cast to another one; None: more is asked of them."""
    definition = _definition(type)
    if definition is None or definition.is_type_of:
        return None
    return (definition.concrete_of or definition).origin


def classes_of(
    schema: GraphQLSchema, type: GraphQLInterfaceType | GraphQLUnionType
) -> Iterator[tuple[Any, GraphQLObjectType]]:
    """The classes that tell of which of the possible types an object is, unless it was cast to another one."""
    abstract = type.extensions.get("strawberry-definition")
    if abstract is None or (isinstance(abstract, StrawberryObjectDefinition) and abstract.resolve_type):
        return
    for possible in schema.get_possible_types(type):
        definition = _definition(possible)
        if definition is None or definition.name != possible.name:
            continue
        # An object of a generic type is looked into.
        if definition.is_type_of or definition.is_graphql_generic or definition.concrete_of:
            continue
        if not isinstance(abstract, StrawberryObjectDefinition) or issubclass(definition.origin, abstract.origin):
            yield definition.origin, possible


def names_of(type: CustomGraphQLEnumType) -> dict[str, str]:
    """What the schema calls the members, by their names in Python."""
    members: list[Enum] = list(type.wrapped_cls)
    return {member.name: type.coerce_output_value(member) for member in members}


def names_of_values(type: CustomGraphQLEnumType) -> dict[Any, str]:
    """What the schema calls the members and their values, for columns, which hold values."""
    members: list[Enum] = list(type.wrapped_cls)
    names: dict[Any, str] = {member: type.coerce_output_value(member) for member in members}
    for member in members:
        if isinstance(member.value, Hashable):
            try:
                names.setdefault(member.value, type.coerce_output_value(member.value))
            except (GraphQLError, TypeError):  # a tuple may hold what has no hash
                continue
    return names


def _definition(type: GraphQLObjectType) -> StrawberryObjectDefinition | None:
    definition = type.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryObjectDefinition) else None
