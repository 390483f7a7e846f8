"""Stores and their settings."""

from collections.abc import Collection
from urllib.parse import urlsplit

import strawberry

from db.stores import get_store
from engine.rows import column
from schema.context import Info
from schema.errors import BadUserInput
from schema.ids import Node
from schema.scalars import URL, parse_url, shortened

HOST_LIMIT = 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@strawberry.type(description="A shop. Every other object belongs to a store.")
class Store(Node):
    id: strawberry.ID = column("id", "The ID of the store, such as store_01h455vb4pex5vsknk084sn02q.")
    name: str = column("name", "The name of the store, as shown to customers.")
    slug: str = column("slug", "The identifier of the store in links.")
    storefront_url: URL = column("storefront_url", "The URL to which customers who open a link are redirected.")
    storefront_hosts: list[str] = column(
        "storefront_hosts", "The hosts to which `storefrontUrl` may point, in lower case and without ports."
    )
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


def checked_storefront_url(url: str, hosts: Collection[str]) -> str:
    """Return the URL. Raises BadUserInput if it is not https, has credentials, or its host is not one of the storefront
    hosts.

    Roomkey sends customers there with their tokens. http is allowed for the machine itself, for development.
    """
    parts = urlsplit(parse_url(url))
    host = parts.hostname or ""
    if parts.scheme != "https" and host not in LOOPBACK:
        raise BadUserInput(f"must start with https://, got {shortened(url)}")
    if host not in hosts:
        raise BadUserInput(f"must be on one of the storefront hosts: {', '.join(hosts)}; got {shortened(host)}")
    return url


def checked_storefront_host(host: str) -> str:
    """Return the hostname in lower case. Raises BadUserInput if it is not one, for example because it has a port."""
    name = host.strip().lower()
    try:
        is_host = urlsplit(parse_url(f"https://{name}/")).hostname == name and "*" not in name
    except BadUserInput:
        is_host = False
    if not is_host:
        raise BadUserInput(f"must be a hostname such as shop.example, got {shortened(host)}")
    return name
