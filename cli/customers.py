"""`roomkey customers`, and the job of `roomkey serve` that redacts old sessions."""

import time
from typing import NoReturn

import click

from api.logs import logger
from cli.database import run_with_pool, with_database
from cli.stores import find_store
from db.idempotency_keys import delete_outdated_keys
from db.pool import Pool
from db.redaction import claim_store, redact_customer, redact_old_sessions
from db.stores import find_store_of, search_stores

# The time between two runs for a store, on all servers together.
RUN_SECONDS = 3600.0
# The time between two looks for stores whose turn it is.
CHECK_SECONDS = 300.0


@click.group()
def customers() -> None:
    """Redact customers: remove their personal data."""


@customers.command()
@click.argument("id")
@with_database
async def redact(db: Pool, id: str) -> None:
    """Remove the personal data of a customer and of all their sessions permanently.

    Also revokes their active tokens. Statistics do not change. If it is interrupted, repeat it.
    """
    store_id = await find_store_of(db, "customer", id)
    if store_id is None or await redact_customer(db, store_id, id) is None:
        raise click.UsageError(f"There is no customer {id!r}.")
    click.echo(f"{id} is redacted.")


@customers.command("redact-old")
@click.option("--store", "slug", help="The slug of the store.  [default: all stores]")
@with_database
async def redact_old(db: Pool, slug: str | None) -> None:
    """Redact the sessions that are older than the retention period of their store, and customers without others.

    `roomkey serve` does the same every hour.
    """
    for store in [await find_store(db, slug)] if slug else await search_stores(db):
        if store.retention_days is not None:
            count = await redact_old_sessions(db, store.id)
            click.echo(f"{store.slug}: redacted sessions: {count:,}")
        elif slug:
            raise click.UsageError(f"The store {slug!r} has no retention period.")


def redact_old_sessions_repeatedly() -> NoReturn:
    """Redact old sessions, and delete outdated idempotency keys, in this thread until the process ends.

    Of several servers, one redacts the sessions of a store at a time.
    """

    async def redact_in_turn(db: Pool) -> None:
        await delete_outdated_keys(db)
        while store_id := await claim_store(db, RUN_SECONDS):
            if count := await redact_old_sessions(db, store_id):
                logger.info("Redacted old sessions of %s: %d", store_id, count)

    while True:
        try:
            run_with_pool(redact_in_turn)
        except Exception as error:  # the next attempt may succeed
            logger.warning("Old data could not be removed", exc_info=error)
        time.sleep(CHECK_SECONDS)
