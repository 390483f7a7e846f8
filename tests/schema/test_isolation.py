"""No store sees or changes anything of another, though they have the same data, or even the same IDs."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from db.pool import Pool
from tests.support.rows import everything_of
from tests.support.shop import ERRORS, SESSION, Shop
from tests.support.two_stores import (
    CUSTOMER,
    INPUT,
    Things,
    anonymous,
    copy_with_the_same_ids,
    things_of,
    things_that_exist_nowhere,
)

NewShop = Callable[[], Awaitable[Shop]]
Variables = Callable[[Things, Things], dict[str, Any]]

WHOLE_SESSION = """... on Session {
    ...Session
    customer { sessions { nodes { id } count { value } } }
    orders { id session { id } }
    events { nodes { id kind reason keyId } }
    conversion { order { id session { id } } }
}"""
CUSTOMER_FIELDS = "id name phone email externalId sessions { nodes { id customer { id name } } count { value } }"
ORDER_FIELDS = "id number total { amount } session { id customer { id name } }"
PAGE = "nodes { id } pageInfo { hasNextPage hasPreviousPage } count { value }"
ARGUMENTS = "filter: $filter, after: $after, before: $before"
SESSIONS = f"""query ($filter: SessionFilter, $after: String, $before: String) {{
    sessions({ARGUMENTS}) {{ {PAGE} }}
}}"""
STATS = """query ($filter: SessionFilter) {
    sessionStats(filter: $filter, groupBy: DAY) { total converted periods { total } }
}"""
APP_FIELDS = """id name scopes documentMode rate clientId disabledAt keys { id name revokedAt }
    documents(first: 1) { nodes { id body } }"""
APPS = f"nodes {{ {APP_FIELDS} }} pageInfo {{ hasNextPage hasPreviousPage }} count {{ value }}"
NODE = f"""... on Node {{ id }} {WHOLE_SESSION} ... on Customer {{ {CUSTOMER_FIELDS} }}
    ... on Order {{ {ORDER_FIELDS} }} ... on App {{ {APP_FIELDS} }}"""

READ = f"query ($id: ID!) {{ session(id: $id) {{ {WHOLE_SESSION} }} }} {SESSION}"
READ_CUSTOMER = f"query ($id: ID!) {{ customer(id: $id) {{ {CUSTOMER_FIELDS} }} }}"


def change(mutation: str, input: Variables, selection: str = "session { ...Session events { nodes { id } } }") -> Any:
    type = mutation[0].upper() + mutation[1:]
    fragment = SESSION if "...Session" in selection else ""
    document = f"mutation ($input: {type}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }} {fragment}"
    return document, lambda other, mine: {"input": input(other, mine)}


def of_session(mutation: str, selection: str = "session { ...Session }", **input: Any) -> Any:
    return change(mutation, lambda other, mine: {"sessionId": other.session, **input}, selection)


FILTERS = (
    lambda other: {"ids": [other.session]},
    lambda other: {"customerId": other.customer},
    lambda other: {"search": other.session},
    lambda other: {"search": other.number},
    lambda other: {"orderNumber": {"equals": other.number}},
    lambda other: {"not": {"not": {"ids": [other.session]}}},
    lambda other: {"or": [{"customerId": other.customer}, {"orderNumber": {"contains": other.number}}]},
)

# Of each root field: documents, and their variables, in which `other` are things of another store.
TRIES: dict[str, list[tuple[str, Variables]]] = {
    "viewer": [(f"{{ viewer {{ id name scopes app {{ {APP_FIELDS} }} }} }}", lambda other, mine: {})],
    "store": [("{ store { id name slug storefrontUrl sessionExpiration } }", lambda other, mine: {})],
    "session": [
        (READ, lambda other, mine: {"id": other.session}),
        (
            "query ($id: ID!, $after: String) { session(id: $id) { events(after: $after) { nodes { id } } } }",
            lambda other, mine: {"id": mine.session, "after": other.events_cursor},
        ),
    ],
    "sessions": [
        *((SESSIONS, lambda other, mine, filter=filter: {"filter": filter(other)}) for filter in FILTERS),
        (SESSIONS, lambda other, mine: {"after": other.sessions_cursor}),
        (SESSIONS, lambda other, mine: {"before": other.sessions_cursor}),
    ],
    "customer": [
        (READ_CUSTOMER, lambda other, mine: {"id": other.customer}),
        (
            f"query ($id: ID!, $ids: [ID!]) {{ customer(id: $id) {{ sessions(filter: {{ids: $ids}}) {{ {PAGE} }} }} }}",
            lambda other, mine: {"id": mine.customer, "ids": [other.session]},
        ),
        (
            f"query ($id: ID!, $after: String) {{ customer(id: $id) {{ sessions(after: $after) {{ {PAGE} }} }} }}",
            lambda other, mine: {"id": mine.customer, "after": other.sessions_cursor},
        ),
    ],
    "customers": [
        (
            f"query ($id: String) {{ customers(filter: {{externalId: $id}}) {{ {PAGE} }} }}",
            lambda other, mine: {"id": other.external_id},
        ),
        (
            f"query ($after: String) {{ customers(after: $after) {{ {PAGE} }} }}",
            lambda other, mine: {"after": other.customers_cursor},
        ),
    ],
    "order": [
        (f"query ($n: String!) {{ order(number: $n) {{ {ORDER_FIELDS} }} }}", lambda other, mine: {"n": other.number})
    ],
    "sessionStats": [(STATS, lambda other, mine, filter=filter: {"filter": filter(other)}) for filter in FILTERS],
    "app": [
        (f"query ($id: ID!) {{ app(id: $id) {{ {APP_FIELDS} }} }}", lambda other, mine: {"id": other.app}),
        (
            "query ($id: ID!, $after: String) { app(id: $id) { documents(after: $after) { nodes { id } } } }",
            lambda other, mine: {"id": mine.app, "after": other.documents_cursor},
        ),
    ],
    "apps": [
        (
            f"query ($after: String) {{ apps(after: $after) {{ {APPS} }} }}",
            lambda other, mine: {"after": other.apps_cursor},
        ),
        (
            f"query ($before: String) {{ apps(before: $before) {{ {APPS} }} }}",
            lambda other, mine: {"before": other.apps_cursor},
        ),
    ],
    "node": [
        (
            f"query ($id: ID!) {{ node(id: $id) {{ {NODE} }} }} {SESSION}",
            lambda other, mine, name=name: {"id": getattr(other, name)},
        )
        for name in ("session", "customer", "order", "store", "app")
    ],
    "nodes": [
        (
            f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }} {SESSION}",
            lambda other, mine: {
                "ids": [other.session, mine.session, other.customer, other.order, other.store, other.app]
            },
        )
    ],
    "createSession": [
        change("createSession", lambda other, mine: {"customer": {"id": other.customer}}),
        change("createSession", lambda other, mine: {"customer": {"externalId": other.external_id}}),
        change(
            "createSession",
            lambda other, mine: {"customer": {"details": {"name": "Sari", "externalId": other.external_id}}},
        ),
        change("createSession", lambda other, mine: {**INPUT, "idempotencyKey": other.idempotency_key}),
        change("createSession", lambda other, mine: {"customer": {"details": CUSTOMER}, "orderNumber": other.number}),
    ],
    "extendToken": [of_session("extendToken", minutes=5)],
    "reissueToken": [of_session("reissueToken", minutes=5)],
    "revokeToken": [of_session("revokeToken", reason="trespass")],
    "joinSession": [
        change("joinSession", lambda other, mine: {"token": other.code}),
        change("joinSession", lambda other, mine: {"token": other.link}),
        change("joinSession", lambda other, mine: {"token": mine.link.replace(mine.code, other.code)}),
    ],
    "recordOrder": [
        of_session("recordOrder", "order { number }", number="NEW-1"),
        change(
            "recordOrder",
            lambda other, mine: {"sessionId": mine.session, "number": other.number},
            "order { id number total { amount currency } placedAt session { id } }",
        ),
    ],
    "recordConversion": [
        of_session("recordConversion", kind="GOAL"),
        change(
            "recordConversion",
            lambda other, mine: {"sessionId": mine.session, "kind": "PURCHASE", "orderNumber": other.number},
        ),
    ],
    "updateCustomer": [
        change(
            "updateCustomer",
            lambda other, mine: {"id": other.customer, "name": "Trespasser", "phone": None},
            "customer { id name phone }",
        )
    ],
    "updateStoreSettings": [
        change(
            "updateStoreSettings",
            lambda other, mine: {"name": "Mine", "sessionExpiration": 1, "applyToActiveTokens": True},
            "store { id name sessionExpiration }",
        )
    ],
    "createApp": [
        change(
            "createApp",
            lambda other, mine: {"name": "new", "scopes": ["ADMIN"], "clientId": other.client_id},
            f"app {{ {APP_FIELDS} }}",
        ),
        change(
            "createApp",
            lambda other, mine: {"name": "new", "scopes": ["ADMIN"], "idempotencyKey": other.idempotency_key},
            f"app {{ {APP_FIELDS} }}",
        ),
    ],
    "updateApp": [
        change(
            "updateApp",
            lambda other, mine: {"id": other.app, "name": "trespasser", "disabled": True},
            f"app {{ {APP_FIELDS} }}",
        )
    ],
    "createApiKey": [
        change("createApiKey", lambda other, mine: {"appId": other.app, "name": "new"}, "apiKey { id name }"),
        change(
            "createApiKey",
            lambda other, mine: {"appId": mine.app, "name": "new", "idempotencyKey": other.idempotency_key},
            "apiKey { id name }",
        ),
    ],
    "revokeApiKey": [change("revokeApiKey", lambda other, mine: {"id": other.api_key}, "apiKey { id name }")],
    "publishDocuments": [
        change(
            "publishDocuments",
            lambda other, mine: {"appId": other.app, "manifest": {"new": "{ store { id } }"}},
            "documents { id body }",
        )
    ],
    "retireDocument": [
        change(
            "retireDocument",
            lambda other, mine, app=app: {"appId": app(other, mine), "id": other.document},
            "document { id }",
        )
        for app in (lambda other, mine: other.app, lambda other, mine: mine.app)
    ],
}

# What needs no thing of a store, and works whatever the other store has.
ALLOWED = {"viewer", "store", "updateStoreSettings"}


@dataclass(frozen=True)
class Street:
    """My shop and theirs, which have the same data; what is mine, theirs, and nobody's."""

    my_shop: Shop
    their_shop: Shop
    mine: Things
    theirs: Things
    nobodys: Things


@pytest.fixture
async def street(new_shop: NewShop) -> Street:
    my_shop, their_shop = await new_shop(), await new_shop()
    mine, theirs = await things_of(my_shop, "mine"), await things_of(their_shop, "theirs")
    return Street(my_shop, their_shop, mine, theirs, things_that_exist_nowhere(theirs))


async def test_each_root_field_is_tried(shop: Shop) -> None:
    answer = await shop.ask("{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")
    roots = answer["__schema"]
    fields = {field["name"] for root in ("queryType", "mutationType") for field in roots[root]["fields"]}
    assert fields == set(TRIES)


TRIED = [(field, number) for field, tries in TRIES.items() for number in range(len(tries))]


@pytest.mark.parametrize(("field", "number"), TRIED)
async def test_a_thing_of_another_store_is_as_if_it_were_not_there(
    street: Street, db: Pool, field: str, number: int
) -> None:
    document, variables = TRIES[field][number]
    before = await everything_of(db, street.their_shop.id)
    answers = []
    for other in (street.theirs, street.nobodys):
        sent = variables(other, street.mine)
        if field == "recordConversion" and "orderNumber" in sent["input"]:
            sent["input"]["sessionId"] = (await street.my_shop.create())["id"]  # one conversion a session
        text = (await street.my_shop.post(document, **sent)).text
        answers.append(anonymous(text, other, street.mine))
        assert [secret for secret in secrets_in(before) if secret in text and secret not in str(sent)] == []
    assert answers[0] == answers[1]
    assert await everything_of(db, street.their_shop.id) == before


@pytest.mark.parametrize(("field", "number"), [(field, number) for field, number in TRIED if field not in ALLOWED])
async def test_what_is_ones_own_is_there(street: Street, field: str, number: int) -> None:
    """So that what is refused or missing above is so for being another store's."""
    document, variables = TRIES[field][number]
    answers = []
    for things in (street.mine, street.nobodys):
        text = (await street.my_shop.post(document, **variables(things, street.mine))).text
        assert things is street.nobodys or '"errors"' not in text
        answers.append(anonymous(text, street.nobodys, street.mine))
    assert answers[0] != answers[1]


@pytest.mark.parametrize(("field", "number"), TRIED)
async def test_a_store_with_the_same_ids_has_things_of_its_own(
    street: Street, new_shop: NewShop, db: Pool, field: str, number: int
) -> None:
    """IDs are unique without it, but nothing relies on that: every statement names the store."""
    document, variables = TRIES[field][number]
    is_query = "mutation" not in document
    answer = (
        (await street.their_shop.post(document, **variables(street.theirs, street.theirs))).text if is_query else ""
    )
    twin = await new_shop()
    texts = {
        "Dewi Lestari": "Twin",
        "1905692": "7777777",
        "NUMBER-theirs": "NUMBER-twin",
        "dewi@": "twin@",
        "app-theirs": "app-twin",
    }
    await copy_with_the_same_ids(db, street.their_shop, twin, texts)
    before = await everything_of(db, street.their_shop.id)
    things = replace(street.theirs, store=twin.id, number="NUMBER-twin")
    text = (await twin.post(document, **variables(things, things))).text
    assert [word for word in texts if word in text] == []
    assert street.theirs.code not in text
    assert await everything_of(db, street.their_shop.id) == before
    if is_query and "cursor" not in text:
        for old, new in {**texts, street.their_shop.slug: twin.slug}.items():
            answer = answer.replace(old, new)
        assert anonymous(text) == anonymous(answer)


async def test_two_stores_can_use_the_same_idempotency_key(street: Street) -> None:
    sessions = [await shop.create(**INPUT) for shop in (street.my_shop, street.their_shop) for _ in range(2)]
    ids = [session["id"] for session in sessions]
    assert ids[0] == ids[1] != ids[2] == ids[3]


async def test_a_link_of_another_store_is_as_if_it_were_not_there(street: Street, db: Pool) -> None:
    before = await everything_of(db, street.their_shop.id)
    answers = [
        await street.my_shop.http.get(f"/s/{street.my_shop.slug}/{code}")
        for code in (street.theirs.code, street.nobodys.code)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert await everything_of(db, street.their_shop.id) == before


def secrets_in(rows: dict[str, list[str]]) -> set[str]:
    """The IDs in a store's rows, and what only that store has."""
    text = "\n".join(row for found in rows.values() for row in found)
    return {
        *re.findall(r"[a-z]+_[0-9a-hjkmnp-tv-z]{26}", text),
        "NUMBER-theirs",
        "crm-theirs",
        "app-theirs",
        "client-theirs",
        "document-theirs",
    }
