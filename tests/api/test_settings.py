"""Reading settings, and the errors about missing and malformed ones."""

import ast
import base64
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.settings import JwtSettings, Settings, SettingsError, is_set, read_settings

ROOT = Path(__file__).parents[2]

NAMES = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
SECRET = base64.b64encode(b"s" * 32).decode()
OTHER_SECRET = base64.b64encode(b"o" * 48).decode()
SHORT = base64.b64encode(b"short" * 6).decode()
URL = "postgresql://roomkey:hunter2@db.example:5432/roomkey?sslmode=require"
NEEDED = {"DATABASE_URL": URL, "TOKEN_KEYS": f"k1:{SECRET}"}

KEYS_LIKE = (
    "TOKEN_KEYS must be pairs like k1:SECRET separated by commas, with different names and with secrets from "
    "`openssl rand -base64 32`; pair {} is not"
)
POSTGRES_LIKE = (
    "DATABASE_URL must look like postgresql://user:password@host:5432/database, with %40 for an @ in the password, "
    "%2F for a / and so on"
)
ORIGINS_LIKE = "CORS_ORIGINS must be origins like https://shop.example separated by commas, got {!r}"
HOSTS_LIKE = (
    "ALLOWED_HOSTS must be hosts like roomkey.example or 192.0.2.1 separated by commas, without ports, got {!r}"
)
PROXIES_LIKE = "TRUSTED_PROXIES must be addresses or networks like 10.0.0.5 or 10.0.0.0/8 separated by commas, got {!r}"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty current folder, and no setting in the environment."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def set_environment(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def test_absent_settings_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, **NEEDED)
    assert read_settings() == Settings(
        database_url=URL,
        database_direct_url=URL,
        link_base_url="http://127.0.0.1:8000/s",
        signing_keys={"k1": b"s" * 32},
        cors_origins=(),
        allowed_hosts=(),
        trusted_proxies=(),
        graphiql=True,
        sign_in_folder=None,
        introspection=True,
        compiled_documents=True,
        batch_limit=0,
        operation_seconds=20,
        drain_seconds=3,
        log_level="info",
        jwt=None,
    )


def test_every_setting_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(
        monkeypatch,
        DATABASE_URL="postgres:///roomkey?host=/run/postgresql",
        DATABASE_DIRECT_URL=URL,
        DATABASE_POOLER="transaction",
        LINK_BASE_URL="https://rk.example/s/",
        TOKEN_KEYS=f" k2:{OTHER_SECRET} , k1:{SECRET}",
        CORS_ORIGINS="https://spa.example, http://localhost:3000",
        ALLOWED_HOSTS="Roomkey.example, roomkey, 192.0.2.1,2001:db8::1 ,tökö.example",
        TRUSTED_PROXIES="10.0.0.5, 172.16.0.0/12,::1",
        GRAPHIQL="off",
        SIGN_IN_FOLDER=".roomkey",
        INTROSPECTION="off",
        COMPILED_DOCUMENTS="off",
        BATCH_LIMIT="100",
        OPERATION_SECONDS="300",
        DRAIN_SECONDS="60",
        LOG_LEVEL="debug",
        JWT_ISSUER="https://login.example/",
        JWT_AUDIENCE="roomkey",
        JWKS_URL="https://login.example/keys?app=1",
        JWT_STORE_CLAIM="https://shop.example/store",
    )
    settings = read_settings()
    assert settings == Settings(
        database_url="postgres:///roomkey?host=/run/postgresql",
        database_direct_url=URL,
        transaction_pooler=True,
        link_base_url="https://rk.example/s",
        signing_keys={"k2": b"o" * 48, "k1": b"s" * 32},
        cors_origins=("https://spa.example", "http://localhost:3000"),
        allowed_hosts=("roomkey.example", "roomkey", "192.0.2.1", "2001:db8::1", "tökö.example"),
        trusted_proxies=("10.0.0.5", "172.16.0.0/12", "::1"),
        graphiql=False,
        sign_in_folder=Path(".roomkey"),
        introspection=False,
        compiled_documents=False,
        batch_limit=100,
        operation_seconds=300,
        drain_seconds=60,
        log_level="debug",
        jwt=JwtSettings(
            issuer="https://login.example/",
            audience="roomkey",
            jwks_url="https://login.example/keys?app=1",
            store_claim="https://shop.example/store",
        ),
    )
    assert list(settings.signing_keys) == ["k2", "k1"]


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://", "postgresql:///roomkey", "postgresql:///roomkey?host=/run/postgresql&port=5433"),
        *("postgres://db", "postgresql://me@db/x", "postgresql://me:p@ss@[::1]:5432/x"),
        "postgresql://me:p%40ss%2F:@db.example:5432/x?sslmode=require",
        "postgresql://me:p@a.example:1,b.example,[::1]:2/x?target_session_attrs=read-write",
    ],
)
def test_database_urls_are_those_of_libpq(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_environment(monkeypatch, **NEEDED | {"DATABASE_URL": url})
    assert read_settings().database_url == url


@pytest.mark.parametrize("mode", ["none", "session"])
def test_no_other_mode_of_a_pooler_makes_a_difference(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_environment(monkeypatch, **NEEDED, DATABASE_POOLER=mode)
    assert not read_settings().transaction_pooler


def test_a_pooler_in_transaction_mode_needs_a_direct_url(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, **NEEDED, DATABASE_POOLER="transaction")
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value) == "DATABASE_POOLER=transaction needs DATABASE_DIRECT_URL, which bypasses the pooler"


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    set_environment(monkeypatch, **NEEDED)
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value) == f"{name} is missing: see .env.example"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        *(
            (name, value, f"{name} must start with postgresql://, got {shown!r}")
            for name in ("DATABASE_URL", "DATABASE_DIRECT_URL")
            for value, shown in (("mysql://me:hunter2@db/x", "mysql://…"), ("me:hunter2@db/x", "…"))
        ),
        *(
            ("DATABASE_URL", f"postgresql://me:hunter2{rest}", POSTGRES_LIKE)
            for rest in ("@db:port/x", "/2@db/x", "#2@db/x", "@[::1/x", "@a:b:c/x")
        ),
        ("DATABASE_POOLER", "statement", "DATABASE_POOLER must be none, session or transaction, got 'statement'"),
        *(
            ("LINK_BASE_URL", value, f"LINK_BASE_URL must look like https://shop.example/s, got {value!r}")
            for value in (
                *("shop.example/s", "ftp://shop.example/s", "https://", "http://[::1/s"),
                *(f"https://shop.example{rest}" for rest in ("/s?a=1", "/s#a", ":x/s")),
            )
        ),
        *(
            ("TOKEN_KEYS", value, KEYS_LIKE.format(1))
            for value in (
                *(SECRET, f":{SECRET}", "k1:", f"K1:{SECRET}", f"{'k' * 21}:{SECRET}"),
                *(f"k1:{SHORT}", f"k1:{SECRET[:-2]}", f"k1:{SECRET}!"),
            )
        ),
        *(
            ("TOKEN_KEYS", value, KEYS_LIKE.format(2))
            for value in (f"k2:{SECRET},", f"k2:{SECRET},k1:{SHORT}", f"k1:{SECRET},k1:{OTHER_SECRET}")
        ),
        *(
            ("CORS_ORIGINS", value, ORIGINS_LIKE.format(value.rpartition(",")[2].strip()))
            for value in (
                *("*", "spa.example", "https://spa.example/", "https://spa.example/app", "https://spa.example,"),
                *("https://spa.example, null", "https://", "http://[::1"),
            )
        ),
        *(
            ("ALLOWED_HOSTS", value, HOSTS_LIKE.format(value.rpartition(",")[2].strip()))
            for value in (
                *("*", "*.example.com", "roomkey.example:8000", "https://roomkey.example", "a.example,", "10.0.0.0/8"),
                *("a.example, b example", "[::1]", "a..example", "[::1]:8000", "::x"),
            )
        ),
        *(
            ("TRUSTED_PROXIES", value, PROXIES_LIKE.format(value.rpartition(",")[2].strip()))
            for value in ("*", "proxy.example", "10.0.0.5:80", "10.0.0.5/8", "10.0.0.5,", "10.0.0.5 10.0.0.6")
        ),
        *(
            (name, value, f"{name} must look like https://login.example (http only for this machine), got {value!r}")
            for name in ("JWT_ISSUER", "JWKS_URL")
            for value in (
                "login.example",
                "http://login.example",
                "http://127.0.0.1.example",
                "https://",
                "file:///keys",
            )
        ),
        *(
            (name, value, f"{name} must be {choices}, got {value!r}")
            for name, choices, values in (
                ("GRAPHIQL", "on or off", ("true", "1", "ON", "no")),
                ("INTROSPECTION", "on or off", ("false", "0")),
                ("COMPILED_DOCUMENTS", "on or off", ("true", "0")),
                ("BATCH_LIMIT", "a whole number from 0 to 100", ("-1", "101", "1.5", "off", "٣", "9" * 5_000)),
                ("OPERATION_SECONDS", "a whole number from 1 to 300", ("0", "301", "0.5", "20s")),
                ("DRAIN_SECONDS", "a whole number from 0 to 60", ("-1", "61", "3s")),
                ("LOG_LEVEL", "debug, info, warning or error", ("INFO", "trace")),
            )
            for value in values
        ),
    ],
)
def test_a_malformed_setting_is_an_error_that_says_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    set_environment(monkeypatch, **NEEDED | {name: value})
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value) == message
    for secret in ("hunter2", SECRET, SECRET[:-2], OTHER_SECRET, SHORT):
        assert secret not in str(error.value)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost/realms/a"])
def test_an_issuer_on_this_machine_needs_no_https(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    set_environment(monkeypatch, **NEEDED, JWT_ISSUER=issuer, JWT_AUDIENCE="roomkey")
    assert read_settings().jwt == JwtSettings(issuer, "roomkey", jwks_url="", store_claim="store")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"JWT_ISSUER": "https://login.example"}, "JWT_ISSUER needs JWT_AUDIENCE"),
        ({"JWT_AUDIENCE": "roomkey"}, "JWT_AUDIENCE needs JWT_ISSUER"),
        ({"JWT_AUDIENCE": "roomkey", "JWT_STORE_CLAIM": "shop"}, "JWT_AUDIENCE needs JWT_ISSUER"),
        ({"JWKS_URL": "https://login.example/keys"}, "JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE"),
        ({"JWT_STORE_CLAIM": "shop"}, "JWT_STORE_CLAIM needs JWT_ISSUER and JWT_AUDIENCE"),
    ],
)
def test_an_incomplete_issuer_is_an_error(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], message: str) -> None:
    set_environment(monkeypatch, **NEEDED, **given)
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value) == f"{message}: see .env.example"


IN_FILE: dict[str, Any] = {
    **{"database_url": URL, "database_direct_url": URL, "link_base_url": "https://rk.example/s"},
    "signing_keys": {"k1": b"s" * 32},
}


def test_the_environment_overrides_the_env_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text(
        f'# A comment\n\nDATABASE_URL="{URL}"\nTOKEN_KEYS=k1:{SECRET}\nGRAPHIQL=off\n'
        "LINK_BASE_URL='https://rk.example/s'\nCORS_ORIGINS=https://tökö.example\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GRAPHIQL", "on")
    assert read_settings() == Settings(**IN_FILE, cors_origins=("https://tökö.example",), graphiql=True)


def test_an_empty_variable_does_not_override_the_env_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text(f"DATABASE_URL={URL}\nTOKEN_KEYS=k1:{SECRET}\nLINK_BASE_URL=https://rk.example/s\n")
    set_environment(monkeypatch, DATABASE_URL="", TOKEN_KEYS=" ", LINK_BASE_URL="")
    assert read_settings() == Settings(**IN_FILE)
    assert (is_set("DATABASE_URL"), is_set("TOKEN_KEYS"), is_set("CORS_ORIGINS")) == (True, True, False)


@pytest.mark.parametrize(("value", "named"), [(None, False), ("", False), (URL, True), ("mysql://x", True)])
def test_an_empty_setting_is_not_set(monkeypatch: pytest.MonkeyPatch, value: str | None, named: bool) -> None:
    if value is not None:
        monkeypatch.setenv("DATABASE_URL", value)
    assert is_set("DATABASE_URL") is named


def test_reading_a_setting_imports_no_schema() -> None:
    """Commands read settings, and the schema takes most of a second to build."""
    program = "import sys, api.settings; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"schema", "engine", "strawberry", "graphql"} & set(ast.literal_eval(printed.stdout))
