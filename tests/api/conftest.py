"""Fixtures of the tests of the HTTP API."""

import pytest

from db.pool import Pool
from tests.support.rate_limits import Clock


@pytest.fixture
def clock(db: Pool, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for rate limiters, which a test moves."""
    clock = Clock(db)
    monkeypatch.setattr("api.rate_limits.monotonic", clock)
    return clock
