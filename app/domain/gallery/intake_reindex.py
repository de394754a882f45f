"""Templates for photographs that have none of the algorithm in use: after a new detector, or a repaired file.

A new algorithm comes with a change of its own (app/domain/algorithms/changes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.domain.algorithms import networks
from app.domain.gallery.embedding import Embedded, embed, missing

BATCH_PHOTOS = 50


def missing_templates() -> list[int]:
    """The ids of photographs in the repository without a template of the algorithm in use. Raises MatchingError."""
    return missing(networks.extractor().digest)


def reindex(photo_ids: Sequence[int], on_progress: Callable[[int, str], None] = lambda _done, _text: None) -> Embedded:
    """Compute templates in batches, each one transaction, and call on_progress(done, text) after each.

    Raises MatchingError.
    """
    result = Embedded()
    for start in range(0, len(photo_ids), BATCH_PHOTOS):
        result.add(embed(photo_ids[start : start + BATCH_PHOTOS], networks.extractor()))
        on_progress(min(start + BATCH_PHOTOS, len(photo_ids)), f"{len(result.failed)} without a usable face")
    return result
