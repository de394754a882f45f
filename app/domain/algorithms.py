"""The algorithm in use, and whether it may be used for casework (FAIR-2)."""

from __future__ import annotations

import hashlib
from datetime import date

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
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@enforces("FAIR-2")
def status(today: date) -> NistStatus:
    """Whether the installed file has a current NIST evaluation record; never so when it is not installed."""
    digest = installed_digest()
    if digest is None:
        return NistStatus(False, f"{active().name} is not installed: run “flask matching models install”.")
    return nist_status(active(), digest, today)
