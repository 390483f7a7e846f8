"""`roomkey customers`, and the redaction of old sessions by `roomkey serve`: real processes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.conftest import Operator
from tests.conftest import settings_for, shop_at
from tests.support.commands import TOKEN_KEYS, eventually, serving
from tests.support.shop import Shop

DAY = 24 * 60
NAMES = "{ sessions { nodes { customer { name } redactedAt } } }"


async def old_session(shop: Shop) -> str:
    session = await shop.create("Dewi")
    await shop.turn_back(session["id"], 31 * DAY)
    return str(session["customer"]["id"])


async def names(shop: Shop) -> list[str]:
    """The names of the customers, newest session first."""
    return [node["customer"]["name"] for node in (await shop.ask(NAMES))["sessions"]["nodes"]]


async def test_a_customer_is_redacted(shop: Shop, operator: Operator) -> None:
    id = (await shop.create("Dewi"))["customer"]["id"]
    for _ in range(2):
        assert operator.run("customers", "redact", id) == [f"{id} is redacted."]
    assert await names(shop) == [""]
    unknown = id[:-6] + "000000"
    assert operator.error("customers", "redact", unknown) == f"Error: There is no customer '{unknown}'."


async def test_old_sessions_are_redacted(shop: Shop, operator: Operator) -> None:
    await old_session(shop)
    await shop.create("Sari")
    refusal = f"Error: The store '{shop.slug}' has no retention period."
    assert operator.error("customers", "redact-old", "--store", shop.slug) == refusal
    await shop.changed("updateStoreSettings", "store { id }", retentionDays=30)
    assert operator.run("customers", "redact-old", "--store", shop.slug) == [f"{shop.slug}: redacted sessions: 1"]
    assert await names(shop) == ["Sari", ""]
    assert f"{shop.slug}: redacted sessions: 0" in operator.run("customers", "redact-old")


@pytest.fixture
async def own_shop(own_database_url: str) -> AsyncIterator[tuple[Shop, str]]:
    async with shop_at(settings_for(own_database_url)) as shop:
        yield shop, own_database_url


async def test_a_server_redacts_old_sessions_and_deletes_outdated_idempotency_keys(
    own_shop: tuple[Shop, str], tmp_path: Path
) -> None:
    shop, url = own_shop
    await old_session(shop)
    await shop.changed("updateStoreSettings", "store { id }", retentionDays=30)
    await shop.create("Sari", idempotencyKey="k")
    await shop.db.fetch("update idempotency_key set created_at = now() - interval '49 hours'")
    with serving(tmp_path, "--workers", 2, DATABASE_URL=url, TOKEN_KEYS=TOKEN_KEYS):
        async with asyncio.timeout(10):
            while await names(shop) != ["Sari", ""]:
                pass
        assert eventually((tmp_path / "serve.log").read_text, 5)
    messages = [json.loads(line)["message"] for line in (tmp_path / "serve.log").read_text().splitlines()]
    assert messages == [f"Redacted old sessions of {shop.id}: 1"]
    assert await shop.db.fetch("select from idempotency_key") == []
