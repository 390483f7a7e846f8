"""Strawberry as usually written: SQLAlchemy models, a type for each model, a data loader for customers, and uvicorn."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import strawberry
from sqlalchemy import DateTime, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from bench.speed.contenders import POOL_SIZE

STORE_ID = os.environ["STORE_ID"]

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=POOL_SIZE,
    max_overflow=0,
)
database = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012


class CustomerModel(Base):
    __tablename__ = "customer"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class OrderModel(Base):
    __tablename__ = "order"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    number_key: Mapped[str]
    session_id: Mapped[str | None]


class SessionModel(Base):
    __tablename__ = "session"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    customer_name_key: Mapped[str]
    room_id: Mapped[str | None]
    created_at: Mapped[datetime]
    token_issued_at: Mapped[datetime]
    token_expires_at: Mapped[datetime]
    token_revoked_at: Mapped[datetime | None]
    conversion_kind: Mapped[str | None]
    converted_at: Mapped[datetime | None]

    @property
    def expired_time(self) -> datetime | None:
        # asyncpg reads `infinity` as datetime.max.
        return None if self.token_expires_at == datetime.max else self.token_expires_at

    @property
    def token_status(self) -> str:
        if self.token_revoked_at is not None:
            return "REVOKED"
        return "EXPIRED" if self.expired_time and self.expired_time <= datetime.now(UTC) else "ACTIVE"


@strawberry.type
class Customer:
    id: strawberry.ID
    name: str


@strawberry.type
class Token:
    status: str
    issued_at: datetime
    expired_time: datetime | None
    revoked_at: datetime | None


@strawberry.type
class Conversion:
    kind: str
    at: datetime


@strawberry.type
class Session:
    id: strawberry.ID
    date_created: datetime
    room_id: str | None
    model: strawberry.Private[SessionModel]

    @classmethod
    def from_model(cls, model: SessionModel) -> "Session":
        return cls(id=strawberry.ID(model.id), date_created=model.created_at, room_id=model.room_id, model=model)

    @strawberry.field
    def active(self) -> bool:
        return self.model.token_status == "ACTIVE"

    @strawberry.field
    async def customer(self, info: strawberry.Info) -> Customer:
        return await info.context["customers"].load(self.model.customer_id)

    @strawberry.field
    def token(self) -> Token:
        return Token(
            status=self.model.token_status,
            issued_at=self.model.token_issued_at,
            expired_time=self.model.expired_time,
            revoked_at=self.model.token_revoked_at,
        )

    @strawberry.field
    def conversion(self) -> Conversion | None:
        kind, at = self.model.conversion_kind, self.model.converted_at
        return Conversion(kind=kind, at=at) if kind and at else None


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class SessionConnection:
    nodes: list[Session]
    page_info: PageInfo


@strawberry.input
class TextFilter:
    contains: str | None = None
    equals: str | None = None


@strawberry.input
class SessionFilter:
    customer_name: TextFilter | None = None
    order_number: TextFilter | None = None

    def apply(self, statement: Select[Any]) -> Select[Any]:
        if self.customer_name and self.customer_name.contains is not None:
            text = func.fold_pattern(self.customer_name.contains)
            statement = statement.where(SessionModel.customer_name_key.contains(text))
        if self.order_number and self.order_number.equals is not None:
            number = func.fold(self.order_number.equals)
            orders = select(OrderModel.session_id).where(
                OrderModel.store_id == STORE_ID, OrderModel.number_key == number
            )
            statement = statement.where(SessionModel.id.in_(orders))
        return statement


@strawberry.type
class Query:
    @strawberry.field
    async def session(self, id: strawberry.ID) -> Session | None:
        async with database() as db:
            model = await db.get(SessionModel, (STORE_ID, id))
        return Session.from_model(model) if model else None

    @strawberry.field
    async def sessions(
        self, filter: SessionFilter | None = None, first: int = 50, after: str | None = None
    ) -> SessionConnection:
        statement = (
            select(SessionModel)
            .where(SessionModel.store_id == STORE_ID)
            .order_by(SessionModel.created_at.desc(), SessionModel.id.desc())
            .limit(first + 1)
        )
        if filter:
            statement = filter.apply(statement)
        if after:
            created_at, id = urlsafe_b64decode(after).decode().split("|")
            key = tuple_(SessionModel.created_at, SessionModel.id)
            statement = statement.where(key < (datetime.fromisoformat(created_at), id))
        async with database() as db:
            models = (await db.scalars(statement)).all()
        nodes = [Session.from_model(model) for model in models[:first]]
        end = nodes and f"{nodes[-1].date_created.isoformat()}|{nodes[-1].id}"
        return SessionConnection(
            nodes=nodes,
            page_info=PageInfo(
                has_next_page=len(models) > first,
                end_cursor=urlsafe_b64encode(end.encode()).decode() if end else None,
            ),
        )


async def load_customers(ids: list[strawberry.ID]) -> list[Customer]:
    async with database() as db:
        found = await db.scalars(
            select(CustomerModel).where(CustomerModel.store_id == STORE_ID, CustomerModel.id.in_(ids))
        )
        customers = {model.id: Customer(id=strawberry.ID(model.id), name=model.name) for model in found}
    return [customers[id] for id in ids]


class Endpoint(GraphQL):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response, "customers": DataLoader(load_fn=load_customers)}


app = Endpoint(strawberry.Schema(query=Query))
