"""Objects whose selected fields are all columns of a row: their part of the answer is read from the row at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet

from engine.compiled.fields import RowField, field_of, origin
from engine.compiled.types import class_of
from engine.rows import SOURCE, Column, Reads, View

Subfields: TypeAlias = Callable[[GraphQLObjectType, list[FieldDetails]], GroupedFieldSet]

# How deep objects over the same row are read at once: Python's parser allows parentheses to nest only so deep.
DEPTH_LIMIT = 10


@dataclass(frozen=True, slots=True)
class RowLeaf:
    """A column that is a leaf of the answer."""

    column: str
    type: GraphQLOutputType


@dataclass(frozen=True, slots=True)
class RowObject:
    """An object that is built from columns alone. A string among the fields is the name of its type."""

    fields: dict[str, "RowLeaf | RowObject | str"]
    null_with: str | None = None
    is_nullable: bool = True


class RowPlanner:
    """Finds what can be read from rows in an operation's selections."""

    def __init__(self, schema: GraphQLSchema, subfields: Subfields) -> None:
        self._schema = schema
        self._subfields = subfields

    def object(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> RowObject | None:
        """How to build an object of these fields from its row. None: it takes more than the row."""
        fields = self._fields(type, selected, None, DEPTH_LIMIT)
        return RowObject(fields) if fields and any(not isinstance(field, str) for field in fields.values()) else None

    def view(self, type: GraphQLOutputType, source: View, details: list[FieldDetails]) -> RowObject | None:
        """How to build the object of a field from the row of the object that has the field."""
        return self._view(type, source, details, None, DEPTH_LIMIT)

    def _view(
        self,
        type: GraphQLOutputType,
        source: View,
        details: list[FieldDetails],
        names: Mapping[str, str] | None,
        depth: int,
    ) -> RowObject | None:
        of = get_nullable_type(type)
        if not isinstance(of, GraphQLObjectType) or source.make() is not class_of(of) or not depth:
            return None
        try:
            null_with = names[source.null_with] if names is not None and source.null_with else source.null_with
            if names is not None and source.columns is not None:
                names = {name: names[column] for name, column in source.columns.items()}
            elif source.columns is not None:
                names = source.columns
        except KeyError:
            return None
        fields = self._fields(of, self._subfields(of, details), names, depth - 1)
        return RowObject(fields, null_with, not isinstance(type, GraphQLNonNull)) if fields else None

    def _fields(
        self, type: GraphQLObjectType, selected: GroupedFieldSet, names: Mapping[str, str] | None, depth: int
    ) -> dict[str, RowLeaf | RowObject | str] | None:
        fields: dict[str, RowLeaf | RowObject | str] = {}
        for key, details in selected.items():
            if details[0].node.name.value == "__typename":
                fields[key] = type.name
                continue
            field = field_of(self._schema, type, key, details)
            source = origin(self._schema, field) if field else None
            if field is None or not isinstance(source, RowField):
                return None
            if isinstance(source.source, View):
                inner = self._view(field.definition.type, source.source, details, names, depth)
                if inner is None:
                    return None
                fields[key] = inner
            elif is_leaf_type(get_nullable_type(field.definition.type)):
                column = source.source.name
                if names is not None and column not in names:
                    return None
                fields[key] = RowLeaf(names[column] if names is not None else column, field.definition.type)
            else:
                return None
        return fields

    def columns(self, type: GraphQLOutputType, details: list[FieldDetails]) -> frozenset[str] | None:
        """What `engine.rows.selected_columns` returns in the resolver of a field of this type."""
        of = get_named_type(type)
        if not is_composite_type(of):
            return frozenset()
        if not is_object_type(of):
            return None
        selected = self._subfields(of, details)
        return self._columns_of_row(of, selected) if _has_row(of) else self._columns_below(of, selected)

    def _columns_below(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> frozenset[str] | None:
        """Those of the rows below an object that has none itself."""
        columns: set[str] = set()
        for details in selected.values():
            definition = self._schema.get_field(type, details[0].node.name.value)
            if definition is None:
                continue
            source = _source(definition)
            columns.update(source.columns if isinstance(source, Reads) else ())
            below = self.columns(definition.type, details)
            if below is None:
                return None
            columns |= below
        return frozenset(columns)

    def _columns_of_row(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> frozenset[str] | None:
        columns: set[str] = set()
        for details in selected.values():
            name = details[0].node.name.value
            if name == "__typename":
                continue
            definition = self._schema.get_field(type, name)
            match _source(definition):
                case Column(name=column):
                    columns.add(column)
                case Reads(columns=read):
                    columns.update(read)
                case View(columns=names, null_with=null_with) if definition:
                    columns.update([null_with] if null_with else [])
                    below = self.columns(definition.type, details)
                    if names is not None:
                        # The object sees no more of the row than these.
                        columns.update(names[column] for column in (names if below is None else below & names.keys()))
                    elif below is None:
                        return None
                    else:
                        columns |= below
                case _:
                    return None
        return frozenset(columns)


def _source(definition: Any) -> Any:
    strawberry = definition.extensions.get("strawberry-definition") if definition else None
    return strawberry.metadata.get(SOURCE) if strawberry else None


def _has_row(type: GraphQLObjectType) -> bool:
    definition = type.extensions.get("strawberry-definition")
    return definition is not None and "row" in getattr(definition.origin, "__dataclass_fields__", ())
