"""The results of compiled operations and of graphql-core, compared, and what the compared operations contained."""

from asyncio import CancelledError
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson
import pytest
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.compiled import CompiledOperation, Unsupported, compile_operation
from engine.execution import ERROR_LIMIT

# A task that is cancelled before it starts leaves a coroutine that was never awaited, in graphql-core and in compiled
# operations alike. Python warns about it at some later moment.
NEVER_AWAITED = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Problem(NamedTuple):
    """An error, with everything that is compared."""

    path: tuple[str | int, ...] | None
    message: str
    locations: tuple[tuple[int, int], ...]
    extensions: str
    original: tuple[str, str]


class Answer(NamedTuple):
    """The result of an execution. The representation of the data has the order of its keys, and tells 1 from 1.0."""

    data: str
    errors: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.data, *map(str, self.errors)])


Start = Callable[[], ExecutionResult | Awaitable[ExecutionResult]]


async def answer_of(start: Start) -> Answer:
    """The result of an execution, or the exception that it raised. Raises Unsupported."""
    try:
        result = start()
        if not isinstance(result, ExecutionResult):
            result = await result
    except Unsupported:
        raise
    except (Exception, CancelledError) as error:
        return Answer(f"raised {error!r}")
    return Answer(repr(_without_fragments(result.data)), tuple(map(_problem, result.errors or ())))


def _without_fragments(value: Any) -> Any:
    """The value with the bytes of JSON fragments, whose representation is only an address."""
    if isinstance(value, dict):
        return {name: _without_fragments(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_fragments(inner) for inner in value]
    return orjson.dumps(value) if isinstance(value, orjson.Fragment) else value


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


def by_graphql_core(
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
        max_coercion_errors=ERROR_LIMIT,
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
    """Fail with both in full, which an assertion would abbreviate."""
    if ours != theirs:
        raise AssertionError(f"Compiled:\n{ours}\n\ngraphql-core:\n{theirs}")


class Execution(NamedTuple):
    """An execution that was compared. `paths` are those of its errors, `calls` those of resolvers and loaders."""

    document: str
    data: str
    errors: tuple[Problem, ...]
    paths: list[tuple[str | int, ...]]
    calls: list[tuple[Any, ...]]

    @property
    def has_data(self) -> bool:
        return self.data not in ("None", "{}")


# The features of executions, and the least percentage that has each. It is far below the average, because Hypothesis
# draws in clusters.
FEATURES: dict[str, tuple[float, Callable[[Execution], bool]]] = {
    "data": (50, lambda it: it.has_data),
    "clean": (15, lambda it: not it.errors),
    "clean and large": (2, lambda it: not it.errors and len(it.data) > 300),
    "errors": (20, lambda it: bool(it.errors)),
    "several errors": (3, lambda it: len(it.errors) > 1),
    "errors in lists": (1.5, lambda it: any(isinstance(key, int) for path in it.paths for key in path)),
    "errors far down": (0.3, lambda it: any(len(path) > 4 for path in it.paths)),
    "nulls passed on": (
        0.3,
        lambda it: bool(it.paths) and (it.data == "None" or len(it.errors) > it.data.count("None")),
    ),
    "refused variables": (0.2, lambda it: bool(it.errors) and not it.paths),
    "loaders": (0.3, lambda it: any(call[0] == "load" for call in it.calls)),
    "rows": (1, lambda it: "icket" in it.document and it.has_data),
    "mutations": (4, lambda it: "mutation" in it.document),
    "variables": (40, lambda it: "$" in it.document),
    "aliases": (40, lambda it: " a: " in it.document or " b: " in it.document),
    "directives": (40, lambda it: "@skip" in it.document and "@include" in it.document),
    "inline fragments": (30, lambda it: "... on" in it.document),
    "named fragments": (30, lambda it: "fragment F" in it.document),
    "several operations": (1, lambda it: "Operation1" in it.document),
}
UNSUPPORTED = 10
ENOUGH = 25


class Coverage(Counter[str]):
    """The number of executions with each feature."""

    def note(self, document: str, answer: Answer, calls: list[tuple[Any, ...]]) -> None:
        data, errors = answer
        execution = Execution(document, data, errors, [error.path for error in errors if error.path], calls)
        self.update(["compared", *(name for name, (_, has) in FEATURES.items() if has(execution))])

    def share(self, fact: str) -> float:
        return 100 * self[fact] / max(self["compared"], 1)

    def check(self) -> None:
        """Fail if a feature was too rare."""
        for fact, count in self.most_common():
            print(f"{count:7} {self.share(fact):5.1f} % {fact}")
        assert self.share("unsupported") < UNSUPPORTED
        # Rare features can be expected only in long runs.
        expected = {name: least for name, (least, _) in FEATURES.items() if least * self["compared"] / 100 >= ENOUGH}
        assert {fact: self.share(fact) for fact, least in expected.items() if self.share(fact) < least} == {}
