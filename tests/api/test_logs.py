"""The request log: one line for each request, without data of clients."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import httpx
import pytest

from api.logs import StreamWriter, describe
from tests.conftest import ROOT, client_of, settings_for
from tests.support.commands import eventually
from tests.support.disks import CannotMount, fill_up, small_disk
from tests.support.logs import Log
from tests.support.persisted_documents import JOIN, SLUG, AppClient, apollo, new_client, sha256
from tests.support.shop import Shop, code_of, path_of

MINE = "query Mine($id: ID!) { store { slug } session(id: $id) { id } }"

# The first and the last members of every line.
START = ["time", "pid", "level", "request", "method", "route"]
END = ["status", "ms", "statements"]


def facts(line: dict[str, Any]) -> dict[str, Any]:
    """The members of a line that depend on the request. Checks the others."""
    assert (list(line)[: len(START)], list(line)[-len(END) :]) == (START, END)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert isinstance(line["pid"], int)
    assert isinstance(line["ms"], float)
    assert 0 < line["ms"] < 10_000
    assert line["address"].startswith("2001:db8:")  # see tests/support/addresses.py
    assert len(json.dumps(line)) < 1024
    return {name: value for name, value in line.items() if name not in ("time", "pid", "request", "address", "ms")}


async def test_a_request_has_one_line(shop: Shop, log: Log) -> None:
    response = await shop.post(MINE, id="session_x")
    cost = response.json()["extensions"]["cost"]["requested"]
    app_id, api_key_id = await shop.app_id(), await shop.api_key_id()
    line = await log.line_of(response)
    assert facts(line) == {
        "level": "info",
        "method": "POST",
        "route": "/graphql",
        "store": shop.slug,
        "app": app_id,
        "key": api_key_id,
        "document": f"sha256:{sha256(MINE)}",
        "published": False,
        "cost": cost,
        "operation": "Mine",
        "codes": ["BAD_USER_INPUT"],
        "status": 200,
        "statements": 5,  # the credential, the document, the rate limit for the new document and the query, the store
    }
    assert line["request"] == response.headers["x-request-id"]


@pytest.mark.parametrize("way", ["id", "path", "text"])
async def test_the_line_names_a_published_document(shop: Shop, log: Log, way: str) -> None:
    client = await new_client(shop)
    await client.publish(SLUG, **{"of-our.own": "{ store { id } }"})
    for id, body, operation in ((f"sha256:{sha256(SLUG)}", SLUG, "Slug"), ("of-our.own", "{ store { id } }", None)):
        if way == "path":
            response = await client.send({}, "GET", f"/graphql/{id}")
        else:
            response = await client.send({"documentId": id} if way == "id" else {"query": body}, "GET")
        line = facts(await log.line_of(response))
        assert (line["document"], line["published"], line.get("operation")) == (id, True, operation)
        assert line["route"] == ("/graphql/{document_id}" if way == "path" else "/graphql")
        assert (line["app"], line["codes"], line["status"]) == (client.app_id, [], 200)


async def test_the_line_names_a_registered_document_and_no_unknown_one(shop: Shop, log: Log) -> None:
    client = await new_client(shop)
    hash = sha256(SLUG)
    for parameters, document in (
        (apollo(hash), None),
        ({"query": SLUG, **apollo(hash.replace("a", "b"))}, None),
        ({"query": SLUG, **apollo(hash)}, f"sha256:{hash}"),
        ({"id": hash.upper()}, f"sha256:{hash}"),
        ({"id": "CANARY"}, None),
        ({"query": SLUG, "id": hash}, None),
    ):
        line = facts(await log.line_of(await client.send(parameters)))
        assert line.get("document") == document
        assert line.get("published") == (False if document else None)
        assert ("operation" in line) == (document is not None)
    assert "CANARY" not in log.text


async def test_the_line_of_a_refused_request_has_its_error_code(shop: Shop, log: Log) -> None:
    headers = {**shop.headers, "Content-Type": "application/json"}
    unknown = headers | {"Authorization": "Bearer rk_CANARY"}
    body = json.dumps({"query": "{ CANARY }", "variables": {"a": "CANARY"}})
    int_page = "query ($a: Int!) { sessions(first: $a) { nodes { id } } }"
    several = "query CANARY { store { id } } query B { store { id } }"
    http = shop.http
    refusals: list[tuple[int, str, bool, httpx.Response]] = [
        (400, "GRAPHQL_PARSE_FAILED", True, await shop.post("{ CANARY")),
        (400, "GRAPHQL_VALIDATION_FAILED", True, await shop.post("{ CANARY }")),
        (400, "BAD_USER_INPUT", True, await shop.post(int_page, a="CANARY")),
        (400, "OPERATION_RESOLUTION_FAILURE", True, await shop.post(several)),
        (400, "BAD_REQUEST", False, await http.post("/graphql", content=b'{"CANARY', headers=headers)),
        (415, "BAD_REQUEST", False, await http.post("/graphql", content=body)),
        (413, "BAD_REQUEST", False, await http.post("/graphql", content=body + " " * 70_000, headers=headers)),
        (406, "BAD_REQUEST", False, await http.get("/graphql?query={a}", headers={"Accept": "text/CANARY"})),
        (401, "UNAUTHENTICATED", False, await http.post("/graphql", content=body, headers=unknown)),
        (405, "BAD_REQUEST", False, await http.put("/graphql", content=body, headers=headers)),
    ]
    for status, code, is_known, response in refusals:
        line = facts(await log.line_of(response))
        assert (line["status"], line["codes"]) == (status, [code])
        assert ("store" in line, "app" in line) == (is_known, is_known)
        assert "operation" not in line or code == "BAD_USER_INPUT"
    assert "CANARY" not in log.text


async def test_paths_are_logged_as_patterns(shop: Shop, log: Log) -> None:
    session = await shop.create()
    for path, route, status in (
        (path_of(session), "/s/{slug}/{code}", 303),
        (f"/s/{shop.slug}/{code_of(session)[:-1]}0CANARY", "/s/{slug}/{code}", 404),
        (f"/s/{code_of(session)}", None, 404),
        ("/CANARY?token=CANARY", None, 404),
        ("/graphql/CANARY", "/graphql/{document_id}", 401),
        (f"/?token={code_of(session)}", "/", 200),
    ):
        response = await shop.http.get(path)
        line = facts(await log.line_of(response))
        assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
        assert response.status_code == status
    assert "CANARY" not in log.text
    assert code_of(session) not in log.text


async def test_the_line_of_a_genuine_link_names_its_session(shop: Shop, log: Log) -> None:
    session = await shop.create()
    await shop.change("revokeToken", sessionId=session["id"])
    assert facts(await log.line_of(await shop.http.get(path_of(session)))) == {
        **{"level": "info", "method": "GET", "route": "/s/{slug}/{code}", "store": shop.slug},
        **{"session": session["id"], "status": 410, "statements": 2},
    }


async def test_the_line_of_a_mutation_has_the_codes_of_its_user_errors(shop: Shop, log: Log) -> None:
    session = await shop.create()
    await shop.change("revokeToken", sessionId=session["id"])
    response = await shop.post(JOIN, token=code_of(session))
    assert response.json()["data"]["joinSession"]["userErrors"] == [{"code": "TOKEN_REVOKED"}]
    line = facts(await log.line_of(response))
    assert (line["refusals"], line["codes"], line["status"]) == (["TOKEN_REVOKED"], [], 200)
    assert code_of(session) not in log.text


async def test_the_health_check_is_logged_at_debug(http: httpx.AsyncClient, log: Log) -> None:
    line = facts(await log.line_of(await http.get("/health/ready")))
    assert line == {"level": "debug", "method": "GET", "route": "/health/ready", "status": 200, "statements": 1}


@pytest.mark.parametrize(
    "id", ["12345678", "a" * 64, "req_01H-x.Y", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]
)
async def test_a_valid_request_id_is_used(http: httpx.AsyncClient, log: Log, id: str) -> None:
    for path in ("/graphql?query={__typename}", "/nothing", "/s/a/b"):
        response = await http.get(path, headers={"X-Request-Id": id})
        assert response.headers["x-request-id"] == id
    assert [line["request"] for line in log.lines if "status" in line] == [id] * 3


@pytest.mark.parametrize(
    "id", ["", "1234567", "a" * 65, "12345678 9", "1234567é", "12345678\t9", 'a"b,c{}d', "CANARY(CANARY)"]
)
async def test_a_malformed_request_id_is_replaced(http: httpx.AsyncClient, log: Log, id: str) -> None:
    response = await http.get("/graphql?query={__typename}", headers={"X-Request-Id": id.encode()})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])
    await log.line_of(response)
    assert "CANARY" not in log.text


async def test_every_response_has_a_request_id(shop: Shop, http: httpx.AsyncClient) -> None:
    client = await new_client(shop)
    await client.publish(SLUG)
    hit = await client.get(sha256(SLUG))
    session = await shop.create()
    preflight = {"Origin": "https://spa.example", "Access-Control-Request-Method": "POST"}
    answers = [
        hit,
        await client.get(sha256(SLUG), **{"If-None-Match": hit.headers["etag"]}),
        await http.get("/graphql", headers={"Accept": "text/html"}),
        await http.get(path_of(session)),
        await http.head(path_of(session)),
        await http.options("/graphql", headers=preflight),
        await http.get("/health/ready"),
        await http.put("/graphql"),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 200, 303, 200, 200, 200, 405]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(answers)
    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)


@pytest.fixture
async def batching(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(settings_for(database_url, batch_limit=100)) as http:
        yield http


async def test_a_batch_has_one_line_with_its_total_cost(shop: Shop, log: Log, batching: httpx.AsyncClient) -> None:
    there = replace(await new_client(shop), shop=replace(shop, http=batching))
    queries = (SLUG, "{ no }", "query Last { apps { nodes { id } } }")
    response = await there.send([{"query": query} for query in queries])
    line = facts(await log.line_of(response))
    assert line["batch"] == 3
    assert line["cost"] == sum(answer["extensions"]["cost"]["requested"] for answer in response.json())
    assert line["codes"] == ["FORBIDDEN", "GRAPHQL_VALIDATION_FAILED"]
    assert (line["operation"], line["status"]) == ("Last", 200)


async def test_the_largest_requests_have_a_short_line(shop: Shop, log: Log, batching: httpx.AsyncClient) -> None:
    """`facts` checks the length of each line."""
    client = replace(await new_client(shop), shop=replace(shop, http=batching))
    id, name = "d" * 128, "N" * 60_000
    document = f"query {'M' * 2000} {{ store {{ slug }} apps {{ nodes {{ id }} }} }}"
    await AppClient(shop, client.app_id).publish(**{id: document})
    failing = " ".join(f"a{number}: apps {{ nodes {{ id }} }}" for number in range(10))
    invalid = " ".join(f"no{number}" for number in range(3000))
    queries = [
        "{ apps { nodes { id } } }",
        "{",
        "{ no }",
        "query ($a: Int!) { __typename }",
        f"query {'N' * 200} {SLUG}",
    ]
    answers = [
        await client.send({"id": id}, "GET", headers={"X-Request-Id": "r" * 64}),
        await client.send({"query": f"query {name} {{ {failing} }}"}),
        await client.send({"query": f"{{ {invalid} }}"}),
        await client.send({"query": f"query {name} {{ store {{ slug }} }}", "operationName": name}),
        await client.send([{"query": query} for query in queries * 20]),
        await client.send({"query": "{ __typename }"}, headers={"User-Agent": "u" * 8000, "Authorization": "x" * 8000}),
    ]
    for answer in answers:
        line = facts(await log.line_of(answer))
        assert len(line.get("operation") or "") <= 100
        assert len(line["codes"]) == len(set(line["codes"]))
    assert facts(await log.line_of(answers[0]))["document"] == id
    assert facts(await log.line_of(answers[1]))["operation"] == "N" * 100


STRAY = """
import sys, warnings
from api.logs import configure
configure(sys.argv[1])
class Failing:
    def __del__(self):
        raise ValueError("CAN" + "ARY")
async def never_awaited(): ...
Failing()
never_awaited()
warnings.warn("told", RuntimeWarning)
"""


@pytest.mark.parametrize(("level", "messages"), [("info", ["told"]), ("debug", ["unraisable", "told"])])
def test_warnings_and_unraisable_exceptions_of_python_are_logged_as_json(level: str, messages: list[str]) -> None:
    command = [sys.executable, "-c", STRAY, level]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    lines = [json.loads(line) for line in said.splitlines()]
    assert [message in line["message"] for message, line in zip(messages, lines, strict=True)] == [True] * len(messages)
    assert "CANARY" not in said


def test_the_cause_of_an_exception_is_logged_without_messages() -> None:
    secret = "CAN" + "ARY"
    try:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise RuntimeError(secret) from error
    except RuntimeError as error:
        entry = describe(error)
    assert (entry["error"], entry["cause"]["error"]) == ("RuntimeError", "KeyError")
    assert "raise KeyError" in str(entry["cause"]["at"])
    assert secret not in str(entry)


DROPPED = "{} log lines were dropped because the log could not be written, or was not read fast enough"


def record(message: str) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": "INFO", "msg": message})


def lose(handler: StreamWriter, count: int) -> None:
    """Log lines, and wait until the handler has failed to write them."""
    before = handler._lost
    for _ in range(count):
        handler.emit(record("lost"))
    assert eventually(lambda: handler._lost == before + count, 5)


def test_a_stalled_reader_does_not_block_and_dropped_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.logs.QUEUE_LINES", 100)
    reader, writer = os.pipe()
    handler = StreamWriter(os.fdopen(writer, "w"))
    line = record("x" * 1_000)
    started = monotonic()
    for _ in range(2_000):  # the pipe holds 64 KiB
        handler.emit(line)
    assert monotonic() - started < 5
    with os.fdopen(reader) as stream:
        messages = []
        while not (messages and "dropped" in messages[-1]):
            messages.append(json.loads(stream.readline())["message"])
        handler.emit(line)
        handler.close()
        messages.append(json.loads(stream.readline())["message"])
    *lines, dropped, last = messages
    assert set(lines) == {last} == {"x" * 1_000}
    assert len(lines) >= 100
    count = 2_000 - len(lines)
    assert dropped == DROPPED.format(count)


def test_lines_of_several_workers_are_not_mixed() -> None:
    """Although the pipe is full, so that it takes the lines in parts."""
    reader, writer = os.pipe()
    handlers = [StreamWriter(os.fdopen(os.dup(writer), "w")) for _ in range(3)]
    os.close(writer)
    for number in range(5_000):
        handlers[number % 3].emit(record("x" * (100 + number % 700)))
    closing = [Thread(target=handler.close) for handler in handlers]
    for thread in closing:
        thread.start()
    with os.fdopen(reader) as stream:
        messages = [json.loads(stream.readline())["message"] for _ in range(5_000)]
    for thread in closing:
        thread.join()
    assert {len(message) for message in messages} == {*range(100, 800)}


def test_the_log_goes_on_after_its_disk_was_full(tmp_path: Path) -> None:
    with open("/dev/full", "w") as stream, open(tmp_path / "log", "w") as file:
        handler = StreamWriter(stream)
        lose(handler, 3)
        lose(handler, 4)
        os.dup2(file.fileno(), stream.fileno())
        handler.emit(record("kept"))
        handler.close()
    messages = [json.loads(line)["message"] for line in (tmp_path / "log").read_text().splitlines()]
    # The number of lost lines can be written before this line.
    assert sorted(messages) == [DROPPED.format(7), "kept"]


def test_a_line_that_was_written_in_part_ends_before_the_next_one(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "disk", 1) as disk:
            with open(disk / "log", "w") as stream:
                fill_up(disk / "filler")
                handler = StreamWriter(stream)
                os.truncate(disk / "filler", (disk / "filler").stat().st_size - 4096)
                handler.emit(record("x" * 5_000))
                assert eventually(lambda: (disk / "log").stat().st_size == 4096, 5)
                (disk / "filler").unlink()
                handler.emit(record("kept"))
                handler.close()
            torn, *lines = (disk / "log").read_text().splitlines()
    except CannotMount as error:
        pytest.skip(str(error))
    assert (len(torn), torn[-1]) == (4096, "x")
    assert sorted(json.loads(line)["message"] for line in lines) == [DROPPED.format(1), "kept"]


def test_the_log_goes_on_when_its_reader_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(path, "w") as stream:
        handler = StreamWriter(stream)
        os.close(reader)
        lose(handler, 2)
        again = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # noqa: SIM115
        handler.emit(record("kept"))
        handler.close()
    with again:
        messages = [json.loads(line)["message"] for line in again]
    assert sorted(messages) == [DROPPED.format(2), "kept"]


def test_a_reader_that_is_gone_is_ignored() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        handler = StreamWriter(stream)
        os.close(reader)
        handler.emit(record("lost"))
        handler.close()
        assert not handler._thread.is_alive()
