"""Two stores with the same data, and every reference to an object of a store."""

import re
from dataclasses import dataclass, fields
from typing import Any

import orjson

from db.ids import new_id
from db.pool import Pool
from tests.support.rows import insert
from tests.support.shop import Shop, code_of, new_app

CUSTOMER = {"name": "Dewi Lestari", "phone": "+6281234567890", "email": "dewi@mail.example", "externalId": "crm-1"}
INPUT = {
    "customer": {"details": CUSTOMER},
    "roomId": "1905692",
    "orderNumber": "QSH7K2",
    "metadata": {"channel": "whatsapp"},
    "idempotencyKey": "cart-1",
}

GENERATED = """
select column_name from information_schema.columns
where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'
"""
SET_CONVERSION_ORDERS = """
update session set conversion_order_id = theirs.conversion_order_id
from session as theirs
where session.store_id = $1 and theirs.store_id = $2 and theirs.id = session.id
"""


@dataclass(frozen=True)
class StoreObjects:
    """References to the objects of a store. No other store has them."""

    session: str
    customer: str
    external_id: str
    order: str
    number: str
    store: str
    code: str
    link: str
    idempotency_key: str
    app: str
    api_key: str
    client_id: str
    document: str
    sessions_cursor: str
    customers_cursor: str
    events_cursor: str
    apps_cursor: str
    documents_cursor: str
    audit_cursor: str

    @property
    def start_of_links(self) -> str:
        return self.link.removesuffix(self.code)


def anonymous(text: str, *things: StoreObjects) -> str:
    """The text with placeholders for these references, and for new IDs, codes and moments."""
    for thing in things:
        for field in sorted(fields(thing), key=lambda field: -len(getattr(thing, field.name))):
            value = getattr(thing, field.name)
            text = text.replace(value, f"<{field.name}>").replace(f"{value[:56]}...", f"<{field.name}>")
    text = re.sub(r"[0-9a-hjkmnp-tv-z]{52}", "<code>", text)
    text = re.sub(r"\b([a-z]+)_[0-9a-hjkmnp-tv-z]{26}\b", r"<new \1>", text)
    text = re.sub(r'"available":\d+', '"available":<budget>', text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "<moment>", text)


async def objects_of(shop: Shop, suffix: str) -> StoreObjects:
    """References to a converted session, its customer, its order and so on, in a store that has more than these."""
    session = await shop.create(
        customer={"details": {**CUSTOMER, "externalId": f"crm-{suffix}"}},
        orderNumber=f"NUMBER-{suffix}",
        idempotencyKey=f"key-{suffix}",
    )
    await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber=f"NUMBER-{suffix}")
    await shop.create(**INPUT)
    new = await new_app(shop.db, shop.id, ["sessions:read"], f"app-{suffix}", client_id=f"client-{suffix}")
    await shop.change(
        "publishDocuments",
        "documents { id }",
        appId=new.app.id,
        manifest={f"document-{suffix}": f'{{ order(number: "NUMBER-{suffix}") {{ id }} }}'},
    )
    cursors = await shop.ask(
        """query ($id: ID!, $appId: ID!) {
            sessions { pageInfo { startCursor } }
            customers { pageInfo { startCursor } }
            apps { pageInfo { startCursor } }
            auditLog { pageInfo { startCursor } }
            app(id: $appId) { documents { pageInfo { startCursor } } }
            session(id: $id) { orders { id } events { pageInfo { startCursor } } }
        }""",
        id=session["id"],
        appId=new.app.id,
    )
    return StoreObjects(
        **texts_of(suffix),
        **{f"{name}_cursor": cursors[name]["pageInfo"]["startCursor"] for name in ("sessions", "customers", "apps")},
        session=session["id"],
        customer=session["customer"]["id"],
        order=cursors["session"]["orders"][0]["id"],
        store=shop.id,
        code=code_of(session),
        link=session["token"]["link"],
        app=new.app.id,
        api_key=new.key.id,
        audit_cursor=cursors["auditLog"]["pageInfo"]["startCursor"],
        events_cursor=cursors["session"]["events"]["pageInfo"]["startCursor"],
        documents_cursor=cursors["app"]["documents"]["pageInfo"]["startCursor"],
    )


def texts_of(suffix: str) -> dict[str, str]:
    """The references that are chosen by the store."""
    prefixes = {"external_id": "crm", "number": "NUMBER", "idempotency_key": "key"}
    prefixes |= {"client_id": "client", "document": "document"}
    return {name: f"{prefix}-{suffix}" for name, prefix in prefixes.items()}


def unknown_objects(theirs: StoreObjects) -> StoreObjects:
    """References that no store has. The link differs from theirs only in its code."""
    session = new_id("session")
    code = session.removeprefix("session_") + new_id("session").removeprefix("session_")
    cursors = [field.name for field in fields(theirs) if field.name.endswith("_cursor")]
    return StoreObjects(
        **texts_of("nowhere"),
        **{name: letter * len(getattr(theirs, name)) for name, letter in zip(cursors, "ABCDEF", strict=True)},
        **{"session": session, "customer": new_id("customer"), "order": new_id("order"), "store": new_id("store")},
        **{"code": code, "link": theirs.link.replace(theirs.code, code)},
        **{"app": new_id("app"), "api_key": new_id("key")},
    )


async def copy_with_the_same_ids(db: Pool, theirs: Shop, twin: Shop, texts: dict[str, str]) -> None:
    """Copy the rows to the twin with the same IDs and other texts."""
    for table in ("app", "api_key", "document", "customer", "session", "order", "session_event", "audit_event"):
        columns = ", ".join(row["column_name"] for row in await db.fetch(GENERATED, table))
        rows = await db.fetch(
            f'select to_jsonb(t)::text as row from (select {columns} from "{table}") as t where store_id = $1',
            theirs.id,
        )
        changes = {theirs.id: twin.id, **texts}
        copied: list[dict[str, Any]] = []
        for row in rows:
            text = row["row"]
            for old, new in changes.items():
                text = text.replace(old, new)
            copied.append(orjson.loads(text))
        await insert(db, table, [{**row, "conversion_order_id": None} if table == "session" else row for row in copied])
    await db.fetch(SET_CONVERSION_ORDERS, twin.id, theirs.id)
