"""db/schema.sql: what operators see, once all migrations have run."""

import asyncio
import os
import re
from collections.abc import AsyncIterator

import pytest

import embedded
from db.migrate import migrate
from tests.conftest import database_from
from tests.snapshots.conftest import ROOT, Compare

HEADER = """\
-- The database after all migrations, as pg_dump writes it. Written by `make update`; to change it, add a migration.
"""

# Lines that depend on the server's version or do not describe the schema.
NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict.*|COMMENT ON EXTENSION .*)$", re.M)


@pytest.fixture
async def embedded_url(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """An empty database of the embedded server, which has a pg_dump of its own version."""
    if os.environ.get("ROOMKEY_TEST_DATABASE_URL"):
        with embedded.start(tmp_path_factory.mktemp("embedded"), durable=False) as server:
            yield server.url()
        return
    async with database_from(postgres, "template template0") as url:
        yield url


async def test_the_migrations_create_the_committed_schema(embedded_url: str, compare: Compare) -> None:
    await migrate(embedded_url)
    command = [embedded.bin_folder() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", embedded_url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    dump, _ = await process.communicate()
    assert process.returncode == 0
    statements = re.sub(r"\n{2,}", "\n\n", NOISE.sub("", dump.decode())).strip()
    compare(ROOT / "db" / "schema.sql", f"{HEADER}\n{statements}\n")
