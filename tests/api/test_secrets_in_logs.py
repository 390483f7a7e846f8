"""No log contains a token, a key, or data or documents of clients, at any log level."""

import asyncio
import json
import signal
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

import embedded
from db.api_keys import generate_api_key
from tests.conftest import ROOT, pool
from tests.support import commands
from tests.support.addresses import FromManyAddresses
from tests.support.identity_provider import Issuer, Key, open_issuer
from tests.support.persisted_documents import JOIN, SLUG, apollo, new_client, sha256
from tests.support.shop import Shop, code_of, new_app, open_shop, path_of

# A module that Python imports as it starts: all loggers write all that they have, and none can be made quieter.
EVERYTHING = """
import logging
logging.root.setLevel(logging.DEBUG)
logging.Logger.setLevel = lambda self, level: None
"""
# Postgres logs each statement three times, and what it does with it.
STATEMENTS = """
alter database roomkey set log_statement = 'all';
alter database roomkey set log_min_duration_statement = 0;
alter database roomkey set log_min_messages = debug2;
"""
WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

CANARY = "CANARY"
# Secrets of the operator.
PASSWORD = "the-PASSWORD-of-the-database"
SIGNING_KEY = b64encode(b"the CANARY that signs all links.").decode()
CONSOLE_KEY = generate_api_key()

CREATE = """mutation ($input: CreateSessionInput!) {
    createSession(input: $input) { session { id token { link } } userErrors { message } }
}"""
PERSON = {"name": "Ms CANARY", "phone": "+6281234567890", "email": "canary@shop.example", "externalId": "CANARY-1"}


@dataclass
class Driver:
    """A client that collects its secrets and the responses."""

    shop: Shop
    secrets: set[str] = field(
        default_factory=lambda: {*{CANARY, PERSON["phone"][3:], PERSON["email"]}, PASSWORD, SIGNING_KEY, CONSOLE_KEY}
    )
    credentials: set[str] = field(default_factory=lambda: {PASSWORD, SIGNING_KEY})
    """Keys, JWTs and tokens that no error response may quote, and secrets that no response may contain."""
    answers: list[httpx.Response] = field(default_factory=list)

    async def request(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"User-Agent": "CANARY/1", "Cookie": "a=CANARY", **options.pop("headers", {})}
        if key:
            headers["Authorization"] = f"Bearer {key}"
            self.secrets.add(key)
            self.credentials.add(key)
        response = await self.shop.http.request(method, path, headers=headers, **options)
        self.answers.append(response)
        return response

    async def post(self, query: str, key: str | None = None, **more: Any) -> Any:
        return (await self.request("POST", "/graphql", key or self.shop.key, json={"query": query, **more})).json()

    def codes(self, answer: Any) -> list[str]:
        return [error["extensions"]["code"] for error in answer["errors"]]


@asynccontextmanager
async def driver(served: commands.Serving, url: str) -> AsyncIterator[Driver]:
    transport = FromManyAddresses()  # more wrong keys are sent than are accepted from one
    async with pool(url) as db, httpx.AsyncClient(base_url=served.url, timeout=30, transport=transport) as http:
        yield Driver(await open_shop(db, http))


async def work(it: Driver) -> str:
    """Use sessions, links, keys and documents correctly. Returns the ID of a session."""
    person = {"customer": {"details": PERSON}, "roomId": "CANARY", "metadata": {"a": "CANARY"}, "orderNumber": "CANARY"}
    created = await it.post(CREATE, variables={"input": {**person, "idempotencyKey": "CANARY"}})
    session = created["data"]["createSession"]["session"]
    id, code, path = session["id"], code_of(session), path_of(session)
    it.secrets |= {code, session["token"]["link"]}
    it.credentials |= {code, session["token"]["link"]}
    for method in ("GET", "HEAD"):
        await it.request(method, path)
    await it.request("GET", path, headers={"User-Agent": "WhatsApp/2"})
    await it.request("GET", f"{path[:-1]}!")
    await it.request("GET", f"{path}?token={code}")
    await it.request("GET", f"/{code}")
    await it.request("GET", f"/?token={code}")
    for token in (code, session["token"]["link"], code[:-1], "CANARY"):
        await it.post(JOIN, variables={"token": token})
        await it.post(f'mutation {{ joinSession(input: {{token: "{token}"}}) {{ session {{ id }} }} }}')
    for text in ("CANARY", code):
        search = "query ($text: String) { sessions(filter: {search: $text}) { count { value } } }"
        await it.post(search, variables={"text": text})
        filter = f'{{customerName: {{contains: "{text}"}}}}'
        await it.post(f"# CANARY\n{{ CANARY: sessions(filter: {filter}) {{ nodes {{ id }} }} }}")
        await it.request("GET", "/graphql", it.shop.key, params={"query": f'{{ order(number: "{text}") {{ id }} }}'})
    reissue = "mutation ($id: ID!) { reissueToken(input: {sessionId: $id, minutes: 5}) { session { token { link } } } }"
    reissued = await it.post(reissue, variables={"id": id})
    it.secrets |= {code_of(reissued["data"]["reissueToken"]["session"])}
    await it.request("GET", path)
    create_app = 'mutation { createApp(input: {name: "CANARY", scopes: [ADMIN]}) { app { id } } }'
    app = (await it.post(create_app))["data"]["createApp"]["app"]
    create_key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"
    key = await it.post(create_key, variables={"input": {"appId": app["id"], "name": "CANARY"}})
    secret = key["data"]["createApiKey"]["secret"]
    assert (await it.post("{ viewer { name } }", key=secret))["data"] == {"viewer": {"name": "CANARY"}}
    client = await new_client(it.shop, "LOG")
    assert client.key
    manifest = {f"sha256:{sha256(SLUG)}": SLUG}
    publish = "mutation ($input: PublishDocumentsInput!) { publishDocuments(input: $input) { userErrors { message } } }"
    for documents in (manifest, {"CANARY": "{ CANARY }"}, {"CANARY": "{"}, {"CANARY CANARY": SLUG}, ["CANARY"]):
        await it.post(publish, variables={"input": {"appId": client.app_id, "manifest": documents}})
    text = "query Registered { store { slug name CANARY: id } }"
    for parameters in (
        {"id": sha256(SLUG)},
        apollo(sha256(text)),
        {"query": text, **apollo(sha256(SLUG))},
        {"query": text, **apollo(sha256(text))},
        apollo(sha256(text)),
        {"documentId": "CANARY"},
        {"doc_id": "CANARY", "id": "CANARY2"},
    ):
        await it.request("POST", "/graphql", client.key, json=parameters)
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        await it.request("GET", "/graphql", client.key, params=query)
    await it.request("POST", "/graphql/CANARY", client.key, json={"variables": {"CANARY": "CANARY"}})
    return str(id)


async def be_wrong(it: Driver) -> None:
    """Send requests that are refused, for every reason."""
    for query in (
        *('{ "CANARY', "{ CANARY }", "{ store { CANARY } }", '{ session(id: "CANARY") { id } }'),
        *('{ sessions(first: "CANARY") { nodes { id } } }', '{ order(number: "CANARY\\u0000") { id } }'),
        *("query ($CANARY: CANARY) { store { id } }", "subscription { CANARY }"),
        *("{ CANARY" * 5000, "{ " + "CANARY: store { id } " * 1000 + "}"),
    ):
        assert "errors" in await it.post(query, variables={"CANARY": "CANARY"})
    coerced = "query ($a: Int!, $b: [ID!]!) { sessions(first: $a) { nodes { id } } nodes(ids: $b) { id } }"
    for variables in ({}, {"a": "CANARY"}, {"a": 1, "b": ["CANARY", {"CANARY": "CANARY"}]}):
        assert set(it.codes(await it.post(coerced, variables=variables))) == {"BAD_USER_INPUT"}
    await it.post("query A { store { id } } query B { store { id } }", operationName="CANARY")
    await it.post(CREATE, variables={"input": {"customer": {"details": {"name": "CANARY" * 100, "email": "CANARY"}}}})
    await it.post(SLUG, variables="CANARY")
    bodies = ['{"query": "CANARY', '"CANARY"', '[{"query": "CANARY"}]', '{"query": {"CANARY": 1}}', "CANARY" * 20_000]
    for body in bodies:
        headers = {"Content-Type": "application/json"}
        response = await it.request("POST", "/graphql", it.shop.key, content=body, headers=headers)
        assert response.status_code in (400, 413)
    await it.request("POST", "/graphql", it.shop.key, content="CANARY", headers={"Content-Type": "text/CANARY"})
    await it.request("POST", "/graphql", it.shop.key, json={"query": SLUG}, headers={"Accept": "CANARY/CANARY"})
    await it.request("POST", "/graphql", it.shop.key, json={"query": SLUG}, headers={"X-Request-Id": "CANARY CANARY"})
    await it.request("GET", "/graphql", it.shop.key, params={"query": 'mutation { CANARY(a: "CANARY") }'})
    query = {"query": SLUG, "variables": "CANARY"}
    await it.request("GET", "/graphql", params=query, headers={"Origin": "https://CANARY"})
    for key in ("rk_CANARY", "CANARY", "CANARY.CANARY.CANARY", f"{it.shop.key}CANARY"):
        assert (await it.request("POST", "/graphql", key, json={"query": SLUG})).status_code == 401
    for header in ("CANARY", "Basic CANARY", it.shop.key, "Bearer"):
        response = await it.request("POST", "/graphql", json={"query": SLUG}, headers={"Authorization": header})
        assert response.status_code == 401
    await it.request("PUT", "/graphql", it.shop.key, json={"query": SLUG})
    await it.request("GET", "/CANARY?CANARY=CANARY")


async def sign_in(it: Driver, issuer: Issuer) -> None:
    """Send valid and invalid tokens."""
    await new_app(it.shop.db, it.shop.id, ["sessions:read"], "Dashboard", client_id="dashboard")
    good = issuer.token(store=it.shop.slug, scope="sessions:read")
    answer = await it.post("{ viewer { userId } }", key=good)
    assert answer["data"] == {"viewer": {"userId": "user-1"}}
    foreign = Key()
    bad = [
        issuer.token(store="CANARY"),
        issuer.token(store=it.shop.slug, client_id="CANARY"),
        issuer.token(store=it.shop.slug, exp=1),
        issuer.token(store=it.shop.slug, aud="CANARY"),
        issuer.token(foreign, store=it.shop.slug),
        issuer.token(header={"kid": "CANARY"}, store=it.shop.slug),
        f"{good}CANARY",
    ]
    for token in bad:
        response = await it.request("POST", "/graphql", token, json={"query": SLUG})
        assert response.status_code == 401
    for token in (good, *bad):
        it.secrets |= set(token.split("."))


async def fail(it: Driver, id: str, connection: "asyncpg.Connection[Any]", server: embedded.Server) -> None:
    """Cause internal errors: Postgres refuses a statement, is too slow, and closes the connection."""
    await connection.execute("alter table customer add constraint refuse check (position('refuse' in name) = 0)")
    refused = {"input": {"customer": {"details": {"name": "CANARY refuse", "phone": PERSON["phone"]}}}}
    assert it.codes(await it.post(CREATE, variables=refused)) == ["INTERNAL_SERVER_ERROR"]
    await connection.execute("alter table customer drop constraint refuse; alter table customer rename to away")
    answer = await it.post("query ($id: ID!) { CANARY: session(id: $id) { customer { phone } } }", variables={"id": id})
    assert it.codes(answer) == ["INTERNAL_SERVER_ERROR"]
    await connection.execute("alter table away rename to customer; alter table api_key rename to away")
    response = await it.request("POST", "/graphql", generate_api_key(), json={"query": SLUG})
    assert response.status_code == 500
    await connection.execute("alter table away rename to api_key")
    change = {"input": {"sessionId": id, "reason": "CANARY"}}
    revoke = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { userErrors { message } } }"
    observer = await asyncpg.connect(server.url())
    async with connection.transaction():
        await connection.execute("select from session for update")
        assert it.codes(await it.post(revoke, variables=change)) == ["TIMEOUT"]
        while await observer.fetchval(WAITING):  # until the one that was too slow has gone
            pass
        sent = asyncio.create_task(it.post(revoke, variables=change))
        while not (pid := await observer.fetchval(WAITING)):
            pass
        await observer.execute("select pg_terminate_backend($1)", pid)
        assert it.codes(await sent) == ["SERVICE_UNAVAILABLE"]
    await observer.close()


async def test_no_log_contains_secrets_or_data_of_clients(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(EVERYTHING)
    async with open_issuer() as issuer:
        with embedded.start(folder, durable=False) as server:
            connection = await asyncpg.connect(server.url())
            await connection.execute(STATEMENTS)
            settings = {
                "PYTHONPATH": str(tmp_path),
                "DATABASE_URL": server.url().replace("@", f":{PASSWORD}@", 1),
                "TOKEN_KEYS": f"k1:{SIGNING_KEY}",
                "CONSOLE_KEY": CONSOLE_KEY,
                "LOG_LEVEL": "debug",
                "OPERATION_SECONDS": "1",
                "JWT_ISSUER": issuer.settings.issuer,
                "JWT_AUDIENCE": issuer.settings.audience,
            }
            with commands.serving(tmp_path, **settings) as served:
                async with driver(served, server.url()) as it:
                    id = await work(it)
                    await be_wrong(it)
                    await sign_in(it, issuer)
                    await fail(it, id, connection, server)
                served.process.send_signal(signal.SIGTERM)
                said = served.said + served.process.communicate()[0]
            await connection.close()
    log, postgres = (tmp_path / "serve.log").read_text(), (folder / "postgres.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    # They are the right logs, and all of them.
    assert [line["request"] for line in lines if "status" in line] == [
        answer.headers["x-request-id"] for answer in it.answers
    ]
    assert {line["logger"] for line in lines if "logger" in line} >= {"asyncio", "databases", "httpx", "uvicorn.error"}
    assert "insert into session " in postgres
    assert "bind " in postgres
    for secret in it.secrets:
        for text in (log, postgres, said):
            assert secret.lower() not in text.lower(), secret
    errors = [answer.text for answer in it.answers if answer.status_code >= 400 or '"errors"' in answer.text]
    assert len(errors) > 50
    for credential in it.credentials - {CANARY}:
        assert [text for text in errors if credential in text] == [], credential
    for secret in (PASSWORD, SIGNING_KEY, b64decode(SIGNING_KEY).decode()):
        assert [answer.text for answer in it.answers if secret in answer.text] == [], secret


# Settings with which the server cannot start, and what it says instead of their values.
UNUSABLE = {
    "a short signing key": ({"TOKEN_KEYS": f"k1:{SIGNING_KEY},k2:{SIGNING_KEY[:20]}"}, "TOKEN_KEYS must be pairs"),
    "no URL": ({"DATABASE_URL": f"postgresql://roomkey:{PASSWORD}@host:port:1/roomkey"}, "DATABASE_URL must look"),
    "no server": ({"DATABASE_URL": f"postgresql://roomkey:{PASSWORD}@127.0.0.1:1/roomkey"}, "Connect call failed"),
    "no database": ({}, '"nothing" does not exist'),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_the_error_of_a_server_that_cannot_start_contains_no_secret(name: str, postgres: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(EVERYTHING)
    changes, reason = UNUSABLE[name]
    settings = {"DATABASE_URL": postgres, "TOKEN_KEYS": f"k1:{SIGNING_KEY}", "CONSOLE_KEY": CONSOLE_KEY} | changes
    if name == "no database":
        parts = urlsplit(postgres)
        user, _, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}:{PASSWORD}@{host}"
        settings["DATABASE_URL"] = parts._replace(netloc=netloc, path="/nothing").geturl()
    path = f"{tmp_path}:{ROOT}"
    arguments = ("serve", "--port", commands.free_port(), "--workers", 2)
    ended = commands.roomkey(tmp_path, *arguments, PYTHONPATH=path, LOG_LEVEL="debug", **settings)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert reason in said
    for secret in (PASSWORD, SIGNING_KEY, SIGNING_KEY[:20], CONSOLE_KEY, b64decode(SIGNING_KEY).decode()):
        assert secret not in said
