"""The store and its settings."""

import strawberry

from db.pool import Row
from db.stores import get_store
from engine.rows import column
from schema.context import Info
from schema.ids import NODE_ID, Node
from schema.scalars import URL


@strawberry.type(description="A shop: whose sessions these are.")
class Store(Node):
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", NODE_ID)
    name: str = column("name", "Its name, as customers see it.")
    slug: str = column("slug", "Its name in links.")
    storefront_url: URL = column("storefront_url", "Where a customer who opens a link is sent.")
    session_expiration: int = column(
        "session_expiration",
        "Session Expiration: minutes until a token that is issued now expires, 1 to 1440. 0 disables expiry: sessions "
        "stay active indefinitely.",
    )


async def store(info: Info) -> Store:
    row = await get_store(info.context.db, info.context.require().store_id)
    assert row is not None  # nothing is deleted
    return Store(row=row)
