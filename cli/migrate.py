"""`roomkey migrate`."""

from pathlib import Path

import click

from cli.database import data_option, database


@click.command()
@data_option
def migrate(data: Path) -> None:
    """Bring the database to this version. Safe to run at any time, from several processes at once."""
    with database(data):
        click.echo("The database is up to date.")
