"""`roomkey sign-in`, and the addresses that sign a browser in."""

from pathlib import Path

import click

from api.sign_in import create_code, remove_codes
from cli.database import data_option, write_private

# The files of the keys that the console and GraphiQL sign in with. See cli/demo.py.
CONSOLE_KEY = "console-key"
DEVELOPMENT_KEY = "dev-key"


@click.command("sign-in")
@data_option
def sign_in(data: Path) -> None:
    """Print new addresses that sign a browser in to the demo store.

    Each address works once, within an hour, while `roomkey serve --demo` runs.
    """
    try:
        url = (data / "address").read_text().strip()
    except FileNotFoundError:
        raise click.UsageError(
            f"No `roomkey serve --demo` has run in {data}: set --data to its folder, or run it first."
        ) from None
    print_addresses(data, url)


def prepare_addresses(data: Path, url: str) -> None:
    """Store the server's address for `sign-in`, and invalidate the codes of an earlier server."""
    remove_codes(data)
    write_private(data / "address", url)


def print_addresses(data: Path, url: str) -> None:
    click.echo(f"  Console    {url}/#sign-in={create_code(data, CONSOLE_KEY)}")
    click.echo(f"  GraphiQL   {url}/graphql#sign-in={create_code(data, DEVELOPMENT_KEY)}")
