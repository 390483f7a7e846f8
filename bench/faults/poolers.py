"""The whole suite through PgBouncer in transaction mode: a version before 1.21, and one since.

PGBOUNCER names the programs, separated by colons. By default, it is the one on the PATH.
"""

import asyncio
import re

from bench.faults.promises import Outcome
from tests.e2e.pgbouncer import run_suite
from tests.support.pgbouncer import PROGRAMS, version

# The first version that supports named prepared statements in transaction mode.
NAMED_STATEMENTS = (1, 21)


async def suite() -> Outcome:
    figures, versions, holds = [], [], True
    for program in PROGRAMS:
        number = version(program)
        versions.append(tuple(map(int, number.split(".")[:2])))
        ended = await asyncio.to_thread(run_suite, program, [], capture=True)
        counts = re.findall(r"\d+ (?:passed|failed|errors?|skipped)", ended.stdout.splitlines()[-1])
        figures.append(f"{number}: {', '.join(counts)}")
        holds = holds and ended.returncode == 0
    if len({each >= NAMED_STATEMENTS for each in versions}) < 2:
        holds = False
        figures.append("needs a version before 1.21 and one since in PGBOUNCER, separated by a colon")
    return Outcome(holds, f"suite through PgBouncer {'; '.join(figures)}")
