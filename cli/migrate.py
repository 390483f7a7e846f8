"""`roomkey migrate`."""

from pathlib import Path

import click

from cli.database import data_option, open_database


@click.command()
@data_option
def migrate(data: Path) -> None:
    """Migrate the database to this version.

    This is safe at any time, also from several processes in parallel.
    """
    with open_database(data):
        click.echo("The database is up to date.")
