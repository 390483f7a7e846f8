"""Schemathesis against a running server: `python -m tests.e2e.fuzz --seconds 600`.

It makes up operations from the schema. None may be answered with an error of the server's, nor with an answer that
breaks the schema; what the server logged meanwhile is looked through as well.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import httpx

from tests.support.commands import Serving, serving

SCHEMATHESIS = Path(sys.executable).parent / "st"
CHECKS = ("not_a_server_error", "response_schema_conformance", "the_answer_has_the_shape_of_its_document")

SOME_IDS = """{
    sessions(first: 20) { nodes { id customer { id } orders { id } } }
    store { id }
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder, "--demo") as served:
            failed = run(served, seconds)
        return failed or look_through((folder / "serve.log").read_text())


def run(served: Serving, seconds: int) -> int:
    authorization = f"Bearer {served.key}"
    command = [
        str(SCHEMATHESIS),
        *("run", f"{served.url}/graphql"),
        *("--header", f"Authorization: {authorization}"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", "fuzzing"),
        *("--max-time", str(seconds)),
        *("--workers", "2"),
        "--continue-on-failure",
    ]
    environment = {"SCHEMATHESIS_HOOKS": "tests.e2e.fuzz.hooks", "FUZZ_IDS": " ".join(ids(served.url, authorization))}
    return subprocess.run(command, env=os.environ | environment, timeout=seconds * 2 + 120).returncode


def ids(url: str, authorization: str) -> list[str]:
    """IDs of things that the demo store has."""
    answer = httpx.post(f"{url}/graphql", json={"query": SOME_IDS}, headers={"Authorization": authorization}).json()
    found = [answer["data"]["store"]["id"]]
    for session in answer["data"]["sessions"]["nodes"]:
        found += [session["id"], session["customer"]["id"], *(order["id"] for order in session["orders"])]
    return found


def look_through(log: str) -> int:
    """1 if the log tells of an error."""
    lines = [json.loads(line) if line.startswith("{") else {"level": line} for line in log.splitlines()]
    codes = Counter(code for line in lines for code in line.get("codes", ()))
    statuses = Counter(line["status"] for line in lines if "status" in line)
    print(f"{statuses.total()} requests by status: {dict(statuses)}; error codes: {dict(codes)}")
    # Schemathesis tries out at first what the server makes of a broken request.
    errors = [
        line for line in lines if line["level"] not in ("debug", "info") and line.get("logger") != "uvicorn.error"
    ]
    for line in errors[:10]:
        print(line)
    return 1 if errors or codes["INTERNAL_SERVER_ERROR"] else 0


if __name__ == "__main__":
    sys.exit(main())
