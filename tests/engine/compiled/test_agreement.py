"""Compiled operations agree with graphql-core on data, errors, their order, and the calls of resolvers."""

import asyncio
import gc
import os
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from graphql import DocumentNode, GraphQLSchema, parse, validate
from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine.compiled import CompiledOperation, Unsupported
from tests.engine.compiled.comparison import (
    NEVER_AWAITED,
    Answer,
    Coverage,
    answer_of,
    by_compiled,
    by_graphql_core,
    compiled,
    must_agree,
)
from tests.engine.compiled.operations import Request, operations
from tests.engine.compiled.resolvers import Data
from tests.engine.compiled.schemas import HANDLING_SCHEMA, SCHEMA, Query

# The number of operations to compare; `make agreement` compares more.
OPERATIONS = int(os.environ.get("AGREEMENT_OPERATIONS", "300"))

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "DateTime": st.sampled_from(["2026-02-28T12:30:00Z", "2026-02-28T12:30:00.5+07:00"]),
    "Decimal": st.sampled_from(["1.10", "-0"]),
    "JSON": st.sampled_from([{}, {"b": [1, None, {"a": "é"}], "a": 1.5}, [], "text", 0, False]),
    "Weight": st.sampled_from([0, 1.5]),
}


class Run(NamedTuple):
    """How an operation is executed."""

    seed: int
    error_rate: float
    has_root: bool
    hide_suggestions: bool
    compiled_first: bool


runs = st.builds(
    Run,
    seed=st.integers(0, 9999),
    error_rate=st.sampled_from([0, 0.005, 0.03, 0.2]),
    has_root=st.booleans(),
    hide_suggestions=st.booleans(),
    compiled_first=st.booleans(),
)


async def execute_both(
    schema: GraphQLSchema,
    operation: CompiledOperation,
    document: DocumentNode,
    name: str | None,
    variables: dict[str, Any],
    run: Run,
) -> list[tuple[Answer, Data]]:
    """The answers of both with their data, the compiled operation's first."""
    both = [Data(schema, run.seed, run.error_rate) for _ in range(2)]
    root = Query() if run.has_root else None
    hide = run.hide_suggestions
    starts = [
        by_compiled(operation, deepcopy(variables), both[0], root, hide),
        by_graphql_core(schema, document, name, deepcopy(variables), both[1], root, hide),
    ]
    answers: dict[int, Answer] = {}
    for index in (0, 1) if run.compiled_first else (1, 0):
        answers[index] = await answer_of(starts[index])
        # Tasks that go on after an error has ended the execution.
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(rest)
    return [(answers[index], both[index]) for index in range(2)]


def compare(
    schema: GraphQLSchema, request: Request, several: list[Run], runner: asyncio.Runner, coverage: Coverage
) -> None:
    """Compile an operation once, and execute it with each set of variables."""
    note(f"{request.document}\noperation {request.operation_name}")
    document = parse(request.document)
    assert validate(schema, document) == []
    operation = compiled(schema, document, request.operation_name)
    for variables, run in zip(request.variables, several, strict=False):
        note(f"variables {variables}\n{run}")
        execution = execute_both(schema, operation, document, request.operation_name, variables, run)
        try:
            (ours, our_data), (theirs, their_data) = runner.run(execution)
        except Unsupported as unsupported:
            coverage.update(["unsupported", f"unsupported: {unsupported.reason}"])
            continue
        coverage.note(request.document, theirs, their_data.calls)
        must_agree(ours, theirs)
        must_agree(our_data.calls, their_data.calls)
        must_agree(our_data.words, their_data.words)


@NEVER_AWAITED
def test_a_compiled_operation_answers_what_graphql_core_answers() -> None:
    coverage = Coverage()

    with asyncio.Runner() as runner:
        schemas = st.sampled_from([SCHEMA, SCHEMA, SCHEMA, HANDLING_SCHEMA])

        @settings(max_examples=OPERATIONS)
        @given(schemas, operations(SCHEMA, SCALARS), st.tuples(runs, runs))
        def agree(schema: GraphQLSchema, request: Request, several: tuple[Run, Run]) -> None:
            compare(schema, request, list(several), runner, coverage)

        agree()
    coverage.check()
    gc.collect()


async def test_subscriptions_are_left_to_graphql_core() -> None:
    parsed = parse("subscription { ticks }")
    assert validate(SCHEMA, parsed) == []
    data = Data(SCHEMA, 0)
    with pytest.raises(Unsupported):
        await compiled(SCHEMA, parsed).execute({}, data)
    assert data.calls == []
