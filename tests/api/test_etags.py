"""The HTTP caching of a GET of a persisted document: ETag, If-None-Match and Cache-Control (RFC 9110 §13.1.2)."""

from itertools import product
from typing import Any

import httpx
import pytest

from tests.support.persisted_documents import (
    METHODS,
    NO_KEY,
    NOT_FOUND,
    NOT_IN_LIST,
    SESSIONS,
    SLUG,
    WAYS,
    AppClient,
    apollo,
    new_client,
    outcome,
    sha256,
    slug_of,
)
from tests.support.responses import BROWSER, GRAPHQL, JSON
from tests.support.shop import Shop

ERRING = "query Erring { store { slug } apps { nodes { id } } }"


@pytest.fixture
async def client(shop: Shop) -> AppClient:
    """An app with two documents."""
    client = await new_client(shop, "ALLOW_LIST")
    await client.publish(SLUG, SESSIONS, ERRING)
    return client


def varying(response: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in response.headers["vary"].split(",")}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_the_answer_to_a_get_by_id_is_private_and_revalidated(client: AppClient, way: Any) -> None:
    parameters, path = way(sha256(SLUG))
    response = await client.send(parameters, "GET", path)
    assert outcome(response) == slug_of(client.shop)
    assert response.headers["cache-control"] == "private, no-cache"
    assert varying(response) >= {"accept", "authorization"}
    tag = response.headers["etag"]
    assert tag.startswith('W/"')
    again = await client.send(parameters, "GET", path, {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    kept = {"etag": tag, "cache-control": "private, no-cache"}
    assert {name: again.headers[name] for name in kept} == kept
    assert varying(again) >= {"accept", "authorization"}
    assert "content-type" not in again.headers
    assert "content-length" not in again.headers


async def test_the_answer_of_a_registered_document_has_an_etag(shop: Shop) -> None:
    client = await new_client(shop)
    first = await client.send({"query": SLUG, **apollo(sha256(SLUG))}, "GET")
    hit = await client.get(sha256(SLUG))
    assert first.headers["etag"] == hit.headers["etag"]
    assert (await client.get(sha256(SLUG), **{"If-None-Match": hit.headers["etag"]})).status_code == 304


@pytest.mark.parametrize(
    ("given", "status"),
    [
        *((tags, 304) for tags in ("{tag}", "W/{tag}", '"a", W/"b" ,W/{tag}', 'W/"a",{tag},"b"', "*")),
        *((tags, 200) for tags in ("", '"a"', 'W/"a", "b"', "{bare}", "w/{tag}")),
    ],
)
async def test_etags_are_compared_weakly(client: AppClient, given: str, status: int) -> None:
    tag = (await client.get(sha256(SLUG))).headers["etag"].removeprefix("W/")
    response = await client.get(sha256(SLUG), **{"If-None-Match": given.format(tag=tag, bare=tag.strip('"'))})
    assert response.status_code == status
    assert (response.content == b"") == (status == 304)


async def test_etags_on_several_lines_are_one_list(client: AppClient) -> None:
    tag = (await client.get(sha256(SLUG))).headers["etag"]
    headers = [("If-None-Match", '"a"'), ("If-None-Match", tag), ("Authorization", f"Bearer {client.key}")]
    response = await client.shop.http.get(f"/graphql/{sha256(SLUG)}", headers=headers)
    assert (response.status_code, response.content) == (304, b"")


async def test_the_etag_depends_on_the_data_and_not_on_the_rate_limit(client: AppClient) -> None:
    shop = client.shop
    await shop.create("Ayu")
    first = await client.get(sha256(SESSIONS))
    known = {"If-None-Match": first.headers["etag"]}
    for _ in range(3):
        await client.get(sha256(SLUG))
        again = await client.get(sha256(SESSIONS))
        assert again.json()["data"] == first.json()["data"]
        assert again.headers["etag"] == first.headers["etag"]
        assert (await client.get(sha256(SESSIONS), **known)).status_code == 304
    await shop.create("Bima")
    changed = await client.get(sha256(SESSIONS), **known)
    assert changed.status_code == 200
    assert [node["customer"]["name"] for node in changed.json()["data"]["sessions"]["nodes"]] == ["Bima", "Ayu"]
    assert changed.headers["etag"] != first.headers["etag"]


async def test_the_etag_depends_on_the_variables(shop: Shop) -> None:
    body = "query One($name: String!) { store { slug } sessions(filter: {search: $name}) { nodes { id } } }"
    client = await new_client(shop, "ID_ONLY")
    await client.publish(One=body)
    session = await shop.create("Ayu")
    answers = [await client.send({"id": "One", "variables": {"name": name}}, "GET") for name in ("Ayu", "Bima")]
    assert [answer.json()["data"]["sessions"]["nodes"] for answer in answers] == [[{"id": session["id"]}], []]
    assert answers[0].headers["etag"] != answers[1].headers["etag"]


async def test_an_etag_does_not_replace_authentication(client: AppClient) -> None:
    tag = (await client.get(sha256(SLUG))).headers["etag"]
    other = await new_client(client.shop, "ALLOW_LIST")
    for given in (tag, "*"):
        assert outcome(await other.get(sha256(SLUG), **{"If-None-Match": given})) == NOT_IN_LIST
        assert outcome(await AppClient(client.shop).get(sha256(SLUG), **{"If-None-Match": given})) == NO_KEY


@pytest.mark.parametrize("given", ["*", '"a"'])
async def test_errors_and_posts_are_not_stored(client: AppClient, given: str) -> None:
    logging = await new_client(client.shop)
    headers = {"If-None-Match": given}
    assert outcome(await client.get(sha256("{ __typename }"), **headers)) == NOT_IN_LIST
    assert outcome(await logging.get(sha256(SLUG), **headers)) == NOT_FOUND
    erring = await client.get(sha256(ERRING), **headers)
    assert (erring.status_code, erring.json()["errors"][0]["extensions"]["code"]) == (200, "FORBIDDEN")
    text = await logging.send({"query": SLUG}, "GET", headers=headers)
    posted = await client.send({"id": sha256(SLUG)}, headers=headers)
    assert outcome(text) == outcome(posted) == slug_of(client.shop)
    for response in (erring, text, posted):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_document_by_its_id_is_never_answered_in_html(client: AppClient, way: Any) -> None:
    types = {"*/*": JSON, "": JSON, BROWSER["Accept"]: JSON, f"text/html, {GRAPHQL};q=0.1": GRAPHQL}
    for id, expected in ((sha256(SLUG), slug_of(client.shop)), ("unknown", NOT_IN_LIST)):
        parameters, path = way(id)
        for method, (accept, type) in product(METHODS, types.items()):
            response = await client.send(parameters, method, path, {"Accept": accept})
            anonymous = await AppClient(client.shop).send(parameters, method, path, {"Accept": accept})
            assert (outcome(response), outcome(anonymous)) == (expected, NO_KEY)
            assert {each.headers["content-type"] for each in (response, anonymous)} == {f"{type}; charset=utf-8"}


async def test_a_client_that_accepts_no_json_is_refused_in_json(client: AppClient) -> None:
    for accept in ("text/html", "image/png", "text/html;q=1, */*;q=0"):
        response = await client.get(sha256(SLUG), Accept=accept)
        assert outcome(response)[:2] == (406, "BAD_REQUEST")
        assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
