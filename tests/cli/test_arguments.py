"""The command line's help, and what it says of wrong arguments and settings: real processes."""

from pathlib import Path

import pytest

from tests.support.commands import (
    free_port,
    roomkey,
)

COMMANDS = [
    [],
    ["serve"],
    ["migrate"],
    ["demo"],
    ["stores"],
    ["stores", "create"],
    ["stores", "list"],
    ["apps"],
    ["apps", "create"],
    ["apps", "list"],
    ["apps", "update"],
    ["apps", "disable"],
    ["apps", "enable"],
    ["keys"],
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
    ["documents"],
    ["documents", "publish"],
    ["documents", "list"],
    ["documents", "retire"],
    ["documents", "check"],
]
TOKEN_KEYS = f"k:{'A' * 43}="


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_explains_itself(tmp_path: Path, command: list[str]) -> None:
    helped = roomkey(tmp_path, *command, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"Usage: {' '.join(['roomkey', *command])} ")
    assert len(helped.stdout.split("\n\n")) > 2  # it says what it does, and each option
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["sevre"], "No such command 'sevre'."),
        (["serve", "--prot", "1"], "No such option '--prot'. (Did you mean one of: '--host', '--port'?)"),
        (["serve", "--port", "0"], "Invalid value for '--port': 0 is not in the range 1<=x<=65535."),
        (["serve", "--data", __file__], f"Invalid value for '--data': Directory '{__file__}' is a file."),
        (["apps", "create", "--name", "x", "--scope", "admin"], "Missing option '--store'."),
        (["apps", "update", "x", "--rate", "0"], "Invalid value for '--rate': 0 is not in the range 1<=x<=1000000."),
        (["apps", "update", "x", "--mode", "log"], "Invalid value for '--mode': 'log' is not one of 'LOG', "),
        (["apps", "update", "x", "--name", " "], "Invalid value for '--name': must have 1 to 200 characters, got 0"),
        (["keys", "create", "--name", "x"], "Missing option '--app'."),
        (["keys", "list"], "Give either --store or --app."),
        (["keys", "list", "--store", "x", "--app", "y"], "Give either --store or --app."),
        (["keys", "revoke"], "Missing argument 'KEY'."),
        (["documents", "publish", __file__], "Missing option '--app'."),
        (["documents", "publish", "x", "--app", "x"], "Invalid value for 'MANIFEST': File 'x' does not exist."),
        (["documents", "check", "x"], "Invalid value for '[MANIFESTS]...': File 'x' does not exist."),
        (
            ["stores", "create", "Toko", "--name", "x", "--storefront-url", "https://x.example"],
            "Invalid value for SLUG: must be 1 to 63 small letters, digits and hyphens",
        ),
        (
            ["stores", "create", "toko", "--name", "x", "--storefront-url", "x"],
            "Invalid value for --storefront-url: A URL must look like https://shop.example/path "
            "and have at most 2000 characters, got 'x'.",
        ),
        (
            ["stores", "create", "x", "--name", "x", "--storefront-url", "http://x", "--session-expiration", "1441"],
            "Invalid value for '--session-expiration': 1441 is not in the range 0<=x<=1440.",
        ),
    ],
)
def test_a_bad_argument_gets_one_clear_line(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    refused = roomkey(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    error = refused.stderr.splitlines()[-1]
    assert error.startswith(f"Error: {complaint}")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_scope_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    refused = roomkey(tmp_path, "apps", "create", "--store", "x", "--name", "x", "--scope", "all")
    assert refused.returncode == 2
    for scope in ("sessions:read", "sessions:write", "sessions:join", "settings:write", "documents:write", "admin"):
        assert f"'{scope}'" in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "settings", "complaint"),
    [
        (
            "serve",
            {"DATABASE_URL": "mysql://x:hunter2@y/z"},
            "DATABASE_URL must start with postgresql://, got 'mysql://…'",
        ),
        (
            "migrate",
            {"DATABASE_DIRECT_URL": "postgresql://me:hunter2@127.0.0.1:1/x"},
            "DATABASE_DIRECT_URL needs DATABASE_URL: without it, the embedded database is meant\n",
        ),
        ("migrate", {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "TOKEN_KEYS is missing: see .env.example"),
        (
            "migrate",
            {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x", "TOKEN_KEYS": TOKEN_KEYS},
            "cannot migrate the database: ",
        ),
    ],
)
def test_a_bad_setting_gets_one_clear_line(
    tmp_path: Path, command: str, settings: dict[str, str], complaint: str
) -> None:
    options = [f"--port={free_port()}"] if command == "serve" else []
    refused = roomkey(tmp_path, command, *options, **settings)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"roomkey: {complaint}")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr
