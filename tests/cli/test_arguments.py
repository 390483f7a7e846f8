"""The help of the command line, and its errors about arguments and settings."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli
from tests.support.commands import TOKEN_KEYS, free_port, roomkey

GROUPS = {
    "stores": ["create", "update", "list"],
    "apps": ["create", "list", "update", "disable", "enable"],
    "keys": ["create", "list", "revoke"],
    "documents": ["publish", "list", "retire", "check"],
    "users": ["block", "unblock", "list"],
}
COMMANDS = [
    *([], ["serve"], ["migrate"], ["demo"], ["console"]),
    *([group] for group in GROUPS),
    *([group, name] for group, names in GROUPS.items() for name in names),
]
ROOT = Path(__file__).parents[2]


def invoke(*arguments: str) -> Result:
    """Run a command in this process, which takes a tenth of the time, until it has read its arguments."""
    return CliRunner().invoke(cli.cli, arguments, prog_name="roomkey")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    helped = invoke(*command, "--help")
    assert (helped.exit_code, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"Usage: {' '.join(['roomkey', *command])} ")
    assert len(helped.stdout.split("\n\n")) > 2  # usage, description and options
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_their_help(name: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert command is not None
    assert (command.name, command.get_short_help_str(limit=1_000)) == (name, cli.COMMANDS[name][1])


def test_a_process_prints_help_and_errors_about_arguments(tmp_path: Path) -> None:
    helped = roomkey(tmp_path, "keys", "create", "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.split() == invoke("keys", "create", "--help").stdout.split()  # the width of a line can differ
    refused = roomkey(tmp_path, "keys", "list")
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", invoke("keys", "list").stderr)


def test_the_list_of_commands_imports_no_command() -> None:
    program = """
import sys, click.testing, cli
print(click.testing.CliRunner().invoke(cli.cli, ["--help"]).exit_code)
heavy = ("api", "db", "schema", "engine", "embedded")
print([name for name in sys.modules if name.partition(".")[0] in heavy or name.startswith("cli.")])
"""
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout == "0\n[]\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sevre"], "No such command 'sevre'."),
        (["serve", "--prot", "1"], "No such option '--prot'. (Did you mean one of: '--host', '--port'?)"),
        (["serve", "--port", "0"], "Invalid value for '--port': 0 is not in the range 1<=x<=65535."),
        (["serve", "--data", __file__], f"Invalid value for '--data': Directory '{__file__}' is a file."),
        (["apps", "create", "--name", "x", "--scope", "admin"], "Missing option '--store'."),
        (["apps", "update", "x", "--rate", "0"], "Invalid value for '--rate': 0 is not in the range 1<=x<=1000000."),
        (["apps", "update", "x", "--mode", "log"], "Invalid value for '--mode': 'log' is not one of 'LOG', "),
        (["apps", "update", "x", "--name", " "], "Invalid value for '--name': must be 1 to 200 characters long, got 0"),
        (
            ["keys", "create", "--app", "x", "--name", "x", "--expires", "soon"],
            "Invalid value for '--expires': 'soon' does not match the formats '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S%z'.",
        ),
        (["keys", "create", "--name", "x"], "Missing option '--app'."),
        (["keys", "list"], "Give either --store or --app, and not both."),
        (["keys", "list", "--store", "x", "--app", "y"], "Give either --store or --app, and not both."),
        (["keys", "revoke"], "Missing argument 'KEY'."),
        (["documents", "publish", __file__], "Missing option '--app'."),
        (["documents", "publish", "x", "--app", "x"], "Invalid value for 'MANIFEST': File 'x' does not exist."),
        (["documents", "check", "x"], "Invalid value for '[MANIFESTS]...': File 'x' does not exist."),
        (
            ["stores", "create", "Toko", "--name", "x", "--storefront-url", "https://x.example"],
            "Invalid value for SLUG: must be 1 to 63 lowercase letters, digits and hyphens, got 'Toko'",
        ),
        (
            ["stores", "create", "toko", "--name", "x", "--storefront-url", "x"],
            "Invalid value for --storefront-url: A URL must look like https://shop.example/path "
            "and have at most 2000 characters, got 'x'.",
        ),
        (
            ["stores", "create", "toko", "--name", "x", "--storefront-url", "http://x.example"],
            "Invalid value for --storefront-url: must start with https://, got 'http://x.example'",
        ),
        (
            ["stores", "update", "toko", "--storefront-host", "https://x.example"],
            "Invalid value for '--storefront-host': must be a hostname such as shop.example, got 'https://x.example'",
        ),
        (
            ["stores", "create", "x", "--name", "x", "--storefront-url", "http://x", "--session-expiration", "1441"],
            "Invalid value for '--session-expiration': 1441 is not in the range 0<=x<=1440.",
        ),
    ],
)
def test_a_wrong_argument_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = invoke(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    error = refused.stderr.splitlines()[-1]
    assert error.startswith(f"Error: {message}")
    assert list(tmp_path.iterdir()) == []


def test_the_error_about_an_unknown_scope_lists_the_scopes() -> None:
    refused = invoke("apps", "create", "--store", "x", "--name", "x", "--scope", "all")
    assert refused.exit_code == 2
    for scope in ("sessions:read", "sessions:write", "sessions:join", "settings:write", "documents:write", "admin"):
        assert f"'{scope}'" in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "settings", "message"),
    [
        (
            "serve",
            {"DATABASE_URL": "mysql://x:hunter2@y/z"},
            "DATABASE_URL must start with postgresql://, got 'mysql://…'",
        ),
        (
            "migrate",
            {"DATABASE_DIRECT_URL": "postgresql://me:hunter2@127.0.0.1:1/x"},
            "DATABASE_DIRECT_URL needs DATABASE_URL: without it, the embedded database is used\n",
        ),
        ("migrate", {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "TOKEN_KEYS is missing: see .env.example"),
        (
            "migrate",
            {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x", "TOKEN_KEYS": TOKEN_KEYS},
            "cannot migrate the database: ",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_of_one_line(
    tmp_path: Path, command: str, settings: dict[str, str], message: str
) -> None:
    options = [f"--port={free_port()}"] if command == "serve" else []
    refused = roomkey(tmp_path, command, *options, **settings)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"roomkey: {message}")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr
