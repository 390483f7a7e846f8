"""Send generated requests to a running server: `python -m tests.e2e.fuzz --seconds 600`.

Half of them are valid operations of the schema, mutations included; the others are hostile documents. The server may
answer none with an internal error, and may log no error.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import randrange
from time import monotonic
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings

from schema.root import GRAPHQL_SCHEMA
from tests.engine.compiled.operations import Request, operations
from tests.engine.compiled.test_agreement_on_sessions import EVERYTHING, found_in
from tests.support.commands import Serving, serving
from tests.support.hostile_documents import hostile_requests

ROUND = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder, "--demo") as served:
            send_requests(served, seconds)
        return check_log((folder / "serve.log").read_text())


def send_requests(served: Serving, seconds: int) -> None:
    """Send requests for so long. Raises AssertionError at an internal error."""
    headers = {"Authorization": f"Bearer {served.key}"}
    with httpx.Client(base_url=served.url, headers=headers, timeout=60) as client:

        def post(request: dict[str, Any]) -> Any:
            response = client.post("/graphql", json=request)
            answer = response.json()
            codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
            assert response.status_code < 500, (request, answer)
            assert "INTERNAL_SERVER_ERROR" not in codes, (request, answer)
            return answer.get("data")

        @settings(max_examples=ROUND, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
        @given(operations(GRAPHQL_SCHEMA, *found_in(post({"query": EVERYTHING}))))
        def send_operations(request: Request) -> None:
            for variables in request.variables:
                name = request.operation_name
                post({"query": request.document, "operationName": name, "variables": variables})

        end = monotonic() + seconds
        while monotonic() < end:
            send_operations()
            for hostile in hostile_requests(ROUND, seed=randrange(2**32)):
                post(hostile.request)


def check_log(log: str) -> int:
    """1 if the log has an error."""
    lines = [json.loads(line) if line.startswith("{") else {"level": line} for line in log.splitlines()]
    codes = Counter(code for line in lines for code in line.get("codes", ()))
    statuses = Counter(line["status"] for line in lines if "status" in line)
    print(f"{statuses.total()} requests by status: {dict(statuses)}; error codes: {dict(codes)}")
    errors = [line for line in lines if line["level"] not in ("debug", "info")]
    for line in errors[:10]:
        print(line)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
