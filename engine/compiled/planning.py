"""The fields that an operation selects, with their sources, classes, and columns.

`engine.compiled.writing` generates Python source from them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import iscoroutinefunction
from keyword import iskeyword
from typing import Any, TypeAlias, TypeVar

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_named_type,
    is_composite_type,
    is_object_type,
)
from graphql.execution import default_field_resolver
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from engine.compiled.arguments import Arguments
from engine.rows import SOURCE, Column, View

T = TypeVar("T")

Subfields: TypeAlias = Callable[[GraphQLObjectType, list[FieldDetails]], GroupedFieldSet]

# Compiling more fields takes longer than executing most operations.
FIELD_LIMIT = 500


class Unsupported(Exception):
    """An operation that graphql-core must execute. `reason` names the unsupported feature."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} is not compiled")
        self.reason = reason


class TypeName:
    """The field is `__typename`."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the object."""

    name: str


class Introspected:
    """The field is `__schema` or `__type`."""


# A `StrawberryResolver` is called as Strawberry calls it. The last is graphql-core's resolver of the field, for fields
# with extensions, permission classes or unusual arguments, and for fields without Strawberry.
ValueSource: TypeAlias = TypeName | Introspected | Attribute | Column | StrawberryResolver[Any] | Callable[..., Any]


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field of an object, as an operation selects it; or an item of its list, with the item's type."""

    parent_type: GraphQLObjectType
    definition: GraphQLField
    type: GraphQLOutputType
    key: str  # its name in the response
    details: list[FieldDetails]
    nodes: list[FieldNode]
    strawberry: StrawberryField | None
    arguments: Arguments | None  # None: it has none
    source: ValueSource
    columns: frozenset[str] | None  # see `engine.rows.selected_columns`


class Planner:
    """Plans the fields of one operation. `subfields` are graphql-core's, with `@skip` and `@include` decided."""

    def __init__(self, schema: GraphQLSchema, subfields: Subfields) -> None:
        self.number_of_fields = 0
        self.subfields = subfields
        self._schema = schema
        converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._has_exception_handlers = bool(converter._exception_handler_specs)

    def fields(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> Iterator[Field]:
        """The fields of an object, in the order of the response. Raises Unsupported."""
        for key, details in selected.items():
            self.number_of_fields += 1
            if self.number_of_fields > FIELD_LIMIT:
                raise Unsupported("a large document")
            nodes = [detail.node for detail in details]
            name = nodes[0].name.value
            definition = self._schema.get_field(type, name)
            assert definition is not None, "the document is valid"
            strawberry = _definition(definition, StrawberryField)
            arguments = Arguments(self._schema, definition, nodes[0], strawberry) if definition.args else None
            source = TypeName() if name == "__typename" else self._source(definition, strawberry, arguments)
            is_told = isinstance(source, StrawberryResolver) and source.info_parameter
            columns = self._columns(definition.type, details) if is_told else None
            yield Field(type, definition, definition.type, key, details, nodes, strawberry, arguments, source, columns)

    def _source(
        self, definition: GraphQLField, strawberry: StrawberryField | None, arguments: Arguments | None
    ) -> ValueSource:
        """Where the field's value comes from."""
        if definition is SchemaMetaFieldDef or definition is TypeMetaFieldDef:
            return Introspected()
        core = definition.resolve or default_field_resolver
        if strawberry is None or strawberry.extensions or self._has_exception_handlers:
            return core
        resolver = strawberry.base_resolver
        if resolver is None:
            name = strawberry.python_name
            is_attribute = strawberry.default_resolver is getattr and name.isidentifier() and not iskeyword(name)
            return Attribute(name) if is_attribute else core
        function = resolver.wrapped_func
        is_unusual = arguments is not None and arguments.is_unusual
        if is_unusual or not callable(function) or (resolver.is_async and not iscoroutinefunction(function)):
            return core
        declared = strawberry.metadata.get(SOURCE)
        return declared if isinstance(declared, Column) else resolver

    # Which columns of rows are read below a field: see `engine.rows.selected_columns`.

    def _columns(self, type: GraphQLOutputType, details: list[FieldDetails]) -> frozenset[str] | None:
        of = get_named_type(type)
        if not is_composite_type(of):
            return frozenset()
        if not is_object_type(of):
            return None
        read = [self._columns_of(of, each) for each in self.subfields(of, details).values()]
        return None if None in read else frozenset(column for each in read for column in each or ())

    def _columns_of(self, type: GraphQLObjectType, details: list[FieldDetails]) -> frozenset[str] | None:
        """Those that a field of an object needs."""
        name = details[0].node.name.value
        definition = self._schema.get_field(type, name)
        if name == "__typename" or definition is None:
            return frozenset()
        strawberry = _definition(definition, StrawberryField)
        declared = strawberry.metadata.get(SOURCE) if strawberry else None
        if not has_row(type):
            below = self._columns(definition.type, details)
            return below | declared if below is not None and isinstance(declared, frozenset) else below
        match declared:
            case Column(name=column):
                return frozenset({column})
            case frozenset():
                return declared
            case View(columns=names, null_with=null_with):
                columns = self._columns(definition.type, details)
                if names is not None:
                    # The object sees no other columns of the row.
                    known = names.keys() if columns is None else columns & names.keys()
                    columns = frozenset(names[name] for name in known)
                return columns.union([null_with]) if columns is not None and null_with else columns
        return None


def class_of(type: GraphQLObjectType) -> Any:
    """The class whose objects are of the type, unless they were cast to another one. None: the class does not tell."""
    definition = _definition(type, StrawberryObjectDefinition)
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
        definition = _definition(possible, StrawberryObjectDefinition)
        if definition is None or definition.name != possible.name:
            continue
        # Strawberry looks at the values of a generic type's object to find its type.
        if definition.is_type_of or definition.is_graphql_generic or definition.concrete_of:
            continue
        if not isinstance(abstract, StrawberryObjectDefinition) or issubclass(definition.origin, abstract.origin):
            yield definition.origin, possible


def has_row(type: GraphQLObjectType) -> bool:
    """Whether objects of the type have the attribute `row`."""
    definition = _definition(type, StrawberryObjectDefinition)
    return definition is not None and "row" in getattr(definition.origin, "__dataclass_fields__", ())


def _definition(item: GraphQLObjectType | GraphQLField, of: type[T]) -> T | None:
    """Strawberry's definition of a type or field, if it has one of that class."""
    definition = item.extensions.get("strawberry-definition")
    return definition if isinstance(definition, of) else None
