"""The compiler as a library: what docs/compiled.md says, on another schema."""

import ast
import asyncio
import gc
import linecache
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry.extensions import SchemaExtension

from engine.compiled import Unsupported, compile_operation

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "compiled.md").read_text(encoding="utf-8")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str) -> str:
        return f"Hello, {name}!"

    @strawberry.field
    async def fellows(self) -> "list[Query]":
        await asyncio.sleep(0)
        return [Query(), Query()]

    @strawberry.field
    def fail(self) -> str:
        raise ValueError("It fails.")


schema = strawberry.Schema(Query)


async def test_the_program_of_the_page_runs() -> None:
    [program] = re.findall(r"```python\n(from graphql.*?)```", PAGE, re.DOTALL)
    names = {"schema": schema, "context": None}
    await eval(compile(program, "compiled.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    assert names["result"] == ExecutionResult({"hello": "Hello, Sari!"}, None)


@pytest.mark.parametrize(
    ("text", "variables", "reason"),
    [
        ("query ($no: Boolean = false) { hello(name: 1) @skip(if: $no) }", {"no": None}, "a condition that is null"),
        ("query @mine { __typename }", {}, "@mine"),
        (f"{{ {' '.join(f'a{number}: __typename' for number in range(501))} }}", {}, "a large document"),
    ],
)
async def test_unsupported_operations_are_documented(text: str, variables: dict[str, object], reason: str) -> None:
    document = parse(text)
    operation = compile_operation(schema, document)
    for _ in range(2):
        with pytest.raises(Unsupported) as unsupported:
            await operation.execute(variables)
        assert unsupported.value.reason == reason
    assert f"`{reason}`" in PAGE or reason.startswith("@")


class Timing(SchemaExtension):
    async def resolve(self, next_: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        return next_(root, info, *args, **kwargs)


def test_a_schema_with_extensions_is_not_compiled() -> None:
    with pytest.raises(Unsupported) as unsupported:
        compile_operation(strawberry.Schema(Query, extensions=[Timing]), parse("{ __typename }"))
    assert unsupported.value.reason == "a schema extension"
    assert "`a schema extension`" in PAGE


async def test_an_operation_is_found_by_its_name() -> None:
    document = parse("query A { a: __typename } query B { b: __typename }")
    assert await compile_operation(schema, document, "B").execute() == ExecutionResult({"b": "Query"}, None)
    with pytest.raises(ValueError, match="The document has no operation 'C'"):
        compile_operation(schema, document, "C")


async def test_a_traceback_shows_the_lines_of_the_compiled_source() -> None:
    operation = compile_operation(schema, parse("query Fail { fail }"))
    result = await operation.execute()
    [error] = result.errors or ()
    assert error.original_error
    frame, _ = traceback.extract_tb(error.original_error.__traceback__)
    assert frame.filename.startswith("<compiled Fail ")
    assert (frame.name, frame.line) == ("Query", "value = Query_fail_resolver(source)")
    del operation, result, error
    gc.collect()
    assert frame.filename not in linecache.cache


async def test_at_most_sixteen_combinations_of_conditions_are_compiled() -> None:
    names = [f"c{number}" for number in range(5)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    selected = " ".join(f"{name}: __typename @include(if: ${name})" for name in names)
    document = parse(f"query ({declared}) {{ {selected} }}")
    operation = compile_operation(schema, document)
    for number in range(32):
        given = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        if number < 16:
            expected = {name: "Query" for name in names if given[name]}
            assert await operation.execute(given) == ExecutionResult(expected, None)
        else:
            with pytest.raises(Unsupported, match="a document of many variants"):
                await operation.execute(given)


def test_it_imports_nothing_of_the_project() -> None:
    program = "import engine.compiled, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"api", "cli", "db", "demo", "embedded", "engine", "schema"} & {*loaded.stdout.split()} == {"engine"}


async def test_a_canceled_operation_leaves_no_coroutine_that_never_started() -> None:
    """Otherwise Python warns about it, and pytest makes an error of each warning."""
    fellows = "{ a: fellows { b: fellows { c: fellows { __typename } } d: fellows { e: fellows { __typename } } } }"
    operation = compile_operation(schema, parse(fellows))
    turns = 0
    while True:
        task = asyncio.ensure_future(operation.execute())
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
        turns += 1
    assert turns > 5
