"""Whether a compiled operation and graphql-core agree, and on what."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.compiled import CompiledOperation, Unsupported, compile_operation

# A task that graphql-core cancels before it began leaves what it should have awaited; so does ours. Python tells of it
# wherever it happens to be just then, or tells that it cannot.
NEVER_AWAITED = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Problem(NamedTuple):
    """An error, with all that can be told of it."""

    path: tuple[str | int, ...] | None
    message: str
    locations: tuple[tuple[int, int], ...]
    extensions: str
    original: tuple[str, str]


class Answer(NamedTuple):
    """An execution's result. Data is kept as its representation, which shows the order of keys and tells 1 from 1.0."""

    data: str
    errors: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.data, *map(str, self.errors)])


Start = Callable[[], ExecutionResult | Awaitable[ExecutionResult]]


async def answer_of(start: Start) -> Answer:
    """What an execution comes to, an exception included. Raises Unsupported."""
    try:
        result = start()
        if not isinstance(result, ExecutionResult):
            result = await result
    except Unsupported:
        raise
    except (Exception, CancelledError) as error:
        return Answer(f"raised {error!r}")
    return Answer(repr(result.data), tuple(map(_problem, result.errors or ())))


def _problem(error: GraphQLError) -> Problem:
    return Problem(
        None if error.path is None else tuple(error.path),
        error.message,
        tuple((location.line, location.column) for location in error.locations or ()),
        repr(error.extensions),
        (type(error.original_error).__name__, str(error.original_error)),
    )


def compiled(schema: GraphQLSchema, document: DocumentNode, name: str | None = None) -> CompiledOperation:
    """An operation of the document, compiled."""
    return compile_operation(schema._strawberry_schema, document, name)  # type: ignore[attr-defined]


def by_core(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    variables: dict[str, Any],
    context: Any,
    root_value: Any = None,
    hide_suggestions: bool = False,
) -> Start:
    return lambda: execute(
        schema,
        document,
        root_value=root_value,
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        hide_suggestions=hide_suggestions,
    )


def by_compiled(
    operation: CompiledOperation,
    variables: dict[str, Any],
    context: Any,
    root_value: Any = None,
    hide_suggestions: bool = False,
) -> Start:
    return lambda: operation.execute(variables, context, root_value=root_value, hide_suggestions=hide_suggestions)


def must_agree(ours: object, theirs: object) -> None:
    """Fail with both in full: what an assertion would leave out is what one looks for."""
    if ours != theirs:
        raise AssertionError(f"Compiled:\n{ours}\n\ngraphql-core:\n{theirs}")
