"""The report, in Markdown."""

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.speed.goals import OURS, Measured, Results, losses, ratios, spread, verdicts
from bench.speed.queries import Query


class Run(NamedTuple):
    """The measurements on one database."""

    sessions: int
    """The number of sessions."""
    largest: int
    """The number of sessions in the store of the queries."""
    postgres: str
    """The version of Postgres."""
    results: Results
    answers: Mapping[Query, Mapping[str, str]]
    """By query and contender: the size of the response as sent, and its content coding."""


def report(runs: Sequence[Run], rounds: int, seconds: int) -> str:
    """The date, machine and data, a table for each run, and the verdicts."""
    parts = [_head(runs, rounds, seconds)]
    for run in runs:
        parts += [f"{run.sessions:,} sessions, {run.largest:,} of them in the store that is asked:\n", _table(run)]
    small, large = runs[0].results, runs[1].results if len(runs) > 1 else {}
    lines = [*verdicts(small, large), *losses(small)]
    return "\n".join([*parts, *(f"- {line}" for line in lines)])


def _head(runs: Sequence[Run], rounds: int, seconds: int) -> str:
    cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), "
        f"{memory:.0f} GB, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"PostgreSQL {runs[0].postgres}. Rounds of {seconds} s: {rounds}.\n"
    )


def _table(run: Run) -> str:
    lines = [
        "| query | contender | requests/s | p50 ms | p99 ms | server CPU ms | Postgres CPU ms | response "
        "| Roomkey's / its |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for query, contenders in run.results.items():
        for name, measured in contenders.items():
            shown = f"**{name}**" if name == OURS else name
            ratio = "" if name == OURS else spread(ratios(contenders[OURS], measured, "rate"))
            lines.append(
                f"| {query} | {shown} | {_figures(measured)} | {run.answers[query].get(name, '–')} | {ratio} |"
            )
    return "\n".join(lines) + "\n"


def _figures(measured: Sequence[Measured]) -> str:
    def middle(figure: Callable[[Measured], float | None], digits: int) -> str:
        known = [value for each in measured if (value := figure(each)) is not None]
        return f"{median(known):,.{digits}f}" if known else "–"

    return " | ".join(
        [
            middle(lambda each: each.rate, 0),
            middle(lambda each: each.p50_ms, 2),
            middle(lambda each: each.p99_ms, 2),
            middle(lambda each: each.server_ms, 3),
            middle(lambda each: each.postgres_ms, 3),
        ]
    )
