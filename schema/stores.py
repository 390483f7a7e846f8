"""Stores and their settings."""

import strawberry

from db.stores import get_store
from engine.rows import column
from schema.context import Info
from schema.ids import Node
from schema.scalars import URL


@strawberry.type(description="A shop. Every other object belongs to a store.")
class Store(Node):
    id: strawberry.ID = column("id", "The ID of the store, such as store_01h455vb4pex5vsknk084sn02q.")
    name: str = column("name", "The name of the store, as shown to customers.")
    slug: str = column("slug", "The identifier of the store in links.")
    storefront_url: URL = column("storefront_url", "The URL to which customers who open a link are redirected.")
    session_expiration: int = column(
        "session_expiration",
        "The session expiration: the lifetime of new tokens in minutes, 1 to 1440. 0 means that new tokens "
        "never expire.",
    )
    retention_days: int | None = column(
        "retention_days",
        "The retention period in days: sessions without an event for so long are redacted. Null if sessions are never "
        "redacted.",
    )


async def store(info: Info) -> Store:
    row = await get_store(info.context.db, info.context.require().store_id)
    assert row is not None  # rows are never deleted
    return Store(row=row)
