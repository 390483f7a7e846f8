"""Fixtures of the tests of the HTTP API."""

from collections.abc import Iterator

import pytest

from db.pool import Pool
from tests.support.logs import Log, recorded_log
from tests.support.rate_limits import Clock


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that the servers of this process log during the test."""
    with recorded_log() as log:
        yield log


@pytest.fixture
def clock(db: Pool, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for rate limiters, which a test moves."""
    clock = Clock(db)
    monkeypatch.setattr("api.rate_limits.monotonic", clock)
    return clock
