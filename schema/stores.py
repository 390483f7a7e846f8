"""The store and its settings."""

import strawberry

from db.stores import StoreRow, get_store
from schema.context import Info
from schema.ids import Node
from schema.scalars import URL


@strawberry.type(description="A shop: whose sessions these are.")
class Store(Node):
    name: str = strawberry.field(description="Its name, as customers see it.")
    slug: str = strawberry.field(description="Its name in links.")
    storefront_url: URL = strawberry.field(description="Where a customer who opens a link is sent.")
    session_expiration: int = strawberry.field(
        description="Session Expiration: minutes until a token that is issued now expires, 1 to 1440. 0 disables "
        "expiry: sessions stay active indefinitely."
    )

    @classmethod
    def from_row(cls, row: StoreRow) -> "Store":
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            slug=row.slug,
            storefront_url=URL(row.storefront_url),
            session_expiration=row.session_expiration,
        )


async def store(info: Info) -> Store:
    row = await get_store(info.context.db, info.context.require().store_id)
    assert row is not None  # nothing is deleted
    return Store.from_row(row)
