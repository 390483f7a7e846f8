"""Idempotency keys: retrying a mutation with the same key does not repeat it."""

import hashlib
from dataclasses import asdict
from typing import Any

import orjson
import strawberry

from db.credentials import Credential
from db.idempotency_keys import InputDiffers, claim_id
from db.pool import Transaction
from schema.errors import UserErrorCode, user_error

ABSENT = (None, strawberry.UNSET)

IDEMPOTENCY_KEY = (
    "A unique string of 1 to 100 characters that you choose, such as a UUID. Retrying with the same idempotency key "
    "and input is safe for at least 24 hours."
)


async def idempotent_id(transaction: Transaction, credential: Credential, input: Any, new_id: str) -> str:
    """The ID of the object that the app created with the input's idempotency key before, or else `new_id`.

    In the latter case, the caller creates the object with this ID: an event, if the mutation changes an object. Raises
    UserErrors if the key was used by another mutation or with a different input.
    """
    if input.idempotency_key is None:
        return new_id
    # Without absent fields, the hash stays the same when a version adds a field.
    present = asdict(input, dict_factory=lambda fields: {name: value for name, value in fields if value not in ABSENT})
    input_hash = hashlib.sha256(orjson.dumps([type(input).__name__, present], option=orjson.OPT_SORT_KEYS)).digest()
    try:
        app_id, key = credential.app_id, input.idempotency_key
        return await claim_id(transaction, credential.store_id, app_id, key, input_hash, new_id)
    except InputDiffers:
        message = "was already used with a different input"
        raise user_error(UserErrorCode.IDEMPOTENCY_MISMATCH, message, "idempotencyKey") from None
