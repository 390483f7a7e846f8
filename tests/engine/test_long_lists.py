"""The cost of lists without pages: items beyond the assumed length are counted during execution."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type, is_list_type

from db.ids import new_id
from schema import context
from schema.cost import COST_MODEL
from schema.root import schema
from tests.support.shop import Shop

INSERT_ORDERS = """
insert into "order" (store_id, id, session_id, number) select $1, id, $2, id from unnest($3::text[]) id
"""

INSERT_KEYS = """
insert into api_key (store_id, id, app_id, name, hash)
select $1, id, $2, id, sha256(id::bytea) from unnest($3::text[]) id
"""

# A refusal has one error or a few; those of an input, at most one for each of its fields.
SHORT = "userErrors"


def test_every_list_without_pages_is_counted_or_short() -> None:
    lists = {
        f"{type.name}.{name}"
        for type in schema._schema.type_map.values()
        if isinstance(type, GraphQLObjectType) and not type.name.startswith("__")
        for name, field in type.fields.items()
        if is_list_type(get_nullable_type(field.type)) and not is_leaf_type(get_named_type(field.type))
        if not type.name.endswith("Connection") and "ids" not in field.args and name != SHORT
    }
    # Each has a test below.
    assert lists == {
        *("Session.orders", "App.keys", "SessionStats.periods", "PublishDocumentsPayload.documents"),
        "AuditEvent.changes",
    }


def too_costly(field: str, limit: int = COST_MODEL.cost_limit) -> tuple[str, str]:
    return (
        "COST_LIMIT_EXCEEDED",
        f"Lists that have no pages are longer than was assumed, and cost more than {limit:,} beyond that. "
        f"Ask for fewer lists of `{field}`, or for less of their items.",
    )


async def refused(shop: Shop, query: str, **variables: Any) -> tuple[Any, set[tuple[str, str]]]:
    """The data, and the codes and messages of its errors, each of which has a path."""
    response = await shop.post(query, **variables)
    answer = response.json()
    assert all(error["path"] for error in answer["errors"])
    assert response.status_code == 200
    return answer["data"], {(error["extensions"]["code"], error["message"]) for error in answer["errors"]}


async def session_with_orders(shop: Shop, number: int) -> str:
    session = await shop.create()
    await shop.db.fetch(INSERT_ORDERS, shop.id, session["id"], [new_id("order") for _ in range(number)])
    return str(session["id"])


async def test_a_long_list_selected_a_thousand_times_is_refused(shop: Shop) -> None:
    id = await session_with_orders(shop, 300)
    # 4,000 as it is measured, and 300,000 orders.
    aliases = " ".join(f"a{n}: nodes(ids: $ids) {{ ... on Session {{ orders {{ id number }} }} }}" for n in range(10))
    data, errors = await refused(shop, f"query ($ids: [ID!]!) {{ {aliases} }}", ids=[id] * 100)
    assert errors == {too_costly("orders")}
    sessions = [session for nodes in data.values() for session in nodes]
    assert [len(session["orders"]) for session in sessions if session] == [300] * (5_000 // 297)
    assert sessions.count(None) == 1_000 - 5_000 // 297


async def test_each_extra_item_counts_with_everything_selected_of_it(shop: Shop) -> None:
    id = await session_with_orders(shop, 53)
    # For each of the 50 extra items: the order, its session, the customer, and 97 for the page.
    page = "sessions(first: $n) { nodes { id } }"
    path = f"session {{ customer {{ {page} }} }}"
    text = f"query ($id: ID!, $n: Int = 96) {{ session(id: $id) {{ orders {{ {path} }} }} }}"
    answer = await shop.ask(text, id=id)
    order = {"session": {"customer": {"sessions": {"nodes": [{"id": id}]}}}}
    assert answer == {"session": {"orders": [order] * 53}}
    assert await refused(shop, text, id=id, n=97) == ({"session": None}, {too_costly("orders")})
    in_fragments = f"""query ($id: ID!, $n: Int = 97) {{ session(id: $id) {{ ...A ...B }} }}
        fragment A on Session {{ orders {{ session {{ id }} }} }}
        fragment B on Session {{ orders {{ ...C }} }}
        fragment C on Order {{ session {{ customer {{ {page} }} }} }}"""
    assert await refused(shop, in_fragments, id=id) == ({"session": None}, {too_costly("orders")})


async def test_the_keys_of_an_app_are_counted(shop: Shop) -> None:
    app_id = await shop.app_id()
    await shop.db.fetch(INSERT_KEYS, shop.id, app_id, [new_id("key") for _ in range(102)])  # and its own

    def query(aliases: int) -> str:
        return f"{{ viewer {{ app {{ {' '.join(f'a{n}: keys {{ id }}' for n in range(aliases))} }} }} }}"

    answer = await shop.ask(query(50))
    assert {len(keys) for keys in answer["viewer"]["app"].values()} == {103}
    _, errors = await refused(shop, query(51))
    assert errors == {too_costly("keys")}


async def test_the_periods_of_statistics_are_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in range(4):
        await shop.turn_back((await shop.create())["id"], days * 24 * 60)
    # Lists are counted as if they were assumed to have one item: these come to 144 beyond that.
    model = replace(COST_MODEL, list_sizes={"SessionStats.periods": 1}, cost_limit=144)
    monkeypatch.setattr(context, "COST_MODEL", model)
    query = f"{{ sessionStats(groupBy: DAY) {{ {' '.join(f'a{n}: periods {{ total }}' for n in range(48))} }} }}"
    figures = (await shop.ask(query))["sessionStats"]
    assert list(figures.values()) == [[{"total": 1}] * 4] * 48
    monkeypatch.setattr(context, "COST_MODEL", replace(model, cost_limit=143))
    data, errors = await refused(shop, query)
    assert (data, errors) == (None, {too_costly("periods", 143)})


async def test_published_documents_are_counted(shop: Shop) -> None:
    manifest = {f"Q{n}": "{ __typename }" for n in range(100)}

    def query(aliases: int) -> str:
        fields = " ".join(f"a{n}: documents {{ id }}" for n in range(aliases))
        return f"mutation ($manifest: JSON!) {{ publishDocuments(input: {{manifest: $manifest}}) {{ {fields} }} }}"

    answer = await shop.ask(query(51), manifest=manifest)
    assert {len(documents) for documents in answer["publishDocuments"].values()} == {100}
    _, errors = await refused(shop, query(52), manifest=manifest)
    assert errors == {too_costly("documents")}


async def test_the_changes_of_an_audit_event_are_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.changed("createApp", "app { id }", name="spa", scopes=["SESSIONS_READ"])
    # An event of 5 fields, 2 more than was assumed.
    monkeypatch.setattr(context, "COST_MODEL", replace(COST_MODEL, cost_limit=2))
    query = "{ auditLog(first: 1) { nodes { changes { field } } } }"
    assert len((await shop.ask(query))["auditLog"]["nodes"][0]["changes"]) == 5
    monkeypatch.setattr(context, "COST_MODEL", replace(COST_MODEL, cost_limit=1))
    _, errors = await refused(shop, query)
    assert errors == {too_costly("changes", 1)}
