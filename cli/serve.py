"""`roomkey serve`."""

import gc
import os
import resource
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import click
from uvicorn import Config

from api.draining import RUNNING_SECONDS, DrainingServer
from api.logs import configure
from api.protocol import server_options
from api.settings import read_settings
from cli.console import MANIFEST, publish_console
from cli.customers import redact_old_sessions_repeatedly
from cli.database import data_option, open_database, run_with_pool, set_default
from cli.demo import demo_keys
from cli.documents import warn_of_broken_documents
from cli.sign_in import DEVELOPMENT_KEY, prepare_addresses, print_addresses
from cli.workers import Supervisor

# Enough for the connections of a worker (HttpProtocol.CONNECTIONS), and below macOS's limit of 10,240.
DESCRIPTORS = 10_200

# Addresses that stand for all addresses of the machine, and the ones that reach the server from the machine itself.
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@click.command()
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="The port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="The number of worker processes.")
@click.option(
    "--demo",
    is_flag=True,
    help="Create the demo store if it is missing, and print how to sign in.",
)
@click.option("--reuse-port", is_flag=True, help="Listen next to a server that uses the port already, to replace it.")
@data_option
def serve(host: str, port: int, workers: int, demo: bool, reuse_port: bool, data: Path) -> None:
    """Start the server, after migrating the database."""
    # SIGTERM exits through the context managers below; uvicorn raises the signal again after its own shutdown.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = _listen(host, port, reuse_port)
    set_default("LINK_BASE_URL", f"http://127.0.0.1:{port}/s")
    if host not in ALL_ADDRESSES:
        set_default("ALLOWED_HOSTS", host)
    _raise_descriptor_limit()
    with open_database(data, attach=False):
        key = None
        if demo:
            key = run_with_pool(lambda db: demo_keys(db, data))
            os.environ["SIGN_IN_FOLDER"] = str(data.absolute())
            prepare_addresses(data, _url(host, port))
        run_with_pool(publish_console)
        settings = read_settings()
        configure(settings.log_level)
        threading.Thread(target=redact_old_sessions_repeatedly, daemon=True).start()
        config = Config(
            "api.app:create_app_from_environment",
            factory=True,
            workers=workers,
            log_level="warning",
            # `configure` above configures the loggers, and `create_app_from_environment` those of each worker.
            log_config=None,
            timeout_graceful_shutdown=RUNNING_SECONDS,
            **server_options(settings),
        )
        on_ready = threading.Thread(target=_announce, args=(host, port, data, key), daemon=True).start
        if workers > 1:
            gc.freeze()  # otherwise Python scans all modules for garbage at its end, which delays the exit
            return Supervisor(config, listener, settings.drain_seconds, on_ready=on_ready).run()
        config.load_app()
        server = DrainingServer(config, settings.drain_seconds, owns_listener=True, on_ready=on_ready)
        with suppress(KeyboardInterrupt):
            server.run([listener])


def _raise_descriptor_limit() -> None:
    """Let this process and its workers open as many connections as HttpProtocol accepts. The usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard) if hard >= 0 else DESCRIPTORS, hard))


def _listen(host: str, port: int, reuse_port: bool) -> socket.socket:
    """A socket that is bound to the address, before the database starts. It accepts connections when the server does.

    Raises ClickException if the port cannot be bound, or is in use and not to be reused.
    """
    try:
        if not reuse_port:
            with _new_socket(host) as probe:
                probe.bind((host, port))
        listener = _new_socket(host)
        # A later server with --reuse-port can listen next to this one if it runs as the same user.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Set another --port (with make: PORT=8123)."
        ) from None
    return listener


def _new_socket(host: str) -> socket.socket:
    created = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return created


def _url(host: str, port: int) -> str:
    """The address of the server for a browser on this machine."""
    host = ALL_ADDRESSES.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(host: str, port: int, data: Path, key: str | None) -> None:
    """Print the addresses of the server, which is ready, then log documents that this version breaks."""
    url = _url(host, port)
    click.echo("Roomkey is ready.\n")
    if MANIFEST.exists() and key and read_settings().graphiql:
        print_addresses(data, url)
    else:
        if MANIFEST.exists():
            click.echo(f"  Console    {url}/")
        # Without GraphiQL, only the API is at this address.
        name = "GraphiQL" if MANIFEST.exists() and read_settings().graphiql else "GraphQL "
        click.echo(f"  {name}   {url}/graphql")
    if key:
        click.echo(f"  API key    {key}   (kept in {data / DEVELOPMENT_KEY})\n")
    warn_of_broken_documents()
