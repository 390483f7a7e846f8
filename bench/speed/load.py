"""Load: wrk for servers, pgbench for statements. Each keeps 8 connections busy from one thread."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

import asyncpg
import httpx

from bench.speed import bare
from bench.speed.browser import HEADERS
from bench.speed.contenders import POOL_SIZE, Request, values_of
from bench.speed.queries import Query, Sample
from embedded import bin_folder

CONNECTIONS = 8

# An error would be a fast response, and may have the status 200. Decoding every response would take CPU time from the
# servers. So the script keeps the first response of each size, and responses 1, 2, 4, 8 and so on, for a later check.
SCRIPT = """
wrk.method = {method}
wrk.headers = {headers}
wrk.body = {body}
failures, failure = 0, ""
local count, next_kept, sizes = 0, 1, {{}}
function response(status, headers, body)
    if status ~= 200 then
        failures = failures + 1
        failure = status .. " " .. body:sub(1, 1000)
    end
    count = count + 1
    if sizes[#body] and count < next_kept then return end
    sizes[#body] = true
    if count == next_kept then next_kept = 2 * count end
    local coding = headers["content-encoding"] or headers["Content-Encoding"] or "identity"
    local file = assert(io.open({folder} .. "/" .. count .. "." .. coding, "wb"))
    file:write(body)
    file:close()
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
    """Ends the benchmark with a message."""


class Load(NamedTuple):
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def check_wrk() -> None:
    if shutil.which("wrk") is None:
        raise Failed("wrk is missing. Debian, Ubuntu: apt-get install wrk. Others: https://github.com/wg/wrk")


def wrk(base_url: str, request: Request, seconds: int) -> tuple[Load, list[bytes]]:
    """Drive a server, and return the kept responses, decoded. Raises Failed if any status is not 200."""
    headers = ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in (HEADERS | request.headers).items())
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        script = SCRIPT.format(
            method=_lua(request.method),
            headers=f"{{{headers}}}",
            body=_lua(request.body) if request.body else "nil",
            folder=_lua(folder),
        )
        file.write(script)
        file.flush()
        said = _run(
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"),
            *("--timeout", "30s", "--script", file.name, base_url + request.path),
        )
        answers = [_decoded(path) for path in Path(folder).iterdir()]
    result = re.search(r"^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (.*)", said, re.MULTILINE | re.DOTALL)
    if result is None:
        raise Failed(f"wrk said:\n{said}")
    requests, microseconds, p50, p99, failures = (int(figure) for figure in result.groups()[:5])
    if failures or not requests:
        raise Failed(f"{failures} of {requests} requests {request.method} {request.path} failed, the last: {result[6]}")
    return Load(requests, microseconds / 1e6, p50 / 1e3, p99 / 1e3), answers


def pgbench(database_url: str, query: Query, sample: Sample, seconds: int) -> Load:
    """Run Roomkey's statements. If one needs a custom plan, all get one, because pgbench uses one protocol."""
    statements = asyncio.run(_statements(database_url, query, sample))
    protocol = "extended" if any(statement.planned for statement in statements) else "prepared"
    script, variables = "", []
    for number, statement in enumerate(statements):
        script += re.sub(r"\$(\d+)", rf":s{number}v\1", statement.sql) + ";\n"
        variables += [
            f"--define=s{number}v{place}={_literal(value)}" for place, value in enumerate(statement.values, start=1)
        ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statement.sql"
        file.write_text(script)
        said = _run(
            *(str(bin_folder() / "pgbench"), "--no-vacuum", f"--client={POOL_SIZE}", "--jobs=1", f"--time={seconds}"),
            *(f"--protocol={protocol}", f"--file={file}", *variables),
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


def _decoded(path: Path) -> bytes:
    """The body of a kept response. The file's suffix is its content coding."""
    return httpx.Response(200, headers={"Content-Encoding": path.suffix[1:]}, content=path.read_bytes()).content


async def _statements(database_url: str, query: Query, sample: Sample) -> list[bare.Statement]:
    connection = await asyncpg.connect(database_url)
    try:
        recorder = bare.Recorder(connection)
        await bare.fetch(recorder, sample.store_id, query, values_of(query, sample, " ".join(sample.deep_after)))
    finally:
        await connection.close()
    return recorder.statements


def _run(*command: str) -> str:
    process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if process.returncode:
        raise Failed(f"{command[0]} ended with status {process.returncode}:\n{process.stdout}{process.stderr}")
    return process.stdout


def _lua(text: str) -> str:
    # Lua has only these escapes of JSON.
    return '"' + re.sub(r'["\\]', r"\\\g<0>", text).replace("\n", r"\n") + '"'


def _literal(value: Any) -> str:
    return f"{{{','.join(value)}}}" if isinstance(value, list) else str(value)
