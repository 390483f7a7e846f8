"""The commands and output in the documentation, run in a shell beside a server with the demo store."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.commands import serving

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(document: str, *languages: str) -> list[str]:
    text = (ROOT / document).read_text()
    return [block for language, block in BLOCK.findall(text) if language in languages]


def different(output: str, shown: list[str]) -> list[tuple[str, str]]:
    """The lines that differ from the shown ones."""
    pairs = zip(output.splitlines(), "".join(shown).splitlines(), strict=True)
    return [(line, pattern) for line, pattern in pairs if not _pattern_of(pattern).fullmatch(line)]


def _pattern_of(line: str) -> re.Pattern[str]:
    """The pattern of a shown line: `…` is any text, a moment any moment, and port 8000 any port.

    Only the cost can be left out at the end of an answer, not errors.
    """
    line = re.sub(",…}$", ',"extensions":{"cost":{…}}}', line)
    pattern = re.escape(line).replace("…", ".*")
    pattern = re.sub(r"\d{4}\\-\d\d\\-\d\dT[\d:.\\]+\\\+00:00", r"[^\"]+", pattern)
    return re.compile(pattern.replace("127\\.0\\.0\\.1:8000", r"127\.0\.0\.1:\d+"))


async def typed(folder: Path, port: int, *commands: str) -> str:
    """The output of the commands, typed into one shell in that folder."""
    script = "\n".join(["set -eu", *commands]).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    shell = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=folder, stdout=asyncio.subprocess.PIPE)
    output, _ = await shell.communicate()
    assert shell.returncode == 0, output.decode()
    return output.decode()


@contextmanager
def demo_server(folder: Path) -> Iterator[int]:
    """`roomkey serve --demo` in that folder; yields its port."""
    with serving(folder, "--demo") as served:
        yield int(served.url.rpartition(":")[2])
