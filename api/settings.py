"""Settings, read from the environment or from the file `.env` in the current folder. See .env.example."""

import os
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from starlette.config import Config

from db.api_keys import API_KEY_PREFIX

# No host, one, or several separated by commas, as libpq accepts.
HOST = r"(\[[0-9a-fA-F:.]+\]|[^@/?#:,\[\]]*)(:\d+)?"
POSTGRES_URL = re.compile(rf"postgres(ql)?://([^/?#]*@)?{HOST}(,{HOST})*([/?].*)?")
SIGNING_KEY_NAME = re.compile(r"[a-z0-9-]{1,20}")
SIGNING_KEY_BYTES = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(Exception):
    """A setting is missing or malformed. The message is one line for the operator."""


@dataclass(frozen=True)
class JwtSettings:
    """The issuer whose JWTs are accepted. If `jwks_url` is empty, it is read from the issuer's discovery document."""

    issuer: str
    audience: str
    jwks_url: str = ""
    store_claim: str = "store"


@dataclass(frozen=True)
class Settings:
    """The settings of the server.

    `database_direct_url` bypasses a connection pooler, for migrations. `signing_keys` are the secrets in TOKEN_KEYS by
    name, of which the first signs new links.
    """

    database_url: str
    database_direct_url: str
    link_base_url: str
    signing_keys: Mapping[str, bytes]
    cors_origins: tuple[str, ...] = ()
    graphiql: bool = True
    graphiql_key: str | None = None
    console_key: str | None = None
    introspection: bool = True
    compiled_documents: bool = True
    batch_limit: int = 0
    operation_seconds: float = 20
    log_level: str = "info"
    jwt: JwtSettings | None = None


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    config = _config()
    database_url = _read(config, "DATABASE_URL", _postgres_url)
    return Settings(
        database_url=database_url,
        database_direct_url=_read(config, "DATABASE_DIRECT_URL", _postgres_url, database_url),
        link_base_url=_read(config, "LINK_BASE_URL", _web_url, "http://127.0.0.1:8000/s"),
        signing_keys=_read(config, "TOKEN_KEYS", _signing_keys),
        cors_origins=_read(config, "CORS_ORIGINS", _origins, ()),
        graphiql=_read(config, "GRAPHIQL", _on_or_off, True),
        graphiql_key=_read(config, "GRAPHIQL_KEY", _api_key, "") or None,
        console_key=_read(config, "CONSOLE_KEY", _api_key, "") or None,
        introspection=_read(config, "INTROSPECTION", _on_or_off, True),
        compiled_documents=_read(config, "COMPILED_DOCUMENTS", _on_or_off, True),
        batch_limit=_read(config, "BATCH_LIMIT", _number_between(0, 100), 0),
        operation_seconds=_read(config, "OPERATION_SECONDS", _number_between(1, 300), 20),
        log_level=_read(config, "LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "info"),
        jwt=_jwt(config),
    )


def has_database_url() -> bool:
    """Whether DATABASE_URL is set. Otherwise the embedded database is used."""
    return is_set("DATABASE_URL")


def is_set(name: str) -> bool:
    """Whether the setting has a value in the environment or in `.env`."""
    return bool(_text(_config(), name))


def _config() -> Config:
    # An empty environment variable counts as absent and does not override `.env`.
    environment = {name: value for name, value in os.environ.items() if value.strip()}
    return Config(".env" if Path(".env").is_file() else None, environment, encoding="utf-8")


def _text(config: Config, name: str) -> str:
    return config(name, cast=str, default="").strip()


def _read(config: Config, name: str, parse: Callable[[str, str], Any], default: Any = None) -> Any:
    text = _text(config, name)
    if text:
        return parse(name, text)
    if default is None:
        raise SettingsError(f"{name} is missing: see .env.example")
    return default


def _postgres_url(name: str, text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        scheme = "".join(text.partition("://")[:2]) if "://" in text else ""
        raise SettingsError(f"{name} must start with postgresql://, got {f'{scheme}…'!r}")
    if not POSTGRES_URL.fullmatch(text):
        raise SettingsError(
            f"{name} must look like postgresql://user:password@host:5432/database, with %40 for an @ in the password, "
            "%2F for a / and so on"
        )
    return text


def _web_url(name: str, text: str) -> str:
    parts = _web_parts(text)
    if parts is None or parts.query or parts.fragment:
        raise SettingsError(f"{name} must look like https://shop.example/s, got {text!r}")
    return text.rstrip("/")


def _jwt(config: Config) -> JwtSettings | None:
    jwt = JwtSettings(
        issuer=_read(config, "JWT_ISSUER", _secure_url, ""),
        audience=_read(config, "JWT_AUDIENCE", _unchanged, ""),
        jwks_url=_read(config, "JWKS_URL", _secure_url, ""),
        store_claim=_read(config, "JWT_STORE_CLAIM", _unchanged, "store"),
    )
    if jwt.issuer and jwt.audience:
        return jwt
    given = [name for name in ("JWT_ISSUER", "JWT_AUDIENCE", "JWKS_URL", "JWT_STORE_CLAIM") if _text(config, name)]
    if given:
        missing = " and ".join(name for name in ("JWT_ISSUER", "JWT_AUDIENCE") if name not in given)
        raise SettingsError(f"{given[0]} needs {missing}: see .env.example")
    return None


def _secure_url(name: str, text: str) -> str:
    """An https URL, unchanged: tokens must contain exactly the same issuer, with or without a trailing slash."""
    if not is_secure_url(text):
        raise SettingsError(f"{name} must look like https://login.example (http only for this machine), got {text!r}")
    return text


def is_secure_url(text: str) -> bool:
    """Whether responses cannot be modified in transit: the URL is https, or its host is this machine."""
    parts = _web_parts(text)
    return parts is not None and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _unchanged(name: str, text: str) -> str:
    return text


def _web_parts(text: str) -> SplitResult | None:
    """The parts of an absolute http or https URL, or None if it is not one."""
    try:
        parts = urlsplit(text)
        return parts if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _signing_keys(name: str, text: str) -> Mapping[str, bytes]:
    """Parse `name:secret` pairs separated by commas. Error messages never quote a secret."""
    secrets: dict[str, bytes] = {}
    for number, pair in enumerate(text.split(","), start=1):
        key, _, secret = pair.strip().partition(":")
        try:
            decoded = b64decode(secret, validate=True)
        except ValueError:
            decoded = b""
        if not SIGNING_KEY_NAME.fullmatch(key) or len(decoded) < SIGNING_KEY_BYTES or key in secrets:
            raise SettingsError(
                f"{name} must be pairs like k1:SECRET separated by commas, with different names and with secrets from "
                f"`openssl rand -base64 32`; pair {number} is not"
            )
        secrets[key] = decoded
    return secrets


def _origins(name: str, text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    for origin in origins:
        parts = _web_parts(origin)
        if parts is None or origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingsError(f"{name} must be origins like https://shop.example separated by commas, got {origin!r}")
    return origins


def _api_key(name: str, text: str) -> str:
    if not text.startswith(API_KEY_PREFIX):
        raise SettingsError(f"{name} must be an API key, which starts with {API_KEY_PREFIX}")
    return text


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if text not in choices:
            raise SettingsError(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, got {text!r}")
        return text

    return parse


def _number_between(lowest: int, highest: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}, got {text!r}")
        return int(text)

    return parse


def _on_or_off(name: str, text: str) -> bool:
    return _one_of("on", "off")(name, text) == "on"
