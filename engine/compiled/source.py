"""The Python source of an operation: a function for each object and list of its answer.

In the functions `x` is the execution, `s` the object, `p` its path, `d` its part of the answer, `v` a value, and `w`
the keys of what is to be awaited. What is called, awaited and made a task of, and in which order, is as in
graphql-core's executor.
"""

from dataclasses import replace
from textwrap import indent
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    is_list_type,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from strawberry.execution import optimized_is_awaitable as is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE
from strawberry.types.scalar import identity

from engine.compiled.arguments import Arguments
from engine.compiled.execution import Function, gathered
from engine.compiled.fields import Attribute, Field, Origin, Resolver, RowField, field_of, origin
from engine.compiled.rows import RowLeaf, RowObject, RowPlanner, Subfields
from engine.compiled.types import PLAIN, UNCHANGED, class_of, classes_of, names_of, names_of_values
from engine.rows import Column

Objects: TypeAlias = dict[tuple[GraphQLObjectType, int], Function]

# More fields than this take longer to compile than most operations take to run.
FIELD_LIMIT = 500


class Unsupported(Exception):
    """An operation that is left to graphql-core. `reason`: what in it, in a word or two."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} is not compiled")
        self.reason = reason


class Completion(NamedTuple):
    """How a value is made a part of the answer."""

    condition: str
    """Where it is of the class that the schema says."""
    statements: str = ""
    result: str | None = None
    """The class of what they make, if what they make may also be awaitable."""


class Source:
    """Writes the functions of one operation."""

    def __init__(self, schema: GraphQLSchema, subfields: Subfields) -> None:
        self.functions: list[str] = []
        self._rows = RowPlanner(schema, subfields)
        self._schema = schema
        self._subfields = subfields
        self._fields = 0
        self._constants: dict[str, Any] = {
            "PLAIN": PLAIN,
            # What an object has that was cast: it is of another type than its class.
            "CAST": TYPE_CAST_ATTRIBUTE,
            "Undefined": Undefined,
            "gathered": gathered,
            "is_awaitable": is_awaitable,
        }
        self._names: dict[Any, str] = {}
        self._named = 0
        self._objects: dict[tuple[GraphQLObjectType, int], str] = {}

    @property
    def text(self) -> str:
        return "\n\n".join(self.functions)

    def compiled(self, name: str) -> tuple[dict[str, Any], Objects]:
        """The functions by their names, and those of objects by what graphql-core knows them by."""
        namespace = self._constants
        exec(compile(self.text, f"<compiled {name}>", "exec"), namespace)  # noqa: S102
        return namespace, {key: namespace[function] for key, function in self._objects.items()}

    def fields(self, type: GraphQLObjectType, selected: GroupedFieldSet) -> str:
        """The name of a new function `(x, s, p)` that builds an object of these fields."""
        name = self._name(type.name)
        body = "".join(self._field(type, key, details) for key, details in selected.items())
        self.functions.append(
            f"def {name}(x, s, p):\n"
            "    d = {}\n"
            "    w = ()\n"
            "    try:\n"
            f"{indent(body or 'pass', ' ' * 8)}\n"
            "    except Exception:\n"
            "        if w:\n"
            "            x.abandon([d[key] for key in w])\n"
            "        raise\n"
            "    return gathered(d, w) if w else d\n"
        )
        return name

    def _object(self, type: GraphQLObjectType, details: list[FieldDetails]) -> str:
        """The name of the function of what the nodes select of a type. The same nodes have the same."""
        key = (type, *(id(detail.node) for detail in details))
        if key not in self._names:
            selected = self._subfields(type, details)
            row = self._rows.object(type, selected)
            self._names[key] = self._row_object(type, details, row) if row else self.fields(type, selected)
        self._objects[type, id(details)] = self._names[key]
        return self._names[key]

    def _row_object(self, type: GraphQLObjectType, details: list[FieldDetails], row: RowObject) -> str:
        """The name of a new function `(x, s, p)` that builds an object from its row, or lets graphql-core do it."""
        name = self._name(type.name)
        read = self._row_function(type.name, row)
        of_type, of_details = self._constant("t", type), self._constant("l", details)
        self.functions.append(
            f"def {name}(x, s, p):\n"
            f"    v = {read}(s)\n"
            f"    return x.interpret({of_type}, {of_details}, s, p) if v is Undefined else v\n"
        )
        return name

    def _row_function(self, prefix: str, row: RowObject) -> str:
        """The name of a new function of an object that builds a part of the answer from the object's row.

        It returns Undefined where any value is not what the schema says.
        """
        name = self._name(f"{prefix}_row")
        conditions, value = self._row_value(row)
        self.functions.append(
            f"def {name}(s):\n"
            "    try:\n"
            "        row = s.row\n"
            f"        if {conditions}:\n"
            f"            return {value}\n"
            "    except Exception:\n"
            "        pass\n"
            "    return Undefined\n"
        )
        return name

    def _row_value(self, row: RowObject) -> tuple[str, str]:
        """The condition under which an object can be built from its row, and the expression that builds it."""
        conditions, items = [], []
        for key, field in row.fields.items():
            self._count_field()
            if isinstance(field, str):
                items.append(f"{key!r}: {field!r}")
                continue
            condition, value = self._row_leaf(field) if isinstance(field, RowLeaf) else self._row_value(field)
            conditions.append(condition)
            items.append(f"{key!r}: {value}")
        condition, value = " and ".join(conditions) or "True", f"{{{', '.join(items)}}}"
        if row.null_with is None:
            return condition, value
        null = f"row[{row.null_with!r}]"
        if not row.is_nullable:
            return f"{null} is not None and {condition}", value
        name = self._name(_identifier(row.null_with))
        return f"(({name} := {null}) is None or {condition})", f"None if {name} is None else {value}"

    def _row_leaf(self, leaf: RowLeaf) -> tuple[str, str]:
        """The same of a column."""
        name = self._name(_identifier(leaf.column))
        read = f"({name} := row[{leaf.column!r}])"
        condition = self._row_leaf_condition(leaf.type).replace("{n}", name)
        if not isinstance(leaf.type, GraphQLNonNull):
            return f"({read} is None or {condition.replace('{v}', name)})", name
        return condition.replace("{v}", read, 1).replace("{v}", name), name

    def _row_leaf_condition(self, type: GraphQLOutputType) -> str:
        """Whether the value `{v}` is what the schema says; what it completes to is put into `{n}`."""
        if isinstance(type, GraphQLNonNull):
            type = type.of_type
        if type in UNCHANGED:
            return UNCHANGED[type]
        if isinstance(type, CustomGraphQLEnumType):
            return f"({{n}} := {self._constant('n', names_of_values(type))}.get({{v}})) is not None"
        if isinstance(type, GraphQLScalarType):
            if type.coerce_output_value is identity:
                return "{v}.__class__ in PLAIN"
            function = self._constant("c", type.coerce_output_value)
            return f"{{v}}.__class__ in PLAIN and ({{n}} := {function}({{v}})) is not None and {{n}} is not Undefined"
        return "False"

    def _count_field(self) -> None:
        self._fields += 1
        if self._fields > FIELD_LIMIT:
            raise Unsupported("a large document")

    def _field(self, type: GraphQLObjectType, key: str, details: list[FieldDetails]) -> str:
        self._count_field()
        name = details[0].node.name.value
        if name == "__typename":
            return f"d[{key!r}] = {type.name!r}\n"
        field = field_of(self._schema, type, key, details)
        if field is None or name.startswith("__"):
            raise Unsupported("introspection")
        source = origin(self._schema, field)
        if isinstance(source, Resolver) and source.info:
            field = replace(field, columns=self._rows.columns(field.definition.type, details))
        constant = self._constant("f", field)
        return (
            "try:\n"
            f"{indent(self._value(field, constant, source), '    ')}"
            "except Exception as error:\n"
            f"    v = x.failed({constant}, error, p)\n"
            f"d[{key!r}] = v\n"
        )

    def _value(self, field: Field, constant: str, source: Origin) -> str:
        """Statements that have the field's value and complete it."""
        has_arguments = bool(field.definition.args)
        if isinstance(source, RowField):
            return self._row_field(field, constant, source)
        if isinstance(source, Resolver) and source.is_async:
            function = self._awaited(field, constant, source)
            read = f", {self._read(field)}" if has_arguments else ""
            return f"v = {function}(x, s, p{read})\nw += ({field.key!r},)\n"
        if isinstance(source, Attribute):
            value = f"v = s.{source.name}\n"
        elif isinstance(source, Resolver):
            read = f"a = {self._read(field)}\n" if has_arguments else ""
            value = read + self._call(source, field, constant)
        else:
            function = self._constant("r", source.function)
            value = f"v = {function}(s, x.core_info({constant}, p), **{self._read(field)})\n"
        return value + self._completed(field, constant)

    def _row_field(self, field: Field, constant: str, source: RowField) -> str:
        if isinstance(source.source, Column):
            return f"v = s.row[{source.source.name!r}]\n" + self._completed(field, constant)
        call = f"v = {self._constant('r', source.function)}(s)\n"
        row = self._rows.view(field.definition.type, source.source, field.details)
        if row is None:
            return call + self._completed(field, constant)
        read = self._row_function(field.nodes[0].name.value, row)
        return (
            f"v = {read}(s)\n"
            "if v is Undefined:\n"
            f"    {call}"
            f"    v = x.complete({constant}, v, p)\n"
            "    if is_awaitable(v):\n"
            f"        w += ({field.key!r},)\n"
        )

    def _awaited(self, field: Field, constant: str, source: Resolver) -> str:
        """The name of a new function that awaits an asynchronous resolver and completes what it returns."""
        name = self._name(field.nodes[0].name.value)
        has_arguments = bool(field.definition.args)
        completion = self._completion(field, field.definition.type, self._path(field))
        statements = completion.statements
        if completion.result:
            statements += f"if v.__class__ is not {completion.result}:\n    v = await v\n"
        body = self._call(source, field, constant, awaited=True) + _branches(
            completion.condition,
            statements,
            f"v = x.complete_awaited({constant}, v, p)\nif is_awaitable(v):\n    v = await v\n",
            nullable=not isinstance(field.definition.type, GraphQLNonNull),
        )
        self.functions.append(
            f"async def {name}(x, s, p{', a' if has_arguments else ''}):\n"
            "    try:\n"
            f"{indent(body, ' ' * 8)}"
            "    except Exception as error:\n"
            f"        v = x.failed({constant}, error, p)\n"
            "    return v\n"
        )
        return name

    def _read(self, field: Field) -> str:
        """An expression: the field's arguments, as graphql-core reads them."""
        return f"{self._arguments(field)}.read(x.variables, x.hide_suggestions)"

    def _call(self, source: Resolver, field: Field, constant: str, *, awaited: bool = False) -> str:
        """A statement that calls a resolver, with its arguments in `a`."""
        function = self._constant("r", source.function)
        has_arguments = bool(field.definition.args)
        arguments = ["s"] if source.takes_self else []
        arguments += [f"{name}=s" for name in source.parents]
        info = f"i = x.info({constant}, p)\n" if source.info or has_arguments else ""
        if source.info:
            arguments.append(f"{source.info}=i")
        if has_arguments:
            arguments.append(f"**{self._arguments(field)}.convert(a, i)")
        return f"{info}v = {'await ' if awaited else ''}{function}({', '.join(arguments)})\n"

    def _completed(self, field: Field, constant: str) -> str:
        """Statements that complete a field's value."""
        type = field.definition.type
        completion = self._completion(field, type, self._path(field))
        waits = f"w += ({field.key!r},)\n"
        statements = completion.statements
        if completion.result:
            statements += (
                f"if v.__class__ is not {completion.result}:\n"
                f"    v = x.completed({constant}, v, p)\n"
                f"    {waits}"
            )  # fmt: skip
        otherwise = f"v = x.complete({constant}, v, p)\nif is_awaitable(v):\n    {waits}"
        return _branches(completion.condition, statements, otherwise, nullable=not isinstance(type, GraphQLNonNull))

    def _list(self, field: Field, type: GraphQLOutputType) -> str:
        """The name of a new function `(x, items, p)` that completes the items of a list."""
        name = self._name("list")
        of_field, of_type = self._constant("f", field), self._constant("t", type)
        completion = self._completion(field, type, "(p, i, None)")
        statements = completion.statements
        if completion.result:
            statements += (
                f"if v.__class__ is not {completion.result}:\n"
                f"    v = x.completed_item({of_field}, {of_type}, v, (p, i, None))\n"
                "    w.append(i)\n"
            )
        body = _branches(
            completion.condition,
            statements,
            f"v = x.complete_item({of_field}, {of_type}, v, (p, i, None))\nif is_awaitable(v):\n    w.append(i)\n",
            nullable=not isinstance(type, GraphQLNonNull),
        )
        self.functions.append(
            f"def {name}(x, items, p):\n"
            "    d = []\n"
            "    w = []\n"
            "    try:\n"
            "        for i, v in enumerate(items):\n"
            "            try:\n"
            f"{indent(body, ' ' * 16)}"
            "            except Exception as error:\n"
            f"                v = x.item_failed({of_field}, {of_type}, error, (p, i, None))\n"
            "            d.append(v)\n"
            "    except Exception:\n"
            "        x.abandon([d[key] for key in w] + items[i + 1:])\n"
            "        raise\n"
            "    return gathered(d, w) if w else d\n"
        )
        return name

    def _completion(self, field: Field, type: GraphQLOutputType, path: str) -> Completion:
        """How a value is completed that is of the class that the type says, and not null."""
        if isinstance(type, GraphQLNonNull):
            type = type.of_type
        if is_list_type(type):
            return Completion("v.__class__ is list", f"v = {self._list(field, type.of_type)}(x, v, {path})\n", "list")
        if type in UNCHANGED:
            return Completion(UNCHANGED[type].replace("{v}", "v"))
        if isinstance(type, CustomGraphQLEnumType):
            return self._enum(field, type)
        if isinstance(type, GraphQLScalarType) and type.coerce_output_value is identity:
            return Completion("v.__class__ in PLAIN")
        if isinstance(type, GraphQLScalarType):
            function = self._constant("c", type.coerce_output_value)
            return Completion(
                f"v.__class__ in PLAIN and (c := {function}(v)) is not None and c is not Undefined", "v = c\n"
            )
        if isinstance(type, GraphQLObjectType):
            return self._of_object(field, type, path)
        if isinstance(type, GraphQLInterfaceType | GraphQLUnionType):
            return self._of_abstract(field, type, path)
        return Completion("False")

    def _enum(self, field: Field, type: CustomGraphQLEnumType) -> Completion:
        if isinstance(origin(self._schema, field), RowField):
            values = self._constant("n", names_of_values(type))
            return Completion(f"v.__class__ is str and v in {values}", f"v = {values}[v]\n")
        names = self._constant("n", names_of(type))
        enum = self._constant("e", type.wrapped_cls)
        return Completion(f"v.__class__ is {enum} and v._name_ in {names}", f"v = {names}[v._name_]\n")

    def _of_object(self, field: Field, type: GraphQLObjectType, path: str) -> Completion:
        function = self._object(type, field.details)
        condition = f"v.__class__ is {self._constant('o', class_of(type))}"
        if type.is_type_of:
            condition += " and not hasattr(v, CAST)"
        return Completion(condition, f"v = {function}(x, v, {path})\n", "dict")

    def _of_abstract(self, field: Field, type: GraphQLInterfaceType | GraphQLUnionType, path: str) -> Completion:
        functions = {
            possible: self._object(possible, field.details) for possible in self._schema.get_possible_types(type)
        }
        # The functions have no values yet: the source makes the dictionary.
        table = self._name("types")
        classes = [
            f"{self._constant('o', cls)}: {functions[possible]}" for cls, possible in classes_of(self._schema, type)
        ]
        self.functions.append(f"{table} = {{{', '.join(classes)}}}\n")
        condition = f"(o := {table}.get(v.__class__)) is not None and not hasattr(v, CAST)"
        return Completion(condition, f"v = o(x, v, {path})\n", "dict")

    def _path(self, field: Field) -> str:
        return f"(p, {field.key!r}, {field.parent_type.name!r})"

    def _arguments(self, field: Field) -> str:
        """The name of the field's arguments."""
        if field not in self._names:
            self._names[field] = self._constant("a", Arguments(self._schema, field))
        return self._names[field]

    def _constant(self, prefix: str, value: Any) -> str:
        key = (prefix, id(value))
        if key not in self._names:
            self._names[key] = name = self._name(prefix)
            self._constants[name] = value
        return self._names[key]

    def _name(self, prefix: str) -> str:
        """A new name. Types and fields of GraphQL are called as Python may call them, too."""
        self._named += 1
        return f"{prefix}_{self._named}"


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "column"


def _branches(condition: str, statements: str, otherwise: str, *, nullable: bool) -> str:
    if not statements:
        null = "v is not None and " if nullable else ""
        return f"if {null}not ({condition}):\n{indent(otherwise, '    ')}"
    return (
        f"if {condition}:\n"
        f"{indent(statements, '    ')}"
        f"{'elif v is not None' if nullable else 'else'}:\n"
        f"{indent(otherwise, '    ')}"
    )  # fmt: skip
