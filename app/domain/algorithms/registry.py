"""The registry of algorithms: which one is in use and whether casework may use it (FAIR-2, FAIR-3)."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.clauses import enforces
from app.extensions import db, settings
from app.matching.catalogue import Extractor, NistEvaluation, catalogue
from app.matching.errors import CatalogueError
from app.matching.nist import NistStatus, nist_status, review_due
from app.models import AlgorithmSwitch
from app.policy import policy
from app.unit_of_work import in_unit


def active_id() -> str:
    """Return the catalogue id of the extractor in use: the latest cut-over's, or the settings' where there was none.

    Raises CatalogueError when the file that was cut over to is not in the catalogue any more.
    """
    try:
        latest = select(AlgorithmSwitch).order_by(AlgorithmSwitch.id.desc()).limit(1)
        switch = db.session.scalars(latest).one_or_none()
    except (OperationalError, ProgrammingError):
        if in_unit() or _has_tables():
            raise
        # models are installed and measured before there is a database
        db.session.rollback()
        return settings().extractor
    return settings().extractor if switch is None else id_of(switch.to_digest)


def _has_tables() -> bool:
    try:
        return inspect(db.engine).has_table(AlgorithmSwitch.__tablename__)
    except OperationalError:
        return db.engine.dialect.name != "sqlite"  # a file that is not there yet


def id_of(digest: str) -> str:
    """Return the catalogue id of the extractor with this SHA-256. Raises CatalogueError when there is none."""
    for model_id, entry in catalogue().extractors.items():
        if entry.sha256 == digest:
            return model_id
    raise CatalogueError(f"The algorithm with the digest {digest} is not in the model catalogue (config/models.toml).")


def entry_of(digest: str | None) -> Extractor | None:
    """The catalogue entry with this digest, or None: an algorithm of the past may have left the catalogue."""
    return next((entry for entry in catalogue().extractors.values() if entry.sha256 == digest), None)


def active() -> Extractor:
    """The catalogue entry of the extractor in use. Raises CatalogueError for an unknown one."""
    entry = catalogue().model(active_id())
    if not isinstance(entry, Extractor):
        raise CatalogueError(f"{entry.name} is no extractor.")
    return entry


def active_or_none() -> Extractor | None:
    """Return the active entry for pages, or None when the algorithm has left the catalogue."""
    try:
        return active()
    except CatalogueError:
        return None


def installed_digest(entry: Extractor | None = None) -> str | None:
    """SHA-256 (hex) of the extractor file that workers load (by default of the one in use); None without a file."""
    path = settings().models_dir / (entry or active()).file
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
def status(today: date, entry: Extractor | None = None) -> NistStatus:
    """Whether the installed file has a current NIST evaluation record; never so when it is not installed.

    entry: of another algorithm than the one in use.
    """
    try:
        entry = entry or active()
    except CatalogueError as error:
        return NistStatus(False, str(error))
    digest = installed_digest(entry)
    if digest is None:
        return NistStatus(False, f"{entry.name} is not installed: run “flask matching models install”.")
    return nist_status(entry, digest, today, longest_review())


def longest_review() -> int:
    """Return after how many days an evaluation is looked at again at the latest."""
    return policy().algorithm.longest_review.count


def due_of(record: NistEvaluation) -> date:
    """Return the last day on which a record counts."""
    return review_due(record, longest_review())


@enforces("FAIR-3")
def lapse_warning(today: date) -> str | None:
    """Return the warning that the evaluation record in use lapses soon or has lapsed, or None.

    An algorithm that never had a record needs no warning: casework is refused with it from the start.
    """
    soon = policy().algorithm.lapse_warning.count
    recorded = [entry.nist for entry in catalogue().extractors.values() if entry.nist is not None]
    if all((due_of(record) - today).days > soon for record in recorded):
        return None  # said before the database is asked which of them is in use: every page asks
    entry = active_or_none()
    if entry is None or entry.nist is None:
        return None
    due = due_of(entry.nist)
    left = (due - today).days
    if left > soon:
        return None
    if left < 0:
        return f"The NIST evaluation record of {entry.name} lapsed on {due}. Nothing is searched for casework."
    days = "today" if left == 0 else "in 1 day" if left == 1 else f"in {left} days"
    return (
        f"The NIST evaluation record of {entry.name} is due for review on {due}, {days}. After that day nothing is "
        "searched for casework."
    )
