"""The report, in Markdown."""

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.speed.queries import Query

OURS = "roomkey"
PAGES = (Query.PAGE_BY_NAME, Query.PAGE, Query.SHORT_PAGE, Query.LARGE_PAGE, Query.DEEP_PAGE)
# How many times their requests a second ours are to be, on pages.
GOALS = {"postgraphile-tuned": 2.5, "postgraphile": 4.0, "roomkey-interpreted": 5.0}
# These are no other servers.
OURSELVES = ("roomkey-persisted", "roomkey-interpreted", "bare", "pgbench")
TIMES_BARE = 1.5
TIMES_PAGE_1 = 1.5
TIMES_ROWS = 2.0


class Measured(NamedTuple):
    """One turn. CPU milliseconds are a request's; None: not known, or there is no such process."""

    rate: float
    p50_ms: float
    p99_ms: float
    server_ms: float | None
    postgres_ms: float | None


# By query and contender, the rounds.
Results = Mapping[Query, Mapping[str, Sequence[Measured]]]


def head(postgres: str, data: Sequence[str], rounds: int, seconds: int) -> str:
    """When, where, and of what."""
    cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), "
        f"{memory:.0f} GB, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"PostgreSQL {postgres}. {' and '.join(data)}; rounds of {seconds} s: {rounds}.\n"
    )


def table(results: Results) -> str:
    lines = [
        "| query | contender | requests/s | p50 ms | p99 ms | server CPU ms | Postgres CPU ms | Roomkey's / its |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for query, contenders in results.items():
        for name, rounds in contenders.items():
            shown = f"**{name}**" if name == OURS else name
            ratio = "" if name == OURS else spread(ratios(contenders[OURS], rounds))
            lines.append(f"| {query} | {shown} | {_figures(rounds)} | {ratio} |")
    return "\n".join(lines) + "\n"


def verdicts(results: Results) -> str:
    """Each goal that the results tell of, and the cases in which another server wins."""
    return "\n".join(f"- {line}" for line in [*_goals(results), *_losses(results)]) + "\n"


def growth(small: Results, large: Results, sizes: tuple[int, int]) -> str:
    """Roomkey's results on both sizes, with verdicts."""
    lines = [
        "| query | sessions | requests/s | p50 ms | p99 ms | server CPU ms | Postgres CPU ms | time a request |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    grown: dict[Query, list[float]] = {}
    for query in small:
        few, many = small[query][OURS], large[query][OURS]
        grown[query] = ratios(few, many)
        lines.append(f"| {query} | {sizes[0]:,} | {_figures(few)} | |")
        lines.append(f"| {query} | {sizes[1]:,} | {_figures(many)} | {spread(grown[query])} |")
    found = [
        _most(f"with ten times the rows, a request takes at most {TIMES_ROWS:g} times as long", grown, TIMES_ROWS),
        *(f"{_deep(results)} ({size:,} sessions)" for size, results in zip(sizes, (small, large), strict=True)),
    ]
    return "\n".join([*lines, "", *(f"- {line}" for line in found)]) + "\n"


def ratios(ours: Sequence[Measured], theirs: Sequence[Measured]) -> list[float]:
    """How many times their requests a second ours are, round by round."""
    return [mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def _goals(results: Results) -> Iterator[str]:
    for name, least in GOALS.items():
        found = {query: values for query, values in _ratios_to(name, results).items() if query in PAGES}
        yield _least(f"at least {least:g} times {name}'s requests/s on pages", found, least)
    yield _least("never below mercurius's requests/s", _ratios_to("mercurius", results), 1.0)
    shares = {
        query: [_ratio(mine.server_ms, bare.server_ms) for mine, bare in zip(rounds[OURS], rounds["bare"], strict=True)]
        for query, rounds in results.items()
        if "bare" in rounds
    }
    yield _most(f"server CPU at most {TIMES_BARE:g} times the bare endpoint's", shares, TIMES_BARE)
    yield _deep(results)


def _deep(results: Results) -> str:
    measured = Query.PAGE in results and Query.DEEP_PAGE in results
    found = {Query.DEEP_PAGE: ratios(results[Query.PAGE][OURS], results[Query.DEEP_PAGE][OURS])} if measured else {}
    return _most(f"a request takes at most {TIMES_PAGE_1:g} times page 1's", found, TIMES_PAGE_1)


def _losses(results: Results) -> Iterator[str]:
    others = dict.fromkeys(name for contenders in results.values() for name in contenders)
    for name in others:
        if name != OURS and name not in OURSELVES:
            for query, found in _ratios_to(name, results).items():
                if median(found) < 1:
                    yield f"{name} wins {query}: Roomkey's requests/s ÷ its are {spread(found)}."


def _ratios_to(name: str, results: Results) -> dict[Query, list[float]]:
    return {query: ratios(rounds[OURS], rounds[name]) for query, rounds in results.items() if name in rounds}


def _least(goal: str, found: Mapping[Query, Sequence[float]], limit: float) -> str:
    return _verdict(goal, found, min, lambda middle: middle >= limit)


def _most(goal: str, found: Mapping[Query, Sequence[float]], limit: float) -> str:
    return _verdict(goal, found, max, lambda middle: middle <= limit)


def _verdict(
    goal: str,
    found: Mapping[Query, Sequence[float]],
    worst_of: Callable[[Iterable[tuple[float, Query]]], tuple[float, Query]],
    holds: Callable[[float], bool],
) -> str:
    if not found:
        return f"Not measured: {goal}."
    middle, worst = worst_of((median(values), query) for query, values in found.items())
    return f"{'Holds' if holds(middle) else 'MISSED'}: {goal}. Worst: {worst}, {spread(found[worst])}."


def _ratio(ours: float | None, theirs: float | None) -> float:
    return ours / theirs if ours is not None and theirs else float("nan")


def _figures(rounds: Sequence[Measured]) -> str:
    def middle(values: Sequence[float | None], digits: int) -> str:
        known = [value for value in values if value is not None]
        return f"{median(known):,.{digits}f}" if known else "–"

    rates, *others = zip(*rounds, strict=True)
    return " | ".join([middle(rates, 0), *(middle(values, 2) for values in others)])
