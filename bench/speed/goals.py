"""The goals, and whether the results reach them."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Literal, NamedTuple

from bench.speed.queries import Query

OURS = "roomkey"
# Contenders that are not other servers.
REFERENCES = ("bare", "bare-planned", "floor", "hello", "pgbench")


class Measured(NamedTuple):
    """One turn of a contender. The CPU milliseconds are those of one request, or None where they are unknown."""

    rate: float
    p50_ms: float
    p99_ms: float
    server_ms: float | None
    postgres_ms: float | None


# By query and contender, the turns in the order of the rounds.
Results = Mapping[Query, Mapping[str, Sequence[Measured]]]
Figure = Literal["rate", "server_ms", "postgres_ms"]


class Goal(NamedTuple):
    """For each query, a limit on a figure of Roomkey divided by the same figure of another contender."""

    text: str
    peer: str
    figure: Figure
    limits: Mapping[Query, float]
    at_least: bool = False


RATES = [
    Goal(
        "1, at least 2.5 times postgraphile-tuned's requests/s on page, deep_page and detail, 1.5 times on the others",
        "postgraphile-tuned",
        "rate",
        dict.fromkeys(Query, 1.5) | dict.fromkeys((Query.PAGE, Query.DEEP_PAGE, Query.DETAIL), 2.5),
        at_least=True,
    ),
    Goal(
        "2, at least mercurius's requests/s on lists, 1.4 times on page and deep_page, 0.8 on detail, 0.75 on order",
        "mercurius",
        "rate",
        dict.fromkeys(Query, 1.0)
        | dict.fromkeys((Query.PAGE, Query.DEEP_PAGE), 1.4)
        | {Query.DETAIL: 0.8, Query.ORDER: 0.75},
        at_least=True,
    ),
]
SERVER = [
    Goal("3, at most 2 times the floor's server CPU on detail", "floor", "server_ms", {Query.DETAIL: 2.0}),
    Goal(
        "3, at most 1.2 times bare's server CPU on the others",
        "bare",
        "server_ms",
        {query: 1.2 for query in Query if query is not Query.DETAIL},
    ),
]
POSTGRES = [
    Goal(
        "4, at most 1.15 times mercurius's Postgres CPU on pages by a frequent name",
        "mercurius",
        "postgres_ms",
        {Query.PAGE_BY_NAME: 1.15, Query.LARGE_PAGE: 1.15},
    ),
    Goal(
        "4, at most 1.3 times bare-planned's Postgres CPU on pages by a rare or absent name",
        "bare-planned",
        "postgres_ms",
        {Query.PAGE_BY_RARE_NAME: 1.3, Query.PAGE_BY_ABSENT_NAME: 1.3},
    ),
]
TIMES_PAGE_1 = "5, a request for deep_page takes at most 1.5 times as long as one for page"
TIMES_ROWS = "5, with ten times the sessions, a request takes at most 2 times as long"


def verdicts(small: Results, large: Results) -> Iterator[str]:
    """Whether the results reach each goal. `large` has ten times the sessions of `small`, or is empty."""
    for goal in (*RATES, *SERVER):
        yield _verdict(goal.text, _found(goal, small), goal.limits, goal.at_least)
    for goal in POSTGRES:
        yield _verdict(goal.text, _found(goal, small), goal.limits)
        if large:
            yield _verdict(f"{goal.text}, ten times the sessions", _found(goal, large), goal.limits)
    yield _verdict(TIMES_PAGE_1, _deep(small), {Query.DEEP_PAGE: 1.5})
    if large:
        yield _verdict(f"{TIMES_PAGE_1}, ten times the sessions", _deep(large), {Query.DEEP_PAGE: 1.5})
    grown = {query: ratios(small[query][OURS], large[query][OURS], "rate") for query in small if query in large}
    yield _verdict(TIMES_ROWS, grown, dict.fromkeys(Query, 2.0))


def losses(results: Results) -> Iterator[str]:
    """The queries that another server executes faster."""
    others = dict.fromkeys(name for contenders in results.values() for name in contenders)
    for name in others:
        if not name.startswith(OURS) and name not in REFERENCES:
            for query, contenders in results.items():
                if name in contenders:
                    found = ratios(contenders[OURS], contenders[name], "rate")
                    if median(found) < 1:
                        yield f"{name} is faster on {query}: Roomkey's requests/s divided by its are {spread(found)}."


def ratios(ours: Sequence[Measured], theirs: Sequence[Measured], figure: Figure) -> list[float]:
    """Divide our figure by theirs, round by round. Rounds in which one of them is unknown are left out."""
    pairs = [(getattr(mine, figure), getattr(other, figure)) for mine, other in zip(ours, theirs, strict=True)]
    return [mine / other for mine, other in pairs if mine is not None and other]


def spread(values: Sequence[float]) -> str:
    """The median, and the least and the greatest value."""
    return f"{median(values):.2f} ({min(values):.2f}..{max(values):.2f})" if values else "–"


def _found(goal: Goal, results: Results) -> dict[Query, list[float]]:
    return {
        query: ratios(contenders[OURS], contenders[goal.peer], goal.figure)
        for query, contenders in results.items()
        if query in goal.limits and goal.peer in contenders
    }


def _deep(results: Results) -> dict[Query, list[float]]:
    if Query.PAGE not in results or Query.DEEP_PAGE not in results:
        return {}
    return {Query.DEEP_PAGE: ratios(results[Query.PAGE][OURS], results[Query.DEEP_PAGE][OURS], "rate")}


def _verdict(
    text: str, found: Mapping[Query, Sequence[float]], limits: Mapping[Query, float], at_least: bool = False
) -> str:
    """The verdict on all queries, with those that miss the goal, or else the one that is nearest to its limit."""
    # The used part of each query's limit. Above 1, the query misses the goal.
    used = {
        query: limits[query] / median(values) if at_least else median(values) / limits[query]
        for query, values in found.items()
        if values
    }
    if not used:
        return f"Goal {text}: not measured."
    missed = [query for query in used if used[query] > 1]
    worst = missed or [max(used, key=lambda query: used[query])]
    shown = ", ".join(f"{query} {spread(found[query])}" for query in worst)
    return f"Goal {text}: {'MISSED by' if missed else 'holds. Nearest to the limit:'} {shown}."
