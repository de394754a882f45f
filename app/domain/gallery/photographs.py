"""Repository photographs by id, and as pictures: opened in one way, each under its own key (CAP-3, ACC-10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from sqlalchemy import select

from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import decode
from app.models import GalleryPhoto


def held(photo_ids: Iterable[int]) -> Sequence[GalleryPhoto]:
    """Return those of the photographs that are in the repository."""
    rows = select(GalleryPhoto).where(GalleryPhoto.id.in_(list(photo_ids)), GalleryPhoto.removed_at.is_(None))
    return db.session.scalars(rows).all()


def stored(photo: GalleryPhoto) -> bytes:
    """Return the file of a photograph. Raises StorageError when it is damaged, or its key was destroyed."""
    return stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256)


def picture(photo: GalleryPhoto) -> np.ndarray:
    """Return the pixels of a photograph, (h, w, 3) uint8 BGR. Raises StorageError and UnusableImage."""
    return decode(stored(photo), limits()).bgr
