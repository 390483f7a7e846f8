"""Plans: the selected fields of each object, the source of each value, and its completion.

`Planner` creates them from the schema and the operation; `engine.compiled.writing` generates Python source from them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from keyword import iskeyword
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)
from graphql.execution import default_field_resolver
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from engine.rows import SOURCE, Column, Reads, View

Subfields: TypeAlias = Callable[[GraphQLObjectType, list[FieldDetails]], GroupedFieldSet]

# Compiling more fields takes longer than executing most operations.
FIELD_LIMIT = 500

# How deep objects over the same row may nest in one expression. Python limits the depth of parentheses.
ROW_DEPTH_LIMIT = 10


class Unsupported(Exception):
    """An operation that graphql-core must execute. `reason` names the unsupported feature."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} is not compiled")
        self.reason = reason


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field of an object, as an operation selects it."""

    parent_type: GraphQLObjectType
    definition: GraphQLField
    key: str
    """Its name in the response."""
    details: list[FieldDetails]
    nodes: list[FieldNode]
    strawberry: StrawberryField | None
    columns: frozenset[str] | None = None
    """See `engine.rows.selected_columns`."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the object."""

    name: str


@dataclass(frozen=True, slots=True)
class RowColumn:
    """The value is a column of the object's row."""

    name: str


@dataclass(frozen=True, slots=True)
class Resolver:
    """The value is the result of a Strawberry resolver, which is called in the same way as by Strawberry."""

    function: Callable[..., Any]
    is_async: bool
    takes_self: bool
    parents: tuple[str, ...]
    """The names of parameters that take the object."""
    info: str | None


@dataclass(frozen=True, slots=True)
class CoreResolver:
    """The value is the result of graphql-core's resolver of the field: with Strawberry's extensions and permissions,
    or of a schema without Strawberry.
    """

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class RowView:
    """The value is another object of the same row. The resolver creates it if its fields need more than the row."""

    view: View
    resolver: Resolver


ValueSource: TypeAlias = Attribute | RowColumn | Resolver | CoreResolver


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar or a member of an enum."""

    type: GraphQLLeafType


@dataclass(frozen=True, slots=True)
class ListOf:
    type: GraphQLOutputType
    """The type of the items."""
    item: "Completion"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object of one type. `cls`: the Python class of its objects, None if the class does not determine the type."""

    object: "Object"
    cls: Any
    can_be_cast: bool


@dataclass(frozen=True, slots=True)
class AnyOf:
    """An object of one of several types, each known by its class."""

    objects: list[tuple[Any, "Object"]]


Completion: TypeAlias = Leaf | ListOf | ObjectOf | AnyOf


@dataclass(frozen=True, slots=True)
class TypeName:
    """The field `__typename`."""

    key: str


@dataclass(frozen=True, slots=True)
class PlannedField:
    field: Field
    source: ValueSource
    completion: Completion


@dataclass(frozen=True, slots=True)
class RowLeaf:
    """A leaf of the response that is a column of the row."""

    column: str
    type: GraphQLLeafType
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class RowObject:
    """An object of the response that is read from a row. A string among the fields is the `__typename`."""

    fields: dict[str, "RowLeaf | RowObject | str"]
    null_with: str | None = None
    is_nullable: bool = True


@dataclass(frozen=True, slots=True)
class RowFields:
    """Consecutive fields of an object that are read from its row."""

    fields: dict[str, RowLeaf | RowObject | str]
    selected: GroupedFieldSet


@dataclass(frozen=True, eq=False, slots=True)
class Object:
    """The selected fields of an object of a type, in the order of the response."""

    type: GraphQLObjectType
    parts: list[TypeName | PlannedField | RowFields]


class Planner:
    """Plans the objects of one operation. `subfields` are graphql-core's, with `@skip` and `@include` decided."""

    def __init__(self, schema: GraphQLSchema, subfields: Subfields) -> None:
        self.objects: dict[tuple[GraphQLObjectType, int], Object] = {}
        """The plans of objects by their type and the ID of the details of the field that returns them."""
        self._schema = schema
        self._subfields = subfields
        self._number_of_fields = 0
        self._planned: dict[tuple[Any, ...], Object] = {}

    def object(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> Object:
        """Plan an object of these fields. Raises Unsupported."""
        parts: list[TypeName | PlannedField | RowFields] = []
        for key, details in selected.items():
            if details[0].node.name.value == "__typename":
                self._count_fields(1)
                parts.append(TypeName(key))
                continue
            field = self._field(type, key, details)
            source = self._source(field)
            from_row = self._from_row(field, source, None, ROW_DEPTH_LIMIT)
            self._count_fields(1 if from_row is None else _size(from_row))
            if from_row is None:
                parts.append(self._planned_field(field, source))
                continue
            last = parts[-1] if parts else None
            if not isinstance(last, RowFields):
                parts.append(last := RowFields({}, {}))
            last.fields[key] = from_row
            last.selected[key] = details
        return Object(type, parts)

    def _count_fields(self, number: int) -> None:
        self._number_of_fields += number
        if self._number_of_fields > FIELD_LIMIT:
            raise Unsupported("a large document")

    def _field(self, parent_type: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Field:
        nodes = [detail.node for detail in details]
        definition = self._schema.get_field(parent_type, nodes[0].name.value)
        if definition is None or nodes[0].name.value.startswith("__"):
            raise Unsupported("introspection")
        strawberry = definition.extensions.get("strawberry-definition")
        if not isinstance(strawberry, StrawberryField):
            strawberry = None
        return Field(parent_type, definition, key, details, nodes, strawberry)

    def _source(self, field: Field) -> ValueSource | RowView:
        """Where the field's value comes from."""
        core = CoreResolver(field.definition.resolve or default_field_resolver)
        strawberry = field.strawberry
        if strawberry is None or strawberry.extensions or self._has_exception_handlers():
            return core
        resolver = strawberry.base_resolver
        if resolver is None:
            name = strawberry.python_name
            is_attribute = strawberry.default_resolver is getattr and name.isidentifier() and not iskeyword(name)
            return Attribute(name) if is_attribute else core
        function = resolver.wrapped_func
        if not callable(function) or (resolver.is_async and not iscoroutinefunction(function)):
            return core
        declared = strawberry.metadata.get(SOURCE)
        if isinstance(declared, Column):
            return RowColumn(declared.name)
        if isinstance(declared, View):
            return RowView(declared, Resolver(function, is_async=False, takes_self=True, parents=(), info=None))
        parents = (resolver.parent_parameter, resolver.root_parameter)
        return Resolver(
            function=function,
            is_async=resolver.is_async,
            takes_self=resolver.self_parameter is not None,
            parents=tuple(parameter.name for parameter in parents if parameter),
            info=resolver.info_parameter.name if resolver.info_parameter else None,
        )

    def _has_exception_handlers(self) -> bool:
        return bool(self._schema._strawberry_schema.schema_converter._exception_handler_specs)  # type: ignore[attr-defined]

    def _planned_field(self, field: Field, source: ValueSource | RowView) -> PlannedField:
        if isinstance(source, RowView):
            source = source.resolver
        elif isinstance(source, Resolver) and source.info:
            columns = self._columns(field.definition.type, field.details)
            field = Field(
                field.parent_type, field.definition, field.key, field.details, field.nodes, field.strawberry, columns
            )
        return PlannedField(field, source, self._completion(field.definition.type, field.details))

    # How values are completed.

    def _completion(self, type: GraphQLOutputType, details: list[FieldDetails]) -> Completion:
        if isinstance(type, GraphQLNonNull):
            type = type.of_type
        if is_list_type(type):
            return ListOf(type.of_type, self._completion(type.of_type, details))
        if isinstance(type, GraphQLObjectType):
            return ObjectOf(self._object_of(type, details), class_of(type), bool(type.is_type_of))
        if isinstance(type, GraphQLInterfaceType | GraphQLUnionType):
            objects = {each: self._object_of(each, details) for each in self._schema.get_possible_types(type)}
            return AnyOf([(cls, objects[possible]) for cls, possible in classes_of(self._schema, type)])
        assert is_leaf_type(type)
        return Leaf(type)

    def _object_of(self, type: GraphQLObjectType, details: list[FieldDetails]) -> Object:
        """The plan of the fields that the nodes select. The same nodes have the same plan."""
        key = (type, *(id(detail.node) for detail in details))
        if key not in self._planned:
            self._planned[key] = self.object(type, self._subfields(type, details))
        self.objects[type, id(details)] = self._planned[key]
        return self._planned[key]

    # Values that are read from rows. `names`: the row's columns by the names of the object's columns.

    def _from_row(
        self, field: Field, source: ValueSource | RowView, names: Mapping[str, str] | None, depth: int
    ) -> RowLeaf | RowObject | None:
        """How to read a field's value from the row of its object. None: it takes more than the row."""
        type = field.definition.type
        is_nullable = not isinstance(type, GraphQLNonNull)
        of = get_nullable_type(type)
        try:
            if isinstance(source, RowColumn) and is_leaf_type(of):
                return RowLeaf(source.name if names is None else names[source.name], of, is_nullable)
            if isinstance(source, RowView) and is_object_type(of) and depth and source.view.make() is class_of(of):
                null_with = source.view.null_with
                if null_with is not None and names is not None:
                    null_with = names[null_with]
                if source.view.columns is not None:
                    renamed = source.view.columns.items()
                    names = {name: column if names is None else names[column] for name, column in renamed}
                fields = self._fields_from_row(of, self._subfields(of, field.details), names, depth - 1)
                return RowObject(fields, null_with, is_nullable) if fields else None
        except KeyError:  # the row lacks a column
            return None
        return None

    def _fields_from_row(
        self, type: GraphQLObjectType, selected: GroupedFieldSet, names: Mapping[str, str] | None, depth: int
    ) -> dict[str, RowLeaf | RowObject | str] | None:
        fields: dict[str, RowLeaf | RowObject | str] = {}
        for key, details in selected.items():
            if details[0].node.name.value == "__typename":
                fields[key] = type.name
                continue
            field = self._field(type, key, details)
            from_row = self._from_row(field, self._source(field), names, depth)
            if from_row is None:
                return None
            fields[key] = from_row
        return fields

    # Which columns of rows are read below a field: see `engine.rows.selected_columns`.

    def _columns(self, type: GraphQLOutputType, details: list[FieldDetails]) -> frozenset[str] | None:
        of = get_named_type(type)
        if not is_composite_type(of):
            return frozenset()
        if not is_object_type(of):
            return None
        columns: set[str] = set()
        has_row = _has_row(of)
        for each in self._subfields(of, details).values():
            read = self._columns_of_row(of, each) if has_row else self._columns_below(of, each)
            if read is None:
                return None
            columns |= read
        return frozenset(columns)

    def _columns_below(self, type: GraphQLObjectType, details: list[FieldDetails]) -> frozenset[str] | None:
        """Those that a field of an object without a row needs."""
        definition = self._schema.get_field(type, details[0].node.name.value)
        if definition is None:
            return frozenset()
        below = self._columns(definition.type, details)
        declared = _declared_source(definition)
        return below.union(declared.columns) if below is not None and isinstance(declared, Reads) else below

    def _columns_of_row(self, type: GraphQLObjectType, details: list[FieldDetails]) -> frozenset[str] | None:
        """Those that a field of an object with a row needs."""
        name = details[0].node.name.value
        definition = self._schema.get_field(type, name)
        if name == "__typename" or definition is None:
            return frozenset()
        match _declared_source(definition):
            case Column(name=column):
                return frozenset({column})
            case Reads(columns=read):
                return frozenset(read)
            case View(columns=names, null_with=null_with):
                columns = self._columns(definition.type, details)
                if names is not None:
                    # The object sees no other columns of the row.
                    known = names.keys() if columns is None else columns & names.keys()
                    columns = frozenset(names[name] for name in known)
                return columns.union([null_with]) if columns is not None and null_with else columns
        return None


def _size(part: RowLeaf | RowObject | str) -> int:
    return 1 + sum(map(_size, part.fields.values())) if isinstance(part, RowObject) else 1


def class_of(type: GraphQLObjectType) -> Any:
    """The class whose objects are of the type, unless they were cast to another one. None: the class does not tell."""
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
        # Strawberry looks at the values of a generic type's object to find its type.
        if definition.is_type_of or definition.is_graphql_generic or definition.concrete_of:
            continue
        if not isinstance(abstract, StrawberryObjectDefinition) or issubclass(definition.origin, abstract.origin):
            yield definition.origin, possible


def _definition(type: GraphQLObjectType) -> StrawberryObjectDefinition | None:
    definition = type.extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


def _declared_source(definition: GraphQLField) -> Any:
    strawberry = definition.extensions.get("strawberry-definition")
    return strawberry.metadata.get(SOURCE) if isinstance(strawberry, StrawberryField) else None


def _has_row(type: GraphQLObjectType) -> bool:
    definition = _definition(type)
    return definition is not None and "row" in getattr(definition.origin, "__dataclass_fields__", ())
