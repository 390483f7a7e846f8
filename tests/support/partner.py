"""An app of a shop that names documents instead of sending them."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.shop import Shop, new_app

SLUG = "query Slug { store { slug } }"
SESSIONS = "query Sessions { sessions { nodes { id customer { name } } } }"
JOIN = "mutation Join($token: String!) { joinSession(input: {token: $token}) { session { id } userErrors { code } } }"

GRAPHQL = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

METHODS = ["GET", "POST"]

# Why a request is refused: status, code and message.
NOT_FOUND = (404, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
NOT_IN_LIST = (404, "PERSISTED_QUERY_NOT_IN_LIST", "The app has published no such document.")
NOT_IN_SAFELIST = (400, "QUERY_NOT_IN_SAFELIST", "The app has not published this document.")
ID_REQUIRED = (
    400,
    "PERSISTED_QUERY_ID_REQUIRED",
    "The app sends published documents by their IDs only: documentId.",
)
BOTH = (400, "CANNOT_SEND_PQ_ID_AND_BODY", "Send a document's ID or its text, not both.")
SEVERAL = (400, "BAD_REQUEST", "The request names several documents.")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def apollo(hash: str, **more: Any) -> dict[str, Any]:
    """A name as Apollo's clients send it."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash, **more}}}


# Each way to name a document: what is sent, and where to.
WAYS: dict[str, Callable[[str], tuple[dict[str, Any], str]]] = {
    "documentId": lambda id: ({"documentId": id}, "/graphql"),
    "doc_id": lambda id: ({"doc_id": id}, "/graphql"),
    "id": lambda id: ({"id": id}, "/graphql"),
    "sha256Hash": lambda id: (apollo(id), "/graphql"),
    "the path": lambda id: ({}, f"/graphql/{id}"),
}


@dataclass(frozen=True)
class Partner:
    """Without a key: somebody whom nobody knows."""

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
        """Change the mode in which the app is."""
        payload = await self.shop.change("updateApp", "app { documentMode }", id=self.app_id, documentMode=mode)
        assert payload == {"app": {"documentMode": mode}, "userErrors": []}

    async def send(
        self,
        parameters: Any,
        method: str = "POST",
        path: str = "/graphql",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to these parameters of GraphQL over HTTP, or to a batch of them."""
        headers = {"Accept": GRAPHQL} | ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | (headers or {})
        if method == "GET":
            given = {name: v if isinstance(v, str) else json.dumps(v) for name, v in parameters.items()}
            return await self.shop.http.get(path, params=given, headers=headers)
        return await self.shop.http.post(path, json=parameters, headers=headers)

    async def get(self, id: str, **headers: str) -> httpx.Response:
        """The answer to a GET of a document."""
        return await self.send({"documentId": id}, "GET", headers=headers)


async def new_partner(shop: Shop, mode: str = "LOG", scopes: tuple[str, ...] = ("sessions:read",)) -> Partner:
    app = await new_app(shop.db, shop.id, list(scopes), document_mode=mode)
    return Partner(shop, app.app.id, app.secret)


def answered(response: httpx.Response) -> tuple[int, Any]:
    """The status and the answer, without what it cost."""
    answer = response.json()
    answer.pop("extensions", None)
    return response.status_code, answer


def refused(response: httpx.Response) -> tuple[int, str, str]:
    """The status, code and message of an answer that nothing but one error is in, and that nobody keeps."""
    [error] = response.json()["errors"]
    assert list(response.json()) == ["errors"]
    assert (list(error), list(error["extensions"])) == (["message", "extensions"], ["code"])
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers
    return response.status_code, error["extensions"]["code"], error["message"]


async def within_a_second(status: int, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The first answer of this status. A request that is sent a second later has it."""
    sent = started = time.monotonic()
    while (response := await send()).status_code != status:
        assert sent - started < 1
        sent = time.monotonic()
    return response


def slug_of(shop: Shop) -> tuple[int, Any]:
    """The answer to SLUG."""
    return 200, {"data": {"store": {"slug": shop.slug}}}
