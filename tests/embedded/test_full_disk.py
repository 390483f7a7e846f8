"""`roomkey serve` while the disk of its embedded Postgres is full."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from embedded import running
from embedded.postgres import FREE_BYTES
from tests.support.commands import Serving, eventually, serving
from tests.support.disks import CannotMount, fill_up, small_disk

READ = "query ($id: ID!) { session(id: $id) { id } }"
CREATE = """mutation ($name: String!) {
    createSession(input: {customer: {details: {name: $name}}, idempotencyKey: $name}) {
        session { id token { link } }
        userErrors { code }
    }
}"""


class Disk:
    """A server with the demo store, all of whose data is on a small disk."""

    def __init__(self, served: Serving, http: httpx.Client) -> None:
        self._served = served
        self._http = http
        self._attempts = 0
        self._filler = served.folder / ".roomkey" / "filler"
        self.acknowledged: list[str] = []
        """The sessions that were created according to the server."""
        self._links: list[str] = []

    def fill(self) -> None:
        fill_up(self._filler)

    def free(self) -> None:
        self._filler.unlink()

    def write(self) -> int:
        """Create a session, and return the status of the response."""
        self._attempts += 1
        response = self._ask(CREATE, name=f"customer number {self._attempts}")
        if response.status_code == 200:
            session = response.json()["data"]["createSession"]["session"]
            self.acknowledged.append(session["id"])
            self._links.append(session["token"]["link"])
        return response.status_code

    def read(self) -> int:
        """Read the session that was created first, and return the status of the response."""
        response = self._ask(READ, id=self.acknowledged[0])
        if response.status_code == 200:
            assert response.json()["data"] == {"session": {"id": self.acknowledged[0]}}
        return response.status_code

    def open_links(self) -> set[int]:
        """Open the links of all sessions, and return the statuses of the responses."""
        return {self._http.get(link).status_code for link in self._links}

    def check_nothing_lost(self) -> None:
        for id in self.acknowledged:
            assert self._ask(READ, id=id).json()["data"] == {"session": {"id": id}}

    def log(self) -> str:
        return (self._served.folder / "serve.log").read_text()

    async def fill_write_ahead_log(self) -> None:
        """Write to Postgres until it ends because it has no space for its write-ahead log."""
        server = running(self._served.folder / ".roomkey")
        assert server
        connection = await asyncpg.connect(server.url())
        with suppress(asyncpg.ConnectionDoesNotExistError):
            while True:
                await connection.execute("select pg_logical_emit_message(false, 'test', repeat('x', 1000000))")

    def _ask(self, query: str, **variables: str) -> httpx.Response:
        return self._http.post("/graphql", json={"query": query, "variables": variables})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        with small_disk(tmp_path / ".roomkey", 160), serving(tmp_path, "--demo") as served:
            headers = {"Authorization": f"Bearer {served.key}"}
            with httpx.Client(base_url=served.url, headers=headers, timeout=30) as http:
                yield Disk(served, http)
    except CannotMount as error:
        pytest.skip(str(error))


def test_reads_go_on_while_the_disk_is_full_and_no_acknowledged_write_is_lost(disk: Disk) -> None:
    assert (disk.write(), disk.read()) == (200, 200)
    disk.fill()
    # The last pages that Postgres has allocated still take some writes.
    writes = [disk.write()]
    while writes[-10:] != [503] * 10:
        writes.append(disk.write())
        assert disk.read() == 200
    assert set(writes) <= {200, 503}
    assert disk.open_links() == {303}
    disk.free()
    assert eventually(lambda: disk.write() == 200, 5)
    disk.check_nothing_lost()
    assert "Postgres ended" not in disk.log()


async def test_a_postgres_without_space_for_its_log_is_started_again_when_there_is_space(disk: Disk) -> None:
    assert (disk.write(), disk.read()) == (200, 200)
    disk.fill()
    await disk.fill_write_ahead_log()
    ended = f"is started again when its disk has {FREE_BYTES >> 20} MB free"
    assert eventually(lambda: ended in disk.log(), 30)
    assert (disk.write(), disk.read()) == (503, 503)
    disk.free()
    assert eventually(lambda: disk.write() == 200, 20)
    assert disk.read() == 200
    disk.check_nothing_lost()
