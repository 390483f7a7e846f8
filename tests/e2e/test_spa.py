"""The page for developers of single-page apps: it shows the console's code as it is, and its commands work."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.documentation import ROOT, demo_server, different, typed

PAGE = (ROOT / "docs/spa.md").read_text()

# A block, and the file that it is from, if the line before it is a link to one.
BLOCK = re.compile(r"(?:^\[([^\]\n]+)\]\(\.\./([^)\n]+)\):\n\n)?^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [match.groups() for match in BLOCK.finditer(PAGE)]
EXCERPTS = [(name, path, text) for name, path, _, text in BLOCKS if path]
COMMANDS = [text for _, path, language, text in BLOCKS if not path and language == "sh"]

LEFT_OUT = re.compile(r"^\s*…\n", re.MULTILINE)


def test_every_code_block_is_an_excerpt_of_a_file() -> None:
    assert len(EXCERPTS) > 15
    assert {language for _, path, language, _ in BLOCKS if not path} == {"sh", "text"}
    assert [name for name, path, _ in EXCERPTS if name != path] == []


@pytest.mark.parametrize(("path", "text"), [excerpt[1:] for excerpt in EXCERPTS], ids=range(len(EXCERPTS)))
def test_each_excerpt_is_in_its_file(path: str, text: str) -> None:
    lines = (ROOT / path).read_text().splitlines()
    place = 0
    for part in LEFT_OUT.split(text):
        wanted = [line.rstrip() for line in part.splitlines()]
        places = [at for at in range(place, len(lines)) if lines[at : at + len(wanted)] == wanted]
        assert places, f"{path} has no such lines (any more):\n{part}"
        place = places[0] + len(wanted)


async def test_a_manifest_is_published_as_the_page_shows(tmp_path: Path) -> None:
    for name, there in (("web", ROOT / "web"), (".venv", Path(sys.prefix))):
        (tmp_path / name).symlink_to(there)
    [commands] = [text for text in COMMANDS if "documents publish" in text]
    shown = [text for _, _, language, text in BLOCKS if language == "text"]
    with demo_server(tmp_path) as port:
        assert different(await typed(tmp_path, port, commands), shown) == []


def test_the_scripts_that_the_page_runs_exist() -> None:
    scripts = json.loads((ROOT / "web/package.json").read_text())["scripts"]
    named = set(re.findall(r"npm run (\w+)", PAGE))
    assert named == {"dev", "codegen"}
    assert named <= set(scripts)
