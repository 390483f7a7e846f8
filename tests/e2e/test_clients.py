"""Apollo Client, urql and Relay against the server."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.javascript import Manifests, generate_manifests, run
from tests.support.shop import Shop, new_app

Answers = tuple[list[tuple[Any, list[dict[str, str]]]], list[tuple[str, bool, int]]]

PAGE = ("Sessions", {"first": 10})

NOT_IN_LIST = {"message": "No document with this ID is published for the app.", "code": "PERSISTED_QUERY_NOT_IN_LIST"}
ID_REQUIRED = {
    "message": "The app can send only the IDs of published documents, as documentId.",
    "code": "PERSISTED_QUERY_ID_REQUIRED",
}


@dataclass(frozen=True)
class Client:
    """An app of a shop whose client is a JavaScript program."""

    endpoint: str
    app_id: str
    key: str
    shop: Shop

    async def publish(self, manifest: Path) -> list[str]:
        """The names of the published documents, sorted."""
        payload = await self.shop.change(
            "publishDocuments", "documents { id name }", appId=self.app_id, manifest=content(manifest)
        )
        assert payload["userErrors"] == []
        assert all(document["id"] for document in payload["documents"])
        return sorted(document["name"] for document in payload["documents"])

    async def run(self, script: str, *operations: tuple[str, dict[str, Any]], **environment: object) -> Answers:
        """What a client got for the operations, in order, as data and errors; and what it sent, in order: the method,
        whether it sent the document's text, and the answer's status.
        """
        answer = await run(
            script,
            ENDPOINT=self.endpoint,
            KEY=self.key,
            OPERATIONS=json.dumps(operations),
            **{name: str(value) for name, value in environment.items()},
        )
        results = [(result.get("data"), result["errors"]) for result in answer["results"]]
        return results, [(request["method"], request["text"], request["status"]) for request in answer["requests"]]


@pytest.fixture(scope="session")
async def manifests(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """What the three tools wrote, today, for the documents of tests/e2e/node."""
    return await generate_manifests(tmp_path_factory.mktemp("manifests"))


@pytest.fixture
def client_in(shop: Shop, base_url: str) -> Any:
    """Makes a client by the document mode of its app."""

    async def make(mode: str) -> Client:
        app = await new_app(shop.db, shop.id, ["sessions:read", "sessions:write"], document_mode=mode)
        return Client(f"{base_url}/graphql", app.app.id, app.secret, shop)

    return make


def content(manifest: Path) -> Any:
    return json.loads(manifest.read_text())


def ids_of(data: Any) -> list[str]:
    return [session["id"] for session in data["sessions"]["nodes"]]


@pytest.mark.parametrize(
    ("script", "link", "sent"),
    [
        ("apollo.mjs", "apq", [("POST", False, 404), ("POST", True, 200), ("POST", False, 200)]),
        ("apollo.mjs", "apq-get", [("GET", False, 404), ("POST", True, 200), ("GET", False, 200)]),
        ("urql.mjs", "", [("GET", False, 404), ("GET", True, 200), ("GET", False, 200)]),
    ],
)
async def test_a_client_registers_a_document_and_then_sends_its_hash(
    client_in: Any, script: str, link: str, sent: list[tuple[str, bool, int]]
) -> None:
    client = await client_in("LOG")
    session = await client.shop.create()
    results, requests = await client.run(script, PAGE, PAGE, LINK=link)
    assert [(ids_of(data), errors) for data, errors in results] == [([session["id"]], [])] * 2
    assert requests == sent


async def test_apollo_client_runs_a_published_manifest_by_its_ids(client_in: Any, manifests: Manifests) -> None:
    client = await client_in("ID_ONLY")
    session = await client.shop.create("Ayu Wulandari", roomId="1905692")
    assert await client.publish(manifests.apollo) == ["RevokeToken", "SessionTimeline", "Sessions"]
    results, requests = await client.run(
        "apollo.mjs",
        PAGE,
        ("RevokeToken", {"sessionId": session["id"], "reason": "sold out"}),
        ("SessionTimeline", {"id": session["id"], "events": 5}),
        LINK="manifest",
        MANIFEST=manifests.apollo,
    )
    [(page, _), (revoked, _), (timeline, _)] = results
    assert [errors for _, errors in results] == [[], [], []]
    assert ids_of(page) == [session["id"]]
    assert revoked["revokeToken"]["session"]["token"]["status"] == "REVOKED"
    assert revoked["revokeToken"]["userErrors"] == []
    assert timeline["session"]["customer"] == {"name": "Ayu Wulandari", "__typename": "Customer"}
    assert timeline["session"]["roomId"] == "1905692"
    assert [event["kind"] for event in timeline["session"]["events"]["nodes"]] == ["ISSUED", "REVOKED"]
    assert requests == [("POST", False, 200)] * 3


async def test_urql_runs_the_manifest_of_graphql_codegen_by_its_ids(client_in: Any, manifests: Manifests) -> None:
    client = await client_in("ID_ONLY")
    session = await client.shop.create()
    assert await client.publish(manifests.codegen) == ["RevokeToken", "SessionTimeline", "Sessions"]
    results, requests = await client.run(
        "urql.mjs", PAGE, ("RevokeToken", {"sessionId": session["id"]}), MANIFEST=manifests.codegen
    )
    [(page, page_errors), (revoked, revoked_errors)] = results
    assert page_errors == revoked_errors == []
    assert ids_of(page) == [session["id"]]
    assert revoked["revokeToken"]["session"]["token"]["status"] == "REVOKED"
    assert requests == [("GET", False, 200), ("POST", False, 200)]


async def test_relay_runs_what_its_compiler_persisted_by_its_ids(client_in: Any, manifests: Manifests) -> None:
    client = await client_in("ID_ONLY")
    session = await client.shop.create()
    names = ["SessionListQuery", "SessionListRefetchQuery", "SessionListRevokeMutation"]
    assert await client.publish(manifests.relay) == names
    results, requests = await client.run(
        "relay.mjs",
        ("SessionListQuery", {"first": 10}),
        ("SessionListRefetchQuery", {"id": session["id"]}),
        ("SessionListRevokeMutation", {"sessionId": session["id"]}),
        ARTIFACTS=manifests.relay_artifacts,
    )
    [(page, _), (refetched, _), (revoked, _)] = results
    assert [errors for _, errors in results] == [[], [], []]
    assert [edge["node"]["id"] for edge in page["sessions"]["edges"]] == [session["id"]]
    assert refetched["node"]["__id"] == session["id"]
    assert revoked == {"revokeToken": {"session": {"id": session["id"], "active": False}, "userErrors": []}}
    assert requests == [("POST", False, 200)] * 3


@pytest.mark.parametrize("mode", ["ALLOW_LIST", "ID_ONLY"])
async def test_a_client_gets_the_error_about_an_unpublished_document(
    client_in: Any, manifests: Manifests, mode: str
) -> None:
    client = await client_in(mode)
    answers = [
        await client.run("apollo.mjs", PAGE, LINK="apq"),
        await client.run("urql.mjs", PAGE),
        await client.run("relay.mjs", ("SessionListQuery", {"first": 1}), ARTIFACTS=manifests.relay_artifacts),
    ]
    assert [results for results, _ in answers] == [[(None, [NOT_IN_LIST])]] * 3
    assert [requests for _, requests in answers] == [[(method, False, 404)] for method in ("POST", "GET", "POST")]


async def test_a_client_gets_the_error_that_an_id_is_required(client_in: Any, manifests: Manifests) -> None:
    client = await client_in("ID_ONLY")
    await client.publish(manifests.apollo)
    # It sends the very text that is published, but no ID.
    results, requests = await client.run("apollo.mjs", PAGE)
    assert results == [(None, [ID_REQUIRED])]
    assert requests == [("POST", True, 400)]


async def test_a_client_can_send_the_text_of_a_published_document(client_in: Any, manifests: Manifests) -> None:
    client = await client_in("ALLOW_LIST")
    session = await client.shop.create()
    await client.publish(manifests.apollo)
    results, requests = await client.run("apollo.mjs", PAGE, ("{ viewer { scopes } }", {}))
    [(page, errors), (viewer, refused)] = results
    assert (ids_of(page), errors) == ([session["id"]], [])
    assert (viewer, [error["code"] for error in refused]) == (None, ["QUERY_NOT_IN_SAFELIST"])
    assert requests == [("POST", True, 200), ("POST", True, 400)]
