"""`roomkey serve`."""

import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import click
import uvicorn

from api.logs import configure
from api.settings import read_settings
from cli.console import MANIFEST, publish_console
from cli.customers import redact_old_sessions_repeatedly
from cli.database import data_option, open_database, run_with_pool, set_default
from cli.demo import demo_keys
from cli.documents import warn_of_broken_documents


@click.command()
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="The port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="The number of worker processes.")
@click.option("--demo", is_flag=True, help="Create the demo store if it is missing, and print a development key.")
@data_option
def serve(host: str, port: int, workers: int, demo: bool, data: Path) -> None:
    """Start the server, after migrating the database."""
    # SIGTERM exits through the context managers below; uvicorn raises the signal again after its own shutdown.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _check_port(host, port)
    set_default("LINK_BASE_URL", f"http://127.0.0.1:{port}/s")
    with open_database(data, attach=False):
        key = None
        if demo:
            key, console_key = run_with_pool(lambda db: demo_keys(db, data))
            set_default("GRAPHIQL_KEY", key)
            set_default("CONSOLE_KEY", console_key)
        run_with_pool(publish_console)
        configure(read_settings().log_level)
        threading.Thread(target=_announce, args=(host, port, data, key), daemon=True).start()
        threading.Thread(target=redact_old_sessions_repeatedly, daemon=True).start()
        uvicorn.run(
            "api.app:create_app_from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="warning",
            # `configure` above configures the loggers, and `create_app_from_environment` those of each worker.
            log_config=None,
            # The access log of uvicorn would contain the codes of links.
            access_log=False,
            server_header=False,
            # Nothing depends on the scheme or the client that a proxy reports.
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )


def _check_port(host: str, port: int) -> None:
    """Raise ClickException if the port cannot be bound, before the database starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Cannot listen on {host}, port {port}: {error.strerror}. Set another --port (with make: PORT=8123)."
            ) from None


def _announce(host: str, port: int, data: Path, key: str | None) -> None:
    """Print the addresses once the server accepts connections, then log documents that this version breaks."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while True:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            break
        time.sleep(0.02)
    address = f"[{host}]" if ":" in host else host
    click.echo("Roomkey is ready.\n")
    if MANIFEST.exists():
        click.echo(f"  Console    http://{address}:{port}/")
    # Without GraphiQL, only the API is at this address.
    name = "GraphiQL" if MANIFEST.exists() and read_settings().graphiql else "GraphQL "
    click.echo(f"  {name}   http://{address}:{port}/graphql")
    if key:
        click.echo(f"  API key    {key}   (kept in {data / 'dev-key'})\n")
    warn_of_broken_documents()
