"""Idempotency keys: retrying a creation with the same key does not repeat it."""

import hashlib
from dataclasses import asdict
from typing import Any

import orjson
import strawberry

from db.idempotency_keys import InputDiffers, claim_id
from db.pool import Transaction
from schema.errors import UserErrorCode, user_error

IDEMPOTENCY_KEY = (
    "A unique string of 1 to 100 characters that you choose, such as a UUID. Retrying with the same idempotency key "
    "and input is safe for at least 24 hours."
)


async def idempotent_id(
    transaction: Transaction, store_id: str, idempotency_key: str | None, input: dict[str, Any], new_id: str
) -> str:
    """The ID of the object that was created with this key before, or else `new_id`, which the caller now creates.

    Keys are compared with a hash of the input, so the inputs of two mutations must never be equal: each needs a
    required field that no other has. Raises UserErrors if the key was used with a different input.
    """
    if idempotency_key is None:
        return new_id
    input_hash = hashlib.sha256(orjson.dumps(input, option=orjson.OPT_SORT_KEYS)).digest()
    try:
        return await claim_id(transaction, store_id, idempotency_key, input_hash, new_id)
    except InputDiffers:
        message = "was already used with a different input"
        raise user_error(UserErrorCode.IDEMPOTENCY_MISMATCH, message, "idempotencyKey") from None


def present_fields(input: Any) -> dict[str, Any]:
    """The input object as a dictionary without absent fields, which stays the same when a version adds a field."""
    return asdict(input, dict_factory=_without_absent)


def _without_absent(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if value is not None and value is not strawberry.UNSET}
