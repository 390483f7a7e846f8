"""What the documents tell a reader to type gives what they say it gives."""

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from db import embedded

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)

# Instead of waiting, everything that has happened so far is moved into the past.
SLEEP = """
sleep() {
  psql -q "$DATABASE" -v seconds="$1" <<< "
    update session set created_at = created_at - make_interval(secs => :seconds),
      token_issued_at = token_issued_at - make_interval(secs => :seconds),
      token_expires_at = token_expires_at - make_interval(secs => :seconds);
    update session_event set at = at - make_interval(secs => :seconds),
      expires_at = expires_at - make_interval(secs => :seconds);"
}
"""


async def test_the_walk_gives_the_answers_that_it_shows(tmp_path: Path) -> None:
    async with demo_server(tmp_path) as port:
        output = await typed(tmp_path, port, *blocks("docs/walk.md", "sh"))
    expected = "".join(blocks("docs/walk.md", "json", "html", "text")).splitlines()
    # The last command, which sets the expiration back, has no answer shown.
    *lines, last = output.splitlines()
    assert [
        line for line, pattern in zip(lines, expected, strict=True) if not pattern_of(pattern).fullmatch(line)
    ] == []
    assert last == '{"data":{"updateStoreSettings":{"store":{"sessionExpiration":30}}}}'


async def test_the_first_query_of_the_readme_is_answered(tmp_path: Path) -> None:
    async with demo_server(tmp_path) as port:
        answer = json.loads(await typed(tmp_path, port, blocks("README.md", "sh")[0]))
    shown = re.sub(r",\s*…", "", blocks("README.md", "json")[0])
    first, second = answer["data"]["sessions"]["nodes"]
    assert shape(first) == shape(second) == shape(json.loads(shown)["data"]["sessions"]["nodes"][0])


async def test_every_file_that_the_documents_link_to_is_there() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [(path, link) for path in documents for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text())]
    assert links
    assert [f"{path}: {link}" for path, link in links if not (path.parent / link).exists()] == []


async def test_the_readme_names_every_setting() -> None:
    settings = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert settings == set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert settings == set(re.findall(r'"([A-Z_]+)", _', (ROOT / "api/settings.py").read_text()))


def blocks(document: str, *languages: str) -> list[str]:
    text = (ROOT / document).read_text()
    return [block for language, block in BLOCK.findall(text) if language in languages]


def pattern_of(line: str) -> re.Pattern[str]:
    """What a shown line stands for: `…` for anything, a moment for any moment, port 8000 for any port."""
    pattern = re.escape(line).replace("…", ".*")
    pattern = re.sub(r"\d{4}\\-\d\d\\-\d\dT[\d:.\\]+\\\+00:00", r"[^\"]+", pattern)
    return re.compile(pattern.replace("127\\.0\\.0\\.1:8000", r"127\.0\.0\.1:\d+"))


def shape(node: dict[str, object]) -> dict[str, object]:
    """The keys, nested ones too; what may be null is left at that."""
    return {key: shape(value) if isinstance(value, dict) and key != "conversion" else "" for key, value in node.items()}


async def typed(folder: Path, port: int, *commands: str) -> str:
    """The output of the commands, typed into one shell in that folder."""
    server = embedded.running(folder / ".roomkey")
    assert server is not None
    script = f"set -eu; PATH={embedded.bin_folder()}:$PATH; DATABASE='{server.url()}'; {SLEEP}" + "\n".join(commands)
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", script.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await shell.communicate()
    assert shell.returncode == 0, output.decode()
    return output.decode()


@asynccontextmanager
async def demo_server(folder: Path) -> AsyncIterator[int]:
    """`roomkey serve --demo` in that folder; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    roomkey = Path(sys.executable).with_name("roomkey")
    server = await asyncio.create_subprocess_exec(
        roomkey, "serve", "--demo", f"--port={port}", cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        while b"API key" not in (line := await server.stdout.readline()):
            assert line, "it did not start"
        yield port
    finally:
        server.terminate()
        await server.wait()
