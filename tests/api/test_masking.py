"""Internal errors: the client gets a request ID, the log gets the error, and neither gets data of the request."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from db.api_keys import generate_api_key
from tests.conftest import pool, settings_for, shop_at
from tests.support import commands
from tests.support.logs import Log
from tests.support.shop import Shop, open_shop, path_of

MASKED = "An internal error occurred. Quote the request ID when you report it."


async def masked(shop: Shop, log: Log, query: str, **variables: Any) -> tuple[Any, dict[str, Any]]:
    """The data of the response, and the one logged error, which has the request ID."""
    response = await shop.post(query, **variables)
    answer = response.json()
    [error] = answer["errors"]
    assert (response.status_code, error["message"]) == (200, MASKED)
    id = response.headers["x-request-id"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": id}
    [line] = log.errors
    assert list(line) == ["time", "pid", "level", "request", "message", "where", "error", "at"]
    assert (line["request"], line["message"]) == (id, "unforeseen")
    return answer["data"], line


async def test_an_internal_error_is_masked_and_logged_without_data_of_the_request(
    own_database_url: str, connection: "asyncpg.Connection[Any]", log: Log
) -> None:
    async with shop_at(settings_for(own_database_url)) as shop:
        session = await shop.create()
        id = session["customer"]["id"]
        await connection.execute("alter table customer rename to client")
        query = 'query Q($id: ID!) { store { slug } CANARY: customer(id: $id) { id } order(number: "CANARY-1") { id } }'
        data, line = await masked(shop, log, query, id=id, unused="CANARY-2")
        assert data == {"store": {"slug": shop.slug}, "CANARY": None, "order": None}
        assert (line["where"], line["error"]) == ("customer", "UndefinedTableError 42P01")
        assert any("in get_customers" in frame for frame in line["at"])
        for sent in (id, "CANARY", "query Q", shop.key):
            assert sent not in log.text
        await connection.execute("alter table client rename to customer")
        assert (await shop.ask("query ($id: ID!) { customer(id: $id) { id } }", id=id)) == {"customer": {"id": id}}


async def test_an_error_of_postgres_is_logged_without_the_row_that_it_quotes(
    own_database_url: str, connection: "asyncpg.Connection[Any]", log: Log
) -> None:
    async with shop_at(settings_for(own_database_url)) as shop:
        await connection.execute("alter table customer add check (name <> 'CANARY')")
        mutation = "mutation ($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }"
        data, line = await masked(shop, log, mutation, input={"customer": {"details": {"name": "CANARY"}}})
        assert data is None
        assert (line["where"], line["error"]) == ("createSession", "CheckViolationError 23514")
        assert "CANARY" not in log.text
        answer = await shop.ask("{ sessionStats { total } customers { nodes { id } } }")
        assert answer == {"sessionStats": {"total": 0}, "customers": {"nodes": []}}


async def test_an_internal_error_outside_of_an_operation_is_masked_and_logged_alike(
    own_database_url: str, connection: "asyncpg.Connection[Any]", tmp_path: Path
) -> None:
    keys = f"k:{b64encode(b'k' * 32).decode()}"
    with commands.serving(tmp_path, DATABASE_URL=own_database_url, TOKEN_KEYS=keys) as served:
        async with pool(own_database_url) as db, httpx.AsyncClient(base_url=served.url) as http:
            shop = await open_shop(db, http)
            session = await shop.create()
            await connection.execute("alter table session_event add constraint canary check (kind <> 'OPENED')")
            link = await http.get(path_of(session))
            await connection.execute("alter table api_key rename to canary")
            key = {"Authorization": f"Bearer {generate_api_key()}"}
            unknown = await shop.http.post("/graphql", json={"query": "{ store { slug } }"}, headers=key)
    assert (link.status_code, link.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert link.headers["cache-control"] == "no-store"
    assert "<h1>Something went wrong</h1>" in link.text
    [error] = unknown.json()["errors"]
    assert (unknown.status_code, list(unknown.json())) == (500, ["errors"])
    assert (error["message"], error["extensions"]["code"]) == (MASKED, "INTERNAL_SERVER_ERROR")
    log = (tmp_path / "serve.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    first, second = [line for line in lines if line["level"] == "error"]
    assert (first["request"], first["where"]) == (link.headers["x-request-id"], "s")
    assert first["error"] == "CheckViolationError 23514"
    assert (second["request"], second["where"]) == (error["extensions"]["requestId"], "graphql")
    assert second["error"] == "UndefinedTableError 42P01"
    for sent in ("canary", path_of(session).rpartition("/")[2], "Traceback"):
        assert sent not in log.replace("CANARY", "canary")
