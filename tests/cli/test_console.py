"""`roomkey console`, and the documents that every version publishes for the consoles of all stores."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from api.documents.publishing import publish_for_consoles
from cli.console import MANIFEST, publish_console
from db.apps import search_apps
from db.documents import search_documents, set_document_retired
from db.keysets import Window
from tests.cli.conftest import APP, SECRET, Operator
from tests.e2e.console.conftest import new_console_key
from tests.support.shop import Shop


async def published(shop: Shop, name: str = "console") -> dict[str, str]:
    """The documents of the store's app of that name, by their IDs."""
    [app] = [app for app in await search_apps(shop.db, shop.id) if app.name == name]
    documents = await search_documents(shop.db, shop.id, [app.id], Window(limit=1_000))
    return {row.id: row.body for row in documents[app.id]}


async def test_a_console_app_can_send_only_the_documents_of_the_console(shop: Shop, operator: Operator) -> None:
    id, key = operator.run("console", "--store", shop.slug, "--client-id", "staff")
    assert re.fullmatch(APP, id)
    assert re.fullmatch(SECRET, key)
    apps = await shop.ask("{ apps { nodes { id name scopes documentMode rate clientId } } }")
    app = {"id": id, "name": "console", "documentMode": "ID_ONLY", "rate": 10_000, "clientId": "staff"}
    app |= {"scopes": ["SESSIONS_READ", "SESSIONS_WRITE", "SETTINGS_WRITE"]}
    assert [each for each in apps["apps"]["nodes"] if each["id"] == id] == [app]
    assert await published(shop) == orjson.loads(MANIFEST.read_bytes())
    assert (await replace(shop, key=key).error("{ store { id } }"))[0] == "PERSISTED_QUERY_ID_REQUIRED"


async def test_a_console_app_can_have_fewer_scopes(shop: Shop, operator: Operator) -> None:
    id, _ = operator.run("console", "--store", shop.slug, "--name", "readers", "--scope", "sessions:read")
    assert f"{id}  readers  sessions:read  ID_ONLY" in "\n".join(operator.run("apps", "list", "--store", shop.slug))


async def test_a_new_version_publishes_its_documents_and_keeps_old_ones(shop: Shop) -> None:
    await new_console_key(shop.db, shop)
    old = await published(shop)
    # A document of a later version of the console.
    await publish_for_consoles(shop.db, {"next.1": "query Next { viewer { id } }"})
    assert await published(shop) == old | {"next.1": "query Next { viewer { id } }"}
    await publish_console(shop.db)
    assert await published(shop) == old | {"next.1": "query Next { viewer { id } }"}


async def test_a_retired_document_is_published_again_by_the_next_start(shop: Shop) -> None:
    await new_console_key(shop.db, shop)
    [app] = [app for app in await search_apps(shop.db, shop.id) if app.name == "console"]
    ids = list(await published(shop))
    for id in ids:
        await set_document_retired(shop.db, shop.id, app.id, id)
    await publish_console(shop.db)
    documents = (await search_documents(shop.db, shop.id, [app.id], Window(limit=1_000)))[app.id]
    assert [(row.id, row.retired_at) for row in documents] == [(id, None) for id in sorted(ids)]


async def test_the_server_starts_with_a_console_of_another_version(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "documents.json"
    old.write_text('{"old.1": "query Old { noSuchField }"}')
    # The command has the name of its module.
    monkeypatch.setattr(sys.modules["cli.console"], "MANIFEST", old)
    await new_console_key(shop.db, shop)
    assert await published(shop) == {}
    assert capsys.readouterr().err == "The built console does not match this version of the server: run `make web`.\n"


async def test_other_apps_get_no_documents_of_the_console(shop: Shop) -> None:
    await new_console_key(shop.db, shop)
    assert await published(shop, "test") == {}
