"""A document that is named in a GET: its answer may be kept, and asked for again."""

from typing import Any

import httpx
import pytest

from tests.support.partner import (
    BROWSER,
    GRAPHQL,
    METHODS,
    NOT_FOUND,
    NOT_IN_LIST,
    SESSIONS,
    SLUG,
    WAYS,
    Partner,
    answered,
    apollo,
    new_partner,
    refused,
    sha256,
    slug_of,
)
from tests.support.shop import Shop

ERRING = "query Erring { store { slug } apps { nodes { id } } }"


@pytest.fixture
async def partner(shop: Shop) -> Partner:
    """An app with two documents."""
    partner = await new_partner(shop, "ALLOW_LIST")
    await partner.publish(SLUG, SESSIONS, ERRING)
    return partner


def varying(response: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in response.headers["vary"].split(",")}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_an_answer_may_be_kept_by_its_client_alone_and_is_asked_for_again(partner: Partner, way: Any) -> None:
    parameters, path = way(sha256(SLUG))
    response = await partner.send(parameters, "GET", path)
    assert answered(response) == slug_of(partner.shop)
    assert response.headers["cache-control"] == "private, no-cache"
    assert varying(response) >= {"accept", "authorization"}
    tag = response.headers["etag"]
    assert tag.startswith('W/"')
    again = await partner.send(parameters, "GET", path, {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "cache-control")} == {
        "etag": tag,
        "cache-control": "private, no-cache",
    }
    assert varying(again) >= {"accept", "authorization"}
    assert "content-type" not in again.headers
    assert "content-length" not in again.headers


async def test_a_registered_document_has_an_etag_as_a_published_one_has(shop: Shop) -> None:
    partner = await new_partner(shop)
    first = await partner.send({"query": SLUG, **apollo(sha256(SLUG))}, "GET")
    hit = await partner.get(sha256(SLUG))
    assert first.headers["etag"] == hit.headers["etag"]
    assert (await partner.get(sha256(SLUG), **{"If-None-Match": hit.headers["etag"]})).status_code == 304


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"a", W/"b" ,W/{tag}', 304),
        ('W/"a",{tag},"b"', 304),
        ("*", 304),
        ("", 200),
        ('"a"', 200),
        ('W/"a", "b"', 200),
        ("{bare}", 200),
        ("w/{tag}", 200),
    ],
)
async def test_tags_are_compared_weakly(partner: Partner, given: str, status: int) -> None:
    tag = (await partner.get(sha256(SLUG))).headers["etag"].removeprefix("W/")
    response = await partner.get(sha256(SLUG), **{"If-None-Match": given.format(tag=tag, bare=tag.strip('"'))})
    assert response.status_code == status
    assert (response.content == b"") == (status == 304)


async def test_tags_on_several_lines_are_one_list(partner: Partner) -> None:
    tag = (await partner.get(sha256(SLUG))).headers["etag"]
    headers = [("If-None-Match", '"a"'), ("If-None-Match", tag), ("Authorization", f"Bearer {partner.key}")]
    response = await partner.shop.http.get(f"/graphql/{sha256(SLUG)}", headers=headers)
    assert (response.status_code, response.content) == (304, b"")


async def test_the_tag_changes_with_the_data_and_not_with_what_is_left_to_spend(partner: Partner) -> None:
    shop = partner.shop
    await shop.create("Ayu")
    first = await partner.get(sha256(SESSIONS))
    known = {"If-None-Match": first.headers["etag"]}
    for _ in range(3):
        await partner.get(sha256(SLUG))
        again = await partner.get(sha256(SESSIONS))
        assert again.json()["data"] == first.json()["data"]
        assert again.headers["etag"] == first.headers["etag"]
        assert (await partner.get(sha256(SESSIONS), **known)).status_code == 304
    await shop.create("Bima")
    changed = await partner.get(sha256(SESSIONS), **known)
    assert changed.status_code == 200
    assert [node["customer"]["name"] for node in changed.json()["data"]["sessions"]["nodes"]] == ["Bima", "Ayu"]
    assert changed.headers["etag"] != first.headers["etag"]


async def test_variables_have_their_own_tags(shop: Shop) -> None:
    body = "query One($name: String!) { store { slug } sessions(filter: {search: $name}) { nodes { id } } }"
    partner = await new_partner(shop, "ID_ONLY")
    await partner.publish(One=body)
    session = await shop.create("Ayu")
    answers = [await partner.send({"id": "One", "variables": {"name": name}}, "GET") for name in ("Ayu", "Bima")]
    assert [answer.json()["data"]["sessions"]["nodes"] for answer in answers] == [[{"id": session["id"]}], []]
    assert answers[0].headers["etag"] != answers[1].headers["etag"]


async def test_a_tag_is_of_no_use_to_who_may_not_ask(partner: Partner) -> None:
    tag = (await partner.get(sha256(SLUG))).headers["etag"]
    other = await new_partner(partner.shop, "ALLOW_LIST")
    for given in (tag, "*"):
        assert refused(await other.get(sha256(SLUG), **{"If-None-Match": given})) == NOT_IN_LIST
        response = await Partner(partner.shop).get(sha256(SLUG), **{"If-None-Match": given})
        assert refused(response)[:2] == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("given", ["*", '"a"'])
async def test_what_is_no_answer_is_not_kept(partner: Partner, given: str) -> None:
    logging = await new_partner(partner.shop)
    headers = {"If-None-Match": given}
    assert refused(await partner.get(sha256("{ __typename }"), **headers)) == NOT_IN_LIST
    assert refused(await logging.get(sha256(SLUG), **headers)) == NOT_FOUND
    erring = await partner.get(sha256(ERRING), **headers)
    assert (erring.status_code, erring.json()["errors"][0]["extensions"]["code"]) == (200, "FORBIDDEN")
    text = await logging.send({"query": SLUG}, "GET", headers=headers)
    posted = await partner.send({"id": sha256(SLUG)}, headers=headers)
    assert answered(text) == answered(posted) == slug_of(partner.shop)
    for response in (erring, text, posted):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("accept", "type"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        (BROWSER, "application/json"),
        (f"text/html, {GRAPHQL};q=0.1", GRAPHQL),
    ],
)
async def test_a_document_by_its_name_is_answered_in_json_whoever_asks(
    partner: Partner, method: str, way: Any, accept: str, type: str
) -> None:
    for id in (sha256(SLUG), "unknown"):
        parameters, path = way(id)
        response = await partner.send(parameters, method, path, {"Accept": accept})
        assert response.headers["content-type"] == f"{type}; charset=utf-8"
        if id == "unknown":
            assert refused(response) == NOT_IN_LIST
        else:
            assert answered(response) == slug_of(partner.shop)
        nobody = await Partner(partner.shop).send(parameters, method, path, {"Accept": accept})
        assert nobody.headers["content-type"] == f"{type}; charset=utf-8"
        assert refused(nobody)[:2] == (401, "UNAUTHENTICATED")


async def test_who_takes_no_json_gets_no_html_either(partner: Partner) -> None:
    for accept in ("text/html", "image/png", "text/html;q=1, */*;q=0"):
        response = await partner.get(sha256(SLUG), Accept=accept)
        assert refused(response)[:2] == (406, "BAD_REQUEST")
        assert response.headers["content-type"] == "application/json; charset=utf-8"
