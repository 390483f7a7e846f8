"""Staff sign in with a JWT of the shop's identity provider: an access token as RFC 9068 has it, or much like that."""

import re
from dataclasses import dataclass
from typing import Any

import jwt

from api.auth.jwks import ALGORITHMS, Jwks
from api.settings import JwtSettings
from schema.errors import Unauthenticated
from schema.scopes import Scope

TOKEN_BYTES = 8 * 1024
# Three parts of base64url without padding. The library would take some padding, and so other bytes for the same token.
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# A JWT for another purpose, a logout for one, says so here (RFC 8725, section 3.11).
TYPES = ("at+jwt", "application/at+jwt", "jwt", "application/jwt")
LEEWAY_SECONDS = 30
CLAIM_LENGTH = 255

SCOPES = {scope.value for scope in Scope}


@dataclass(frozen=True)
class Claims:
    """What a genuine token says: `client_id` is the app by which `subject` signed in, `store` a slug or an ID."""

    store: str
    client_id: str
    scopes: tuple[str, ...]
    subject: str


class Issuer:
    """Tells whether tokens are genuine, and what they say."""

    def __init__(self, settings: JwtSettings) -> None:
        self._settings = settings
        self._keys = Jwks(settings.issuer, settings.jwks_url)

    async def claims(self, token: str) -> Claims:
        """Raises Unauthenticated, never quoting the token, and IssuerUnavailable where the keys cannot be had."""
        if len(token) > TOKEN_BYTES:
            raise Unauthenticated(f"A JWT has at most {TOKEN_BYTES} bytes.")
        try:
            return self._claims(await self._verified(token))
        except jwt.PyJWTError as error:
            raise Unauthenticated(self._complaint(error)) from None

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
        return jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=self._settings.audience,
            issuer=self._settings.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "exp", "sub"], "enforce_minimum_key_length": True},
        )

    def _claims(self, claims: dict[str, Any]) -> Claims:
        # As RFC 9068 calls it, or else OpenID Connect.
        client = "azp" if "azp" in claims and "client_id" not in claims else "client_id"
        return Claims(
            store=_text(claims, self._settings.store_claim),
            client_id=_text(claims, client),
            scopes=_scopes(claims),
            subject=_text(claims, "sub"),
        )

    def _complaint(self, error: jwt.PyJWTError) -> str:
        match error:
            case jwt.ExpiredSignatureError():
                return "The JWT has expired."
            case jwt.ImmatureSignatureError():
                return "The JWT is not valid yet: compare its nbf and iat with the time."
            case jwt.InvalidIssuerError():
                return f"The JWT's issuer (iss) must be {self._settings.issuer}."
            case jwt.InvalidAudienceError():
                return f"The JWT's audience (aud) must be {self._settings.audience}."
            case jwt.MissingRequiredClaimError():
                return f"The JWT lacks the claim {error.claim}."
            case jwt.InvalidAlgorithmError():
                return f"The JWT's alg must be its key's, and one of {', '.join(ALGORITHMS)}."
            case jwt.InvalidSignatureError():
                return "The JWT's signature is wrong."
            case jwt.InvalidKeyError():
                return "The JWT's key is too short."
            case _:
                return "The JWT is malformed."


def _text(claims: dict[str, Any], name: str) -> str:
    text = claims.get(name)
    if text is None:
        raise jwt.MissingRequiredClaimError(name)
    if not isinstance(text, str) or not 0 < len(text) <= CLAIM_LENGTH or not text.isprintable():
        raise Unauthenticated(f"The JWT's claim {name} must be a text of 1 to {CLAIM_LENGTH} characters.")
    return text


def _scopes(claims: dict[str, Any]) -> tuple[str, ...]:
    """Those that mean something here, of a list or of words with spaces between them."""
    scopes = claims.get("scope", [])
    words = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    return tuple(word for word in words if isinstance(word, str) and word in SCOPES)
