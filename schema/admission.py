"""Admission: whether a link admits its customer, when it is opened and when a storefront calls `joinSession`."""

from typing import NamedTuple

from db.pool import Row, Transaction
from db.sessions import get_session, get_session_locked
from schema.links import Links, session_id_of
from schema.tokens import TokenStatus


class Admission(NamedTuple):
    """The session of a genuine link, and the status of its token. Only an active token admits the customer."""

    session: Row
    status: TokenStatus

    @property
    def is_admitted(self) -> bool:
        return self.status is TokenStatus.ACTIVE


async def admission_of(transaction: Transaction, links: Links, store_id: str, code: str) -> Admission | None:
    """Whether the code of a link admits its customer. None if the store has no such link, or it was reissued.

    The session stays locked until the transaction ends: once a revocation is acknowledged, no customer is admitted.
    A wrong code locks nothing. A lock is a write, and the time that it takes would tell which sessions exist.
    """
    id = session_id_of(code)
    found = await get_session(transaction, store_id, id) if id else None
    if id is None or found is None or not links.is_genuine(store_id, found, code):
        return None
    session = await get_session_locked(transaction, store_id, id)
    # The token may have been reissued in between.
    if session is None or not links.is_genuine(store_id, session, code):
        return None
    return Admission(session, TokenStatus(session["token_status"]))
