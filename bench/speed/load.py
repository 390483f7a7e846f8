"""Load: wrk for servers, pgbench for a statement alone; 8 connections that never rest, from one thread."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

from bench.speed import bare
from bench.speed.contenders import POOL_SIZE, Request, values_of
from bench.speed.queries import Query, Sample
from embedded import bin_folder

CONNECTIONS = 8

# An answer with errors would be a fast one.
SCRIPT = """
wrk.method = {method}
wrk.headers = {headers}
wrk.body = {body}
failures, failure = 0, ""
function response(status, headers, body)
    if status ~= 200 or body:find('"errors":', 1, true) then
        failures = failures + 1
        failure = status .. " " .. body:sub(1, 1000)
    end
end
local first
function setup(thread) first = thread end
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("\\nRESULT %d %d %d %d %d %s\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        first:get("failures") + errors.connect + errors.read + errors.write + errors.timeout, first:get("failure")))
end
"""


class Failed(Exception):
    """What ends the benchmark: some lines for a person."""


class Load(NamedTuple):
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def check_wrk() -> None:
    if shutil.which("wrk") is None:
        raise Failed("wrk is missing. Debian, Ubuntu: apt-get install wrk. Others: https://github.com/wg/wrk")


def wrk(base_url: str, request: Request, seconds: int) -> Load:
    """Raises Failed where one answer is not a 200, or has errors."""
    headers = ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in request.headers.items())
    script = SCRIPT.format(
        method=_lua(request.method), headers=f"{{{headers}}}", body=_lua(request.body) if request.body else "nil"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        said = _run(
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"),
            *("--timeout", "30s", "--script", file.name, base_url + request.path),
        )
    result = re.search(r"^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (.*)", said, re.MULTILINE | re.DOTALL)
    if result is None:
        raise Failed(f"wrk said:\n{said}")
    requests, microseconds, p50, p99, failures = (int(figure) for figure in result.groups()[:5])
    if failures or not requests:
        raise Failed(
            f"{failures} of {requests} answers to {request.method} {request.path} failed, the last: {result[6]}"
        )
    return Load(requests, microseconds / 1e6, p50 / 1e3, p99 / 1e3)


def pgbench(database_url: str, query: Query, sample: Sample, seconds: int) -> Load:
    """Roomkey's statement, prepared as Roomkey does it."""
    recorder = _Recorder()
    values = values_of(query, sample, " ".join(sample.deep_after))
    asyncio.run(bare.fetch(recorder, sample.store_id, query, values))
    script = re.sub(r"\$(\d+)", r":v\1", recorder.statement)
    variables = [f"--define=v{place}={_literal(value)}" for place, value in enumerate(recorder.values, start=1)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statement.sql"
        file.write_text(f"{script};\n")
        said = _run(
            *(str(bin_folder() / "pgbench"), "--no-vacuum", f"--client={POOL_SIZE}", "--jobs=1", f"--time={seconds}"),
            *(f"--protocol={'extended' if recorder.is_planned else 'prepared'}", f"--file={file}", *variables),
            *("--log", f"--log-prefix={folder}/log", database_url),
        )
        milliseconds = [
            int(line.split()[2]) / 1e3 for path in Path(folder).glob("log.*") for line in path.read_text().splitlines()
        ]
    rate = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if rate is None or len(milliseconds) < 2:
        raise Failed(f"pgbench said:\n{said}")
    cuts = quantiles(milliseconds, n=100)
    return Load(len(milliseconds), len(milliseconds) / float(rate[1]), cuts[49], cuts[98])


class _Recorder:
    """Keeps the one statement that it is given, and runs nothing."""

    statement: str
    values: Sequence[Any]
    is_planned: bool

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        self.statement, self.values, self.is_planned = statement, values, False
        return []

    async def fetch_planned(self, statement: str, *values: Any) -> list[Any]:
        self.statement, self.values, self.is_planned = statement, values, True
        return []

    async def fetchrow(self, statement: str, *values: Any) -> None:
        raise NotImplementedError


def _run(*command: str) -> str:
    process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if process.returncode:
        raise Failed(f"{command[0]} ended with status {process.returncode}:\n{process.stdout}{process.stderr}")
    return process.stdout


def _lua(text: str) -> str:
    # JSON's escapes are not Lua's, but for these.
    return '"' + re.sub(r'["\\]', r"\\\g<0>", text).replace("\n", r"\n") + '"'


def _literal(value: str | list[str]) -> str:
    return value if isinstance(value, str) else f"{{{','.join(value)}}}"
