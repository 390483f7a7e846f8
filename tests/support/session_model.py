"""The model of sessions in Python.

Its clock counts milliseconds. Each operation takes one, so that no two are at the same moment.
"""

from dataclasses import dataclass, field

MINUTE = 60_000


@dataclass
class ModelSession:
    issued_at: int
    expires_at: int | None
    customer: str
    codes: list[str]
    """The codes of all generations; only the last one works."""
    revoked: bool = False
    conversion: str | None = None
    orders: list[str] = field(default_factory=list)
    events: list[tuple[int, str, int | None]] = field(default_factory=list)
    """The time, the kind and the new expired time of each event."""

    def status(self, now: int) -> str:
        if self.revoked:
            return "REVOKED"
        return "ACTIVE" if self.expires_at is None or now < self.expires_at else "EXPIRED"

    def timeline(self, now: int) -> list[str]:
        """The kinds of the events, including the derived expiries."""
        token_events = [event for event in self.events if event[1] in ("ISSUED", "EXTENDED", "REISSUED", "REVOKED")]
        nexts = [at for at, _, _ in token_events[1:]] + [now + 1]
        timeline = [(at, place, kind) for place, (at, kind, _) in enumerate(self.events)]
        for (at, _, expires_at), next_at in zip(token_events, nexts, strict=True):
            if expires_at is not None and max(at, expires_at) < next_at:
                timeline.append((max(at, expires_at), len(self.events), "EXPIRED"))
        return [kind for _, _, kind in sorted(timeline)]


class Model:
    """A store. Each method says what the operation answers: None, or the refusal's code."""

    def __init__(self) -> None:
        self.now = 0
        self.expiration = 30
        self.sessions: list[ModelSession] = []

    def expiry(self, minutes: int | None) -> int | None:
        minutes = self.expiration if minutes is None else minutes
        return None if minutes == 0 else self.now + minutes * MINUTE

    def create(self, minutes: int | None, customer: str) -> None:
        expires_at = self.expiry(minutes)
        self.sessions.append(
            ModelSession(self.now, expires_at, customer, [], events=[(self.now, "ISSUED", expires_at)])
        )

    def extend(self, session: ModelSession, minutes: int) -> str | None:
        if session.revoked:
            return "TOKEN_REVOKED"
        session.expires_at = self.expiry(minutes)
        session.events.append((self.now, "EXTENDED", session.expires_at))
        return None

    def reissue(self, session: ModelSession, minutes: int | None) -> None:
        session.issued_at, session.expires_at, session.revoked = self.now, self.expiry(minutes), False
        session.events.append((self.now, "REISSUED", session.expires_at))

    def revoke(self, session: ModelSession) -> None:
        if not session.revoked:
            session.revoked = True
            session.events.append((self.now, "REVOKED", None))

    def join(self, session: ModelSession, code: str) -> str | None:
        if code != session.codes[-1]:
            return "TOKEN_UNKNOWN"
        if (status := session.status(self.now)) != "ACTIVE":
            return f"TOKEN_{status}"
        self._visit(session, "JOINED")
        return None

    def open(self, session: ModelSession, code: str, kind: str) -> int:
        """The status of the answer to a visit or a preview."""
        if code != session.codes[-1]:
            return 404
        if session.status(self.now) != "ACTIVE":
            return 410
        self._visit(session, kind)
        return 303 if kind == "OPENED" else 200

    def _visit(self, session: ModelSession, kind: str) -> None:
        """Add an event, unless there is one of the same kind within a minute and since the link was issued."""
        since = max(self.now - MINUTE, session.issued_at)
        if not any(other == kind and at > since for at, other, _ in session.events):
            session.events.append((self.now, kind, None))

    def convert(self, session: ModelSession, kind: str) -> str | None:
        if session.conversion is not None:
            return None if session.conversion == kind else "ALREADY_CONVERTED"
        session.conversion = kind
        session.events.append((self.now, "CONVERTED", None))
        return None

    def order(self, session: ModelSession, number: str) -> str | None:
        if any(number in other.orders for other in self.sessions if other is not session):
            return "ORDER_OF_ANOTHER_SESSION"
        if number not in session.orders:
            session.orders.append(number)
        return None

    def rename(self, session: ModelSession, name: str) -> None:
        session.customer = name

    def configure(self, minutes: int, apply: bool) -> int:
        """The number of tokens whose expired time changed."""
        self.expiration, changed = minutes, 0
        for session in self.sessions:
            expires_at = session.issued_at + minutes * MINUTE if minutes else None
            if apply and session.status(self.now) == "ACTIVE" and session.expires_at != expires_at:
                session.expires_at = expires_at
                session.events.append((self.now, "EXTENDED", expires_at))
                changed += 1
        return changed
