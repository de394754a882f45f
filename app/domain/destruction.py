"""What a certificate rests on: keys and files that were to be destroyed are no longer in their stores."""

from __future__ import annotations

from collections.abc import Sequence

from app.clauses import enforces
from app.documents.errors import FactsError
from app.extensions import stores


@enforces("RET-11", "CAP-3")
def require_gone(keys: Sequence[str], blobs: Sequence[str]) -> None:
    """Raise FactsError unless every key is destroyed and every file has left the store."""
    open_keys, files = stores().left_of(keys, blobs)
    if open_keys or files:
        raise FactsError(
            f"{len(open_keys)} of {len(keys)} keys and {len(files)} of {len(blobs)} files that were to be destroyed "
            "are still there; nothing is certified."
        )
