"""Settings, read from the environment or from the file `.env` in the current folder. See .env.example."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints
from urllib.parse import SplitResult, urlsplit

from starlette.config import Config

# No host, one, or several separated by commas, as libpq accepts.
HOST = r"(\[[0-9a-fA-F:.]+\]|[^@/?#:,\[\]]*)(:\d+)?"
POSTGRES_URL = re.compile(rf"postgres(ql)?://([^/?#]*@)?{HOST}(,{HOST})*([/?].*)?")
HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
SIGNING_KEY_NAME = re.compile(r"[a-z0-9-]{1,20}")
SIGNING_KEY_BYTES = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(Exception):
    """A setting is missing or malformed. The message is one line for the operator."""


@dataclass(frozen=True)
class JwtSettings:
    """The issuer whose JWTs are accepted. If `jwks_url` is empty, it is read from the issuer's discovery document."""

    issuer: Annotated[str, "JWT_ISSUER", _secure_url]
    audience: Annotated[str, "JWT_AUDIENCE", str]
    jwks_url: Annotated[str, "JWKS_URL", _secure_url] = ""
    store_claim: Annotated[str, "JWT_STORE_CLAIM", str] = "store"


@dataclass(frozen=True)
class Settings:
    """The settings of the server, each with its name in the environment and its parser.

    `database_direct_url` bypasses a connection pooler, for migrations. `transaction_pooler`: the pooler at
    `database_url` gives a connection to another client after each transaction. `signing_keys` are the secrets in
    TOKEN_KEYS by name, of which the first signs new links.
    """

    database_url: Annotated[str, "DATABASE_URL", _postgres_url]
    database_direct_url: Annotated[str, "DATABASE_DIRECT_URL", _postgres_url]
    signing_keys: Annotated[Mapping[str, bytes], "TOKEN_KEYS", _signing_keys]
    transaction_pooler: Annotated[bool, "DATABASE_POOLER", _is_transaction_pooler] = False
    link_base_url: Annotated[str, "LINK_BASE_URL", _web_url] = "http://127.0.0.1:8000/s"
    cors_origins: Annotated[tuple[str, ...], "CORS_ORIGINS", _origins] = ()
    allowed_hosts: Annotated[tuple[str, ...], "ALLOWED_HOSTS", _hosts] = ()
    trusted_proxies: Annotated[tuple[str, ...], "TRUSTED_PROXIES", _networks] = ()
    graphiql: Annotated[bool, "GRAPHIQL", _on_or_off] = True
    sign_in_folder: Annotated[Path | None, "SIGN_IN_FOLDER", Path] = None
    introspection: Annotated[bool, "INTROSPECTION", _on_or_off] = True
    compiled_documents: Annotated[bool, "COMPILED_DOCUMENTS", _on_or_off] = True
    batch_limit: Annotated[int, "BATCH_LIMIT", partial(_number_between, 0, 100)] = 0
    operation_seconds: Annotated[float, "OPERATION_SECONDS", partial(_number_between, 1, 300)] = 20
    drain_seconds: Annotated[float, "DRAIN_SECONDS", partial(_number_between, 0, 60)] = 3
    log_level: Annotated[str, "LOG_LEVEL", partial(_one_of, ("debug", "info", "warning", "error"))] = "info"
    jwt: JwtSettings | None = None


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    config = _config()
    given = _read(config, Settings)
    for field, name in (("database_url", "DATABASE_URL"), ("signing_keys", "TOKEN_KEYS")):
        if field not in given:
            raise SettingsError(f"{name} is missing: see .env.example")
    if given.get("transaction_pooler") and "database_direct_url" not in given:
        raise SettingsError("DATABASE_POOLER=transaction needs DATABASE_DIRECT_URL, which bypasses the pooler")
    return Settings(**{"database_direct_url": given["database_url"]} | given, jwt=_jwt(config))


def is_set(name: str) -> bool:
    """Whether the setting has a value in the environment or in `.env`."""
    return bool(_text(_config(), name))


def _config() -> Config:
    # An empty environment variable counts as absent and does not override `.env`.
    environment = {name: value for name, value in os.environ.items() if value.strip()}
    return Config(".env" if Path(".env").is_file() else None, environment, encoding="utf-8")


def _text(config: Config, name: str) -> str:
    return config(name, cast=str, default="").strip()


def _read(config: Config, settings: type[Settings | JwtSettings]) -> dict[str, Any]:
    """The fields whose settings have a value. A parser's error describes the valid values; the name is added here."""
    values = {}
    for field, hint in get_type_hints(settings, include_extras=True).items():
        if get_origin(hint) is Annotated:
            name, parse = hint.__metadata__
            if text := _text(config, name):
                try:
                    values[field] = parse(text)
                except SettingsError as error:
                    raise SettingsError(f"{name} {error}") from None
    return values


def _jwt(config: Config) -> JwtSettings | None:
    values = _read(config, JwtSettings)
    given = [name for name in ("JWT_ISSUER", "JWT_AUDIENCE", "JWKS_URL", "JWT_STORE_CLAIM") if _text(config, name)]
    missing = [name for name in ("JWT_ISSUER", "JWT_AUDIENCE") if name not in given]
    if given and missing:
        raise SettingsError(f"{given[0]} needs {' and '.join(missing)}: see .env.example")
    return JwtSettings(**values) if given else None


def _postgres_url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        scheme = "".join(text.partition("://")[:2]) if "://" in text else ""
        raise SettingsError(f"must start with postgresql://, got {f'{scheme}…'!r}")
    if not POSTGRES_URL.fullmatch(text):
        raise SettingsError(
            "must look like postgresql://user:password@host:5432/database, with %40 for an @ in the password, "
            "%2F for a / and so on"
        )
    return text


def _is_transaction_pooler(text: str) -> bool:
    return _one_of(("none", "session", "transaction"), text) == "transaction"


def _web_url(text: str) -> str:
    parts = _web_parts(text)
    if parts is None or parts.query or parts.fragment:
        raise SettingsError(f"must look like https://shop.example/s, got {text!r}")
    return text.rstrip("/")


def _secure_url(text: str) -> str:
    """An https URL, unchanged: tokens must contain exactly the same issuer, with or without a trailing slash."""
    if not is_secure_url(text):
        raise SettingsError(f"must look like https://login.example (http only for this machine), got {text!r}")
    return text


def is_secure_url(text: str) -> bool:
    """Whether responses cannot be modified in transit: the URL is https, or its host is this machine."""
    parts = _web_parts(text)
    return parts is not None and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _web_parts(text: str) -> SplitResult | None:
    """The parts of an absolute http or https URL, or None if it is not one."""
    try:
        parts = urlsplit(text)
        return parts if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _signing_keys(text: str) -> Mapping[str, bytes]:
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
                "must be pairs like k1:SECRET separated by commas, with different names and with secrets from "
                f"`openssl rand -base64 32`; pair {number} is not"
            )
        secrets[key] = decoded
    return secrets


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    for origin in origins:
        parts = _web_parts(origin)
        if parts is None or origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingsError(f"must be origins like https://shop.example separated by commas, got {origin!r}")
    return origins


def _hosts(text: str) -> tuple[str, ...]:
    """Parse hostnames and addresses, without ports, separated by commas."""
    hosts = tuple(host.strip().lower() for host in text.split(","))
    for host in hosts:
        if not HOST_NAME.fullmatch(host) and not _is_valid(host, IPv6Address):
            raise SettingsError(
                f"must be hosts like roomkey.example or 192.0.2.1 separated by commas, without ports, got {host!r}"
            )
    return hosts


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(network.strip() for network in text.split(","))
    for network in networks:
        if not _is_valid(network, ip_network):
            raise SettingsError(
                f"must be addresses or networks like 10.0.0.5 or 10.0.0.0/8 separated by commas, got {network!r}"
            )
    return networks


def _is_valid(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _number_between(lowest: int, highest: int, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise SettingsError(f"must be a whole number from {lowest} to {highest}, got {text!r}")
    return int(text)


def _one_of(choices: tuple[str, ...], text: str) -> str:
    if text not in choices:
        raise SettingsError(f"must be {', '.join(choices[:-1])} or {choices[-1]}, got {text!r}")
    return text


def _on_or_off(text: str) -> bool:
    return _one_of(("on", "off"), text) == "on"
