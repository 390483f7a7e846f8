"""A model agrees with the sessions of a store after each of many random operations."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT

from bench.faults.promises import Outcome

STEPS = 10_000
TEST = "tests/schema/test_state_machine.py"


async def a_model_agrees() -> Outcome:
    environment = os.environ | {"MODEL_STEPS": str(2 * STEPS)}  # an approximate number
    command = (sys.executable, "-m", "pytest", "-q", "-s", "--no-header", TEST)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=STDOUT)
    output = (await process.communicate())[0].decode()
    steps = re.search(r"(\d+) steps agree", output)
    if process.returncode or not steps or int(steps[1]) < STEPS:
        print(output, file=sys.stderr)
        return Outcome(False, f"{TEST} fails, or has too few steps: {steps[1] if steps else 0}")
    return Outcome(True, f"{int(steps[1]):,} random steps, 0 differences")
