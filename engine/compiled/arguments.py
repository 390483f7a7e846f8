"""Variables and arguments, as graphql-core reads them and Strawberry converts them.

If a value is not valid, graphql-core creates the error.
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

from graphql import FieldNode, GraphQLError, GraphQLField, GraphQLSchema, Undefined, VariableDefinitionNode
from graphql.execution import get_argument_values, get_variable_values
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from strawberry.types.field import StrawberryField

from engine.compiled.inputs import Coerce, Convert, Unusual, inputs_of, is_immutable
from engine.execution import ERROR_LIMIT


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        # The last item has the values if the variable is absent. None: graphql-core must determine them.
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
        """The same result as graphql-core's `get_variable_values`, of which ERROR_LIMIT errors suffice: each takes as
        long as a document because of the names that it suggests.
        """
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
        except Exception:  # noqa: S110  # a type refused the value: graphql-core creates the error
            pass
        return get_variable_values(self._schema, self._definitions, dict(inputs), ERROR_LIMIT, hide_suggestions)


class Arguments:
    """The arguments of a selected field. `is_unusual`: only Strawberry can convert them."""

    def __init__(
        self, schema: GraphQLSchema, definition: GraphQLField, node: FieldNode, strawberry: StrawberryField | None
    ) -> None:
        self._definition = definition
        self._node = node
        inputs = inputs_of(schema)
        self._read = inputs.fields(node.arguments or (), definition.args)
        # The argument, the resolver's parameter, and the conversion.
        self._parameters: list[tuple[str, str, Convert | None]] = []
        self.is_unusual = False
        try:
            for argument in strawberry.arguments if strawberry else ():
                name, convert = inputs.names.from_argument(argument), inputs.converter(argument.type)
                self._parameters.append((name, argument.python_name, convert))
        except Unusual:
            self.is_unusual = True

    def read(self, variables: VariableValues, hide_suggestions: bool) -> dict[str, Any]:
        """The same result, or exception, as graphql-core's `get_argument_values`."""
        values: Any = self._read(variables)
        if values is not Undefined:
            return values
        return get_argument_values(self._definition, self._node, variables, hide_suggestions=hide_suggestions)

    def convert(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same result, or exception, as Strawberry's `convert_arguments`."""
        converted: dict[str, Any] = {}
        for argument, name, convert in self._parameters:
            if argument in values:
                converted[name] = values[argument] if convert is None else convert(values[argument])
        return converted
