"""`python -m bench.faults [ROW …]`: show every promise in `promises.py`, and end with a table of all rows.

A row is shown by tests, by a script, or by both. It holds if all of them succeed.
"""

import asyncio
import re
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from bench.faults.promises import PROMISES, Outcome, Promise

ROOT = Path(__file__).parents[2]


def main(rows: list[str]) -> None:
    unknown = set(rows) - {promise.row for promise in PROMISES}
    if unknown:
        sys.exit(f"There are no rows {', '.join(sorted(unknown))} in bench/faults/promises.py.")
    chosen = [promise for promise in PROMISES if not rows or promise.row in rows]
    outcomes = []
    for promise in chosen:
        started = time.monotonic()
        outcomes.append(outcome := _show(promise))
        print(f"{_line(promise, outcome)}   [{time.monotonic() - started:.0f} s]", flush=True)
    print("\nAll rows:\n")
    for promise, outcome in zip(chosen, outcomes, strict=True):
        print(_line(promise, outcome))
    sys.exit(not all(outcome.holds for outcome in outcomes))


def _line(promise: Promise, outcome: Outcome) -> str:
    return f"{promise.row:>3}  {'holds' if outcome.holds else 'FAILS'}  {promise.text}: {outcome.figure}"


def _show(promise: Promise) -> Outcome:
    outcomes = [_test(promise.tests)] if promise.tests else []
    outcomes += [_run(script) for script in promise.scripts]
    if not outcomes:
        return Outcome(False, "nothing shows it yet")
    return Outcome(all(each.holds for each in outcomes), "; ".join(each.figure for each in outcomes))


def _test(tests: tuple[str, ...]) -> Outcome:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *(f"tests/{test}" for test in tests)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ended.returncode:
        print(ended.stdout, ended.stderr, file=sys.stderr)
    counts = re.findall(r"\d+ (?:passed|failed|errors?|skipped)", ended.stdout.splitlines()[-1] if ended.stdout else "")
    return Outcome(ended.returncode == 0, f"tests: {', '.join(counts) or 'none ran'}")


def _run(script: str) -> Outcome:
    module, function = script.split(":")
    try:
        return asyncio.run(getattr(import_module(f"bench.faults.{module}"), function)())
    except Exception as error:
        return Outcome(False, f"{script} ended with {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
