"""The keys by which demonstration portals sign documents, drawn once in the process.

A key of 3072 bits takes a third of a second, and the portal of every test that renders a document would draw two. What
is signed, by which chain, and whether programs accept it is as before; tests of a department's own key draw theirs.
"""

from __future__ import annotations

from functools import cache
from itertools import cycle

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from app.storage import certificates


def remember_keys() -> None:
    """From now on the authority of every demonstration portal has one key, and its department another."""
    turns = cycle(range(2))
    drawn: dict[tuple[int, int, int], RSAPrivateKey] = {}

    def remembered(exponent: int, bits: int) -> RSAPrivateKey:
        wanted = exponent, bits, next(turns)
        if wanted not in drawn:
            drawn[wanted] = generate_private_key(exponent, bits)
        return drawn[wanted]

    certificates.generate_private_key = remembered
    certificates.load_pem_private_key = cache(
        certificates.load_pem_private_key
    )  # checks the same key at each signature
