"""Conversions: what a session led to."""

from datetime import datetime
from enum import Enum

import strawberry

from db.pool import Row
from engine.rows import column, resolver
from schema.context import Info
from schema.fields import enum_value
from schema.orders import Order


@strawberry.enum(description="The kind of a conversion.")
class ConversionKind(Enum):
    PURCHASE = enum_value("PURCHASE", "The customer bought something.")
    TASK = enum_value("TASK", "The customer completed a task.")
    GOAL = enum_value("GOAL", "The customer reached another goal.")


@strawberry.type(description="The record that the customer reached the goal of a session.")
class Conversion:
    row: strawberry.Private[Row]
    kind: ConversionKind = column("conversion_kind", "The kind of the conversion.")
    at: datetime = column("converted_at", "When the customer converted.")

    @resolver(
        "The order that the customer placed. Null if none was recorded with the conversion.",
        reads=("conversion_order_id",),
    )
    async def order(self, info: Info) -> Order | None:
        id = self.row["conversion_order_id"]
        row = await info.context.loaders.orders.load(id) if id else None
        return Order(row=row) if row else None
