"""Masks over the hashes of faces, so that a copy of the database alone compares no face with another (ACC-10).

Each row has a mask of its own, made of its reference by a secret of the key store. Nothing is found by a masked hash in
the database: the portal takes the masks off in memory, many at a time, where it compares.
"""

import hmac
from collections.abc import Iterable

from app.clauses import enforces
from app.storage.keys import Derived, KeyStore

#: bytes of a hash
_LENGTH = 8


@enforces("ACC-10")
def masked(keystore: KeyStore, uid: str, value: int) -> str:
    """Return a 64-bit hash of the row `uid` under its mask, 16 hex digits."""
    return f"{value ^ _mask(keystore.derived(Derived.FACES), uid):016x}"


def unmasked(keystore: KeyStore, rows: Iterable[tuple[str, str]]) -> list[int]:
    """Return the hash of each (uid, masked hash). The secret is read once, however many."""
    secret = keystore.derived(Derived.FACES)
    return [int(value, 16) ^ _mask(secret, uid) for uid, value in rows]


def _mask(secret: bytes, uid: str) -> int:
    return int.from_bytes(hmac.digest(secret, uid.encode(), "sha256")[:_LENGTH], "big")
