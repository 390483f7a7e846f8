"""Persisted documents: GraphQL documents that an app can execute by ID. Their bodies never change."""

from typing import NamedTuple

from db.audit import COMMAND_LINE, INSERT, Origin, change
from db.columns import grouped
from db.ids import new_id
from db.keysets import Window
from db.pool import Transaction
from db.statements import Executor, Row


class NewDocument(NamedTuple):
    id: str
    name: str | None
    body: str
    hash: bytes
    cost: int


class DocumentsDiffer(Exception):
    """Documents with these IDs exist and have other bodies."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids


class TooManyDocuments(Exception):
    """The app would have more documents than the limit: `count`."""

    def __init__(self, count: int) -> None:
        self.count = count


COLUMNS = "app_id, id, name, body, hash, cost, published_at, retired_at"
GET = f"select {COLUMNS} from document where store_id = $1 and app_id = $2 and id = $3 and retired_at is null"

# Several documents can have the same body.
GET_BY_HASH = f"""
select {COLUMNS} from document where store_id = $1 and app_id = $2 and hash = $3 and retired_at is null
order by id limit 1
"""

# Serializes the publications of an app, so that its number of documents can be limited.
LOCK_APP = "select from app where store_id = $1 and id = $2 for no key update"

# An audit event for each document that was not published before. IDs are unique only within an app.
CREATE = f"""
with created as (
    insert into document (store_id, app_id, id, name, body, hash, cost, checked_with)
    select $1, $2, id, name, body, hash, cost, $8
    from unnest($3::text[], $4::text[], $5::text[], $6::bytea[], $7::integer[]) as new (id, name, body, hash, cost)
    on conflict (store_id, app_id, id) do update set
        cost = excluded.cost,
        checked_with = excluded.checked_with,
        published_at = case when document.retired_at is null then document.published_at else now() end,
        retired_at = null
    where document.hash = excluded.hash
    returning {COLUMNS}, published_at = now() as is_new
), event as (
    {INSERT}
    select $1, event_id, 'DOCUMENT_PUBLISHED', id, $10, $11, $12, null,
        jsonb_strip_nulls(jsonb_build_object('app_id', app_id, 'name', name, 'cost', cost))
    from created join unnest($3::text[], $9::text[]) as new_event (document_id, event_id) on document_id = id
    where is_new
)
select {COLUMNS}, is_new from created
"""

# Publishes the console's documents for every console app. They belong to this version, so that no audit event records
# them. An existing document is the same, because IDs are hashes.
CREATE_FOR_CONSOLES = """
insert into document (store_id, app_id, id, name, body, hash, cost, checked_with)
select app.store_id, app.id, new.id, new.name, body, hash, cost, $6
from app cross join unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::integer[])
    as new (id, name, body, hash, cost)
where app.console
order by app.store_id, app.id, new.id
on conflict (store_id, app_id, id) do update set published_at = now(), retired_at = null
where document.retired_at is not null
"""

COUNT = "select count(*) from document where store_id = $1 and app_id = $2 and retired_at is null"

RETIRE = f"""
with before as materialized (
    select * from document where store_id = $1 and app_id = $2 and id = $3 for no key update
), changed as (
    update document set retired_at = coalesce(document.retired_at, now())
    from before
    where document.store_id = $1 and document.app_id = $2 and document.id = before.id
    returning document.*
), event as (
    {change("DOCUMENT_RETIRED", 4, details="jsonb_build_object('app_id', changed.app_id)")}
)
select {COLUMNS} from changed
"""

SEARCH = f"""
select page.* from unnest($2::text[]) as parent (id)
cross join lateral (
    select {COLUMNS} from document
    where store_id = $1 and app_id = parent.id and ($3::text is null or id > $3) and ($4::text is null or id < $4)
    order by id limit $5
) as page
order by app_id, id
"""

SEARCH_LAST = SEARCH.replace("order by id", "order by id desc")

SEARCH_PUBLISHED = """
select document.store_id, document.app_id, document.id, document.name, document.body,
    store.slug as store_slug, app.name as app_name
from document
join app on app.store_id = document.store_id and app.id = document.app_id
join store on store.id = document.store_id
where (document.store_id, document.app_id, document.id) > ($2, $3, $4)
and document.retired_at is null and ($1::bytea is null or document.checked_with <> $1)
order by document.store_id, document.app_id, document.id limit $5
"""

SET_CHECKED = """
update document set checked_with = $1
from unnest($2::text[], $3::text[], $4::text[]) as checked (store_id, app_id, id)
where document.store_id = checked.store_id and document.app_id = checked.app_id and document.id = checked.id
"""


async def get_document(db: Executor, store_id: str, app_id: str, key: str | bytes) -> Row | None:
    """The published document with this canonical ID, or one whose body has this SHA-256. None if it is retired."""
    return await db.fetchrow(GET if isinstance(key, str) else GET_BY_HASH, store_id, app_id, key)


async def create_documents(
    db: Transaction,
    store_id: str,
    app_id: str,
    documents: list[NewDocument],
    checked_with: bytes,
    limit: int,
    origin: Origin = COMMAND_LINE,
) -> list[Row] | None:
    """Publish one or more documents with different IDs. Returns their rows in order, or None if there is no such app.

    A row's `is_new` tells whether the document was not published before. A published document is left unchanged, and a
    retired one is published again. Raises DocumentsDiffer, and TooManyDocuments if the app would have more than `limit`
    documents: roll the transaction back then.
    """
    if await db.fetchrow(LOCK_APP, store_id, app_id) is None:
        return None
    event_ids = [new_id("audit") for _ in documents]
    columns = zip(*documents, strict=True)
    rows = await db.fetch(CREATE, store_id, app_id, *columns, checked_with, event_ids, *origin)
    published = {row.id: row for row in rows}
    if different := [document.id for document in documents if document.id not in published]:
        raise DocumentsDiffer(different)
    [total] = await db.fetch(COUNT, store_id, app_id)
    if total["count"] > limit:
        raise TooManyDocuments(total["count"])
    return [published[document.id] for document in documents]


async def create_documents_for_consoles(db: Executor, documents: list[NewDocument], checked_with: bytes) -> None:
    """Publish one or more documents for the console apps of all stores. For operators only.

    A published document is left unchanged, and a retired one is published again.
    """
    await db.fetch(CREATE_FOR_CONSOLES, *zip(*documents, strict=True), checked_with)


async def set_document_retired(
    db: Executor, store_id: str, app_id: str, id: str, origin: Origin = COMMAND_LINE
) -> Row | None:
    """Retire a document. Idempotent. Returns None if the app has no such document."""
    return await db.fetchrow(RETIRE, store_id, app_id, id, *origin.values)


async def search_documents(db: Executor, store_id: str, app_ids: list[str], window: Window) -> dict[str, list[Row]]:
    """A page of each app's documents, sorted by ID, including retired documents."""
    bounds = [key.id if key else None for key in (window.after, window.before)]
    rows = await db.fetch(SEARCH_LAST if window.last else SEARCH, store_id, app_ids, *bounds, window.limit)
    return grouped(rows, "app_id", app_ids)


async def search_published_documents(
    db: Executor, checked_with: bytes | None, after: Row | None, limit: int
) -> list[Row]:
    """A page of the published documents of all stores, with `store_slug` and `app_name`. For operators only.

    Skips the documents that were checked with `checked_with`, unless it is None.
    """
    bounds = (after.store_id, after.app_id, after.id) if after else ("", "", "")
    return await db.fetch(SEARCH_PUBLISHED, checked_with, *bounds, limit)


async def set_documents_checked(db: Executor, documents: list[Row], checked_with: bytes) -> None:
    """Record that the documents are valid, and the hash of the schema and rules that they were checked with."""
    keys = [[row.store_id for row in documents], [row.app_id for row in documents], [row.id for row in documents]]
    await db.fetch(SET_CHECKED, checked_with, *keys)
