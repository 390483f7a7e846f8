"""The guide for partners: its commands, files and requests work as described."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from api.auth.credentials import WRONG
from api.documents import manifests
from api.graphql import ANONYMOUS_TOKEN_LIMIT
from api.links import OPENED
from api.protocol import HttpProtocol
from api.rate_limits import ADDRESS_SHARE, ANONYMOUS, ANONYMOUS_TOTAL, BURST_SECONDS, RESERVED
from api.request import ANONYMOUS_BYTES, BODY_BYTES
from api.settings import JwtSettings, Settings
from db.api_keys import generate_api_key
from engine.cost import Meter
from engine.execution import COMMENT_LIMIT, TOKEN_LIMIT, choose_operation, parse_document
from schema.cost import COST_MODEL, PAGE_SIZE, PAGE_SIZE_LIMIT
from schema.documents import DOCUMENT_LIMIT
from schema.links import WRONG_OF_ADDRESS, WRONG_OF_STORE
from schema.mutations.documents import DOCUMENTS_PER_REQUEST
from schema.root import GRAPHQL_SCHEMA
from tests.conftest import client_of, pool, settings_for
from tests.engine.test_long_lists import session_with_orders
from tests.support import javascript
from tests.support.documentation import ROOT, demo_server, different, typed
from tests.support.identity_provider import open_issuer
from tests.support.responses import GRAPHQL
from tests.support.shop import Shop, new_app, open_shop

PAGE = (ROOT / "docs/partners.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", PAGE, re.MULTILINE))

# A block, and the file that it is to be written to, if a line before it says so.
BLOCK = re.compile(r"(?:^`([^`\n]+)`[^\n]*:\n\n)?^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)

# Nothing is downloaded: the packages are those of tests/e2e/node. The output of the tools is not part of the page.
TOOLS = f"""
PATH={javascript.NODE.parent}:$PATH
npm() {{ [ -e node_modules ] || ln -s {javascript.FOLDER}/node_modules node_modules; }}
npx() {{ node_modules/.bin/"$@" >&2; }}
"""


def blocks(*sections: str) -> list[tuple[str, str, str]]:
    """The code blocks of these sections: file, language and text."""
    return [block for section in sections for block in BLOCK.findall(SECTIONS[section])]


async def test_the_commands_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    folder = tmp_path / "roomkey"
    folder.mkdir()
    for name, there in ((".venv", Path(sys.prefix)), ("schema", ROOT / "schema")):
        (folder / name).symlink_to(there)
    commands, shown = [TOOLS], []
    for section in list(SECTIONS)[: list(SECTIONS).index("Access tokens for staff")]:
        for file, language, text in blocks(section):
            if file:
                commands.append(written(file, text))
            elif language == "sh":
                commands.append(text)
            elif language in ("json", "text"):
                shown.append(text)
            elif language in ("js", "ts"):
                commands.append(changed({"js": "apollo.js", "ts": "urql.ts"}[language], text))
                shown.append("[{…}]\n")
    with demo_server(folder) as port:
        output = await typed(folder, port, *commands)
    assert different(output, shown) == []


def written(file: str, text: str) -> str:
    return f"mkdir -p $(dirname {file}); cat > {file} <<'END OF FILE'\n{text}END OF FILE"


def changed(file: str, statement: str) -> str:
    """Run a program of the page with another way to persist its documents."""
    [program] = [text for section in SECTIONS for name, _, text in blocks(section) if name == file]
    program, number = re.subn(r"const persisted = .*?;\n(?=const)", lambda _: statement, program, flags=re.DOTALL)
    assert number == 1
    return f"{written(file, program)}\nnode {file}"


def test_the_page_installs_the_packages_that_are_tested() -> None:
    named = re.findall(r"(?<= )(@?[\w/-]+)@(\d+)", "".join(re.findall("^npm install.*", PAGE, re.MULTILINE)))
    tested = json.loads((javascript.FOLDER / "package.json").read_text())["dependencies"]
    assert {name: f"^{major}" for name, major in named} == {
        name: tested[name].split(".")[0] for name in tested if name != "graphql-http"
    }


async def test_an_app_and_its_key_are_created_as_the_page_shows(shop: Shop) -> None:
    [document] = [text for _, language, text in blocks("1. An app and its key") if language == "graphql"]
    create_app, create_api_key = document.splitlines()
    app = (await shop.ask(create_app))["createApp"]
    key = (await shop.ask(create_api_key, app=app["app"]["id"]))["createApiKey"]
    assert app["userErrors"] == key["userErrors"] == []
    partner = replace(shop, key=key["secret"])
    assert await partner.ask("{ viewer { app { id name } scopes } }") == {
        "viewer": {"app": {**app["app"], "name": "acme"}, "scopes": ["SESSIONS_READ", "DOCUMENTS_WRITE"]}
    }


async def test_a_large_manifest_is_published_in_parts(shop: Shop, base_url: str, tmp_path: Path) -> None:
    app = await new_app(shop.db, shop.id, ["documents:write"])
    files = {file: text for section in SECTIONS for file, _, text in blocks(section) if file}
    partner = replace(shop, key=app.secret)
    await partner.change("publishDocuments", "documents { id }", manifest=json.loads(files["manifest.json"]))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "publish.js").write_text(files["publish.js"])
    # Two of these fit into a request, a third does not; nor would it if a character were counted as a byte.
    bodies = {f"Large.{n}": f"query Large{n} {{ __typename }} # {'é' * 12_000}" for n in range(7)}
    apollo = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {"id": f"A.{id}", "name": id.replace(".", ""), "type": "query", "body": bodies[id]} for id in bodies
        ],
    }
    for manifest, prefix in ((bodies, ""), (apollo, "A.")):
        (tmp_path / "large.json").write_text(json.dumps(manifest))
        output = await javascript.node(tmp_path / "publish.js", tmp_path, "large.json", SERVER=base_url, KEY=app.secret)
        assert output == "".join(f"{prefix}Large.{n} Large{n} 0\n" for n in range(7))
    many = {f"Many.{n}": f"query Many{n} {{ __typename }}" for n in range(DOCUMENTS_PER_REQUEST + 1)}
    (tmp_path / "large.json").write_text(json.dumps(many))
    output = await javascript.node(tmp_path / "publish.js", tmp_path, "large.json", SERVER=base_url, KEY=app.secret)
    assert output == "".join(f"Many.{n} Many{n} 0\n" for n in range(DOCUMENTS_PER_REQUEST + 1))
    (tmp_path / "large.json").write_text('{"Bad.1": "{ nonsense }"}')
    with pytest.raises(AssertionError, match=r"Bad\.1: .*nonsense"):
        await javascript.node(tmp_path / "publish.js", tmp_path, "large.json", SERVER=base_url, KEY=app.secret)


async def test_the_access_token_that_the_page_shows_is_accepted(shop: Shop, database_url: str) -> None:
    [claims] = [json.loads(text) for _, _, text in blocks("Access tokens for staff")]
    await new_app(shop.db, shop.id, ["sessions:read"], client_id=claims["client_id"])
    async with open_issuer() as issuer:
        settings = settings_for(database_url, jwt=JwtSettings(issuer.url, claims["aud"]))
        token = issuer.token(**claims | {"iss": issuer.url, "store": shop.slug, "exp": int(time()) + 60}, iat=None)
        async with client_of(settings) as http:
            staff = replace(shop, key=token, http=http)
            assert await staff.ask("{ viewer { userId scopes } store { slug } }") == {
                "viewer": {"userId": claims["sub"], "scopes": ["SESSIONS_READ"]},
                "store": {"slug": shop.slug},
            }


def test_the_page_has_the_current_limits() -> None:
    limits, model = dict(rows("Limits")), COST_MODEL
    assert limits == {
        "page of a connection": "the cost of an item times `first` or `last` "
        f"(default {PAGE_SIZE}, maximum {PAGE_SIZE_LIMIT})",
        "list without pages": f"the cost of an item times {model.list_size}",
        "`nodes(ids: …)`": "the cost of a node times the number of IDs",
        "`hasNextPage`, `hasPreviousPage`": f"{model.prices['PageInfo.hasNextPage']} each",
        "`count`": f"1, plus 1 for each {model.rows_counted:,} of its `limit`",
        "`sessionStats`": f"{model.prices['Query.sessionStats']}; `opened` adds {model.prices['SessionStats.opened']}, "
        f"plus {model.prices['PeriodStats.opened']} for each period",
        "`body` of a persisted document": str(model.prices["PersistedDocument.body"]),
        "mutation": f"{model.mutation_price}; `publishDocuments` adds {model.prices['Mutation.publishDocuments']:,}",
        "cost": f"{model.cost_limit:,}; without a key, slightly more than the standard introspection query",
        "depth, aliases, directives": f"{model.depth_limit}, {model.alias_limit}, {model.directive_limit}",
        "tokens, comments": f"{TOKEN_LIMIT:,}, {COMMENT_LIMIT:,}; without a key {ANONYMOUS_TOKEN_LIMIT} tokens",
        "request line and headers": f"{HttpProtocol.HEAD_BYTES // 1024} KiB, of which the URL "
        f"{HttpProtocol.URL_BYTES // 1024} KiB; {HttpProtocol.HEADERS} headers; {HttpProtocol.HEAD_SECONDS:g} s to "
        "send them",
        "request body": f"{BODY_BYTES // 1024} KiB, without a key {ANONYMOUS_BYTES // 1024} KiB; one operation, unless "
        "the server enables batches",
        "time to receive and execute a request": f"{Settings.operation_seconds} s by default",
        "persisted documents per app": f"{DOCUMENT_LIMIT:,} with {manifests.BODY_BYTES // 1024} KiB each; "
        f"{DOCUMENTS_PER_REQUEST} per request that publishes documents",
        # The limits of a client address.
        "requests without a key, which can only read the schema": f"{ANONYMOUS.rate:,} points per second, in bursts of "
        f"up to {ANONYMOUS.maximum:,}; {ANONYMOUS_TOTAL.rate:,} per second from all addresses",
        "wrong API keys and invalid JWTs": f"{WRONG.rate} per second, in bursts of up to {WRONG.maximum}; keys that "
        "worked before are not affected",
        "wrong links, opened or passed to `joinSession`": f"{WRONG_OF_ADDRESS.rate} per second, in bursts of up to "
        f"{WRONG_OF_ADDRESS.maximum}; valid links of a store that the worker knows are not affected",
        "opened links, valid or not": f"{OPENED.rate} per second, in bursts of up to {OPENED.maximum}",
        "requests of an app that has only the scope `sessions:join`": "unlimited while at least half of the app's "
        f"points are available; otherwise {ADDRESS_SHARE:.0%} of the app's rate and of its maximum",
    }
    assert RESERVED == 1 / 2
    assert f"limited, to {WRONG_OF_STORE.rate} per second from all addresses" in SECTIONS["Limits"]
    document = parse_document("{ sessions(first: 50) { nodes { id customer { name } } } }")
    assert Meter(GRAPHQL_SCHEMA, model, document, choose_operation(document, None)).measure(None).cost == 101
    assert "a page of 50 sessions with their customers costs 101 points" in SECTIONS["Limits"]
    assert f"can cost at most {model.cost_limit:,} points" in SECTIONS["Limits"]
    assert BURST_SECONDS == 10
    assert f"a maximum of ten seconds'\npoints and at least {model.cost_limit:,}" in SECTIONS["Limits"]


# Requests by clients of an app in this mode: a document, or the options of a request.
REFUSED: list[tuple[str, str | dict[str, Any]]] = [
    ("LOG", "{"),
    ("LOG", "{ nonsense }"),
    ("LOG", "query A { __typename } query B { __typename }"),
    ("LOG", "query ($first: Int!) { sessions(first: $first) { nodes { id } } }"),
    ("LOG", '{ session(id: "nonsense") { id } }'),
    ("LOG", "{ apps { nodes { id } } }"),
    ("LOG", "{ sessions(first: 100) { nodes { customer { sessions(first: 100) { nodes { id } } } } } }"),
    ("LOG", {"json": []}),
    (
        "LOG",
        {"method": "GET", "params": {"query": "{ a }"}, "headers": {"Origin": "https://a.x", "Authorization": None}},
    ),
    ("LOG", {"url": "/graph"}),
    ("LOG", {"method": "PUT"}),
    ("LOG", {"headers": {"Accept": "text/plain"}}),
    ("LOG", {"content": b"x" * (BODY_BYTES + 1), "headers": {"Content-Type": "application/json"}}),
    ("LOG", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("LOG", {"headers": {"Host": "other.example"}}),
    ("LOG", {"headers": {"X-Long": "x" * HttpProtocol.HEAD_BYTES}}),
    ("LOG", {"url": f"/graphql?query={'x' * HttpProtocol.URL_BYTES}"}),
    ("LOG", {"json": {"query": "{ store { slug } }"}, "headers": {"Authorization": "Bearer rk_nonsense"}}),
    ("LOG", {"json": {"documentId": "Nonsense.1"}}),
    ("LOG", {"json": {"documentId": "Nonsense.1", "query": "{ __typename }"}}),
    ("ALLOW_LIST", "{ __typename }"),
    ("ALLOW_LIST", {"json": {"documentId": "Nonsense.1"}}),
    ("ID_ONLY", "{ __typename }"),
]


# Its cost is known when it runs.
LONG_LISTS = """{
    sessions(first: 1) { nodes { orders { session { customer { sessions(first: 100) { nodes { id } } } } } } }
}"""


async def test_the_page_has_every_code_with_its_statuses(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    await connection.execute(f"alter database {urlsplit(own_database_url).path[1:]} set lock_timeout to '10ms'")
    found: set[tuple[str, int]] = set()
    async with partner_of_a_shop_at(settings_for(own_database_url)) as (partner, shop):
        for mode, request in REFUSED:
            found.add(await partner(request, mode))
        await session_with_orders(shop, 60)
        found.add(await partner(LONG_LISTS))
        expensive = " ".join(f"s{n}: sessionStats {{ total }}" for n in range(45))
        await partner(f"{{ {expensive} nonsense }}", rate=1)
        found.add(await partner(f"{{ {expensive} }}", rate=1))
        async with connection.transaction():
            await connection.execute("lock table session")
            found.add(await partner("{ sessions { nodes { id } } }"))
        await connection.execute("alter table session rename to gone")
        found.add(await partner("{ sessions { nodes { id } } }"))
        await connection.execute("alter table api_key rename to also_gone")
        found.add(await partner({"json": {"query": "{"}, "headers": {"Authorization": f"Bearer {generate_api_key()}"}}))
        await connection.execute("alter table also_gone rename to api_key")
    async with partner_of_a_shop_at(settings_for(own_database_url, operation_seconds=0)) as (partner, _):
        found.add(await partner("{ store { slug } }"))
        found.add(await partner(None))
    shown = {(code.strip("`"), int(status)) for code, statuses, *_ in rows("Codes") for status in statuses.split(", ")}
    assert found == shown


@asynccontextmanager
async def partner_of_a_shop_at(
    settings: Settings,
) -> AsyncIterator[tuple[Callable[..., Awaitable[tuple[str, int]]], Shop]]:
    """A function that sends a request for an app of this mode and rate, and returns the code of the first error and the
    status. The request is a document, the options of a request, or None for one that never ends.
    """
    keys: dict[tuple[str, int], str] = {}

    async def refused(request: str | dict[str, Any] | None, mode: str = "LOG", rate: int = 100_000) -> tuple[str, int]:
        if request is None:
            return await refused_while_sending(http.base_url)
        if (mode, rate) not in keys:
            app = await new_app(db, shop.id, ["sessions:read"], document_mode=mode, rate=rate)
            keys[mode, rate] = app.secret
        options = {"json": {"query": request}} if isinstance(request, str) else request
        headers = {"Accept": GRAPHQL, "Authorization": f"Bearer {keys[mode, rate]}", **options.get("headers", {})}
        sent = {name: value for name, value in headers.items() if value}
        response = await http.request(**{"method": "POST", "url": "/graphql", **options, "headers": sent})
        return response.json()["errors"][0]["extensions"]["code"], response.status_code

    async with pool(settings.database_direct_url) as db, client_of(settings) as http:
        shop = await open_shop(db, http)
        yield refused, shop


async def refused_while_sending(url: httpx.URL) -> tuple[str, int]:
    """The same for a request whose announced body never arrives."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return json.loads(body)["errors"][0]["extensions"]["code"], int(head.split()[1])


def rows(section: str) -> list[list[str]]:
    """The tables' rows, without their headings."""
    return [line.split(" | ") for line in re.findall(r"^\| (.*) \|$(?!\n\|-)", SECTIONS[section], re.MULTILINE)]
