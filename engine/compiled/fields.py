"""Fields: where the value of a selected field comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from keyword import iskeyword
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.execution import default_field_resolver
from graphql.execution.collect_fields import FieldDetails
from strawberry.types.field import StrawberryField

from engine.rows import SOURCE, Column, View


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field of an object, as an operation selects it."""

    parent_type: GraphQLObjectType
    definition: GraphQLField
    key: str
    """Its name in the answer."""
    details: list[FieldDetails]
    nodes: list[FieldNode]
    strawberry: StrawberryField | None
    columns: frozenset[str] | None = None
    """See `engine.rows.selected_columns`."""


@dataclass(frozen=True, slots=True)
class RowField:
    """The value is a column of the object's row, or an object over the same row; `function` is the resolver of it."""

    source: Column | View
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the object."""

    name: str


@dataclass(frozen=True, slots=True)
class Resolver:
    """The value is what a Strawberry resolver returns, which is called as Strawberry itself calls it."""

    function: Callable[..., Any]
    is_async: bool
    takes_self: bool
    parents: tuple[str, ...]
    """The names of parameters that take the object."""
    info: str | None


@dataclass(frozen=True, slots=True)
class CoreResolver:
    """The value is what graphql-core's resolver of the field returns: of Strawberry's extensions and permissions, or
    of a schema without Strawberry.
    """

    function: Callable[..., Any]


Origin: TypeAlias = RowField | Attribute | Resolver | CoreResolver


def field_of(
    schema: GraphQLSchema, parent_type: GraphQLObjectType, key: str, details: list[FieldDetails]
) -> Field | None:
    nodes = [detail.node for detail in details]
    definition = schema.get_field(parent_type, nodes[0].name.value)
    if definition is None:
        return None
    strawberry = definition.extensions.get("strawberry-definition")
    if not isinstance(strawberry, StrawberryField):
        strawberry = None
    return Field(parent_type, definition, key, details, nodes, strawberry)


def origin(schema: GraphQLSchema, field: Field) -> Origin:
    """Where the field's value comes from."""
    core = CoreResolver(field.definition.resolve or default_field_resolver)
    strawberry = field.strawberry
    if strawberry is None or strawberry.extensions or _has_exception_handlers(schema):
        return core
    resolver = strawberry.base_resolver
    if resolver is None:
        name = strawberry.python_name
        is_attribute = strawberry.default_resolver is getattr and name.isidentifier() and not iskeyword(name)
        return Attribute(name) if is_attribute else core
    if not callable(resolver.wrapped_func) or (resolver.is_async and not iscoroutinefunction(resolver.wrapped_func)):
        return core
    source = strawberry.metadata.get(SOURCE)
    if isinstance(source, Column | View):
        return RowField(source, resolver.wrapped_func)
    parents = (resolver.parent_parameter, resolver.root_parameter)
    return Resolver(
        function=resolver.wrapped_func,
        is_async=resolver.is_async,
        takes_self=resolver.self_parameter is not None,
        parents=tuple(parameter.name for parameter in parents if parameter),
        info=resolver.info_parameter.name if resolver.info_parameter else None,
    )


def _has_exception_handlers(schema: GraphQLSchema) -> bool:
    return bool(schema._strawberry_schema.schema_converter._exception_handler_specs)  # type: ignore[attr-defined]
