"""`roomkey documents`, and the warning about documents that an upgrade broke."""

import asyncio
from pathlib import Path

import click
import orjson

from api.documents.publishing import broken_documents, check_manifest, publish
from api.logs import logger
from cli.apps import find_store_id_of_app
from cli.database import data_option, run_with_database, run_with_pool, with_database
from cli.options import app_option
from db.documents import search_documents, set_document_retired
from db.errors import Unavailable
from db.keysets import Window
from db.pool import Pool
from db.statements import Row
from schema.document_ids import canonical_id
from schema.errors import UserErrors

WARNING_LIMIT = 10

manifest_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def documents() -> None:
    """Manage persisted documents."""


@documents.command("publish")
@click.argument("manifest", type=manifest_type)
@app_option
@with_database
async def publish_(db: Pool, manifest: Path, app_id: str) -> None:
    """Publish all documents of a MANIFEST or, if one is invalid, none.

    MANIFEST is a file that Apollo, GraphQL Codegen or Relay generated. Prints the state, ID, name and cost of
    each document.
    """
    content, store_id = _read_json(manifest), await find_store_id_of_app(db, app_id)
    try:
        published = await publish(db, store_id, app_id, content)
    except UserErrors as error:
        raise click.ClickException("\n".join(["Nothing was published.", *_messages(manifest, error)])) from None
    for row in published or ():
        click.echo(f"{'new' if row.is_new else 'unchanged':9}  {row.id}  {row.name or '-'}  {row.cost}")


@documents.command("list")
@app_option
@with_database
async def list_(db: Pool, app_id: str) -> None:
    """List the documents of an app.

    Each line has the ID, name, cost, publication date and state.
    """
    store_id = await find_store_id_of_app(db, app_id)
    for row in (await search_documents(db, store_id, [app_id], Window(limit=1_000_000)))[app_id]:
        state = f"retired {row.retired_at:%Y-%m-%d}" if row.retired_at else "published"
        click.echo(f"{row.id}  {row.name or '-'}  {row.cost}  {row.published_at:%Y-%m-%d}  {state}")


@documents.command()
@click.argument("id")
@app_option
@with_database
async def retire(db: Pool, id: str, app_id: str) -> None:
    """Retire a document, so that its app can no longer send it. `roomkey documents list` shows its ID."""
    store_id, canonical = await find_store_id_of_app(db, app_id), canonical_id(id)
    row = await set_document_retired(db, store_id, app_id, canonical) if canonical else None
    if row is None:
        raise click.UsageError(f"The app has no document {id!r}: see `roomkey documents list`.")
    click.echo(f"{row.id} is retired.")


@documents.command()
@click.argument("manifests", nargs=-1, type=manifest_type)
@data_option
def check(manifests: tuple[Path, ...], data: Path) -> None:
    """Check whether documents are valid in this version.

    Checks the documents of the MANIFESTS, without a database. Without MANIFESTS, checks all published documents.
    """
    broken = _check_files(manifests) if manifests else run_with_database(_check_published, data)
    if broken:
        raise click.ClickException("\n".join(["Some documents are not valid.", *broken]))
    click.echo("All documents are valid.")


def warn_of_broken_documents() -> None:
    """Log the published documents that are not valid in this version. Documents that it checked before are skipped."""

    async def find(db: Pool) -> list[Row]:
        return [row async for row, _ in broken_documents(db, unchecked=True)]

    try:
        broken = run_with_pool(find)
    except Unavailable:
        return  # requests report it
    for row in broken[:WARNING_LIMIT]:
        logger.warning("A published document is not valid in this version: %s", _describe(row))
    if broken:
        logger.warning(
            "%d published documents are not valid in this version: see `roomkey documents check`", len(broken)
        )


def _check_files(manifests: tuple[Path, ...]) -> list[str]:
    broken: list[str] = []
    for manifest in manifests:
        try:
            asyncio.run(check_manifest(_read_json(manifest)))
        except UserErrors as error:
            broken += _messages(manifest, error)
    return broken


async def _check_published(db: Pool) -> list[str]:
    found = broken_documents(db, unchecked=False)
    return [f"{_describe(row)}: {reason}" async for row, reason in found]


def _read_json(manifest: Path) -> object:
    try:
        return orjson.loads(manifest.read_bytes())
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{manifest} is not JSON in UTF-8: {error}") from None


def _messages(manifest: Path, errors: UserErrors) -> list[str]:
    return [f"{manifest}: {error.message}" for error in errors.errors]


def _describe(row: Row) -> str:
    return f"store {row.store_slug}, app {row.app_id} ({row.app_name}), {row.id} ({row.name or '-'})"
