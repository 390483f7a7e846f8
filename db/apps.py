"""Apps: a store's clients, with what each may do."""

from datetime import datetime
from typing import NamedTuple

from db.ids import new_id
from db.pool import Executor


class AppRow(NamedTuple):
    id: str
    name: str
    scopes: list[str]
    document_mode: str
    rate: int
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None


COLUMNS = "id, name, scopes, document_mode, rate, client_id, created_at, disabled_at"

CREATE = f"""
insert into app (store_id, id, name, scopes, document_mode, rate, client_id)
values ($1, $2, $3, $4, $5, $6, $7)
returning {COLUMNS}
"""


async def create_app(
    db: Executor,
    store_id: str,
    name: str,
    scopes: list[str],
    document_mode: str = "LOG",
    rate: int = 1000,
    client_id: str | None = None,
) -> AppRow:
    row = await db.fetchrow(CREATE, store_id, new_id("app"), name, scopes, document_mode, rate, client_id)
    assert row is not None
    return AppRow(*row)
