"""Arguments for generated operations: literals and variables of any input type, and the values of variables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    is_required_input_field,
)
from graphql.utilities import is_type_sub_type_of
from hypothesis import strategies as st

T = TypeVar("T")

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Int": st.sampled_from([0, 1, 2, 3, -1, 2**31 - 1]),
    "Float": st.sampled_from([0.5, 0.0, -1.5e3, 3]),
    "String": st.sampled_from(["", "a", "Dewi", "王小明", '"\\\n$', "#"]),
    "Boolean": st.booleans(),
    "ID": st.sampled_from(["1", "17", "", 12]),
}

# Values that are rarely valid.
JUNK: list[Any] = [None, [], {}, "", "junk", "RED", -1, 2**40, 1.5, [None], [[1]], {"nothing": 1}, {"id": None}, True]

_NO_TYPES = GraphQLSchema()


def literal(value: Any) -> str:
    """A JSON value in GraphQL."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Choices:
    """Choices by Hypothesis. Simpler examples take the first choice, and `chance` is false."""

    draw: st.DrawFn

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.draw(st.integers(0, len(choices) - 1))] if len(choices) > 1 else choices[0]

    def number(self, most: int) -> int:
        return self.draw(st.integers(0, most))


@dataclass(frozen=True)
class Variable:
    name: str
    type: Any
    default: str | None

    def fits(self, type: Any, has_default: bool) -> bool:
        """Whether the variable can be used where a value of the type is expected, and whether that has a default."""
        if isinstance(type, GraphQLNonNull) and not isinstance(self.type, GraphQLNonNull):
            return (has_default or self.default not in (None, "null")) and self._is_a(type.of_type)
        return self._is_a(type)

    def _is_a(self, type: Any) -> bool:
        return is_type_sub_type_of(_NO_TYPES, self.type, type)

    def __str__(self) -> str:
        return f"${self.name}: {self.type}" + (f" = {self.default}" if self.default is not None else "")


@dataclass
class Inputs:
    """Writes the arguments of one document, and declares their variables."""

    choices: Choices
    scalars: Mapping[str, st.SearchStrategy[Any]]
    variables: dict[str, Variable] = field(default_factory=dict)
    # The variables of the operation or fragment that is being written.
    used: set[str] = field(default_factory=set)

    def value(self, type: Any, has_default: bool = False, depth: int = 3) -> str:
        """A literal or a variable for a place of the type."""
        if self.choices.chance(35):
            return self.variable(type, has_default)
        return self.literal(type, depth, constant=False)

    def variable(self, type: Any, has_default: bool = False) -> str:
        """A variable for a place of the type."""
        fitting = [variable for variable in self.variables.values() if variable.fits(type, has_default)]
        if not fitting or self.choices.chance(50):
            fitting = [self.declare(type, has_default)]
        variable = self.choices.pick(fitting)
        self.used.add(variable.name)
        return f"${variable.name}"

    def declare(self, type: Any, has_default: bool) -> Variable:
        kinds = [(type, False), (type, False), (type, True)]
        if isinstance(type, GraphQLNonNull):
            kinds.append((type.of_type, "not null"))
            if has_default:
                kinds.append((type.of_type, False))
        else:
            kinds.append((GraphQLNonNull(type), False))
        declared, default = self.choices.pick(kinds)
        text = self.literal(type if default == "not null" else declared, 2, constant=True) if default else None
        variable = Variable(f"v{len(self.variables)}", declared, text)
        self.variables[variable.name] = variable
        return variable

    def literal(self, type: Any, depth: int, constant: bool) -> str:
        """A literal of the type, which can contain variables unless it is constant."""

        def inner(type: Any, has_default: bool = False) -> str:
            return self.literal(type, depth - 1, True) if constant else self.value(type, has_default, depth - 1)

        if isinstance(type, GraphQLNonNull):
            type = type.of_type
        elif self.choices.chance(12):
            return "null"
        if isinstance(type, GraphQLList):
            if self.choices.chance(15):
                # A single value is a list of it, but a list in it would be taken for the list itself.
                item = type.of_type.of_type if isinstance(type.of_type, GraphQLNonNull) else type.of_type
                if not isinstance(item, GraphQLList):
                    return self.literal(GraphQLNonNull(item), depth - 1, constant)
            return "[" + ", ".join(inner(type.of_type) for _ in range(self.choices.number(2))) + "]"
        if isinstance(type, GraphQLInputObjectType):
            if self.one_of(type):
                name = self.choices.pick(list(type.fields))
                return f"{{{name}: {inner(GraphQLNonNull(type.fields[name].type))}}}"
            return "{" + ", ".join(f"{name}: {inner(*_wanted(of))}" for name, of in self.fields(type, depth)) + "}"
        if isinstance(type, GraphQLEnumType):
            return self.choices.pick(list(type.values))
        value = self.choices.draw(self.scalars[type.name])
        if isinstance(value, dict) and not constant and self.choices.chance(30):
            return f"{{inner: {self.variable(type)} {literal(value)[1:]}"
        return literal(value)

    def one_of(self, type: GraphQLInputObjectType) -> bool:
        """Whether to choose one field. Strawberry does not tell graphql-core, so other numbers are valid, too."""
        told = getattr(type.extensions.get("strawberry-definition"), "is_one_of", False)
        return type.is_one_of or (told and not self.choices.chance(10))

    def fields(self, type: GraphQLInputObjectType, depth: int) -> list[tuple[str, GraphQLInputField]]:
        """The required fields of an input object, and some of the others."""
        return [
            (name, of)
            for name, of in type.fields.items()
            if is_required_input_field(of) or (depth > 0 and self.choices.chance(25))
        ]

    def values(self, names: set[str]) -> dict[str, Any]:
        """Values for these variables: mostly valid, sometimes absent, rarely junk."""
        found: dict[str, Any] = {}
        for variable in self.variables.values():
            optional = variable.default is not None or not isinstance(variable.type, GraphQLNonNull)
            if variable.name in names and not (optional and self.choices.chance(30)):
                found[variable.name] = self.json(variable.type, 3)
        if found and self.choices.chance(5):
            name = self.choices.pick(sorted(found))
            if self.choices.chance(20):
                del found[name]
            else:
                found[name] = self.corrupted(found[name])
        return found

    def corrupted(self, value: Any) -> Any:
        """The value with a part replaced by junk, or junk."""
        inside = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        if inside and self.choices.chance(70):
            at = self.choices.pick(inside)
            copy = value.copy()
            copy[at] = self.corrupted(value[at])
            return copy
        return self.choices.pick(JUNK)

    def json(self, type: Any, depth: int) -> Any:
        """A value of the type for a variable."""
        if isinstance(type, GraphQLNonNull):
            type = type.of_type
        elif self.choices.chance(6):
            return None
        if isinstance(type, GraphQLList):
            if self.choices.chance(10):
                return self.json(type.of_type, depth - 1)
            return [self.json(type.of_type, depth - 1) for _ in range(self.choices.number(2))]
        if isinstance(type, GraphQLInputObjectType):
            if self.one_of(type):
                name = self.choices.pick(list(type.fields))
                return {name: self.json(GraphQLNonNull(type.fields[name].type), depth - 1)}
            return {name: self.json(of.type, depth - 1) for name, of in self.fields(type, depth)}
        if isinstance(type, GraphQLEnumType):
            return self.choices.pick(list(type.values))
        return self.choices.draw(self.scalars[type.name])


def _wanted(field: GraphQLInputField) -> tuple[Any, bool]:
    return field.type, not is_required_input_field(field) and isinstance(field.type, GraphQLNonNull)
