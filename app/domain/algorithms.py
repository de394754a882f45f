"""The algorithm in use, and whether it may be used for casework (FAIR-2)."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path

from app.extensions import settings
from app.matching.catalogue import Extractor, catalogue
from app.matching.nist import NistStatus, nist_status
from app.policy.enforcement import enforces


def active() -> Extractor:
    """The catalogue entry of the extractor the settings name. Raises CatalogueError for an unknown one."""
    return catalogue().model(settings().extractor)


def installed_digest() -> str | None:
    """SHA-256 (hex) of the extractor file that workers load, or None when it is not installed."""
    path = settings().models_dir / active().file
    if not path.is_file():
        return None
    found = path.stat()
    return _digest_of(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=8)
def _digest_of(path: Path, _state: tuple[int, ...]) -> str:
    """The digest of a file in this state: 22 MB are read again only when it was written or replaced.

    The kernel sets the time of change (ctime) itself, so that no file keeps its state by setting its other times back.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@enforces("FAIR-2")
def status(today: date) -> NistStatus:
    """Whether the installed file has a current NIST evaluation record; never so when it is not installed."""
    digest = installed_digest()
    if digest is None:
        return NistStatus(False, f"{active().name} is not installed: run “flask matching models install”.")
    return nist_status(active(), digest, today)
