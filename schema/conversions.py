"""Conversions: what a session led to."""

from datetime import datetime
from enum import Enum

import strawberry

from db.sessions import SessionRow
from engine.rows import resolver
from schema.context import Info
from schema.enums import enum_value
from schema.orders import Order


@strawberry.enum(description="What the customer did.")
class ConversionKind(Enum):
    PURCHASE = enum_value("PURCHASE", "They bought.")
    TASK = enum_value("TASK", "They completed a task.")
    GOAL = enum_value("GOAL", "They attained a goal.")


@strawberry.type(description="The customer did what the session was for.")
class Conversion:
    kind: ConversionKind = strawberry.field(description="What they did.")
    at: datetime = strawberry.field(description="When.")
    order_id: strawberry.Private[str | None]

    @classmethod
    def from_row(cls, row: SessionRow) -> "Conversion":
        """Of a session that has converted."""
        assert row.conversion_kind is not None
        assert row.converted_at is not None
        return cls(kind=ConversionKind[row.conversion_kind], at=row.converted_at, order_id=row.conversion_order_id)

    @resolver("The order that they placed, if that was recorded with it.")
    async def order(self, info: Info) -> Order | None:
        row = await info.context.loaders.orders.load(self.order_id) if self.order_id else None
        return Order(row=row) if row else None
