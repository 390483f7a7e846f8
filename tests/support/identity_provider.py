"""A real OpenID issuer over HTTP. It counts its requests, and can be slow or down."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from hashlib import sha256
from itertools import count
from time import time
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.settings import JwtSettings

AUDIENCE = "https://api.example/graphql"
DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"

numbers = count(1)


class Key:
    """A key pair, and the public half as it is published."""

    def __init__(self, algorithm: str = "ES256", *, bits: int = 2048, **jwk: Any) -> None:
        self.id = f"key-{next(numbers)}"
        self.algorithm = algorithm
        self.private: Any
        match algorithm:
            case "ES256":
                self.private = ec.generate_private_key(ec.SECP256R1())
            case "ES384":
                self.private = ec.generate_private_key(ec.SECP384R1())
            case "EdDSA":
                self.private = ed25519.Ed25519PrivateKey.generate()
            case _:
                self.private = _rsa_key(bits)
        public = jwt.get_algorithm_by_name(algorithm).to_jwk(self.private.public_key(), as_dict=True)
        self.jwk = {**public, "kid": self.id, "alg": algorithm, "use": "sig", "key_ops": ["verify"], **jwk}

    def sign(self, text: bytes) -> bytes:
        return jwt.get_algorithm_by_name(self.algorithm).sign(text, self.private)

    @property
    def pem(self) -> bytes:
        return bytes(self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


class Issuer:
    """An identity provider. It signs with the last of its `published` keys."""

    def __init__(self) -> None:
        self.published = [Key()]
        self.requests: list[str] = []
        # Responses that replace a document, by path; and whether it responds at all.
        self.instead: dict[str, Response] = {}
        self.answering = asyncio.Event()
        self.answering.set()
        self.asked = asyncio.Event()
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> JwtSettings:
        return JwtSettings(self.url, AUDIENCE)

    def rotate(self) -> Key:
        """Publish another key, with which it signs from now on."""
        self.published.append(Key())
        return self.published[-1]

    def token(self, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token with these headers and claims besides the usual ones; None removes one."""
        key = key or self.published[-1]
        now = time()
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "user-1", "client_id": "dashboard", "iat": int(now)}
        given = {**usual, "exp": int(now) + 300, **claims}
        headers = {"kid": key.id, "typ": "at+jwt", **(header or {})}
        return signed(_present(headers), _present(given), key.sign, key.algorithm)

    async def start(self) -> None:
        """On a free port, or on the one that it had."""
        routes = [Route(DISCOVERY, self._discovery), Route(KEYS, self._keys)]
        config = uvicorn.Config(Starlette(routes=routes), port=self._port, log_level="warning", access_log=False)
        self._server = uvicorn.Server(config)
        self._server.capture_signals = nullcontext  # type: ignore[method-assign]
        self._running = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._running.done():
                self._running.result()
            await asyncio.sleep(0.002)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server and self._running:
            self.answering.set()
            self._server.should_exit = True
            await self._running
            self._server = self._running = None

    async def _discovery(self, request: Request) -> Response:
        return await self._answer(DISCOVERY, {"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"})

    async def _keys(self, request: Request) -> Response:
        return await self._answer(KEYS, {"keys": [key.jwk for key in self.published]})

    async def _answer(self, path: str, document: Any) -> Response:
        self.requests.append(path)
        self.asked.set()
        await self.answering.wait()
        return self.instead.get(path) or JSONResponse(document)


@asynccontextmanager
async def open_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    await issuer.start()
    yield issuer
    await issuer.stop()


def signed(header: dict[str, Any], claims: Any, sign: Callable[[bytes], bytes], algorithm: str) -> str:
    """A token that is assembled by hand, so that it can be invalid."""
    parts = [base64url(json.dumps(part).encode()) for part in ({"alg": algorithm, **header}, claims)]
    text = ".".join(parts)
    return f"{text}.{base64url(sign(text.encode()))}"


def with_hmac(header: dict[str, Any], claims: Any, secret: bytes) -> str:
    """A token signed by a secret with HMAC."""
    return signed(header, claims, lambda text: hmac.digest(secret, text, sha256), "HS256")


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@cache
def _rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """One key for all tests, because generating it is slow."""
    return rsa.generate_private_key(65537, bits)
