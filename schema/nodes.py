"""The root fields that get any object by ID."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import strawberry

from db.apps import get_apps
from db.customers import get_customers
from db.ids import noun_of
from db.orders import get_orders
from schema.apps import App
from schema.context import Info
from schema.cost import IDS_LIMIT
from schema.customers import Customer
from schema.errors import BadUserInput
from schema.fields import argument
from schema.ids import Node
from schema.orders import Order
from schema.scalars import shortened
from schema.scopes import Scope
from schema.sessions import Session
from schema.stores import Store


async def node(
    info: Info, id: Annotated[strawberry.ID, argument("The ID of a session, customer, order, store or app.")]
) -> Node | None:
    info.context.require(Scope.SESSIONS_READ)
    return await _node(info, id)


async def nodes(
    info: Info, ids: Annotated[list[strawberry.ID], argument(f"At most {IDS_LIMIT} IDs.")]
) -> list[Node | None]:
    info.context.require(Scope.SESSIONS_READ)
    if len(ids) > IDS_LIMIT:
        raise BadUserInput(f"At most {IDS_LIMIT} ids, got {len(ids)}.")
    return list(await asyncio.gather(*(_node(info, id) for id in ids)))


async def _node(info: Info, id: str) -> Node | None:
    """The store's object with this ID, whose prefix tells the type. Only admins see apps other than their own."""
    loaders, credential = info.context.loaders, info.context.require()
    node_type: Callable[..., Node]
    match noun_of(id):
        case "session":
            node_type, row = Session, await loaders.session(id)
        case "customer":
            node_type, row = Customer, await loaders.row(get_customers, id)
        case "order":
            node_type, row = Order, await loaders.row(get_orders, id)
        case "store":
            node_type, row = Store, await loaders.store(id)
        case "app" if id == credential.app_id or Scope.ADMIN.value in credential.scopes:
            node_type, row = App, await loaders.row(get_apps, id)
        case None:
            raise BadUserInput(f"An ID must look like session_01h455vb4pex5vsknk084sn02q, got {shortened(id)}.")
        case _:
            return None
    return node_type(row=row) if row else None
