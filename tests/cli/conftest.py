"""The command line on the database of the server under test."""

from pathlib import Path

import pytest

from tests.support.commands import TOKEN_KEYS, roomkey

APP = r"app_[0-7][0-9a-z]{25}"
SECRET = r"rk_[0-9a-hjkmnp-tv-z]{52}[0-9A-Za-z]{6}"


class Operator:
    """Runs `roomkey` on the database of the server under test."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._settings = {"DATABASE_URL": database_url, "TOKEN_KEYS": TOKEN_KEYS}

    def run(self, *arguments: object) -> list[str]:
        """The lines that a command prints. Fails the test if the command fails."""
        done = roomkey(self._folder, *arguments, **self._settings)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def error(self, *arguments: object) -> str:
        """The last line of the error of a command with wrong arguments."""
        refused = roomkey(self._folder, *arguments, **self._settings)
        assert (refused.returncode, refused.stdout) == (2, "")
        return refused.stderr.splitlines()[-1]


@pytest.fixture
def operator(tmp_path: Path, database_url: str) -> Operator:
    return Operator(tmp_path, database_url)
