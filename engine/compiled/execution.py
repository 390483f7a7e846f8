"""One execution of a compiled operation. Generated functions call it for unexpected values, which it passes
to graphql-core.

A path is a chain of tuples `(previous, key, type name)`. They are laid out like graphql-core's `Path` and take less
time to create.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any, TypeAlias

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
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
        *rest: Any,
    ) -> Any:
        function = self.execution.objects.get((return_type, id(field_details_list)))
        if function is None:
            return super().collect_and_execute_subfields(return_type, field_details_list, path, result, *rest)
        return function(self.execution, result, path)


@dataclass(eq=False, slots=True)
class Execution:
    """The state of an execution that the compiled functions need."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    objects: dict[tuple[GraphQLObjectType, int], Function]
    variables: VariableValues
    context: Any
    root_value: Any
    hide_suggestions: bool
    _executor: Executor | None = None
    _awaitables: list[Any] = dataclasses.field(default_factory=list)

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

    def core_info(self, field: Field, path: AnyPath) -> Any:
        """graphql-core's info of a field at its path."""
        return self.executor.build_resolve_info(field.definition, field.nodes, field.parent_type, path_of(path))

    # Unexpected values of a field or an item of a list. Each method does what graphql-core's executor does there.

    def complete(self, field: Field, value: Any, path: AnyPath) -> Any:
        """The completed value, or an awaitable, which does not raise if the value may be null."""
        if is_awaitable(value):
            place, info = path_of(path), self._info_around(field, path)
            return self.executor.complete_awaitable_value(field.type, field.details, info, place, value, None)
        value = self.complete_awaited(field, value, path)
        return self.completed(field, value, path) if is_awaitable(value) else value

    def complete_awaited(self, field: Field, value: Any, path: AnyPath) -> Any:
        """The same for a value that was awaited. The generated function handles exceptions."""
        info = self._info_around(field, path)
        return self.executor.complete_value(field.type, field.details, info, path_of(path), value, None)

    def _info_around(self, field: Field, path: AnyPath) -> Any:
        """The info of the field. An item has that of its list."""
        while isinstance(path[1], int):
            path = path[0]
        return self.core_info(field, path)

    def interpret(
        self, type: GraphQLObjectType, selected: GroupedFieldSet, source: Any, path: AnyPath | None
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of an object, executed by graphql-core."""
        return self.executor.execute_fields(type, source, path and path_of(path), selected, None)

    def completed(self, field: Field, value: Awaitable[Any], path: AnyPath) -> Awaitable[Any]:
        """Await a completed value, and handle its error."""
        self._awaitables.append(value)
        return self._completed(field, value, path)

    async def _completed(self, field: Field, value: Awaitable[Any], path: AnyPath) -> Any:
        try:
            return await value
        except Exception as error:
            return self.failed(field, error, path)

    def failed(self, field: Field, error: Exception, path: AnyPath) -> None:
        """Add the error of a value that may be null to the result, or raise it for the object or list around it."""
        self.executor.handle_field_error(error, field.type, field.details, path_of(path))

    def abandon(self, values: list[Any]) -> None:
        """Let awaitable values finish in the background, because the object or list that contains them has failed."""
        awaitables = [value for value in values if is_awaitable(value)]
        if awaitables:
            self.executor.settle_in_background(awaitables)

    def gathered(self, values: Any, keys: "list[Any] | tuple[Any, ...]") -> Awaitable[Any]:
        """Await the values at these keys of an object or list, and return it."""
        self._awaitables += [values[key] for key in keys]
        return gather(values, keys)

    def close(self) -> None:
        """Close the coroutines that did not start before the execution was canceled. Python would warn about them."""
        for awaitable in self._awaitables:
            if iscoroutine(awaitable) and getcoroutinestate(awaitable) == CORO_CREATED:
                awaitable.close()


async def gather(values: Any, keys: "list[Any] | tuple[Any, ...]") -> Any:
    """See `Execution.gathered`."""
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


@dataclass(eq=False, slots=True)
class ResolveInfo:
    """graphql-core's `GraphQLResolveInfo`, which is created if attributes other than these are read."""

    _execution: Execution
    _field: Field
    _parent_path: AnyPath | None

    context = property(lambda self: self._execution.context)
    columns = property(lambda self: self._field.columns)  # see `engine.rows.selected_columns`
    parent_type = property(lambda self: self._field.parent_type)

    @property
    def field_name(self) -> str:
        return self._field.nodes[0].name.value

    def __getattr__(self, name: str) -> Any:
        path = (self._parent_path, self._field.key, self._field.parent_type.name)
        return getattr(self._execution.core_info(self._field, path), name)
