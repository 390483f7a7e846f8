"""The commands in the documentation print what it shows."""

import json
import re
import tomllib
from pathlib import Path

import embedded
from tests.support.commands import ROOMKEY
from tests.support.documentation import ROOT, blocks, demo_server, different, typed

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


async def test_the_tutorial_gives_the_answers_that_it_shows(tmp_path: Path) -> None:
    with demo_server(tmp_path) as port:
        server = embedded.running(tmp_path / ".roomkey")
        assert server is not None
        psql = f"PATH={embedded.bin_folder()}:$PATH; DATABASE='{server.url()}'"
        output = await typed(tmp_path, port, psql, SLEEP, *blocks("docs/walk.md", "sh"))
    # The last command, which sets the expiration back, has no answer shown.
    last = '{"data":{"updateStoreSettings":{"store":{"sessionExpiration":30}}},…}'
    assert different(output, [*blocks("docs/walk.md", "json", "html", "text"), last]) == []


async def test_the_first_query_of_the_readme_is_answered(tmp_path: Path) -> None:
    with demo_server(tmp_path) as port:
        answer = json.loads(await typed(tmp_path, port, blocks("README.md", "sh")[0]))
    shown = re.sub(r",\s*…", "", blocks("README.md", "json")[0])
    first, second = answer["data"]["sessions"]["nodes"]
    assert shape(first) == shape(second) == shape(json.loads(shown)["data"]["sessions"]["nodes"][0])


async def test_the_readme_makes_an_app_with_a_key(tmp_path: Path) -> None:
    [commands] = [block for block in blocks("README.md", "sh") if "apps create" in block and "docker" not in block]
    with demo_server(tmp_path) as port:
        output = await typed(tmp_path, port, commands.replace(".venv/bin/roomkey", str(ROOMKEY)))
    id, key, _, _, app, _, _, listed_key = output.splitlines()
    assert (id[:4], key[:3]) == ("app_", "rk_")
    assert app.split("  ")[:3] == [id, "storefront", "sessions:join"]
    assert listed_key.split("  ")[1:3] == ["storefront", id]


async def test_every_file_that_the_documents_link_to_is_there() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [(path, link) for path in documents for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text())]
    assert links
    assert [f"{path}: {link}" for path, link in links if not (path.parent / link).exists()] == []


async def test_the_readme_names_every_setting() -> None:
    settings = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert settings == set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert settings == set(re.findall(r'Annotated\[.+, "([A-Z_]+)"', (ROOT / "api/settings.py").read_text()))


def test_the_docker_image_contains_every_package() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert copied >= {package.removesuffix("*") for package in packages["include"]}


def test_docker_compose_has_no_default_secret_and_passes_all_settings() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert re.findall(r"\$\{(\w+):-", compose) == []
    assert {*re.findall(r"\$\{(\w+):\?", compose)} == {"TOKEN_KEYS", "POSTGRES_PASSWORD"}
    assert "\n    env_file: .env\n" in compose
    [deployment] = [block for block in blocks("README.md", "sh") if "docker compose up" in block]
    assert {*re.findall(r'^echo "(\w+)=', deployment, re.MULTILINE)} == {"TOKEN_KEYS", "POSTGRES_PASSWORD"}


def shape(node: dict[str, object]) -> dict[str, object]:
    """The keys, including nested ones, except in a conversion, which can be null."""
    return {key: shape(value) if isinstance(value, dict) and key != "conversion" else "" for key, value in node.items()}
