"""Publishing persisted documents, and sending them as an app's clients do."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.responses import GRAPHQL, result
from tests.support.rows import everything_of
from tests.support.shop import Shop, new_app

DOCUMENT = "id name body cost publishedAt retiredAt"
BODY = "query Store { store { name } }"

SLUG = "query Slug { store { slug } }"
SESSIONS = "query Sessions { sessions { nodes { id customer { name } } } }"
JOIN = "mutation Join($token: String!) { joinSession(input: {token: $token}) { session { id } userErrors { code } } }"

METHODS = ["GET", "POST"]
MODES = ["LOG", "ALLOW_LIST", "ID_ONLY"]

# Written by @apollo/generate-persisted-query-manifest, @graphql-codegen/client-preset and relay-compiler.
MANIFEST_FILES = Path(__file__).parent / "manifests"
MANIFESTS = {name: json.loads((MANIFEST_FILES / f"{name}.json").read_text()) for name in ("apollo", "codegen", "relay")}

# Refusals: status, code and message.
NOT_FOUND = (404, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
NOT_IN_LIST = (404, "PERSISTED_QUERY_NOT_IN_LIST", "No document with this ID is published for the app.")
NOT_IN_SAFELIST = (400, "QUERY_NOT_IN_SAFELIST", "This document is not published for the app.")
ID_REQUIRED = (
    400,
    "PERSISTED_QUERY_ID_REQUIRED",
    "The app can send only the IDs of published documents, as documentId.",
)
BOTH = (400, "CANNOT_SEND_PQ_ID_AND_BODY", "Send a document's ID or its text, not both.")
SEVERAL = (400, "BAD_REQUEST", "The request names several documents.")
NO_KEY = (401, "UNAUTHENTICATED", "Persisted documents belong to an app: send an API key.")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


DIGITS = sha256(SLUG)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def apollo(hash: str, **more: Any) -> dict[str, Any]:
    """The ID of a document as Apollo's clients send it."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash, **more}}}


# The ways to send the ID of a document: parameters and path.
WAYS: dict[str, Callable[[str], tuple[dict[str, Any], str]]] = {
    "documentId": lambda id: ({"documentId": id}, "/graphql"),
    "doc_id": lambda id: ({"doc_id": id}, "/graphql"),
    "id": lambda id: ({"id": id}, "/graphql"),
    "sha256Hash": lambda id: (apollo(id), "/graphql"),
    "the path": lambda id: ({}, f"/graphql/{id}"),
}


@dataclass(frozen=True)
class AppClient:
    """A client of an app. Without a key, it is not authenticated."""

    shop: Shop
    app_id: str = ""
    key: str | None = None

    async def publish(self, *bodies: str, **bodies_by_id: str) -> None:
        """Publish documents by their SHA-256, or by other IDs."""
        manifest = {f"sha256:{sha256(body)}": body for body in bodies} | bodies_by_id
        payload = await self.shop.change("publishDocuments", "documents { id }", appId=self.app_id, manifest=manifest)
        assert payload == {"documents": [{"id": id} for id in manifest], "userErrors": []}

    async def retire(self, id: str) -> None:
        payload = await self.shop.change("retireDocument", "document { id }", appId=self.app_id, id=id)
        assert payload == {"document": {"id": id}, "userErrors": []}

    async def set_mode(self, mode: str) -> None:
        payload = await self.shop.change("updateApp", "app { documentMode }", id=self.app_id, documentMode=mode)
        assert payload == {"app": {"documentMode": mode}, "userErrors": []}

    async def send(
        self, parameters: Any, method: str = "POST", path: str = "/graphql", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send these parameters of GraphQL over HTTP, or a batch of them."""
        headers = {"Accept": GRAPHQL} | ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | (headers or {})
        if method == "GET":
            given = {name: v if isinstance(v, str) else json.dumps(v) for name, v in parameters.items()}
            return await self.shop.http.get(path, params=given, headers=headers)
        return await self.shop.http.post(path, json=parameters, headers=headers)

    async def get(self, id: str, **headers: str) -> httpx.Response:
        return await self.send({"documentId": id}, "GET", headers=headers)


async def new_client(shop: Shop, mode: str = "LOG", scopes: tuple[str, ...] = ("sessions:read",)) -> AppClient:
    """A client of a new app."""
    app = await new_app(shop.db, shop.id, list(scopes), document_mode=mode)
    return AppClient(shop, app.app.id, app.secret)


def outcome(response: httpx.Response) -> tuple[Any, ...]:
    """The status, code and message of a refusal, which must not be stored; otherwise the status and the body."""
    body = response.json()
    if "errors" not in body:
        return result(response)
    [error] = body["errors"]
    assert list(body) == ["errors"]
    assert (list(error), list(error["extensions"])) == (["message", "extensions"], ["code"])
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers
    return response.status_code, error["extensions"]["code"], error["message"]


async def within_a_second(status: int, send: Callable[[], Awaitable[httpx.Response]]) -> tuple[Any, ...]:
    """The first outcome with this status. A request that is sent a second later has it."""
    sent = started = time.monotonic()
    while (response := await send()).status_code != status:
        assert sent - started < 1
        sent = time.monotonic()
    return outcome(response)


def slug_of(shop: Shop) -> tuple[int, Any]:
    """The outcome of SLUG."""
    return 200, {"data": {"store": {"slug": shop.slug}}}


def named(*names: str) -> dict[str, str]:
    """A manifest with an operation of each name."""
    bodies = [f"query {name} {{ store {{ name }} }}" for name in names]
    return {f"sha256:{sha256(body)}": body for body in bodies}


async def publish(shop: Shop, manifest: Any, **input: Any) -> Any:
    """Publish documents for the shop's own app; refusals fail the test."""
    payload = await shop.change("publishDocuments", f"documents {{ {DOCUMENT} }}", manifest=manifest, **input)
    assert payload["userErrors"] == [], payload
    return payload["documents"]


async def refusals(shop: Shop, manifest: Any, **input: Any) -> list[tuple[str, str]]:
    """The field and message of each user error. The store's documents must be unchanged."""
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
