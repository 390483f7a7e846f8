"""The public keys of an issuer: fetched when they are needed, however many ask, and not more often than makes sense."""

import asyncio
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any

import httpx
import orjson
from jwt import PyJWK, PyJWTError

from api.logs import logger
from api.settings import is_secure_url

# One asymmetric algorithm for each kind of key, and RS256 for everybody. Never none, never HS*: who has a public key
# could sign with it.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

# For how long a key that the issuer no longer publishes may go on working.
REFRESH_SECONDS = 300.0
# For how long the keys that are known go on working while the issuer is down.
STALE_SECONDS = 3600.0
# The issuer is asked no more often, whatever key IDs are sent here.
COOLDOWN_SECONDS = 10.0
FETCH_SECONDS = 5.0
BODY_BYTES = 256 * 1024


class IssuerUnavailable(Exception):
    """The issuer's keys cannot be fetched, so nobody can tell whether a token is good: trying again later may work."""

    def __init__(self) -> None:
        super().__init__("The identity provider is not available at the moment.")


class _Unusable(Exception):
    """What the issuer answers is not what it should be."""


class Jwks:
    """The keys that an issuer publishes at a URL, or at the one that its discovery document names."""

    def __init__(self, issuer: str, url: str) -> None:
        self._issuer = issuer
        self._url = url
        self._ssl = httpx.create_ssl_context()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = -inf
        self._failing = False
        self._fetch: asyncio.Task[None] | None = None

    async def get(self, id: str) -> PyJWK | None:
        """The key, or None: the issuer has none of that ID. Raises IssuerUnavailable."""
        known = id in self._keys and self._age() <= STALE_SECONDS
        if not known or self._age() > REFRESH_SECONDS:
            fetch = self._fetching()
            # While the issuer is down, who has a known key does not wait for it.
            if fetch and not (known and self._failing):
                await asyncio.shield(fetch)
        key = self._keys.get(id)
        if self._age() > STALE_SECONDS or (key is None and self._failing):
            raise IssuerUnavailable
        return key

    def _age(self) -> float:
        return monotonic() - self._fetched_at

    def _fetching(self) -> asyncio.Task[None] | None:
        """The fetch that runs, or a new one; None: it is too early for that."""
        if self._fetch is None or self._fetch.done():
            if monotonic() - self._tried_at < COOLDOWN_SECONDS:
                return None
            self._tried_at = monotonic()
            self._fetch = asyncio.create_task(self._refresh())
        return self._fetch

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS), httpx.AsyncClient(verify=self._ssl) as client:
                url = self._url or await self._discovered_url(client)
                self._keys = _usable_keys(url, await _document(client, url))
        except (_Unusable, httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            self._failing = True
            logger.warning("No keys from %s: %s %s", self._issuer, type(error).__name__.strip("_"), error)
        else:
            self._failing = False
            self._fetched_at = monotonic()

    async def _discovered_url(self, client: httpx.AsyncClient) -> str:
        """Where the keys are (OpenID Connect Discovery 1.0, sections 4 and 7.2)."""
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await _document(client, url)
        if document.get("issuer") != self._issuer:
            raise _Unusable(f"{url} is about another issuer: JWT_ISSUER must be what it says, to the letter")
        found = document.get("jwks_uri")
        if not isinstance(found, str) or not is_secure_url(found):
            raise _Unusable(f"{url} has no jwks_uri of https")
        return found


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at the URL, which is neither followed elsewhere nor read beyond a limit."""
    body = bytearray()
    # Not compressed, so that its size is known while it comes.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code != 200:
            raise _Unusable(f"{url} answers {response.status_code}")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > BODY_BYTES:
                raise _Unusable(f"{url} has more than {BODY_BYTES} bytes")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise _Unusable(f"{url} is no JSON object")
    return document


def _usable_keys(url: str, document: dict[str, Any]) -> dict[str, PyJWK]:
    """The document's keys that sign in one of the algorithms, by ID. Others may be there for other purposes."""
    keys: dict[str, PyJWK] = {}
    published = document.get("keys")
    for jwk in published if isinstance(published, list) else ():
        with suppress(PyJWTError, LookupError, AttributeError, TypeError, ValueError):
            if jwk["kty"] != "oct" and jwk.get("use", "sig") == "sig" and jwk.get("alg") in (None, *ALGORITHMS):
                key = PyJWK(jwk)
                if key.key_id and key.algorithm_name in ALGORITHMS:
                    keys[key.key_id] = key
    if not keys:
        raise _Unusable(f"{url} has no key of {', '.join(ALGORITHMS)}")
    return keys
