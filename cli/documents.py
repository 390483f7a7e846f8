"""`roomkey documents`, and the warning of documents that an upgrade broke."""

import asyncio
from pathlib import Path

import click
import orjson

from api.documents.manifests import ManifestRefused, canonical_id
from api.documents.publishing import broken_documents, check_manifest, publish
from api.logs import logger
from cli.apps import store_of_app
from cli.database import data_option, run, run_within
from db.documents import search_documents, set_document_retired
from db.keysets import Window
from db.pool import Pool, Row, Unavailable
from schema import GRAPHQL_SCHEMA

WARNINGS = 10

app_option = click.option("--app", "app_id", required=True, help="The app's ID, as `roomkey apps list` shows it.")
manifest_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def documents() -> None:
    """The persisted documents of an app: what it may send by an ID."""


@documents.command("publish")
@click.argument("manifest", type=manifest_type)
@app_option
@data_option
def publish_(manifest: Path, app_id: str, data: Path) -> None:
    """Publish what is in a MANIFEST: all of it, or nothing.

    It is a file as Apollo's, GraphQL Codegen's or Relay's tool writes it. Each document is shown with its state, ID,
    name and cost.
    """
    content = _content(manifest)

    async def publish_all(db: Pool) -> list[Row] | None:
        return await publish(db, GRAPHQL_SCHEMA, await store_of_app(db, app_id), app_id, content)

    try:
        published = run(publish_all, data)
    except ManifestRefused as refusal:
        raise click.ClickException("\n".join(["Nothing was published.", *_reasons(manifest, refusal)])) from None
    for row in published or ():
        click.echo(f"{'new' if row.is_new else 'unchanged':9}  {row.id}  {row.name or '-'}  {row.cost}")


@documents.command("list")
@app_option
@data_option
def list_(app_id: str, data: Path) -> None:
    """Show the documents: ID, name, cost, when it was published, state."""

    async def search(db: Pool) -> list[Row]:
        store_id = await store_of_app(db, app_id)
        return (await search_documents(db, store_id, [app_id], Window(limit=1_000_000)))[app_id]

    for row in run(search, data):
        state = f"retired {row.retired_at:%Y-%m-%d}" if row.retired_at else "published"
        click.echo(f"{row.id}  {row.name or '-'}  {row.cost}  {row.published_at:%Y-%m-%d}  {state}")


@documents.command()
@click.argument("id")
@app_option
@data_option
def retire(id: str, app_id: str, data: Path) -> None:
    """Let an app send a document no longer. ID is what `roomkey documents list` shows."""

    async def retire(db: Pool) -> Row | None:
        store_id, canonical = await store_of_app(db, app_id), canonical_id(id)
        return await set_document_retired(db, store_id, app_id, canonical) if canonical else None

    row = run(retire, data)
    if row is None:
        raise click.UsageError(f"The app has no document {id!r}: see `roomkey documents list`.")
    click.echo(f"{row.id} is retired.")


@documents.command()
@click.argument("manifests", nargs=-1, type=manifest_type)
@data_option
def check(manifests: tuple[Path, ...], data: Path) -> None:
    """See whether documents are valid in this version.

    Those of the MANIFESTS, for which no database is needed; without any, all that are published.
    """
    broken = _check_files(manifests) if manifests else run(_check_published, data)
    if broken:
        raise click.ClickException("\n".join(["Some documents are not valid.", *broken]))
    click.echo("All documents are valid.")


def warn_of_broken_documents() -> None:
    """Log which published documents are not valid since an upgrade. Those that were checked before cost nothing."""

    async def find(db: Pool) -> list[Row]:
        return [row async for row, _ in broken_documents(db, GRAPHQL_SCHEMA, unchecked=True)]

    try:
        broken = run_within(find)
    except Unavailable:
        return  # it says so itself where it matters
    for row in broken[:WARNINGS]:
        logger.warning("A published document is not valid any more: %s", _named(row))
    if broken:
        logger.warning(
            "%d published documents are not valid in this version: see `roomkey documents check`", len(broken)
        )


def _check_files(manifests: tuple[Path, ...]) -> list[str]:
    broken: list[str] = []
    for manifest in manifests:
        try:
            asyncio.run(check_manifest(GRAPHQL_SCHEMA, _content(manifest)))
        except ManifestRefused as refusal:
            broken += _reasons(manifest, refusal)
    return broken


async def _check_published(db: Pool) -> list[str]:
    found = broken_documents(db, GRAPHQL_SCHEMA, unchecked=False)
    return [f"{_named(row)}: {reason}" async for row, reason in found]


def _content(manifest: Path) -> object:
    try:
        return orjson.loads(manifest.read_bytes())
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{manifest} is not JSON in UTF-8: {error}") from None


def _reasons(manifest: Path, refusal: ManifestRefused) -> list[str]:
    return [f"{manifest}: {complaint.message}" for complaint in refusal.complaints]


def _named(row: Row) -> str:
    return f"store {row.store_slug}, app {row.app_id} ({row.app_name}), {row.id} ({row.name or '-'})"
