"""Variables and arguments, as graphql-core reads them and Strawberry converts them.

If a value is not valid, graphql-core creates the error.
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

from graphql import GraphQLError, GraphQLSchema, Undefined, VariableDefinitionNode
from graphql.execution import get_argument_values, get_variable_values
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from strawberry.types.arguments import convert_argument
from strawberry.types.info import Info

from engine.compiled.inputs import Coerce, Convert, Unusual, inputs_of, is_immutable
from engine.compiled.planning import Field

MAX_COERCION_ERRORS = 50  # graphql-core's own default


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        # The last are the values of a variable that is absent; None if graphql-core must determine them.
        self._variables: list[tuple[str, GraphQLVariableSignature, Coerce, VariableValues | None]] = []
        for definition in definitions:
            signature = get_variable_signature(schema, definition)
            assert not isinstance(signature, GraphQLError), "validation refuses variables of other types"
            given = get_variable_values(schema, [definition], {})
            is_shareable = isinstance(given, VariableValues) and all(map(is_immutable, given.coerced.values()))
            absent = cast(VariableValues, given) if is_shareable else None
            coerce = inputs_of(schema).coercer(signature.type)
            self._variables.append((signature.name, signature, coerce, absent))

    def read(self, inputs: Mapping[str, Any], hide_suggestions: bool) -> VariableValues | list[GraphQLError]:
        """The same result as graphql-core's `get_variable_values`."""
        values = VariableValues({}, {})
        try:
            for name, signature, coerce, absent in self._variables:
                if name in inputs:
                    values.sources[name] = VariableValueSource(signature, inputs[name])
                    values.coerced[name] = coerced = coerce(inputs[name], 0)
                    if coerced is Undefined:
                        break
                elif absent is None:
                    break
                else:
                    values.sources.update(absent.sources)
                    values.coerced.update(absent.coerced)
            else:
                return values
        except Exception:  # noqa: S110  # that of a type that refuses a value
            pass
        return get_variable_values(self._schema, self._definitions, dict(inputs), MAX_COERCION_ERRORS, hide_suggestions)


class Arguments:
    """The arguments of a selected field. `needs_info`: whether their conversion needs Strawberry's `Info`."""

    def __init__(self, schema: GraphQLSchema, field: Field) -> None:
        self._field = field
        self._inputs = inputs_of(schema)
        self._read = self._inputs.fields(field.nodes[0].arguments or (), field.definition.args)
        self.needs_info = False
        # The argument, the resolver's parameter, and the conversion, or the type that Strawberry itself must convert.
        self._parameters: list[tuple[str, str, Convert | None, Any]] = []
        for argument in field.strawberry.arguments if field.strawberry else ():
            name, convert, type = self._inputs.config.name_converter.from_argument(argument), None, None
            try:
                convert = self._inputs.converter(argument.type)
            except Unusual:
                self.needs_info, type = True, argument.type
            self._parameters.append((name, argument.python_name, convert, type))

    def read(self, variables: VariableValues, hide_suggestions: bool) -> dict[str, Any]:
        """The same result, or exception, as graphql-core's `get_argument_values`."""
        values: Any = self._read(variables)
        if values is not Undefined:
            return values
        field = self._field
        return get_argument_values(field.definition, field.nodes[0], variables, hide_suggestions=hide_suggestions)

    def convert(self, values: dict[str, Any], info: "Info[Any, Any] | None") -> dict[str, Any]:
        """The same result, or exception, as Strawberry's `convert_arguments`."""
        converted: dict[str, Any] = {}
        for argument, name, convert, type in self._parameters:
            if argument in values:
                value = values[argument]
                if convert is not None:
                    value = convert(value)
                elif type is not None:
                    inputs = self._inputs
                    value = convert_argument(value, type, inputs.registry, inputs.config, info, path=(argument,))
                converted[name] = value
        return converted
