"""`roomkey documents`, and the warnings of `roomkey serve` about documents that are no longer valid: real processes."""

import asyncio
import hashlib
import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import pytest

from api.documents.publishing import schema_hash
from db.stores import create_store
from schema.root import GRAPHQL_SCHEMA
from tests.conftest import pool
from tests.support.commands import TOKEN_KEYS, eventually, roomkey, serving
from tests.support.persisted_documents import MANIFEST_FILES, MANIFESTS
from tests.support.shop import new_app

INSERT = """
insert into document (store_id, app_id, id, name, body, hash, cost, checked_with, retired_at)
values ($1, $2, $3, $4, $5, $6, 1, $7, case when $8 then now() end)
"""


class Commands:
    """The command line on a database of the test's own, which has a store `toko` with an app."""

    def __init__(
        self, folder: Path, url: str, store_id: str, app_id: str, connection: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self.folder = folder
        self.settings = {"DATABASE_URL": url, "TOKEN_KEYS": TOKEN_KEYS}
        self.store_id = store_id
        self.app_id = app_id
        self.connection = connection

    def documents(self, *arguments: object) -> CompletedProcess[str]:
        return roomkey(self.folder, "documents", *arguments, **self.settings)

    async def insert(self, id: str, body: str, *, checked_with: bytes = b"before", retired: bool = False) -> None:
        """A document as another version published it."""
        hash = hashlib.sha256(body.encode()).digest()
        values = (self.store_id, self.app_id, id, f"Named_{id}", body, hash, checked_with, retired)
        await self.connection.execute(INSERT, *values)

    async def checked(self) -> dict[str, bool]:
        """Whether each document was found valid by this schema."""
        rows = await self.connection.fetch("select id, checked_with from document")
        return {row["id"]: row["checked_with"] == schema_hash(GRAPHQL_SCHEMA) for row in rows}

    def file(self, manifest: object) -> Path:
        path = self.folder / "manifest.json"
        path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
        return path


@pytest.fixture
async def commands(tmp_path: Path, own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]") -> Commands:
    async with pool(own_database_url) as db:
        store = await create_store(db, "toko", "Toko", "https://toko.example", 0)
        assert store is not None
        app = (await new_app(db, store.id, ["sessions:read"], "storefront")).app
    return Commands(tmp_path, own_database_url, store.id, app.id, connection)


def test_documents_are_published_listed_and_retired(commands: Commands) -> None:
    app = ("--app", commands.app_id)
    published = commands.documents("publish", MANIFEST_FILES / "relay.json", *app)
    lines = [
        "0080167f3cff3439b82d62c88436cfd8  SessionListRevokeMutation  17",
        "18e26465afd2c888418ca026993fed00  SessionListPaginationQuery  203",
        "b5a3c180f381a0cdf706abafd56f23d4  SessionListQuery  203",
    ]
    assert (published.returncode, published.stderr) == (0, "")
    assert published.stdout.splitlines() == [f"new        {line}" for line in lines]
    first = dict(list(MANIFESTS["relay"].items())[:1])
    again = commands.documents("publish", commands.file({**first, "mine": "{ store { name } }"}), *app)
    assert again.stdout.splitlines() == [f"unchanged  {lines[0]}", "new        mine  -  1"]

    retired = commands.documents("retire", "MINE".lower(), *app)
    assert (retired.returncode, retired.stdout, retired.stderr) == (0, "mine is retired.\n", "")
    listed = commands.documents("list", *app)
    assert (listed.returncode, listed.stderr) == (0, "")
    day = r"\d{4}-\d\d-\d\d"
    patterns = [f"{line}  {day}  published" for line in lines] + [f"mine  -  1  {day}  retired {day}"]
    assert all(map(re.fullmatch, patterns, listed.stdout.splitlines()))
    assert len(listed.stdout.splitlines()) == 4

    back = commands.documents("publish", commands.file({"mine": "{ store { name } }"}), *app)
    assert back.stdout == "new        mine  -  1\n"


async def test_one_invalid_document_refuses_the_manifest(commands: Commands) -> None:
    manifest = {**MANIFESTS["codegen"], "bad": "{ nothing }", "worse": "{"}
    path = commands.file(manifest)
    refused = commands.documents("publish", path, "--app", commands.app_id)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Error: Nothing was published.\n"
        f"{path}: bad: Cannot query field 'nothing' on type 'Query'. (line 1, column 3)\n"
        f"{path}: worse: Syntax Error: Expected Name, found <EOF>. (line 1, column 2)\n"
    )
    assert await commands.checked() == {}


async def test_errors_are_one_line(commands: Commands) -> None:
    path = commands.file("{")
    app = ["--app", commands.app_id]
    no_app, no_document = "There is no app 'app_x': see `roomkey apps list`.", "The app has no document '{}': "
    tries: list[tuple[list[object], int, str]] = [
        (["publish", path, *app], 1, f"{path} is not JSON in UTF-8: "),
        (["publish", MANIFEST_FILES / "relay.json", "--app", "app_x"], 2, no_app),
        (["list", "--app", "app_x"], 2, no_app),
        (["retire", "a b", *app], 2, f"{no_document.format('a b')}see `roomkey documents list`."),
        (["retire", "x", *app], 2, f"{no_document.format('x')}see `roomkey documents list`."),
    ]
    refusals = await asyncio.gather(*(asyncio.to_thread(commands.documents, *arguments) for arguments, _, _ in tries))
    for refused, (arguments, status, error) in zip(refusals, tries, strict=True):
        assert (refused.returncode, refused.stdout) == (status, ""), arguments
        assert refused.stderr.splitlines()[-1].startswith(f"Error: {error}"), arguments


def test_manifests_of_all_tools_are_valid(tmp_path: Path) -> None:
    """Checking files needs no database, for example in CI."""
    checked = roomkey(tmp_path, "documents", "check", *sorted(MANIFEST_FILES.iterdir()))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "All documents are valid.\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_an_invalid_document_fails_the_check(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"gone": "{ session(id: 1) { xyzzy } }"}))
    checked = roomkey(tmp_path, "documents", "check", MANIFEST_FILES / "apollo.json", path)
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == (
        "Error: Some documents are not valid.\n"
        f"{path}: gone: Cannot query field 'xyzzy' on type 'Session'. (line 1, column 20)\n"
    )


async def test_published_documents_that_are_not_valid_fail_the_check(commands: Commands) -> None:
    assert commands.documents("check").stdout == "All documents are valid.\n"
    await commands.insert("good", "{ store { name } }")
    await commands.insert("gone", "{ session(id: 1) { xyzzy } }")
    await commands.insert("retired", "{ nothing }", retired=True)
    await commands.insert("unlucky", "{ nothing }", checked_with=schema_hash(GRAPHQL_SCHEMA))
    checked = commands.documents("check")
    app = f"store toko, app {commands.app_id} (storefront)"
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == (
        "Error: Some documents are not valid.\n"
        f"{app}, gone (Named_gone): Cannot query field 'xyzzy' on type 'Session'. (line 1, column 20)\n"
        f"{app}, unlucky (Named_unlucky): Cannot query field 'nothing' on type 'Query'. (line 1, column 3)\n"
    )
    assert await commands.checked() == {"good": True, "gone": False, "retired": False, "unlucky": True}


@pytest.mark.parametrize("workers", [1, 2])
async def test_serve_warns_about_published_documents_that_are_not_valid(commands: Commands, workers: int) -> None:
    for number in range(12):
        await commands.insert(f"gone-{number:02}", f"{{ store {{ secret{number} }} }}")
    await commands.insert("good", "{ store { name } }")
    await commands.insert("known", "{ nothing }", checked_with=schema_hash(GRAPHQL_SCHEMA))
    log = commands.folder / "serve.log"
    told = "12 published documents are not valid in this version: see `roomkey documents check`"
    with serving(commands.folder, "--workers", workers, **commands.settings):
        assert eventually(lambda: told in log.read_text(), 20), log.read_text()
    lines = log.read_text().splitlines()
    app = f"store toko, app {commands.app_id} (storefront)"
    about = "A published document is not valid in this version"
    messages = [json.loads(line)["message"] if line.startswith("{") else line for line in lines]
    assert messages == [*(f"{about}: {app}, gone-{number:02} (Named_gone-{number:02})" for number in range(10)), told]
    assert "secret" not in log.read_text()
    assert {id for id, valid in (await commands.checked()).items() if valid} == {"good", "known"}


async def test_serve_stops_cleanly_while_documents_are_checked(commands: Commands) -> None:
    fields = " ".join(f"f{number}: store {{ name slug storefrontUrl sessionExpiration }}" for number in range(90))
    for number in range(300):
        await commands.insert(f"large-{number:03}", f"query Q{number} {{ {fields} }}")
    with serving(commands.folder, **commands.settings) as served:
        served.process.terminate()
        assert served.process.wait(10) == 0
    assert (commands.folder / "serve.log").read_text() == ""
