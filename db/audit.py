"""The audit log: who changed what, when, from where, and how it was before. Rows are only added.

A statement that changes an object records the change in the same statement, with one of the fragments below. Sessions
have their own events: see db/events.py.
"""

from typing import NamedTuple

from db.events import Actor
from db.ids import new_id
from db.statements import Executor


class Origin(NamedTuple):
    """The API key or user that makes a change, and the network address of the request.

    All are None for an operator on the command line.
    """

    api_key_id: str | None = None
    user_id: str | None = None
    address: str | None = None

    @property
    def values(self) -> tuple[str, str | None, str | None, str | None]:
        """The last parameters of a statement with one of the fragments: the ID of a new event, and the origin."""
        return new_id("audit"), *self

    @property
    def actor(self) -> Actor:
        """The API key or user that the events of sessions name."""
        return Actor(self.api_key_id, self.user_id)


COMMAND_LINE = Origin()

# The columns of a row and their expressions. Timestamps are JSON, which is written to the response unchanged.
COLUMNS = {
    "id": "id",
    "at": "to_json(at)",
    "action": "action",
    "object_id": "object_id",
    "api_key_id": "api_key_id",
    "user_id": "user_id",
    "address": "address",
    "before": "before",
    "after": "after",
}

INSERT = "insert into audit_event (store_id, id, action, object_id, api_key_id, user_id, address, before, after)"

# A sign-in is recorded once an hour for each combination of an API key or user and an address.
CREATE_SIGNED_IN = f"""
{INSERT}
select $1, $3, 'SIGNED_IN', $2, $4, $5, $6, null, null
where not exists (
    select from audit_event
    where store_id = $1 and action = 'SIGNED_IN' and at > now() - interval '1 hour' and object_id = $2
    and (api_key_id, user_id, address) is not distinct from ($4, $5, $6)
)
"""


def creation(action: str, place: int, *, details: str = "to_jsonb(created)") -> str:
    """A fragment that records the rows of the CTE `created`.

    `$place` is the first of `Origin.values`. `details` is a JSON object of the columns to record.
    """
    return f"""{INSERT}
    select $1, ${place}, '{action}', id, ${place + 1}, ${place + 2}, ${place + 3}, null,
        jsonb_strip_nulls({details} - array['store_id', 'id', 'created_at'])
    from created"""


def change(action: str, place: int, *, details: str = "") -> str:
    """A fragment that records how the row of the CTE `before` became that of `changed`. Nothing if they are equal.

    `$place` is the first of `Origin.values`. `details` is a JSON object that identifies the object further.
    """
    more = f" || {details}" if details else ""
    return f"""{INSERT}
    select $1, ${place}, '{action}', changed.id, ${place + 1}, ${place + 2}, ${place + 3},
        changed_entries(to_jsonb(before), to_jsonb(changed)){more},
        changed_entries(to_jsonb(changed), to_jsonb(before)){more}
    from before, changed
    where to_jsonb(before) <> to_jsonb(changed)"""


async def create_signed_in(db: Executor, store_id: str, app_id: str, origin: Origin) -> None:
    """Record that the API key or user signed in to the app, unless this was recorded within the last hour."""
    await db.fetch(CREATE_SIGNED_IN, store_id, app_id, *origin.values)
