"""Persisted documents: finds the document of a request, and checks whether its app may send it.

An ID refers to a document that the app published (the allow-list), or to one that a client registered by its hash in
the memory of this process (Apollo's automatic persisted queries).
"""

import hashlib
from functools import partial
from math import inf
from typing import NamedTuple

from cachetools import LRUCache

from api.errors import RequestError
from api.request import GraphQLRequest
from api.ttl_cache import TTLCache
from db.credentials import Credential
from db.documents import get_document
from db.pool import Pool
from db.statements import Row
from schema.document_ids import canonical_id
from schema.errors import Unauthenticated

# Limits on registered documents: bytes per app, and number of apps. The least recently used ones are evicted.
REGISTERED_BYTES = 1024 * 1024
REGISTERED_APPS = 256
# The overhead of an entry, in addition to its characters, each of which can take four bytes.
ENTRY_BYTES = 500


class Document(NamedTuple):
    """The text of a document, and the ID under which it is published, or else its hash.

    `expires_at` is the time (`time.monotonic`) at which it must be looked up again.
    """

    text: str
    id: str
    is_published: bool = False
    expires_at: float = inf


class DocumentLookup:
    """Finds published and registered documents."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._published: TTLCache[tuple[str, str | bytes], Row | None] = TTLCache()
        self._registered: LRUCache[str, LRUCache[str, str]] = LRUCache(REGISTERED_APPS)

    async def find(self, request: GraphQLRequest, credential: Credential | None) -> Document:
        """The document of a request. Raises RequestError if it does not exist or the app may not send it."""
        if request.document_id is None:
            assert request.query is not None
            return await self._sent(request.query, credential)
        if credential is None:
            raise Unauthenticated("Persisted documents belong to an app: send an API key.")
        id = canonical_id(request.document_id)
        if request.query is not None:
            if not request.registers or credential.document_mode != "LOG":
                raise RequestError(400, "Send a document's ID or its text, not both.", "CANNOT_SEND_PQ_ID_AND_BODY")
            if id is None or id != f"sha256:{_sha256(request.query).hex()}":
                raise RequestError(400, "sha256Hash must be the SHA-256 of the query, in hexadecimal digits.")
            return Document(request.query, id)
        row, expires_at = await self._get_published(credential, id) if id else (None, 0)
        if row:
            return Document(row.body, row.id, True, expires_at)
        if credential.document_mode != "LOG":
            raise RequestError(404, "No document with this ID is published for the app.", "PERSISTED_QUERY_NOT_IN_LIST")
        texts = self._registered.get(credential.app_id)
        text = texts.get(id) if texts and id else None
        if id is None or text is None:
            # Clients recognize this message, and send the text next.
            raise RequestError(404, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        return Document(text, id, False, expires_at=0)  # always looked up again, because it can be evicted

    async def _sent(self, text: str, credential: Credential | None) -> Document:
        hash = _sha256(text)
        if credential is None:
            return Document(text, f"sha256:{hash.hex()}")
        if credential.document_mode == "ID_ONLY":
            message = "The app can send only the IDs of published documents, as documentId."
            raise RequestError(400, message, "PERSISTED_QUERY_ID_REQUIRED")
        row, expires_at = await self._get_published(credential, hash)
        if row is None and credential.document_mode == "ALLOW_LIST":
            raise RequestError(400, "This document is not published for the app.", "QUERY_NOT_IN_SAFELIST")
        return Document(text, row.id if row else f"sha256:{hash.hex()}", row is not None, expires_at)

    def register(self, document: Document, credential: Credential) -> None:
        """Register a valid document, so that the app can send its hash instead."""
        texts = self._registered.setdefault(
            credential.app_id, LRUCache(REGISTERED_BYTES, getsizeof=lambda text: ENTRY_BYTES + 4 * len(text))
        )
        texts[document.id] = document.text

    async def _get_published(self, credential: Credential, key: str | bytes) -> tuple[Row | None, float]:
        """The published document with this ID, or with this SHA-256 of its text."""
        fetch = partial(get_document, self._db, credential.store_id, credential.app_id, key)
        return await self._published.look_up((credential.app_id, key), fetch)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
