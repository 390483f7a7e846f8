"""Several workers: what one of them was told, the others do within a second."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from db.pool import Pool
from tests import commands
from tests.partner import JOIN, NOT_IN_LIST, SLUG, Partner, answered, new_partner, refused, sha256, slug_of, within_a_second
from tests.shop import Shop, code_of, open_shop

TOKEN_KEYS = f"k:{'A' * 43}="

REVOKE = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { id } } }"
DISABLE = "mutation ($id: ID!) { updateApp(input: {id: $id, disabled: true}) { app { id } } }"

NOBODY = (401, "UNAUTHENTICATED", "The API key is unknown or revoked, or its app is disabled.")


@dataclass
class Worker:
    """A connection to one of the workers, which the log names in each request's line."""

    pid: int
    http: httpx.AsyncClient


class Workers:
    def __init__(self, log: Path) -> None:
        self._log = log

    async def pid_of(self, response: httpx.Response) -> int:
        """Which worker answered so."""
        id = response.headers["x-request-id"]
        async with asyncio.timeout(5):
            while not (lines := [line for line in self._log.read_text().splitlines() if id in line]):
                await asyncio.to_thread(self._log.read_text)
        return int(json.loads(lines[0])["pid"])


@pytest.fixture
async def served(own_database_url: str, tmp_path: Path) -> AsyncIterator[commands.Serving]:
    settings = {"DATABASE_URL": own_database_url, "TOKEN_KEYS": TOKEN_KEYS}
    with commands.serving(tmp_path, "--workers", 2, **settings) as served:
        yield served
