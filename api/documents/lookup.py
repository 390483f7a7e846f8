"""Persisted documents: which text a request stands for, and whether its app may send it.

A name leads to what its app published (the allow-list) or to what a client registered by its hash (Apollo's automatic
persisted queries, in this process's memory alone).
"""

import hashlib
from typing import NamedTuple

from cachetools import LRUCache

from api.requests import Operation, RequestError
from api.ttl_cache import TTLCache
from db.credentials import CredentialRow
from db.documents import DocumentRow, get_document, get_document_by_hash
from db.pool import Pool
from schema.document_ids import canonical_id
from schema.errors import Unauthenticated

# Registered texts: so many bytes for each of so many apps, the least used ones forgotten.
REGISTERED_BYTES = 1024 * 1024
REGISTERED_APPS = 256
# What a text takes besides its characters, of which each may take four.
ENTRY_BYTES = 500


class Document(NamedTuple):
    """A text to run. `id`: by which it is published, or else its hash."""

    text: str
    id: str
    is_published: bool = False


class Documents:
    """The texts of all apps."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._published: TTLCache[tuple[str, str | bytes], DocumentRow | None] = TTLCache()
        self._registered: LRUCache[str, LRUCache[str, str]] = LRUCache(REGISTERED_APPS)

    async def find(self, operation: Operation, credential: CredentialRow | None) -> Document:
        """What the request stands for. Raises RequestError where that is nothing, or nothing that the app may send."""
        if operation.document_id is None:
            assert operation.query is not None
            return await self._sent(operation.query, credential)
        if credential is None:
            raise Unauthenticated("Persisted documents belong to an app: send an API key.")
        id = canonical_id(operation.document_id)
        if operation.query is not None:
            return self._to_register(operation, operation.query, id, credential)
        row = await self._get_published(credential, id) if id else None
        if row:
            return Document(row.body, row.id, is_published=True)
        if credential.document_mode != "LOG":
            raise RequestError(404, "The app has published no such document.", "PERSISTED_QUERY_NOT_IN_LIST")
        texts = self._registered.get(credential.app_id)
        text = texts.get(id) if texts and id else None
        if id is None or text is None:
            # The message by which clients know that they are to send the text.
            raise RequestError(404, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        return Document(text, id)

    async def _sent(self, text: str, credential: CredentialRow | None) -> Document:
        hash = _hash_of(text)
        if credential is None:
            return Document(text, f"sha256:{hash.hex()}")
        if credential.document_mode == "ID_ONLY":
            raise RequestError(
                400, "The app sends published documents by their IDs alone: documentId.", "PERSISTED_QUERY_ID_REQUIRED"
            )
        row = await self._get_published(credential, hash)
        if row is None and credential.document_mode == "ALLOW_LIST":
            raise RequestError(400, "The app has not published this document.", "QUERY_NOT_IN_SAFELIST")
        return Document(text, row.id if row else f"sha256:{hash.hex()}", is_published=row is not None)

    def register(self, document: Document, credential: CredentialRow) -> None:
        """Let the app name the document by its hash from now on. It should be one that can run."""
        texts = self._registered.setdefault(credential.app_id, LRUCache(REGISTERED_BYTES, getsizeof=_bytes_of))
        texts[document.id] = document.text

    def _to_register(self, operation: Operation, text: str, id: str | None, credential: CredentialRow) -> Document:
        if not operation.registers or credential.document_mode != "LOG":
            raise RequestError(400, "Send a document's ID or its text, not both.", "CANNOT_SEND_PQ_ID_AND_BODY")
        if id is None or id != f"sha256:{_hash_of(text).hex()}":
            raise RequestError(400, "sha256Hash must be the SHA-256 of the query, in hexadecimal digits.")
        return Document(text, id)

    async def _get_published(self, credential: CredentialRow, name: str | bytes) -> DocumentRow | None:
        """The published document of an ID, or of a text's SHA-256."""
        scope = (self._db, credential.store_id, credential.app_id)
        return await self._published.get(
            (credential.app_id, name),
            lambda: get_document(*scope, name) if isinstance(name, str) else get_document_by_hash(*scope, name),
        )


def _hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _bytes_of(text: str) -> int:
    return ENTRY_BYTES + 4 * len(text)
