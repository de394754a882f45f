"""Blind indexes: a keyed digest in place of a number, by which the number is found and kept unique (ACC-10).

The secret lies in the key store and never in the database, so that a copy of the database alone answers no guess. Each
column has digests of its own: the same number in two columns does not show that it is the same.
"""

import hmac
from collections.abc import Iterable

from app.clauses import enforces
from app.storage.keys import Derived, KeyStore

#: hex digits of an index, 160 bits of HMAC-SHA-256 (RFC 2104, section 5, on truncation)
INDEX_DIGITS = 40


@enforces("ACC-10")
def blind_indexes(keystore: KeyStore, column: str, values: Iterable[str]) -> list[str]:
    """Return the index of each value in a column, named as table.column. The secret is read once, however many."""
    secret, domain = keystore.derived(Derived.NUMBERS), column.encode() + b"\0"
    return [hmac.digest(secret, domain + value.encode(), "sha256").hex()[:INDEX_DIGITS] for value in values]


def blind_index(keystore: KeyStore, column: str, value: str) -> str:
    """Return the index of one value in a column."""
    return blind_indexes(keystore, column, (value,))[0]
