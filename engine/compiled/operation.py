"""Compiled operations. An operation is compiled on its first execution."""

import linecache
from asyncio import CancelledError
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple
from weakref import finalize

import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    separate_operations,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable as is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.compiled.arguments import Variables
from engine.compiled.execution import Execution, Function
from engine.compiled.planning import Unsupported
from engine.compiled.writing import Writer

# The maximum number of combinations of conditions for which an operation is compiled.
VARIANT_LIMIT = 16

# Distinguishes the sources of operations with the same name.
_numbers = count()


class Variant(NamedTuple):
    """The operation with each `@skip` and `@include` decided. `root` has one function, or one for each mutation."""

    root: list[Function]
    objects: dict[tuple[GraphQLObjectType, int], Function]


def compile_operation(
    schema: strawberry.Schema, document: DocumentNode, operation_name: str | None = None
) -> "CompiledOperation":
    """Compile an operation of a valid document: the one of that name, or the only one.

    The document must not change later. Raises Unsupported if the schema has extensions, which would not be called, and
    ValueError if the document has no such operation.
    """
    if schema.extensions or schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        raise Unsupported("a schema extension")
    operations = separate_operations(document)
    operation = operations.get(operation_name) if operation_name else next(iter(operations.values()), None)
    if operation is None:
        raise ValueError(f"The document has no operation {operation_name!r}.")
    return CompiledOperation(schema, operation)


class CompiledOperation:
    """An operation as a function of its variables. See `compile_operation`."""

    def __init__(self, schema: strawberry.Schema, document: DocumentNode) -> None:
        self._schema = schema._schema
        definitions = document.definitions
        [self._operation] = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        fragments = [node for node in definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {node.name.value: FragmentDetails(node) for node in fragments}
        self._variables = Variables(schema._schema, self._operation.variable_definitions or ())
        self._directives = _Directives()
        visit(document, self._directives)
        self._variants: dict[tuple[Any, ...], Variant | Unsupported] = {}

    async def execute(
        self,
        variables: Mapping[str, Any] | None = None,
        context: Any = None,
        *,
        root_value: Any = None,
        hide_suggestions: bool = False,
    ) -> ExecutionResult:
        """Execute the operation, with the same result as graphql-core's `execute`.

        Raises Unsupported, before a resolver is called, where graphql-core must execute the operation.
        """
        values = self._variables.read(variables or {}, hide_suggestions)
        if isinstance(values, list):
            return ExecutionResult(None, values)
        root, objects = self.variant(values)
        execution = Execution(
            self._schema, self._operation, self._fragments, objects, values, context, root_value, hide_suggestions
        )
        data: dict[str, Any] = {}
        try:
            for function in root:
                part = function(execution, root_value, None)
                data |= await part if is_awaitable(part) else part
        except GraphQLError as error:
            return execution.result(None, error)
        except CancelledError:
            execution.close()
            raise
        return execution.result(data)

    def variant(self, values: VariableValues) -> Variant:
        """The operation with the conditions of these variables. Raises Unsupported."""
        conditions = tuple(values.coerced.get(name) for name in self._directives.variables)
        variant = self._variants.get(conditions)
        if variant is None:
            if len(self._variants) == VARIANT_LIMIT:
                raise Unsupported("a document of many variants")
            try:
                variant = self._compiled(values, conditions)
            except Unsupported as error:
                variant = error
            self._variants[conditions] = variant
        if isinstance(variant, Unsupported):
            raise Unsupported(variant.reason)
        return variant

    def _compiled(self, values: VariableValues, conditions: tuple[Any, ...]) -> Variant:
        if self._directives.unknown:
            raise Unsupported(f"@{self._directives.unknown}")
        if not all(isinstance(value, bool) for value in conditions):
            raise Unsupported("a condition that is null")
        schema, fragments, operation = self._schema, self._fragments, self._operation
        type = schema.get_root_type(operation.operation)
        if type is None or operation.operation is OperationType.SUBSCRIPTION:
            raise Unsupported("a subscription")
        writer = Writer(
            schema, lambda *args: collect_subfields(schema, fragments, values, operation, *args).grouped_field_set
        )
        try:
            selected = collect_fields(schema, fragments, values, type, operation).grouped_field_set
            in_turn = operation.operation is OperationType.MUTATION
            groups = [{key: details} for key, details in selected.items()] if in_turn else [selected]
            root = [writer.function(type, group) for group in groups]
            functions = self._functions(writer)
        except RecursionError:
            raise Unsupported("a deep document") from None
        objects = {key: functions[name] for key, name in writer.objects.items()}
        return Variant([functions[name] for name in root], objects)

    def _functions(self, writer: Writer) -> dict[str, Any]:
        """Execute the generated source. Tracebacks show its lines as long as the operation exists."""
        text = "\n\n".join(writer.functions)
        name = self._operation.name.value if self._operation.name else "operation"
        filename = f"<compiled {name} {next(_numbers)}>"
        exec(compile(text, filename, "exec"), writer.values)  # noqa: S102
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        finalize(self, linecache.cache.pop, filename, None)
        return writer.values


class _Directives(Visitor):
    """The variables of conditions in a document, and an unsupported directive."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.unknown: str | None = None

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value not in ("skip", "include"):
            self.unknown = node.name.value
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.variables.add(argument.value.name.value)
