"""Credentials: `Authorization: Bearer` with an API key (`rk_…`) or a JWT from the identity provider."""

from math import inf

from api.auth.jwt import Issuer
from api.settings import JwtSettings
from api.ttl_cache import TTLCache
from db.api_keys import API_KEY_PREFIX, hash_api_key, is_api_key
from db.credentials import Credential, UserBlocked, get_credential, get_credential_of_user
from db.pool import Pool
from schema.errors import Unauthenticated
from schema.scopes import Scope


class Credentials:
    """Authenticates requests."""

    def __init__(self, db: Pool, jwt: JwtSettings | None = None) -> None:
        self._db = db
        self._issuer = Issuer(jwt) if jwt else None
        self._cache: TTLCache[bytes, Credential] = TTLCache()

    async def authenticate(self, authorization: bytes | None) -> tuple[Credential | None, float]:
        """The credential of an Authorization header, and the time (`time.monotonic`) at which it must be checked again.

        The credential is None without a header. Raises Unauthenticated and IssuerUnavailable.
        """
        if authorization is None:
            return None, inf
        scheme, _, bearer = authorization.decode("latin-1").partition(" ")
        is_key = bearer.startswith(API_KEY_PREFIX)
        if scheme.lower() != "bearer" or not (is_key or (self._issuer and bearer.count(".") == 2)):
            or_jwt = ", or have a JWT" if self._issuer else ""
            raise Unauthenticated(f"The header must look like Authorization: Bearer rk_…{or_jwt}")
        if is_key and not is_api_key(bearer):
            raise Unauthenticated("The API key is incomplete or mistyped: its checksum is wrong.")
        hash = hash_api_key(bearer)
        return await self._cache.look_up(hash, lambda: self._of_key(hash) if is_key else self._of_user(bearer))

    async def _of_key(self, hash: bytes) -> Credential:
        credential = await get_credential(self._db, hash)
        if credential is None:
            raise Unauthenticated("The API key is unknown, expired or revoked, or its app is disabled.")
        return credential

    async def _of_user(self, token: str) -> Credential:
        """The user whom the JWT identifies, with the scopes that both the JWT and the app have."""
        assert self._issuer is not None
        claims = await self._issuer.claims(token)
        try:
            user = await get_credential_of_user(self._db, claims.store, claims.client_id, claims.subject)
        except UserBlocked:
            raise Unauthenticated("The store has blocked this user.") from None
        if user is None:
            missing = f"store {claims.store!r} with an app whose clientId is {claims.client_id!r}"
            raise Unauthenticated(f"There is no {missing}, or the app is disabled.")
        everything = Scope.ADMIN.value in user.scopes
        scopes = [scope for scope in claims.scopes if everything or scope in user.scopes]
        return user._replace(scopes=scopes)
