"""The command line: `roomkey --help`. One file a noun."""

import sys
from typing import NoReturn

import click

from api.settings import SettingsError
from cli.api_keys import keys
from cli.apps import apps
from cli.console import console
from cli.demo import demo
from cli.documents import documents
from cli.migrate import migrate
from cli.serve import serve
from cli.stores import stores
from db.migrate import MigrationFailed
from db.pool import Unavailable
from embedded import FolderInUse, StartFailed


def main() -> NoReturn:
    """The console script: errors that a person can mend are one line."""
    try:
        cli()
    except (SettingsError, FolderInUse, StartFailed, MigrationFailed, Unavailable) as error:
        click.echo(f"roomkey: {error}", err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomkey")
def cli() -> None:
    """The sessions API for chat commerce.

    With no DATABASE_URL, a PostgreSQL of its own runs in the folder --data. Other settings: see .env.example.
    """


for command in (serve, migrate, demo, stores, apps, keys, documents, console):
    cli.add_command(command)
