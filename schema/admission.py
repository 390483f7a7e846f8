"""Admission: whether a link admits its customer, when it is opened and when a storefront calls `joinSession`."""

import logging
from functools import partial
from typing import NamedTuple

from db.errors import DiskFull
from db.events import Actor, VisitKind, create_visit
from db.pool import Pool
from db.sessions import get_session_locked, get_session_visited
from db.statements import Row
from schema.links import Links, session_id_of
from schema.tokens import TokenStatus

# The same logger as in api/logs.py.
logger = logging.getLogger("roomkey")


class Visit(NamedTuple):
    """A use of a link by a customer or their chat app. `address` is that of the client."""

    kind: VisitKind
    address: str
    actor: Actor = Actor()


class Admission(NamedTuple):
    """The session of a genuine link, and the status of its token. Only an active token admits the customer."""

    session: Row
    status: TokenStatus

    @property
    def is_admitted(self) -> bool:
        return self.status is TokenStatus.ACTIVE


async def admit(db: Pool, links: Links, store_id: str, code: str, visit: Visit) -> Admission | None:
    """Decide whether the code of a link admits its customer, and record the visit if it does and Postgres can write.

    None if the store has no such link, or it was reissued. Raises Throttled if too many codes of the client's address,
    or of the store, were wrong. Codes that were signed are never limited, so that a client that guesses codes does not
    lock out customers.
    """
    id = session_id_of(code)
    if id is None:
        return None
    look_up = partial(_look_up, db, links, store_id, id, code, visit.kind)
    if links.is_signed(store_id, code):
        session = await look_up()
    else:
        of_store = partial(links.wrong_of_store.attempt, store_id, code, look_up)
        session = await links.wrong_of_address.attempt(visit.address, code, of_store)
    if session is None:
        return None
    admission = Admission(session, TokenStatus(session["token_status"]))
    # A read-only Postgres may not know that the token was revoked. Recording the visit there fails.
    if not admission.is_admitted or (session["was_visited"] and not session["is_read_only"]):
        return admission  # without a lock, so that a flood of visits to one session does not occupy the connections
    try:
        return await _record(db, links, store_id, id, code, visit)
    except DiskFull as error:
        # Nor has it recorded a later revocation. The customer must not wait until it can write.
        logger.warning("A visit of %s was not recorded: %s", id, error)
        return admission


async def _look_up(db: Pool, links: Links, store_id: str, id: str, code: str, kind: VisitKind) -> Row | None:
    session = await get_session_visited(db, store_id, id, kind)
    return session if session and links.is_genuine(store_id, session, code) else None


async def _record(db: Pool, links: Links, store_id: str, id: str, code: str, visit: Visit) -> Admission | None:
    """Decide again while the session is locked, so that no visit is recorded after a revocation was."""
    async with db.transaction() as transaction:
        session = await get_session_locked(transaction, store_id, id)
        if session is None or not links.is_genuine(store_id, session, code):
            return None
        admission = Admission(session, TokenStatus(session["token_status"]))
        if admission.is_admitted:
            await create_visit(transaction, store_id, id, visit.kind, visit.actor)
        return admission
