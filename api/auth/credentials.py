"""Credentials: `Authorization: Bearer` with an API key (`rk_…`) or a JWT from the identity provider."""

from functools import partial
from math import inf

from api.auth.jwt import Issuer
from api.settings import JwtSettings
from api.ttl_cache import TTLCache
from db.api_keys import API_KEY_PREFIX, hash_api_key, is_api_key
from db.credentials import Credential, UserBlocked, get_credential, get_credential_of_user
from db.pool import Pool
from schema.errors import Unauthenticated
from schema.rate_limits import Attempts, Limit
from schema.scopes import Scope

# The wrong keys and JWTs that are accepted from a client address: each wrong key costs a statement.
WRONG = Limit(rate=1, maximum=10)


class Credentials:
    """Authenticates requests."""

    def __init__(self, db: Pool, jwt: JwtSettings | None = None) -> None:
        self._db = db
        self._issuer = Issuer(jwt) if jwt else None
        self._cache: TTLCache[bytes, Credential] = TTLCache()
        self._attempts = Attempts(WRONG, "API keys or JWTs from this address")

    async def authenticate(self, authorization: bytes | None, address: str) -> tuple[Credential | None, float]:
        """The credential of an Authorization header, and the time (`time.monotonic`) at which it must be checked again.

        The credential is None without a header. Raises Unauthenticated, IssuerUnavailable, and Throttled after too many
        wrong ones from the client's address.
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
        fetch = partial(self._of_key, hash, address) if is_key else partial(self._of_user, bearer, address)
        return await self._cache.look_up(hash, fetch)

    async def _of_key(self, hash: bytes, address: str) -> Credential:
        credential = await self._attempts.attempt(address, hash, lambda: get_credential(self._db, hash))
        if credential is None:
            raise Unauthenticated("The API key is unknown, expired or revoked, or its app is disabled.")
        return credential

    async def _of_user(self, token: str, address: str) -> Credential:
        """The user whom the JWT identifies, with the scopes that both the JWT and the app have.

        The signature is verified before wrong ones are counted: staff of an address from which wrong ones come can
        still sign in.
        """
        assert self._issuer is not None
        try:
            claims = await self._issuer.claims(token)
        except Unauthenticated:
            self._attempts.count(address)
            raise
        app = claims.store, claims.client_id
        look_up = partial(get_credential_of_user, self._db, *app, claims.subject)
        try:
            user = await self._attempts.attempt(address, app, look_up)
        except UserBlocked:
            self._attempts.count(address)
            raise Unauthenticated("The store has blocked this user.") from None
        if user is None:
            missing = f"store {claims.store!r} with an app whose clientId is {claims.client_id!r}"
            raise Unauthenticated(f"There is no {missing}, or the app is disabled.")
        everything = Scope.ADMIN.value in user.scopes
        scopes = [scope for scope in claims.scopes if everything or scope in user.scopes]
        return user._replace(scopes=scopes)
