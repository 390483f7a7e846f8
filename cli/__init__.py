"""The `roomkey` command. One file per command or group of commands."""

import sys
from importlib import import_module
from typing import NoReturn

import click

# The name of each command, its module, and its line in `roomkey --help`. A command is an object in its module that has
# the same name, with `_` for `-`.
COMMANDS = {
    "serve": ("cli.serve", "Start the server, after migrating the database."),
    "migrate": ("cli.migrate", "Migrate the database to this version."),
    "demo": ("cli.demo", "Load generated sessions into the demo store and into new stores."),
    "stores": ("cli.stores", "Manage stores."),
    "apps": ("cli.apps", "Manage apps, the clients of a store."),
    "keys": ("cli.api_keys", "Manage API keys."),
    "users": ("cli.users", "Block users of the identity provider."),
    "customers": ("cli.customers", "Redact customers: remove their personal data."),
    "documents": ("cli.documents", "Manage persisted documents."),
    "sign-in": ("cli.sign_in", "Print new addresses that sign a browser in to the demo store."),
    "console": ("cli.console", "Create a console app for the staff of a store."),
}


class LazyGroup(click.Group):
    """A group that imports the module of a command when the command runs, so that `--help` imports none."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return getattr(import_module(COMMANDS[name][0]), name.replace("-", "_")) if name in COMMANDS else None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="roomkey")
def cli() -> None:
    """The sessions API for chat commerce.

    Without DATABASE_URL, an embedded PostgreSQL runs in the folder that --data names. For the other settings, see
    .env.example.
    """


def main() -> NoReturn:
    """Run the command. Errors that the operator can fix are printed as one line, with exit status 1."""
    try:
        cli()
    except Exception as error:
        # Imported only now, because `--help` needs none of them.
        from api.settings import SettingsError
        from db.errors import Unavailable
        from db.migrate import MigrationFailed
        from embedded import StartFailed

        if not isinstance(error, (SettingsError, StartFailed, MigrationFailed, Unavailable)):
            raise
        click.echo(f"roomkey: {error}", err=True)
    sys.exit(1)
