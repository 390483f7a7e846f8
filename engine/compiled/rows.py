"""Fields that are read from the row of their object: see `engine.rows`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from graphql import GraphQLLeafType, get_nullable_type, is_leaf_type, is_object_type
from strawberry.types.fields.resolver import StrawberryResolver

from engine.compiled.planning import Field, Planner, TypeName, class_of, has_row
from engine.rows import SOURCE, Column, View

# How deep objects over the same row may nest in one expression. Python limits the depth of parentheses.
DEPTH_LIMIT = 10


class Value(NamedTuple):
    """The condition under which a value can be read from a variable `row`, and the expression of the value.

    An empty condition always holds.
    """

    condition: str
    expression: str


class RowFields:
    """The fields of an object that are read from its row.

    `leaf` is the condition for a value of a leaf's type: see `Writer.leaf`.
    """

    def __init__(self, planner: Planner, leaf: Callable[[GraphQLLeafType], str]) -> None:
        self.values: dict[str, Value] = {}
        self._planner = planner
        self._leaf_condition = leaf
        self._used: set[str] = set()

    def add(self, field: Field) -> Value | None:
        """How to read a field from the row. None: it takes more than the row."""
        number_of_fields = self._planner.number_of_fields
        value = self._value(field, None, DEPTH_LIMIT)
        if value is None:
            self._planner.number_of_fields = number_of_fields
        else:
            self.values[field.key] = value
        return value

    @property
    def condition(self) -> str:
        """The condition under which the row has all of them."""
        conditions = "\n        and ".join(value.condition for value in self.values.values() if value.condition)
        return f"(\n        {conditions or True}\n    )"

    def _value(self, field: Field, names: Mapping[str, str] | None, depth: int) -> Value | None:
        """How to read a field's value. None: it takes more than the row.

        `names`: the row's columns by the names of the object's columns; None: they have the same names.
        """
        of = get_nullable_type(field.type)
        is_nullable = of is field.type
        try:
            match field.source:
                case TypeName() if has_row(field.parent_type):
                    return Value("", repr(field.parent_type.name))
                case Column(name=name) if is_leaf_type(of):
                    return self._leaf(name if names is None else names[name], of, is_nullable)
                case StrawberryResolver() if depth and is_object_type(of):
                    view = field.strawberry and field.strawberry.metadata.get(SOURCE)
                    if not isinstance(view, View) or view.make() is not class_of(of):
                        return None
                    null_with = view.null_with
                    if null_with is not None and names is not None:
                        null_with = names[null_with]
                    if view.columns is not None:
                        renamed = view.columns.items()
                        names = {name: column if names is None else names[column] for name, column in renamed}
                    values = {}
                    for inner in self._planner.fields(of, self._planner.subfields(of, field.details)):
                        if (value := self._value(inner, names, depth - 1)) is None:
                            return None
                        values[inner.key] = value
                    return self._object(values, null_with, is_nullable)
        except KeyError:  # the row lacks a column
            pass
        return None

    def _leaf(self, column: str, type: GraphQLLeafType, is_nullable: bool) -> Value:
        name, read, condition = self._name(column), f"row[{column!r}]", self._leaf_condition(type)
        if is_nullable:
            return Value(f"(({name} := {read}) is None or {condition.format(value=name, completed=name)})", name)
        if "{completed}" not in condition or condition.count("{value}") > 1:
            read = f"({name} := {read})"
        return Value(condition.replace("{value}", read, 1).format(value=name, completed=name), name)

    def _object(self, values: dict[str, Value], null_with: str | None, is_nullable: bool) -> Value:
        condition = " and ".join(value.condition for value in values.values() if value.condition) or "True"
        expression = dictionary(values)
        if null_with is None:
            return Value(condition, expression)
        if not is_nullable:
            return Value(f"row[{null_with!r}] is not None and {condition}", expression)
        name = self._name(null_with)
        return Value(
            f"(({name} := row[{null_with!r}]) is None or {condition})", f"None if {name} is None else {expression}"
        )

    def _name(self, column: str) -> str:
        return unused(f"row_{column}" if column.isidentifier() else "row_column", self._used)


def dictionary(values: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{key!r}: {value.expression}" for key, value in values.items()) + "}"


def unused(base: str, used: set[str]) -> str:
    """A name that is not used yet: `base`, or `base` with a number."""
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{base}_{number}"
    used.add(name)
    return name
