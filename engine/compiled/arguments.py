"""Variables and arguments, as graphql-core reads them and Strawberry converts them, with what never changes done once.

What is not as it should be is left to graphql-core, which says what is wrong with it.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)
from graphql.execution import get_argument_values, get_variable_values
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal, coerce_input_value
from strawberry.relay import GlobalID
from strawberry.schema.compat import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryMaybe, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.info import Info

from engine.compiled.fields import Field

MAX_COERCION_ERRORS = 50  # graphql-core's own default

Constant: TypeAlias = str | int | float | bool | None


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._signatures = [(definition, _signature(schema, definition)) for definition in definitions]

    def read(self, inputs: Mapping[str, Any], hide_suggestions: bool) -> VariableValues | list[GraphQLError]:
        """What graphql-core's `get_variable_values` returns."""
        values = VariableValues({}, {})
        for definition, signature in self._signatures:
            name = definition.variable.name.value
            value = inputs.get(name, Undefined)
            if signature and value is not Undefined:
                values.sources[name] = VariableValueSource(signature, value)
                coerced = coerce_input_value(value, signature.type)
                if coerced is not Undefined:
                    values.coerced[name] = coerced
                    continue
            one = get_variable_values(self._schema, [definition], dict(inputs))
            if isinstance(one, list):
                return get_variable_values(
                    self._schema, self._definitions, dict(inputs), MAX_COERCION_ERRORS, hide_suggestions
                )
            values.sources.update(one.sources)
            values.coerced.update(one.coerced)
        return values


def _signature(schema: GraphQLSchema, definition: VariableDefinitionNode) -> GraphQLVariableSignature | None:
    """That of a variable whose values are single scalars or enum members."""
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError) or not is_leaf_type(get_nullable_type(signature.type)):
        return None
    return signature


class Argument(NamedTuple):
    """An argument that the operation gives, or that has a default."""

    name: str
    type: GraphQLInputType
    node: ValueNode | None
    constant: Any
    """Its value, if that is always the same; or else Undefined."""
    is_optional: bool


class Parameter(NamedTuple):
    """A parameter of a resolver. `type`: what Strawberry converts its argument to; None: it is taken as it is."""

    argument: str
    name: str
    type: Any


class Arguments:
    """The arguments of a selected field."""

    def __init__(self, schema: GraphQLSchema, field: Field) -> None:
        self._field = field
        self._arguments = _arguments(field)
        self._parameters: list[Parameter] = []
        if field.strawberry:
            strawberry = schema._strawberry_schema  # type: ignore[attr-defined]
            self._config = strawberry.config
            self._registry = strawberry.schema_converter.scalar_registry
            self._parameters = [
                Parameter(
                    self._config.name_converter.from_argument(argument),
                    argument.python_name,
                    None if _is_leaf(argument.type, self._registry) else argument.type,
                )
                for argument in field.strawberry.arguments
            ]

    def read(self, variables: VariableValues, hide_suggestions: bool) -> dict[str, Any]:
        """What graphql-core's `get_argument_values` returns, or raises."""
        values: dict[str, Any] = {}
        for argument in self._arguments or ():
            value = argument.constant
            if value is Undefined:
                node = argument.node
                if isinstance(node, VariableNode):
                    value = variables.coerced.get(node.name.value, Undefined)
                    if value is Undefined and argument.is_optional:
                        continue
                    if value is None and isinstance(argument.type, GraphQLNonNull):
                        value = Undefined
                elif node is not None:
                    value = coerce_input_literal(node, argument.type, variables)
                if value is Undefined:
                    return self._read_by_core(variables, hide_suggestions)
            values[argument.name] = value
        return values if self._arguments is not None else self._read_by_core(variables, hide_suggestions)

    def convert(self, values: dict[str, Any], info: "Info[Any, Any]") -> dict[str, Any]:
        """What Strawberry's `convert_arguments` returns, or raises."""
        converted: dict[str, Any] = {}
        for argument, name, type in self._parameters:
            if argument in values:
                value = values[argument]
                if type is not None:
                    value = convert_argument(value, type, self._registry, self._config, info, path=(argument,))
                converted[name] = value
        return converted

    def _read_by_core(self, variables: VariableValues, hide_suggestions: bool) -> dict[str, Any]:
        details = self._field.details[0]
        return get_argument_values(
            self._field.definition, details.node, variables, details.fragment_variable_values, hide_suggestions
        )


def _arguments(field: Field) -> list[Argument] | None:
    """Those that have a value, in the schema's order. None: something is wrong with one of them."""
    details = field.details[0]
    if details.fragment_variable_values:
        return None
    nodes = {node.name.value: node.value for node in details.node.arguments or ()}
    arguments = []
    for name, definition in field.definition.args.items():
        node = nodes.get(name)
        if node is None and (is_required_argument(definition) or _has_default(definition)):
            default = Undefined if is_required_argument(definition) else _default(definition)
            if default is Undefined:
                return None
            arguments.append(_argument(name, definition, None, default))
        elif node is not None:
            arguments.append(_argument(name, definition, node, _constant(node, definition.type)))
    return arguments


def _argument(name: str, definition: GraphQLArgument, node: ValueNode | None, constant: Any) -> Argument:
    is_optional = not is_required_argument(definition) and not _has_default(definition)
    return Argument(definition.out_name or name, definition.type, node, constant, is_optional)


def _constant(node: ValueNode, type: GraphQLInputType) -> Any:
    """The value of a literal that is always the same, and cannot be changed; Undefined where there is none."""
    if isinstance(node, VariableNode | ListValueNode | ObjectValueNode):
        return Undefined
    value = coerce_input_literal(node, type)
    return value if isinstance(value, Constant) else Undefined


def _has_default(definition: GraphQLArgument) -> bool:
    return definition.default is not None or definition.default_value is not Undefined


def _default(definition: GraphQLArgument) -> Any:
    try:
        return coerce_default_value(definition)
    except TypeError:
        return Undefined


def _is_leaf(type: Any, registry: Mapping[object, Any]) -> bool:
    """Whether Strawberry takes such an argument as it is."""
    if isinstance(type, StrawberryOptional) and not isinstance(type, StrawberryMaybe):
        return _is_leaf(type.of_type, registry)
    return isinstance(type, StrawberryEnumDefinition) or (is_scalar(type, registry) and type is not GlobalID)
