"""What a client does with persisted documents."""

import hashlib
from typing import Any

from tests.support.rows import everything_of
from tests.support.shop import Shop

DOCUMENT = "id name body cost publishedAt retiredAt"
BODY = "query Store { store { name } }"


def sha256(body: str) -> str:
    return f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"


def named(*names: str) -> dict[str, str]:
    """A manifest with an operation of each name."""
    bodies = [f"query {name} {{ store {{ name }} }}" for name in names]
    return {sha256(body): body for body in bodies}


async def publish(shop: Shop, manifest: Any, **input: Any) -> Any:
    """The documents that are published; refusals fail the test."""
    payload = await shop.change("publishDocuments", f"documents {{ {DOCUMENT} }}", manifest=manifest, **input)
    assert payload["userErrors"] == [], payload
    return payload["documents"]


async def refusals(shop: Shop, manifest: Any, **input: Any) -> list[tuple[str, str]]:
    """Why nothing is published: each complaint's field and message. The store's documents are as they were."""
    before = (await everything_of(shop.db, shop.id))["document"]
    payload = await shop.change("publishDocuments", "documents { id }", manifest=manifest, **input)
    assert payload["documents"] == []
    assert {error["code"] for error in payload["userErrors"]} == {"INVALID"}
    assert (await everything_of(shop.db, shop.id))["document"] == before
    return [(".".join(error["field"]), error["message"]) for error in payload["userErrors"]]


async def retire(shop: Shop, id: str, **input: Any) -> Any:
    payload = await shop.change("retireDocument", f"document {{ {DOCUMENT} }}", id=id, **input)
    assert payload["userErrors"] == [], payload
    return payload["document"]


async def listed(shop: Shop) -> Any:
    """The documents of the shop's own app."""
    answer = await shop.ask(f"{{ viewer {{ app {{ documents {{ nodes {{ {DOCUMENT} }} }} }} }} }}")
    return answer["viewer"]["app"]["documents"]["nodes"]


async def app_of(shop: Shop) -> str:
    return str((await shop.ask("{ viewer { app { id } } }"))["viewer"]["app"]["id"])
