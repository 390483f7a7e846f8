"""JWTs from the shop's identity provider, with which staff sign in: access tokens as in RFC 9068, or similar ones."""

import re
from dataclasses import dataclass
from time import time
from typing import Any

import jwt
from jwt.types import Options

from api.auth.jwks import ALGORITHMS, Jwks
from api.settings import JwtSettings
from schema.errors import Unauthenticated
from schema.scopes import Scope

TOKEN_BYTES = 8 * 1024
# Three parts of base64url without padding. The library accepts padding, so one token would have several spellings.
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# The header `typ`. JWTs for other purposes, such as logout tokens, have other types (RFC 8725, section 3.11).
TYPES = ("at+jwt", "application/at+jwt", "jwt", "application/jwt")
LEEWAY_SECONDS = 30
# A stolen token works until it expires, so a long lifetime is refused.
LIFETIME_SECONDS = 24 * 3600
OPTIONS: Options = {"require": ["iss", "aud", "exp", "sub"], "enforce_minimum_key_length": True}
CLAIM_LENGTH = 255

SCOPES = {scope.value for scope in Scope}

# The first matching row applies.
MESSAGES: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The JWT has expired."),
    (jwt.ImmatureSignatureError, "The JWT is not valid yet: compare its nbf and iat with the time."),
    (jwt.InvalidIssuerError, "The JWT's issuer (iss) must be {settings.issuer}."),
    (jwt.InvalidAudienceError, "The JWT's audience (aud) must be {settings.audience}."),
    (jwt.MissingRequiredClaimError, "The JWT lacks the claim {error.claim}."),
    (jwt.InvalidAlgorithmError, f"The JWT's alg must be its key's, and one of {', '.join(ALGORITHMS)}."),
    (jwt.InvalidSignatureError, "The JWT's signature is wrong."),
    (jwt.InvalidKeyError, "The JWT's key is too short."),
    (jwt.PyJWTError, "The JWT is malformed."),
)


@dataclass(frozen=True)
class Claims:
    """The claims of a verified token. `client_id` is the app that `subject` signed in with, `store` a slug or an ID."""

    store: str
    client_id: str
    scopes: tuple[str, ...]
    subject: str


class Issuer:
    """Verifies tokens and reads their claims."""

    def __init__(self, settings: JwtSettings) -> None:
        self._settings = settings
        self._keys = Jwks(settings.issuer, settings.jwks_url)

    async def claims(self, token: str) -> Claims:
        """Verify a token. Raises Unauthenticated, whose message never quotes the token, and IssuerUnavailable."""
        if len(token) > TOKEN_BYTES:
            raise Unauthenticated(f"A JWT has at most {TOKEN_BYTES} bytes.")
        try:
            claims = await self._verified(token)
            now = time()
            if int(claims["exp"]) - min(int(claims.get("iat", now)), now) > LIFETIME_SECONDS + LEEWAY_SECONDS:
                raise Unauthenticated("The JWT must expire within 24 hours after it was issued.")
            # The name of the claim in RFC 9068, or else in OpenID Connect.
            client = "azp" if "azp" in claims and "client_id" not in claims else "client_id"
            store, client_id = _text(claims, self._settings.store_claim), _text(claims, client)
            return Claims(store, client_id, _scopes(claims), subject=_text(claims, "sub"))
        except jwt.PyJWTError as error:
            message = next(message for type, message in MESSAGES if isinstance(error, type))
            raise Unauthenticated(message.format(settings=self._settings, error=error)) from None

    async def _verified(self, token: str) -> dict[str, Any]:
        if not TOKEN.fullmatch(token):
            raise jwt.DecodeError
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        if str(header.get("typ", "JWT")).lower() not in TYPES:
            raise Unauthenticated("The JWT's typ must be at+jwt or JWT.")
        if not header.get("kid"):
            raise Unauthenticated("The JWT must name its key: its header lacks kid.")
        key = await self._keys.get(header["kid"])
        if key is None:
            raise Unauthenticated("The JWT is signed by a key that the issuer does not publish.")
        expected = self._settings
        return jwt.decode(
            token, key, ALGORITHMS, OPTIONS, audience=expected.audience, issuer=expected.issuer, leeway=LEEWAY_SECONDS
        )


def _text(claims: dict[str, Any], name: str) -> str:
    text = claims.get(name)
    if text is None:
        raise jwt.MissingRequiredClaimError(name)
    if not isinstance(text, str) or not 0 < len(text) <= CLAIM_LENGTH or not text.isprintable():
        raise Unauthenticated(f"The JWT's claim {name} must be a string of 1 to {CLAIM_LENGTH} characters.")
    return text


def _scopes(claims: dict[str, Any]) -> tuple[str, ...]:
    """The known scopes in the claim, which is a list or a string separated by spaces."""
    scopes = claims.get("scope", [])
    words = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str) and word in SCOPES))
