"""The Python source of an operation: a function for each object, each list and each asynchronous field.

The functions call, await and create tasks in the same order as graphql-core's executor. They handle values of the
expected classes; `engine.compiled.execution` passes all other values to graphql-core.
"""

import builtins
import keyword
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from textwrap import indent
from typing import Any, NamedTuple

import orjson
from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable as is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.scalar import identity

from engine.compiled.inputs import IMMUTABLE
from engine.compiled.introspection import Introspection
from engine.compiled.planning import Attribute, Field, Introspected, Planner, Subfields, TypeName, class_of, classes_of
from engine.compiled.rows import RowFields, dictionary, unused
from engine.rows import Column

# Conditions under which graphql-core completes `{value}` to itself.
UNCHANGED = {
    GraphQLString: "{value}.__class__ is str",
    GraphQLID: "{value}.__class__ is str",
    GraphQLBoolean: "{value}.__class__ is bool",
    GraphQLInt: "{value}.__class__ is int and -2147483648 <= {value} <= 2147483647",
    GraphQLFloat: "{value}.__class__ is float and {value} - {value} == 0",  # finite
}

# Classes of values that are neither null, nor an error, nor awaitable.
PLAIN = IMMUTABLE - {type(None)} | {bytes, list, tuple, dict, orjson.Fragment}

HELPERS = {
    "PLAIN": PLAIN,
    # The attribute of an object that was cast to another type than that of its class.
    "CAST": TYPE_CAST_ATTRIBUTE,
    "Undefined": Undefined,
    "is_awaitable": is_awaitable,
}

LOCALS = {
    *("execution", "source", "path", "data", "awaited", "value", "completed", "function", "arguments"),
    *("row", "is_known", "key", "items", "index", "error"),
}

RESERVED = frozenset({*HELPERS, *LOCALS, *dir(builtins), *keyword.kwlist})


class Statements(NamedTuple):
    """How generated code completes a value in the variable `value`."""

    condition: str  # holds if the value has the type of the schema
    statements: str  # put the completed value into `value`
    result: str | None = None  # the class of the completed value, if the value may also be an awaitable


class Writer:
    """Writes the functions of one operation into `functions`. `values` are the globals of their module."""

    def __init__(self, schema: GraphQLSchema, subfields: Subfields) -> None:
        self.functions: list[str] = []
        self.values: dict[str, Any] = dict(HELPERS)
        # The functions of objects by their type and the ID of the details of the field that returns them.
        self.objects: dict[tuple[GraphQLObjectType, int], str] = {}
        self._schema = schema
        self._planner = Planner(schema, subfields)
        self._used = {*RESERVED}
        self._names: dict[Any, str] = {}

    def object(self, type: GraphQLObjectType, details: list[FieldDetails]) -> str:
        """The name of the function that builds the object of a field. The same nodes have the same."""
        key = (type, *(id(detail.node) for detail in details))
        if key not in self._names:
            self._names[key] = self.function(type, self._planner.subfields(type, details))
        self.objects[type, id(details)] = self._names[key]
        return self._names[key]

    def function(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> str:
        """The name of a new function `(execution, source, path)` that builds an object, or the operation's data."""
        name = self._name(type.name)
        row_fields = RowFields(self._planner, self.leaf)
        fields = list(self._planner.fields(type, selected))
        if len(fields) == 1 and isinstance(source := fields[0].source, StrawberryResolver) and source.is_async:
            self._single(name, fields[0], source)
            return name
        statements = []
        for field in fields:
            value = row_fields.add(field)
            statements.append(f"data[{field.key!r}] = {value.expression}\n" if value else self._field(field))
        body = ""
        if row_fields.values:
            constants = f"{self.constant(f'{name}_type', type)}, {self.constant(f'{name}_selected', selected)}"
            body = (
                "try:\n"
                "    row = source.row\n"
                f"    is_known = {row_fields.condition}\n"
                "except Exception:\n"
                "    is_known = False\n"
                "if not is_known:\n"
                f"    return execution.interpret({constants}, source, path)\n"
            )
        if statements and len(row_fields.values) == len(statements):
            body += f"return {dictionary(row_fields.values)}\n"
        else:
            body += (
                "data = {}\n"
                "awaited = ()\n"
                "try:\n"
                f"{indent(''.join(statements) or 'pass', '    ')}\n"
                "except Exception:\n"
                "    if awaited:\n"
                "        execution.abandon([data[key] for key in awaited])\n"
                "    raise\n"
                "return execution.gathered(data, awaited) if awaited else data\n"
            )
        self.functions.append(f"def {name}(execution, source, path):\n{indent(body, '    ')}")
        return name

    def _single(self, name: str, field: Field, source: StrawberryResolver[Any]) -> None:
        """A function that builds an object of one asynchronous field, as the data of most queries is."""
        function = self._awaited(field, source)
        self.functions.append(
            f"async def {name}(execution, source, path):\n"
            "    try:\n"
            f"        arguments = {self._read(field)}\n"
            "    except Exception as error:\n"
            f"        value = execution.failed({self._field_constant(field)}, error, {_path(field)})\n"
            "    else:\n"
            f"        value = await {function}(execution, source, path, arguments)\n"
            f"    return {{{field.key!r}: value}}\n"
        )

    def _field(self, field: Field) -> str:
        """Statements that put a field's completed value into `data`."""
        if isinstance(field.source, TypeName):
            return f"data[{field.key!r}] = {field.parent_type.name!r}\n"
        if isinstance(field.source, Introspected):
            return self._introspected(field)
        path = _path(field)
        if isinstance(field.source, StrawberryResolver) and field.source.is_async:
            function = self._awaited(field, field.source)
            value = f"{function}(execution, source, path, {self._read(field)})\nawaited += ({field.key!r},)\n"
        else:
            value = f"{self._value(field)}\n{self._completed(field, path, repr(field.key))}"
        return (
            "try:\n"
            f"{indent(f'value = {value}', '    ')}"
            "except Exception as error:\n"
            f"    value = execution.failed({self._field_constant(field)}, error, {path})\n"
            f"data[{field.key!r}] = value\n"
        )

    def _introspected(self, field: Field) -> str:
        """Statements that put the result of introspection into `data`. graphql-core handles its errors."""

        def introspect(variables: VariableValues) -> orjson.Fragment:
            introspection = Introspection(self._schema, self._planner.subfields, variables)
            return introspection.execute(field.parent_type, field.key, field.details)

        resolve = field.definition.resolve
        assert resolve, "graphql-core has a resolver for each field of introspection"
        by_graphql_core = self._field(replace(field, source=resolve))
        return (
            "try:\n"
            f"    data[{field.key!r}] = {self.constant(_base(field), introspect)}(execution.variables)\n"
            "except Exception:\n"
            f"{indent(by_graphql_core, '    ')}"
        )

    def _value(self, field: Field) -> str:
        """An expression: the field's value before it is completed."""
        match field.source:
            case StrawberryResolver() as source:
                return self._call(field, source, self._read(field))
            case Attribute(name=name):
                return f"source.{name}"
            case Column(name=name):
                return f"source.row[{name!r}]"
        function = self.constant(f"{_base(field)}_resolver", field.source)
        info = f"execution.core_info({self._field_constant(field)}, {_path(field)})"
        arguments = f", **{self._read(field)}" if field.arguments else ""
        return f"{function}(source, {info}{arguments})"

    def _awaited(self, field: Field, source: StrawberryResolver[Any]) -> str:
        """The name of a new function that awaits an asynchronous resolver and completes what it returns."""
        name, path = self._name(_base(field)), _path(field)
        self.functions.append(
            f"async def {name}(execution, source, path, arguments):\n"
            "    try:\n"
            f"        value = await {self._call(field, source, 'arguments')}\n"
            f"{indent(self._completed(field, path), ' ' * 8)}"
            "    except Exception as error:\n"
            f"        value = execution.failed({self._field_constant(field)}, error, {path})\n"
            "    return value\n"
        )
        return name

    def _read(self, field: Field) -> str:
        """An expression: the field's coerced arguments."""
        if not field.arguments:
            return "None"
        return f"{self._arguments(field)}.read(execution.variables, execution.hide_suggestions)"

    def _call(self, field: Field, source: StrawberryResolver[Any], arguments: str) -> str:
        """An expression: what a resolver returns for its coerced arguments."""
        function = self.constant(f"{_base(field)}_resolver", source.wrapped_func)
        passed = ["source"] if source.self_parameter else []
        passed += [f"{each.name}=source" for each in (source.parent_parameter, source.root_parameter) if each]
        if source.info_parameter:
            passed.append(f"{source.info_parameter.name}=execution.info({self._field_constant(field)}, path)")
        if field.arguments:
            passed.append(f"**{self._arguments(field)}.convert({arguments})")
        return f"{function}({', '.join(passed)})"

    # How values are completed.

    def _completed(self, field: Field, path: str, key: str | None = None) -> str:
        """Statements that complete the value of a field, or of an item of its list. Without a key, they await it."""
        constant = self._field_constant(field)
        condition, statements, result = self._completion(field, path)
        # An awaitable is awaited here, or later with the others of its object or list.
        complete, later = ("complete", f"awaited += ({key},)") if key else ("complete_awaited", "value = await value")
        otherwise = f"value = execution.{complete}({constant}, value, {path})\nif is_awaitable(value):\n    {later}\n"
        if result:
            completed = f"    value = execution.completed({constant}, value, {path})\n" if key else ""
            statements += f"if value.__class__ is not {result}:\n{completed}    {later}\n"
        is_nullable = not is_non_null_type(field.type)
        if not statements:
            null = "value is not None and " if is_nullable else ""
            return f"if {null}not ({condition}):\n{indent(otherwise, '    ')}"
        return (
            f"if {condition}:\n"
            f"{indent(statements, '    ')}"
            f"{'elif value is not None' if is_nullable else 'else'}:\n"
            f"{indent(otherwise, '    ')}"
        )

    def _completion(self, field: Field, path: str) -> Statements:
        type = get_nullable_type(field.type)
        if is_list_type(type):
            function = self._list(replace(field, type=type.of_type))
            return Statements("value.__class__ is list", f"value = {function}(execution, value, {path})\n", "list")
        if isinstance(type, GraphQLObjectType):
            function = self.object(type, field.details)
            condition = f"value.__class__ is {self.constant(f'{type.name}_class', class_of(type))}"
            if type.is_type_of:
                condition += " and not hasattr(value, CAST)"
            return Statements(condition, f"value = {function}(execution, value, {path})\n", "dict")
        if isinstance(type, GraphQLInterfaceType | GraphQLUnionType):
            objects = {each: self.object(each, field.details) for each in self._schema.get_possible_types(type)}
            classes = [
                f"{self.constant(f'{possible.name}_class', cls)}: {objects[possible]}"
                for cls, possible in classes_of(self._schema, type)
            ]
            functions = self._name(f"{_base(field)}_types")
            self.functions.append(f"{functions} = {{{', '.join(classes)}}}\n")
            return Statements(
                f"(function := {functions}.get(value.__class__)) is not None and not hasattr(value, CAST)",
                f"value = function(execution, value, {path})\n",
                "dict",
            )
        assert is_leaf_type(type)
        condition = self.leaf(type)
        if isinstance(type, CustomGraphQLEnumType):
            condition = f"value.__class__ is {self.constant(f'{type.name}_class', type.wrapped_cls)} and {condition}"
        statements = "value = completed\n" if "{completed}" in condition else ""
        return Statements(condition.format(value="value", completed="completed"), statements)

    def _list(self, item: Field) -> str:
        """The name of a new function `(execution, items, path)` that completes the items of a list."""
        name, constant, path = self._name(f"{_base(item)}_list"), self._field_constant(item), "(path, index, None)"
        self.functions.append(
            f"def {name}(execution, items, path):\n"
            "    data = []\n"
            "    awaited = []\n"
            "    try:\n"
            "        for index, value in enumerate(items):\n"
            "            try:\n"
            f"{indent(self._completed(item, path, 'index'), ' ' * 16)}"
            "            except Exception as error:\n"
            f"                value = execution.failed({constant}, error, {path})\n"
            "            data.append(value)\n"
            "    except Exception:\n"
            "        execution.abandon([data[index] for index in awaited] + items[index + 1:])\n"
            "        raise\n"
            "    return execution.gathered(data, awaited) if awaited else data\n"
        )
        return name

    def leaf(self, type: GraphQLLeafType) -> str:
        """A condition: `{value}` has the type of the schema. `{completed}` is the completed value, if it differs."""
        if type in UNCHANGED:
            return UNCHANGED[type]
        if isinstance(type, CustomGraphQLEnumType):
            names = self.constant(f"{type.name}_names", names_of(type))
            return f"({{completed}} := {names}.get({{value}})) is not None"
        if not isinstance(type, GraphQLScalarType):
            return "False"
        if type.coerce_output_value is identity:
            return "{value}.__class__ in PLAIN"
        function = self.constant(f"{type.name}_serialize", type.coerce_output_value)
        return (
            f"{{value}}.__class__ in PLAIN and ({{completed}} := {function}({{value}})) is not None "
            "and {completed} is not Undefined"
        )

    # Names.

    def _arguments(self, field: Field) -> str:
        return self.constant(f"{_base(field)}_arguments", field.arguments)

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
        return unused(f"type_{base}" if base.startswith("row_") else base, self._used)


@lru_cache
def names_of(type: CustomGraphQLEnumType) -> dict[Any, str]:
    """The names in the schema of an enum's members, and of their values, which columns hold."""
    members: list[Enum] = list(type.wrapped_cls)
    names: dict[Any, str] = {member: type.coerce_output_value(member) for member in members}
    for member in members:
        with suppress(GraphQLError, TypeError):  # the value may have no hash
            names.setdefault(member.value, type.coerce_output_value(member.value))
    return names


def _base(field: Field) -> str:
    return f"{field.parent_type.name}_{field.nodes[0].name.value}"


def _path(field: Field) -> str:
    return f"(path, {field.key!r}, {field.parent_type.name!r})"
