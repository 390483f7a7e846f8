"""One execution of a compiled operation. Generated functions call it for unexpected values, which it passes
to graphql-core.

A path is a chain of tuples `(previous, key, type name)`. They are laid out like graphql-core's `Path` and take less
time to create.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, GroupedFieldSet
from graphql.execution.executor import default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from strawberry.execution import optimized_is_awaitable as is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.info import Info

from engine.compiled.planning import Field

AnyPath: TypeAlias = tuple[Any, str | int, str | None]
Function: TypeAlias = Callable[["Execution", Any, AnyPath | None], Any]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor. Compiled functions build its objects."""

    execution: "Execution"

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[FieldDetails],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        function = self.execution.objects.get((return_type, id(field_details_list)))
        if function is None:
            return super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )
        return function(self.execution, result, path)


class Execution:
    """The state of an execution that the compiled functions need."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        objects: dict[tuple[GraphQLObjectType, int], Function],
        variables: VariableValues,
        context: Any,
        root_value: Any,
        hide_suggestions: bool,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self.objects = objects
        self.variables = variables
        self.context = context
        self.root_value = root_value
        self.hide_suggestions = hide_suggestions
        self._executor: Executor | None = None

    @property
    def executor(self) -> Executor:
        """graphql-core's executor, created when it is needed first. Most executions need none."""
        if self._executor is None:
            self._executor = executor = Executor(
                self.schema,
                {name: fragment.definition for name, fragment in self.fragments.items()},
                self.fragments,
                self.root_value,
                self.context,
                self.operation,
                self.variables,
                default_field_resolver,
                default_type_resolver,
                default_field_resolver,
                is_awaitable=is_awaitable,
                hide_suggestions=self.hide_suggestions,
            )
            executor.execution = self
        return self._executor

    def result(self, data: dict[str, Any] | None, error: GraphQLError | None = None) -> ExecutionResult:
        if error:
            self.executor.collected_errors.add(error, None)
        errors = self._executor.collected_errors.errors if self._executor else None
        return ExecutionResult(data, errors or None)

    def info(self, field: Field, parent_path: AnyPath | None) -> "Info[Any, Any]":
        info_class = self.schema._strawberry_schema.config.info_class  # type: ignore[attr-defined]
        return info_class(_raw_info=ResolveInfo(self, field, parent_path), _field=field.strawberry)

    def core_info(self, field: Field, parent_path: AnyPath | None) -> Any:
        path = path_of((parent_path, field.key, field.parent_type.name))
        return self.executor.build_resolve_info(field.definition, field.nodes, field.parent_type, path)

    # Unexpected values. Each method does the same as graphql-core's executor at that point.

    def complete(self, field: Field, value: Any, parent_path: AnyPath | None) -> Any:
        """The value of a field, or an awaitable of the value, which does not raise if the field is nullable."""
        executor, info = self.executor, self.core_info(field, parent_path)
        if is_awaitable(value):
            return executor.complete_awaitable_value(field.definition.type, field.details, info, info.path, value, None)
        value = executor.complete_value(field.definition.type, field.details, info, info.path, value, None)
        return self.completed(field, value, parent_path) if is_awaitable(value) else value

    def complete_awaited(self, field: Field, value: Any, parent_path: AnyPath | None) -> Any:
        """The same for a value that was awaited. The generated function handles exceptions."""
        info = self.core_info(field, parent_path)
        return self.executor.complete_value(field.definition.type, field.details, info, info.path, value, None)

    def interpret(
        self, type: GraphQLObjectType, selected: GroupedFieldSet, source: Any, path: AnyPath | None
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of an object, executed by graphql-core."""
        return self.executor.execute_fields(type, source, path and path_of(path), selected, None)

    def interpret_field(
        self, type: GraphQLObjectType, key: str, details: list[FieldDetails], source: Any, path: AnyPath | None
    ) -> Any:
        """The value of one field, or an awaitable of the value, executed by graphql-core."""
        return self.executor.execute_field(type, source, details, path_of((path, key, type.name)), None)

    def complete_item(self, field: Field, type: GraphQLOutputType, value: Any, path: AnyPath) -> Any:
        """The item of a list, or an awaitable of the item."""
        executor, item_path = self.executor, path_of(path)
        assert item_path.prev is not None
        info = executor.build_resolve_info(field.definition, field.nodes, field.parent_type, item_path.prev)
        if is_awaitable(value):
            return executor.complete_awaitable_list_item_value(value, type, field.details, info, item_path, None)
        completed: list[Any] = []
        executor.complete_list_item_value(value, completed, type, field.details, info, item_path, None)
        return completed[0]

    async def completed(self, field: Field, value: Awaitable[Any], parent_path: AnyPath | None) -> Any:
        """Await a field's value, and handle its error."""
        try:
            return await value
        except Exception as error:
            return self.failed(field, error, parent_path)

    async def completed_item(self, field: Field, type: GraphQLOutputType, value: Awaitable[Any], path: AnyPath) -> Any:
        try:
            return await value
        except Exception as error:
            return self.item_failed(field, type, error, path)

    def failed(self, field: Field, error: Exception, parent_path: AnyPath | None) -> None:
        """Add the error of a nullable field to the result, or raise that of a non-null field for its object."""
        path = path_of((parent_path, field.key, field.parent_type.name))
        self.executor.handle_field_error(error, field.definition.type, field.details, path)

    def item_failed(self, field: Field, type: GraphQLOutputType, error: Exception, path: AnyPath) -> None:
        self.executor.handle_field_error(error, type, field.details, path_of(path))

    def abandon(self, values: list[Any]) -> None:
        """Let awaitable values finish in the background, because the object or list that contains them has failed."""
        awaitables = [value for value in values if is_awaitable(value)]
        if awaitables:
            self.executor.settle_in_background(awaitables)


async def gathered(values: Any, keys: "list[Any] | tuple[Any, ...]") -> Any:
    """Await the values at these keys of an object or list, and return it."""
    if len(keys) == 1:
        [key] = keys
        values[key] = await values[key]
    else:
        for key, value in zip(keys, await gather_with_cancel(*(values[key] for key in keys)), strict=True):
            values[key] = value
    return values


def path_of(path: AnyPath) -> Path:
    """graphql-core's path."""
    previous, key, type_name = path
    return path if isinstance(path, Path) else Path(previous and path_of(previous), key, type_name)


class ResolveInfo:
    """The attributes of graphql-core's `GraphQLResolveInfo`, computed on access."""

    __slots__ = ("_execution", "_field", "_parent_path")

    abort_signal = None
    operation_extensions = None
    is_awaitable = staticmethod(is_awaitable)

    def __init__(self, execution: Execution, field: Field, parent_path: AnyPath | None) -> None:
        self._execution = execution
        self._field = field
        self._parent_path = parent_path

    @property
    def field_name(self) -> str:
        return self._field.nodes[0].name.value

    @property
    def field_nodes(self) -> list[FieldNode]:
        return self._field.nodes

    @property
    def return_type(self) -> GraphQLOutputType:
        return self._field.definition.type

    @property
    def parent_type(self) -> GraphQLObjectType:
        return self._field.parent_type

    @property
    def columns(self) -> frozenset[str] | None:
        """See `engine.rows.selected_columns`."""
        return self._field.columns

    @property
    def path(self) -> Path:
        return path_of((self._parent_path, self._field.key, self._field.parent_type.name))

    @property
    def schema(self) -> GraphQLSchema:
        return self._execution.schema

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        return {name: fragment.definition for name, fragment in self._execution.fragments.items()}

    @property
    def root_value(self) -> Any:
        return self._execution.root_value

    @property
    def operation(self) -> OperationDefinitionNode:
        return self._execution.operation

    @property
    def variable_values(self) -> Mapping[str, Any]:
        return self._execution.variables.coerced

    @property
    def context(self) -> Any:
        return self._execution.context

    @property
    def async_helpers(self) -> Any:
        return self._execution.executor.async_helpers
