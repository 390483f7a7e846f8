"""Compiled operations agree with graphql-core: data and its order, errors and theirs, and what resolvers see."""

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
from tests.engine.compiled.agreement import NEVER_AWAITED, Answer, answer_of, by_compiled, by_core, compiled, must_agree
from tests.engine.compiled.census import Census
from tests.engine.compiled.menagerie import HANDLING_SCHEMA, SCHEMA, Query
from tests.engine.compiled.operations import Request, operations
from tests.engine.compiled.world import World

# How many operations are compared: some hundreds, or as many as `make agreement` is told.
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
    mischief: float
    has_root: bool
    hide_suggestions: bool
    compiled_first: bool


runs = st.builds(
    Run,
    seed=st.integers(0, 9999),
    mischief=st.sampled_from([0, 0.005, 0.03, 0.2]),
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
) -> list[tuple[Answer, World]]:
    """What both answer, and their worlds: the compiled operation's first."""
    worlds = [World(schema, run.seed, run.mischief) for _ in range(2)]
    root = Query() if run.has_root else None
    hide = run.hide_suggestions
    starts = [
        by_compiled(operation, deepcopy(variables), worlds[0], root, hide),
        by_core(schema, document, name, deepcopy(variables), worlds[1], root, hide),
    ]
    answers: dict[int, Answer] = {}
    for index in (0, 1) if run.compiled_first else (1, 0):
        answers[index] = await answer_of(starts[index])
        # What is left to itself when an error cuts an answer short.
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(rest)
    return [(answers[index], worlds[index]) for index in range(2)]


def compare(
    schema: GraphQLSchema, request: Request, several: list[Run], runner: asyncio.Runner, census: Census
) -> None:
    """Execute an operation, compiled once, with each of its variables' values."""
    note(f"{request.document}\noperation {request.operation_name}")
    document = parse(request.document)
    assert validate(schema, document) == []
    operation = compiled(schema, document, request.operation_name)
    for variables, run in zip(request.variables, several, strict=False):
        note(f"variables {variables}\n{run}")
        execution = execute_both(schema, operation, document, request.operation_name, variables, run)
        try:
            (ours, our_world), (theirs, their_world) = runner.run(execution)
        except Unsupported as unsupported:
            census.update(["unsupported", f"unsupported: {unsupported.reason}"])
            continue
        census.note(request.document, theirs, their_world.calls)
        must_agree(ours, theirs)
        must_agree(our_world.calls, their_world.calls)
        must_agree(our_world.words, their_world.words)


@NEVER_AWAITED
def test_a_compiled_operation_answers_what_graphql_core_answers() -> None:
    census = Census()

    with asyncio.Runner() as runner:

        @settings(max_examples=OPERATIONS)
        @given(
            st.sampled_from([SCHEMA, SCHEMA, SCHEMA, HANDLING_SCHEMA]),
            operations(SCHEMA, SCALARS),
            st.tuples(runs, runs),
        )
        def agree(schema: GraphQLSchema, request: Request, several: tuple[Run, Run]) -> None:
            compare(schema, request, list(several), runner, census)

        agree()
    census.check()
    gc.collect()


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { queryType { name } } }",
        '{ leaves { text } __type(name: "Cat") { name } }',
        "{ ...F } fragment F on Query { __schema { description } }",
        "subscription { ticks }",
    ],
)
async def test_introspection_and_subscriptions_are_left_to_graphql_core(document: str) -> None:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    world = World(SCHEMA, 0)
    with pytest.raises(Unsupported):
        await compiled(SCHEMA, parsed).execute({}, world)
    assert world.calls == []
