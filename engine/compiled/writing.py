"""The Python source of a plan: a function for each object, each list and each asynchronous field.

The functions call, await and create tasks in the same order as graphql-core's executor. They handle values of the
expected classes; `engine.compiled.execution` passes all other values to graphql-core.
"""

import builtins
import keyword
from collections.abc import Hashable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from textwrap import indent
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable as is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.scalar import identity

from engine.compiled.arguments import Arguments
from engine.compiled.execution import gathered
from engine.compiled.planning import (
    AnyOf,
    Attribute,
    Completion,
    Field,
    Leaf,
    ListOf,
    Object,
    ObjectOf,
    PlannedField,
    Resolver,
    RowColumn,
    RowFields,
    RowLeaf,
    RowObject,
    TypeName,
)

# Conditions under which graphql-core completes `{value}` to itself.
UNCHANGED = {
    GraphQLString: "{value}.__class__ is str",
    GraphQLID: "{value}.__class__ is str",
    GraphQLBoolean: "{value}.__class__ is bool",
    GraphQLInt: "{value}.__class__ is int and -2147483648 <= {value} <= 2147483647",
    GraphQLFloat: "{value}.__class__ is float and {value} - {value} == 0",  # finite
}

# Classes of values that are neither null, nor an error, nor awaitable.
PLAIN = frozenset(
    {str, int, float, bool, bytes, list, tuple, dict, datetime, date, time, timedelta, Decimal, UUID, orjson.Fragment}
)

HELPERS = {
    "PLAIN": PLAIN,
    # The attribute of an object that was cast to another type than that of its class.
    "CAST": TYPE_CAST_ATTRIBUTE,
    "Undefined": Undefined,
    "gathered": gathered,
    "is_awaitable": is_awaitable,
}

LOCALS = {
    *("execution", "source", "path", "data", "awaited", "value", "completed", "function", "arguments", "info"),
    *("row", "is_known", "key", "details", "items", "item", "index", "error"),
}

RESERVED = frozenset({*HELPERS, *LOCALS, *dir(builtins), *keyword.kwlist})


class Statements(NamedTuple):
    """How generated code completes a value in the variable `value`."""

    condition: str
    """Holds if the value has the type of the schema."""
    statements: str = ""
    """Put the completed value into `value`."""
    result: str | None = None
    """The class of the completed value, if the value may also be an awaitable."""


class Writer:
    """Writes the functions of one operation into `functions`. `values` are the globals of their module."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.functions: list[str] = []
        self.values: dict[str, Any] = dict(HELPERS)
        self._schema = schema
        self._used = {*RESERVED}
        self._names: dict[Any, str] = {}

    def root(self, object: Object) -> str:
        """The name of the function that builds the data of an operation. It awaits a single asynchronous field."""
        match object.parts:
            case [PlannedField(field=field, source=Resolver(is_async=True)) as planned]:
                name, constant = self._name(object.type.name), self._field_constant(field)
                read = self._read(field) if field.definition.args else None
                call = f"{self._awaited(planned)}(execution, source, path{', arguments' if read else ''})"
                self.functions.append(
                    f"async def {name}(execution, source, path):\n"
                    "    try:\n"
                    f"        arguments = {read}\n"
                    "    except Exception as error:\n"
                    f"        return {{{field.key!r}: execution.failed({constant}, error, path)}}\n"
                    f"    return {{{field.key!r}: await {call}}}\n"
                )
                return name
        return self.object(object)

    def object(self, object: Object) -> str:
        """The name of the function `(execution, source, path)` that builds an object."""
        if object not in self._names:
            self._names[object] = name = self._name(object.type.name)
            match object.parts:
                case [RowFields() as fields]:
                    body = self._row_object(name, object, fields)
                case parts:
                    body = self._object(name, object, parts)
            self.functions.append(f"def {name}(execution, source, path):\n{indent(body, '    ')}")
        return self._names[object]

    def _object(self, name: str, object: Object, parts: list[TypeName | PlannedField | RowFields]) -> str:
        body = ""
        for part in parts:
            if isinstance(part, TypeName):
                body += f"data[{part.key!r}] = {object.type.name!r}\n"
            elif isinstance(part, RowFields):
                body += self._row_fields(name, object, part)
            else:
                body += self._field(part)
        return (
            "data = {}\n"
            "awaited = ()\n"
            "try:\n"
            f"{indent(body or 'pass', '    ')}\n"
            "except Exception:\n"
            "    if awaited:\n"
            "        execution.abandon([data[key] for key in awaited])\n"
            "    raise\n"
            "return gathered(data, awaited) if awaited else data\n"
        )

    # Fields that are read from a row.

    def _row_object(self, name: str, object: Object, fields: RowFields) -> str:
        """The body of the function of an object that is read from its row."""
        condition, values = self._row_values(fields)
        type, selected = self._row_constants(name, object, fields)
        return (
            "try:\n"
            "    row = source.row\n"
            f"    if {condition}:\n"
            f"        return {_dictionary(values)}\n"
            "except Exception:\n"
            "    pass\n"
            f"return execution.interpret({type}, {selected}, source, path)\n"
        )

    def _row_fields(self, name: str, object: Object, fields: RowFields) -> str:
        """Statements that read some of an object's fields from its row."""
        condition, values = self._row_values(fields)
        assignments = "".join(f"data[{key!r}] = {value}\n" for key, value in values.items())
        type, selected = self._row_constants(name, object, fields)
        return (
            "try:\n"
            "    row = source.row\n"
            f"    is_known = {condition}\n"
            "except Exception:\n"
            "    is_known = False\n"
            "if is_known:\n"
            f"{indent(assignments, '    ')}"
            "else:\n"
            f"    for key, details in {selected}.items():\n"
            f"        data[key] = execution.interpret_field({type}, key, details, source, path)\n"
            "        if is_awaitable(data[key]):\n"
            "            awaited += (key,)\n"
        )

    def _row_values(self, fields: RowFields) -> tuple[str, dict[str, str]]:
        """The condition under which fields can be read from the row, and the expressions of their values."""
        expression = _RowExpression(self)
        parts = {key: expression.part(part) for key, part in fields.fields.items()}
        conditions = "\n        and ".join(condition for condition, _ in parts.values() if condition)
        return f"(\n        {conditions or True}\n    )", {key: value for key, (_, value) in parts.items()}

    def _row_constants(self, name: str, object: Object, fields: RowFields) -> tuple[str, str]:
        return self.constant(f"{name}_type", object.type), self.constant(f"{name}_selected", fields.selected)

    # Other fields.

    def _field(self, planned: PlannedField) -> str:
        """Statements that put a field's completed value into `data`."""
        field = planned.field
        constant = self._field_constant(field)
        return (
            "try:\n"
            f"{indent(self._value(planned), '    ')}"
            "except Exception as error:\n"
            f"    value = execution.failed({constant}, error, path)\n"
            f"data[{field.key!r}] = value\n"
        )

    def _value(self, planned: PlannedField) -> str:
        field, source = planned.field, planned.source
        has_arguments = bool(field.definition.args)
        match source:
            case Resolver(is_async=True):
                arguments = f", {self._read(field)}" if has_arguments else ""
                return f"value = {self._awaited(planned)}(execution, source, path{arguments})\n" + _await_later(field)
            case Resolver():
                read = f"arguments = {self._read(field)}\n" if has_arguments else ""
                return read + self._call(field, source) + self._completed(planned)
            case Attribute():
                return f"value = source.{source.name}\n" + self._completed(planned)
            case RowColumn():
                return f"value = source.row[{source.name!r}]\n" + self._completed(planned)
        function = self.constant(f"{_base(field)}_resolver", source.function)
        info = f"execution.core_info({self._field_constant(field)}, path)"
        return f"value = {function}(source, {info}, **{self._read(field)})\n" + self._completed(planned)

    def _awaited(self, planned: PlannedField) -> str:
        """The name of a new function that awaits an asynchronous resolver and completes what it returns."""
        field, source = planned.field, planned.source
        assert isinstance(source, Resolver)
        name = self._name(_base(field))
        constant = self._field_constant(field)
        condition, statements, result = self._completion(planned.completion, field, _path(field))
        if result:
            statements += f"if value.__class__ is not {result}:\n    value = await value\n"
        otherwise = (
            f"value = execution.complete_awaited({constant}, value, path)\n"
            "if is_awaitable(value):\n"
            "    value = await value\n"
        )
        body = self._call(field, source) + _branches(condition, statements, otherwise, field.definition.type)
        self.functions.append(
            f"async def {name}(execution, source, path{', arguments' if field.definition.args else ''}):\n"
            "    try:\n"
            f"{indent(body, ' ' * 8)}"
            "    except Exception as error:\n"
            f"        value = execution.failed({constant}, error, path)\n"
            "    return value\n"
        )
        return name

    def _read(self, field: Field) -> str:
        """An expression: the field's coerced arguments."""
        return f"{self._arguments(field)}.read(execution.variables, execution.hide_suggestions)"

    def _call(self, field: Field, source: Resolver) -> str:
        """Statements that call a resolver, with its arguments in `arguments`."""
        function = self.constant(f"{_base(field)}_resolver", source.function)
        has_arguments = bool(field.definition.args)
        passed = ["source"] if source.takes_self else []
        passed += [f"{name}=source" for name in source.parents]
        info = ""
        arguments = self.values[self._arguments(field)] if has_arguments else None
        if source.info or (arguments and arguments.needs_info):
            info = f"info = execution.info({self._field_constant(field)}, path)\n"
        if source.info:
            passed.append(f"{source.info}=info")
        if has_arguments:
            passed.append(f"**{self._arguments(field)}.convert(arguments, {'info' if info else None})")
        return f"{info}value = {'await ' if source.is_async else ''}{function}({', '.join(passed)})\n"

    def _completed(self, planned: PlannedField) -> str:
        """Statements that complete a field's value."""
        field = planned.field
        constant, later = self._field_constant(field), _await_later(field)
        condition, statements, result = self._completion(planned.completion, field, _path(field))
        if result:
            statements += (
                f"if value.__class__ is not {result}:\n"
                f"    value = execution.completed({constant}, value, path)\n"
                f"    {later}"
            )
        otherwise = f"value = execution.complete({constant}, value, path)\nif is_awaitable(value):\n    {later}"
        return _branches(condition, statements, otherwise, field.definition.type)

    # How values are completed.

    def _completion(self, completion: Completion, field: Field, path: str) -> Statements:
        match completion:
            case ListOf():
                function = self._list(completion, field)
                return Statements("value.__class__ is list", f"value = {function}(execution, value, {path})\n", "list")
            case ObjectOf(cls=cls, can_be_cast=can_be_cast):
                function = self.object(completion.object)
                condition = f"value.__class__ is {self.constant(f'{completion.object.type.name}_class', cls)}"
                if can_be_cast:
                    condition += " and not hasattr(value, CAST)"
                return Statements(condition, f"value = {function}(execution, value, {path})\n", "dict")
            case AnyOf(objects=objects):
                classes = [
                    f"{self.constant(f'{each.type.name}_class', cls)}: {self.object(each)}" for cls, each in objects
                ]
                functions = self._name(f"{_base(field)}_types")
                self.functions.append(f"{functions} = {{{', '.join(classes)}}}\n")
                return Statements(
                    f"(function := {functions}.get(value.__class__)) is not None and not hasattr(value, CAST)",
                    f"value = function(execution, value, {path})\n",
                    "dict",
                )
            case Leaf(type=CustomGraphQLEnumType() as type):
                cls, names = self.constant(f"{type.name}_class", type.wrapped_cls), self._enum_names(type)
                return Statements(
                    f"value.__class__ is {cls} and (completed := {names}.get(value)) is not None", "value = completed\n"
                )
        condition = self.leaf(completion.type)
        changes = "{completed}" in condition
        return Statements(
            condition.format(value="value", completed="completed"), "value = completed\n" if changes else ""
        )

    def _list(self, completion: ListOf, field: Field) -> str:
        """The name of a new function `(execution, items, path)` that completes the items of a list."""
        name = self._name(f"{_base(field)}_list")
        constant = f"{self._field_constant(field)}, {self.constant(f'{name}_item', completion.type)}"
        condition, statements, result = self._completion(completion.item, field, "(path, index, None)")
        if result:
            statements += (
                f"if value.__class__ is not {result}:\n"
                f"    value = execution.completed_item({constant}, value, (path, index, None))\n"
                "    awaited.append(index)\n"
            )
        otherwise = (
            f"value = execution.complete_item({constant}, value, (path, index, None))\n"
            "if is_awaitable(value):\n"
            "    awaited.append(index)\n"
        )
        body = _branches(condition, statements, otherwise, completion.type)
        self.functions.append(
            f"def {name}(execution, items, path):\n"
            "    data = []\n"
            "    awaited = []\n"
            "    try:\n"
            "        for index, value in enumerate(items):\n"
            "            try:\n"
            f"{indent(body, ' ' * 16)}"
            "            except Exception as error:\n"
            f"                value = execution.item_failed({constant}, error, (path, index, None))\n"
            "            data.append(value)\n"
            "    except Exception:\n"
            "        execution.abandon([data[index] for index in awaited] + items[index + 1:])\n"
            "        raise\n"
            "    return gathered(data, awaited) if awaited else data\n"
        )
        return name

    def leaf(self, type: GraphQLLeafType) -> str:
        """A condition: `{value}` has the type of the schema. `{completed}` is the completed value, if it differs."""
        if type in UNCHANGED:
            return UNCHANGED[type]
        if isinstance(type, CustomGraphQLEnumType):
            return f"({{completed}} := {self._enum_names(type)}.get({{value}})) is not None"
        if not isinstance(type, GraphQLScalarType):
            return "False"
        if type.coerce_output_value is identity:
            return "{value}.__class__ in PLAIN"
        function = self.constant(f"{type.name}_serialize", type.coerce_output_value)
        return (
            f"{{value}}.__class__ in PLAIN and ({{completed}} := {function}({{value}})) is not None "
            "and {completed} is not Undefined"
        )

    def _enum_names(self, type: CustomGraphQLEnumType) -> str:
        if type not in self._names:
            self._names[type] = self.constant(f"{type.name}_names", names_of(type))
        return self._names[type]

    # Names.

    def _arguments(self, field: Field) -> str:
        """The name of the field's arguments."""
        if (Arguments, field) not in self._names:
            arguments = Arguments(self._schema, field)
            self._names[Arguments, field] = self.constant(f"{_base(field)}_arguments", arguments)
        return self._names[Arguments, field]

    def _field_constant(self, field: Field) -> str:
        return self.constant(f"{_base(field)}_field", field)

    def constant(self, base: str, value: Any) -> str:
        """The name of a global of this value."""
        key = (base.rpartition("_")[2], id(value))
        if key not in self._names:
            self._names[key] = name = self._name(base)
            self.values[name] = value
        return self._names[key]

    def _name(self, base: str) -> str:
        """A new global name. GraphQL types and fields can have the names of Python's built-ins."""
        name, number = base, 1
        while name in self._used or name.startswith("row_"):
            number += 1
            name = f"{base}_{number}" if number > 1 else base
        self._used.add(name)
        return name


class _RowExpression:
    """Conditions and expressions over a variable `row`, in one function."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._used: set[str] = set()

    def object(self, object: RowObject) -> tuple[str, str]:
        """The condition under which an object can be built from its row, and the expression that builds it."""
        parts = {key: self.part(part) for key, part in object.fields.items()}
        condition = " and ".join(condition for condition, _ in parts.values() if condition) or "True"
        value = _dictionary({key: value for key, (_, value) in parts.items()})
        if object.null_with is None:
            return condition, value
        if not object.is_nullable:
            return f"row[{object.null_with!r}] is not None and {condition}", value
        name = self._name(object.null_with)
        return f"(({name} := row[{object.null_with!r}]) is None or {condition})", f"None if {name} is None else {value}"

    def part(self, part: RowLeaf | RowObject | str) -> tuple[str, str]:
        """The same of a part of an object. An empty condition always holds."""
        if isinstance(part, str):
            return "", repr(part)
        if isinstance(part, RowObject):
            return self.object(part)
        name = self._name(part.column)
        read, condition = f"({name} := row[{part.column!r}])", self._writer.leaf(part.type)
        if part.is_nullable:
            return f"({read} is None or {condition.format(value=name, completed=name)})", name
        if "{completed}" in condition and condition.count("{value}") == 1:
            read = f"row[{part.column!r}]"
        return condition.replace("{value}", read, 1).format(value=name, completed=name), name

    def _name(self, column: str) -> str:
        base = f"row_{column}" if column.isidentifier() else "row_column"
        name, number = base, 1
        while name in self._used:
            number += 1
            name = f"{base}_{number}"
        self._used.add(name)
        return name


def names_of(type: CustomGraphQLEnumType) -> dict[Any, str]:
    """The names in the schema of an enum's members, and of their values, which columns hold."""
    members: list[Enum] = list(type.wrapped_cls)
    names: dict[Any, str] = {member: type.coerce_output_value(member) for member in members}
    for member in members:
        if isinstance(member.value, Hashable):
            try:
                names.setdefault(member.value, type.coerce_output_value(member.value))
            except (GraphQLError, TypeError):  # a tuple may hold what has no hash
                continue
    return names


def _dictionary(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in values.items()) + "}"


def _base(field: Field) -> str:
    return f"{field.parent_type.name}_{field.nodes[0].name.value}"


def _path(field: Field) -> str:
    return f"(path, {field.key!r}, {field.parent_type.name!r})"


def _await_later(field: Field) -> str:
    return f"awaited += ({field.key!r},)\n"


def _branches(condition: str, statements: str, otherwise: str, type: GraphQLOutputType) -> str:
    is_nullable = not isinstance(type, GraphQLNonNull)
    if not statements:
        null = "value is not None and " if is_nullable else ""
        return f"if {null}not ({condition}):\n{indent(otherwise, '    ')}"
    return (
        f"if {condition}:\n"
        f"{indent(statements, '    ')}"
        f"{'elif value is not None' if is_nullable else 'else'}:\n"
        f"{indent(otherwise, '    ')}"
    )
