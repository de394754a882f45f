"""Values sealed as canonical JSON: identifying text as the database's columns keep it."""

import json
from typing import Any

from app.clauses import enforces
from app.storage.errors import NotSealable, Tampered
from app.storage.keys import KeyStore


def canonical_json(value: object) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8, no NaN or infinity.

    Tuples come back as lists. Raises NotSealable for other types and for mapping keys that are not text.
    """
    try:
        _refuse_other_keys(value)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as fault:
        raise NotSealable("The value has no canonical JSON form, so it cannot be sealed.") from fault


@enforces("ACC-10")
def seal_json(keystore: KeyStore, key_id: str, value: object, aad: bytes) -> bytes:
    """Seal a JSON value under a data key for a purpose. Raises NotSealable and as `KeyStore.encrypt`."""
    return keystore.encrypt(key_id, canonical_json(value), aad)


def open_json(keystore: KeyStore, key_id: str, box: bytes, aad: bytes) -> Any:
    """Return the value sealed in a box. Raises `KeyStore.decrypt`'s errors; Tampered if it holds no JSON."""
    content = keystore.decrypt(key_id, box, aad)
    try:
        return json.loads(content)
    except ValueError as fault:
        raise Tampered("The stored data is damaged: it does not hold the kind of value it should.") from fault


def _refuse_other_keys(value: object) -> None:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotSealable("A mapping can only be sealed if all its keys are text.")
        for item in value.values():
            _refuse_other_keys(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_other_keys(item)
