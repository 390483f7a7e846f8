"""The verification of JWTs of the shop's identity provider."""

from collections.abc import AsyncIterator
from dataclasses import replace
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.jwt import Claims
from api.auth.jwt import Issuer as Verifier
from schema.errors import Unauthenticated
from tests.support.identity_provider import AUDIENCE, Issuer, Key, base64url, open_issuer, signed, with_hmac

READ, WRITE = "sessions:read", "sessions:write"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    """An issuer whose keys do not change."""
    async with open_issuer() as issuer:
        others = ("RS256", "PS256", "EdDSA", "ES384")
        issuer.published = [*map(Key, others), Key("RS256", alg=None), Key("ES256", use="enc"), Key()]
        yield issuer


@pytest.fixture(scope="module")
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(issuer.settings)


def token(issuer: Issuer, at: dict[str, float] | None = None, **claims: Any) -> str:
    """A token with these claims, or `at` these seconds from now."""
    moments = {name: int(time() + seconds) for name, seconds in (at or {}).items()}
    return issuer.token(**{"store": "shop", "scope": f"{READ} {WRITE}", **claims, **moments})


async def refusal(verifier: Verifier, token: str) -> str:
    """The error about a refused token."""
    with pytest.raises(Unauthenticated) as error:
        await verifier.claims(token)
    assert not any(len(part) > 3 and part in str(error.value) for part in token.split("."))
    return str(error.value)


TAKEN: dict[str, dict[str, Any]] = {
    "expired within the leeway": {"at": {"exp": -20}},
    "early within the leeway": {"at": {"nbf": 20, "iat": 20}},
    "with fractions of a second": {"exp": time() + 3600.25},
    "with moments as texts": {"exp": str(int(time()) + 3600), "iat": str(int(time()))},
    "for several audiences": {"aud": ["https://other.example", AUDIENCE]},
    "with azp instead of client_id": {"client_id": None, "azp": "dashboard"},
    "with azp beside client_id": {"azp": "another"},
    "with scopes in a list": {"scope": [READ, WRITE]},
    "with scopes that mean nothing here": {"scope": f"openid  {READ} profile {WRITE} sessions:delete"},
    "with scopes that are listed twice": {"scope": f"{READ} {WRITE} {READ} {WRITE}"},
    "with scopes that a list contains twice": {"scope": [READ, READ, WRITE]},
    "of typ JWT": {"header": {"typ": "JWT"}},
    "that lives for a day": {"at": {"exp": 24 * 3600}},
    "that lives for a day and does not say since when": {"at": {"exp": 24 * 3600}, "iat": None},
    "of no typ": {"header": {"typ": None}},
    "of typ application/at+jwt": {"header": {"typ": "application/AT+JWT"}},
}


@pytest.mark.parametrize("claims", TAKEN.values(), ids=TAKEN)
async def test_a_valid_token_is_accepted(issuer: Issuer, verifier: Verifier, claims: dict[str, Any]) -> None:
    assert await verifier.claims(token(issuer, **claims)) == Claims("shop", "dashboard", (READ, WRITE), "user-1")


@pytest.mark.parametrize("number", [0, 1, 2, 4, 6], ids=["RS256", "PS256", "EdDSA", "RS256 by default", "ES256"])
async def test_each_algorithm_is_accepted(issuer: Issuer, verifier: Verifier, number: int) -> None:
    claims = await verifier.claims(token(issuer, key=issuer.published[number]))
    assert claims == Claims("shop", "dashboard", (READ, WRITE), "user-1")


ISSUER = "The JWT's issuer (iss) must be {url}."
WRONG_AUDIENCE = f"The JWT's audience (aud) must be {AUDIENCE}."
EXPIRED = "The JWT has expired."
EARLY = "The JWT is not valid yet: compare its nbf and iat with the time."
LONG_LIVED = "The JWT must expire within 24 hours after it was issued."
LACKS = "The JWT lacks the claim {}."
TEXT = "The JWT's claim {} must be a string of 1 to 255 characters."
TYPE = "The JWT's typ must be at+jwt or JWT."
ALGORITHM = "The JWT's alg must be its key's, and one of RS256, PS256, ES256, EdDSA."
SIGNATURE = "The JWT's signature is wrong."
KEYLESS = "The JWT must name its key: its header lacks kid."
UNPUBLISHED = "The JWT is signed by a key that the issuer does not publish."
MALFORMED = "The JWT is malformed."
LONG = "A JWT has at most 8192 bytes."

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "of another issuer": ({"iss": "https://other.example"}, ISSUER),
    "of nearly the issuer": ({"iss": "http://127.0.0.1"}, ISSUER),
    "without an issuer": ({"iss": None}, LACKS.format("iss")),
    "for another audience": ({"aud": "https://other.example"}, WRONG_AUDIENCE),
    "for other audiences": ({"aud": ["https://other.example", AUDIENCE + "/"]}, WRONG_AUDIENCE),
    "without an audience": ({"aud": None}, LACKS.format("aud")),
    "that expired": ({"at": {"exp": -31}}, EXPIRED),
    "that expires in text": ({"exp": "soon"}, MALFORMED),
    "that never expires": ({"exp": None}, LACKS.format("exp")),
    "that is not valid yet": ({"at": {"nbf": 40}}, EARLY),
    "that was issued in the future": ({"at": {"iat": 40}}, EARLY),
    "that lives for more than a day": ({"at": {"exp": 24 * 3600 + 60}}, LONG_LIVED),
    "that lived for more than a day": ({"at": {"exp": 60, "iat": -24 * 3600}}, LONG_LIVED),
    "that does not say since when it lives": ({"at": {"exp": 48 * 3600}, "iat": None}, LONG_LIVED),
    "without sub": ({"sub": None}, LACKS.format("sub")),
    "of a number": ({"sub": 1}, MALFORMED),
    "of an empty name": ({"sub": ""}, TEXT.format("sub")),
    "of a name that cannot be kept": ({"sub": "a\0b"}, TEXT.format("sub")),
    "of half a character": ({"sub": "\ud800"}, TEXT.format("sub")),
    "of a long name": ({"sub": "a" * 256}, TEXT.format("sub")),
    "of no client": ({"client_id": None}, LACKS.format("client_id")),
    "of no store": ({"store": None}, LACKS.format("store")),
    "of several stores": ({"store": ["a", "b"]}, TEXT.format("store")),
    "for logging out": ({"header": {"typ": "logout+jwt"}}, TYPE),
    "of a typ that is none": ({"header": {"typ": 1}}, TYPE),
    "that names no key": ({"header": {"kid": None}}, KEYLESS),
    "that names an empty key": ({"header": {"kid": ""}}, KEYLESS),
    "of an unknown key": ({"header": {"kid": "other"}}, UNPUBLISHED),
    "that names its key by a number": ({"header": {"kid": 1}}, MALFORMED),
    "that names its key elsewhere": ({"key": Key(), "header": {"jku": "http://127.0.0.1/keys"}}, UNPUBLISHED),
    "with what must be understood": ({"header": {"crit": ["exp"], "exp": 1}}, MALFORMED),
    "without a payload": ({"header": {"crit": ["b64"], "b64": False}}, MALFORMED),
    "that is long": ({"padding": "a" * 8192}, LONG),
}


@pytest.mark.parametrize(("claims", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_token_is_refused(issuer: Issuer, verifier: Verifier, claims: dict[str, Any], message: str) -> None:
    assert await refusal(verifier, token(issuer, **claims)) == message.format(url=issuer.url)


async def test_a_token_that_its_key_did_not_sign_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    rs256, ps256, _, es384, _, encrypting, es256 = issuer.published

    async def refusal_of(key: Key, kid: str) -> str:
        return await refusal(verifier, token(issuer, key=key, header={"kid": kid}))

    assert await refusal_of(Key(), es256.id) == SIGNATURE
    assert await refusal_of(ps256, es256.id) == ALGORITHM
    assert await refusal_of(ps256, rs256.id) == ALGORITHM  # it is the same RSA key
    assert await refusal_of(es384, es384.id) == ALGORITHM
    assert await refusal_of(encrypting, encrypting.id) == UNPUBLISHED


async def test_an_unsigned_token_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    assert await refusal(verifier, "e30.e30.e30") == ALGORITHM
    header, payload, signature = token(issuer).split(".")
    for none in ("none", "None", "NONE", ""):
        for kid in (issuer.published[-1].id, issuer.published[0].id):
            unsigned = base64url(f'{{"alg": "{none}", "kid": "{kid}"}}'.encode())
            assert await refusal(verifier, f"{unsigned}.{payload}.{signature}") == ALGORITHM
            assert await refusal(verifier, f"{unsigned}.{payload}.") == MALFORMED
    assert await refusal(verifier, f"{header}.{payload}.") == MALFORMED


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    claims = {"iss": issuer.url, "aud": AUDIENCE, "sub": "mallory", "client_id": "dashboard", "exp": int(time()) + 300}
    for key in issuer.published:
        for secret in (key.pem, key.pem.strip(), b"", key.id.encode()):
            for algorithm in ("HS256", "HS384", "HS512"):
                forged = with_hmac({"kid": key.id, "alg": algorithm}, claims, secret)
                assert await refusal(verifier, forged) == ALGORITHM


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c.d", "..", "a.b.c", "\xe9.\xe9.\xe9", "\ud800.a.b"]
    + [f"{base64url(header)}.e30.e30" for header in (b"[]", b"[" * 5000)]
    + ["TOKEN=", "TOKEN==", "TOKEN\n", "TOKEN TOKEN", " TOKEN"],
)
async def test_a_malformed_token_is_refused(issuer: Issuer, verifier: Verifier, text: str) -> None:
    assert await refusal(verifier, text.replace("TOKEN", token(issuer))) == MALFORMED


async def test_claims_must_be_an_object(issuer: Issuer, verifier: Verifier) -> None:
    key = issuer.published[-1]
    for claims in ([], "text", None, [{}]):
        assert await refusal(verifier, signed({"kid": key.id}, claims, key.sign, key.algorithm)) == MALFORMED


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        (f"{READ} {WRITE}", (READ, WRITE)),
        ([READ, 1, None, [WRITE], "openid"], (READ,)),
        ({READ: True}, ()),
        ("", ()),
        (None, ()),
    ],
)
async def test_scopes_are_a_string_or_a_list(
    issuer: Issuer, verifier: Verifier, scope: Any, scopes: tuple[str]
) -> None:
    claims = await verifier.claims(token(issuer, scope=scope))
    assert claims == Claims("shop", "dashboard", scopes, "user-1")


async def test_the_claim_with_the_store_can_be_configured(issuer: Issuer) -> None:
    verifier = Verifier(replace(issuer.settings, store_claim="https://shop.example/store"))
    named = token(issuer, **{"https://shop.example/store": "kopi"})
    assert (await verifier.claims(named)).store == "kopi"
    assert await refusal(verifier, token(issuer)) == LACKS.format("https://shop.example/store")


# Replacements of characters: mostly other characters of a JWT.
CHARACTERS = (
    st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n") | st.characters()
)


@given(place=st.integers(0, 700), gone=st.integers(0, 3), new=st.text(CHARACTERS, max_size=3))
async def test_a_modified_token_is_refused(issuer: Issuer, verifier: Verifier, place: int, gone: int, new: str) -> None:
    genuine = issuer.token(store="shop")
    place = min(place, len(genuine))
    tampered = genuine[:place] + new + genuine[place + gone :]
    assert await verifier.claims(genuine) == Claims("shop", "dashboard", (), "user-1")
    if tampered != genuine:
        with pytest.raises(Unauthenticated):
            await verifier.claims(tampered)
