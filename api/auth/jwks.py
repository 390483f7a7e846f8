"""The public keys of an issuer, fetched on demand. Concurrent requests share a fetch, and fetches are rate limited."""

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

# One algorithm for each type of key, and RS256, which is the most common. `none` and HS* must never be added: with HS*,
# the public key could be used to sign.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

# The maximum time for which a key is accepted after the issuer has removed it.
REFRESH_SECONDS = 300.0
# The maximum time for which cached keys are accepted while the issuer is unavailable.
STALE_SECONDS = 3600.0
# The minimum time between two fetches, so that unknown key IDs cannot cause a flood of them.
COOLDOWN_SECONDS = 10.0
FETCH_SECONDS = 5.0
BODY_BYTES = 256 * 1024


class IssuerUnavailable(Exception):
    """The issuer's keys cannot be fetched, so a token cannot be verified. Retrying may succeed."""


class Unusable(Exception):
    """The issuer returned an invalid response."""


class Jwks:
    """The keys that an issuer publishes at `url` or, if that is empty, at the URL in its discovery document."""

    def __init__(self, issuer: str, url: str) -> None:
        self._issuer = issuer
        self._url = url
        self._ssl = httpx.create_ssl_context()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = -inf
        self._failing = False
        # The last fetch, which the first call of `get` starts. It ends (FETCH_SECONDS) before the next one can start
        # (COOLDOWN_SECONDS).
        self._fetch: asyncio.Task[None]

    async def get(self, id: str) -> PyJWK | None:
        """The key with this ID, or None if the issuer has no such key. Raises IssuerUnavailable."""
        known = id in self._keys and self._age() <= STALE_SECONDS
        if not known or self._age() > REFRESH_SECONDS:
            if monotonic() - self._tried_at >= COOLDOWN_SECONDS:
                self._tried_at = monotonic()
                self._fetch = asyncio.create_task(self._refresh())
            # While the issuer is unavailable, requests with a cached key do not wait for it.
            if not (self._fetch.done() or (known and self._failing)):
                await asyncio.shield(self._fetch)
        key = self._keys.get(id)
        if self._age() > STALE_SECONDS or (key is None and self._failing):
            raise IssuerUnavailable("The identity provider is not available at the moment.")
        return key

    def _age(self) -> float:
        return monotonic() - self._fetched_at

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS), httpx.AsyncClient(verify=self._ssl) as client:
                url = self._url or await self._discovered_url(client)
                self._keys = _usable_keys(url, await _document(client, url))
        except (Unusable, httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            self._failing = True
            logger.warning("No keys from %s: %s %s", self._issuer, type(error).__name__, error)
        else:
            self._failing = False
            self._fetched_at = monotonic()

    async def _discovered_url(self, client: httpx.AsyncClient) -> str:
        """The URL of the keys (OpenID Connect Discovery 1.0, sections 4 and 7.2)."""
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await _document(client, url)
        if document.get("issuer") != self._issuer:
            raise Unusable(f"{url} is for another issuer: JWT_ISSUER must be exactly its value of issuer")
        found = document.get("jwks_uri")
        if not isinstance(found, str) or not is_secure_url(found):
            raise Unusable(f"{url} has no https URL as its jwks_uri")
        return found


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at the URL. Does not follow redirects, and limits the size. Raises Unusable."""
    body = bytearray()
    # Uncompressed, so that the size can be limited while the body is read.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code != 200:
            raise Unusable(f"{url} returned status {response.status_code}")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > BODY_BYTES:
                raise Unusable(f"{url} has more than {BODY_BYTES} bytes")
    with suppress(orjson.JSONDecodeError):
        if isinstance(document := orjson.loads(body), dict):
            return document
    raise Unusable(f"{url} is not a JSON object")


def _usable_keys(url: str, document: dict[str, Any]) -> dict[str, PyJWK]:
    """The signing keys for one of ALGORITHMS, by ID. A key set can contain keys for other purposes."""
    keys: dict[str, PyJWK] = {}
    published = document.get("keys")
    for jwk in published if isinstance(published, list) else ():
        with suppress(PyJWTError, LookupError, AttributeError, TypeError, ValueError):
            if jwk["kty"] != "oct" and jwk.get("use", "sig") == "sig" and jwk.get("alg") in (None, *ALGORITHMS):
                key = PyJWK(jwk)
                if key.key_id and key.algorithm_name in ALGORITHMS:
                    keys[key.key_id] = key
    if not keys:
        raise Unusable(f"{url} has no key for {', '.join(ALGORITHMS)}")
    return keys
