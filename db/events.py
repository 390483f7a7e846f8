"""Session events: an append-only timeline and audit trail of each session."""

from typing import Literal, NamedTuple, TypeAlias

from db.columns import grouped
from db.ids import new_id
from db.keysets import Window
from db.statements import Executor, Row

# A chat app fetched the link for a preview, a person opened it, or the storefront let the customer join.
VisitKind: TypeAlias = Literal["PREVIEWED", "OPENED", "JOINED"]


class Actor(NamedTuple):
    """The API key or the user that makes a change. Both are None for the customer."""

    api_key_id: str | None = None
    user_id: str | None = None


# EXPIRED events are derived: the token reached the expiration time of one event before the next event changed it. If a
# change moves the expiration time into the past, the token expires at the time of the change.
SEARCH = """
select parent.id as session_id, event.id, event.kind, to_json(event.at) as at, to_json(event.expires_at) as expires_at,
    event.reason, event.api_key_id, event.user_id, event.at::text as sort_key
from unnest($2::text[]) as parent (id)
cross join lateral (
    select id, kind, at, expires_at, reason, api_key_id, user_id from (
        select id, kind, at, nullif(expires_at, 'infinity') as expires_at, reason, api_key_id, user_id
        from session_event
        where store_id = $1 and session_id = parent.id
        union all
        select 'expiry' || substr(id, 6), 'EXPIRED', ends_at, null, null, null, null
        from (
            select id, expires_at, greatest(at, expires_at) as ends_at, lead(at) over (order by at, id) as next_at
            from session_event
            where store_id = $1 and session_id = parent.id and kind in ('ISSUED', 'EXTENDED', 'REISSUED', 'REVOKED')
        ) as token
        where expires_at is not null and ends_at <= now() and (next_at is null or next_at > ends_at)
    ) as timeline
    where ($3::text is null or (at, id) > ($3::timestamptz, $4))
    and ($5::text is null or (at, id) < ($5::timestamptz, $6))
    order by at, id
    limit $7
) as event
"""

# A visit of the same kind within a minute, by a double tap for example, adds no event. A reissued link is a new link.
CREATE_VISIT = """
insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
select store_id, $3, id, $4, $5, $6
from session
where store_id = $1 and id = $2 and not exists (
    select from session_event
    where store_id = $1 and session_id = $2 and kind = $4
    and at > greatest(now() - interval '1 minute', token_issued_at)
)
"""

CREATE_SEVERAL = """
insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
select $1, id, session_id, $2, $5, $6 from unnest($3::text[], $4::text[]) as new (id, session_id)
"""

CREATE_EXTENDED = """
insert into session_event (store_id, id, session_id, kind, expires_at, reason, api_key_id, user_id)
select $1, id, session_id, 'EXTENDED', expires_at, 'store setting', $5, $6
from unnest($2::text[], $3::text[], $4::text[]::timestamptz[]) as extended (id, session_id, expires_at)
"""


async def search_events(db: Executor, store_id: str, session_ids: list[str], window: Window) -> dict[str, list[Row]]:
    """The first events of each session in the window, oldest first."""
    bounds = [*(window.after or (None, None)), *(window.before or (None, None))]
    return grouped(await db.fetch(SEARCH, store_id, session_ids, *bounds, window.limit), "session_id", session_ids)


async def create_visit(db: Executor, store_id: str, session_id: str, kind: VisitKind, actor: Actor) -> None:
    """Record a visit, unless one of the same kind was recorded within the last minute."""
    await db.fetch(CREATE_VISIT, store_id, session_id, new_id("event"), kind, *actor)


async def create_events(
    db: Executor, store_id: str, kind: Literal["REVOKED", "REDACTED"], session_ids: list[str], actor: Actor
) -> None:
    """Record that the same has happened to several sessions."""
    await db.fetch(CREATE_SEVERAL, store_id, kind, [new_id("event") for _ in session_ids], session_ids, *actor)


async def create_extended_events(db: Executor, store_id: str, sessions: list[Row], actor: Actor) -> None:
    """Record that a store setting changed the expiration times of sessions: their `expires_at`, as Postgres text."""
    ids = [new_id("event") for _ in sessions]
    session_ids, expires_at = [row.id for row in sessions], [row.expires_at for row in sessions]
    await db.fetch(CREATE_EXTENDED, store_id, ids, session_ids, expires_at, *actor)
