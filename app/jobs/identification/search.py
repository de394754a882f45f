"""The search of one probe (SRC-1, CAP-5): decode, embed, rank; then one transaction with candidates and event."""

from __future__ import annotations

from importlib.metadata import version

import cv2
from sqlalchemy import select

from app.calendar import today
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.algorithms.registry import longest_review
from app.domain.gallery import loaded_index
from app.domain.gallery.repository_index import generation as generation_now
from app.domain.identification.probe_templates import embed as _embed
from app.domain.identification.search_environment import environment
from app.domain.identification.verbs import fail_search, finish_search
from app.extensions import db, settings
from app.imaging import UnusableImage
from app.jobs.registry import JobFailed, Retry, handles
from app.matching.errors import MatchingError
from app.matching.index.choice import PACKAGES
from app.matching.nist import nist_status
from app.matching.types import PersonRank
from app.models import GalleryPhoto, Search
from app.models.engine import Job
from app.policy import policy
from app.storage.errors import DiskFailure, StorageError
from app.unit_of_work import unit_of_work


def _load(uid: str) -> Search | None:
    """Load the search when it still waits; a request that moved on is not searched."""
    search = db.session.scalars(select(Search).where(Search.uid == uid)).one_or_none()
    if search is None or search.state != "queued" or search.request.state != "searching":
        return None
    return search


def _failed(row: Job, cause: str) -> None:
    with unit_of_work():
        search = _load(row.subject_id)
        if search is not None:
            fail_search(search, cause)


@enforces("CAP-5", "SRC-1", "FAIR-2")
@handles("search", on_failure=_failed)
def run_search(row: Job) -> None:
    """Run a queued search once, on the algorithm with which it was started. JobFailed names what stays broken."""
    search = _load(row.subject_id)
    if search is None:
        return
    limit, kind = policy().review.candidates.count, settings().matching_index
    try:
        begun_with = search.algorithm_digest
        extractor = networks.extractor_of(begun_with) if begun_with else networks.extractor()
        status = nist_status(extractor.entry, extractor.digest, today(), longest_review())
        if not status.ok and not settings().demonstration:
            raise JobFailed(status.reason)
        detector_digest = networks.detector().digest
        probe = _embed(search, extractor)
        ranking, generation, people, photos = loaded_index.repository(extractor).search(probe, limit)
    except DiskFailure as error:
        raise Retry(str(error)) from error
    except (MatchingError, StorageError, UnusableImage) as error:
        raise JobFailed(str(error)) from error
    if not photos:
        raise JobFailed("The repository holds no photograph with a template of this algorithm.")
    with unit_of_work():
        search = _load(row.subject_id)
        if search is None:
            return
        finish_search(
            search,
            still_held(ranking),
            algorithm=extractor.entry.name,
            algorithm_digest=extractor.digest,
            detector_digest=detector_digest,
            generation=generation,
            people=people,
            photos=photos,
            parameters={
                "k": limit,
                "opencv": cv2.__version__,
                "index": kind,
                "index_version": version(PACKAGES[kind]),
                "searched": search.derived.sha256 if search.derived else search.probe_sha256,
                "recipe": search.derived.recipe_digest if search.derived else None,
                "delivered_generation": generation_now(),
                "environment": environment(kind),
            },
        )


@enforces("CAP-3")
def still_held(ranking: list[PersonRank]) -> list[tuple[GalleryPhoto, float]]:
    """(best photograph, cosine) of each person, best first, asked again under the write lock of the open unit of work.

    What left the repository during the search is not delivered: the person then stands with the best photograph that
    is still held, or not at all.
    """
    listed = [uid for entry in ranking for uid, _ in entry.photos]
    # locked: an order waits until this list is delivered, and then knows of it, or this list waits and knows the order
    rows = select(GalleryPhoto).where(GalleryPhoto.uid.in_(listed), GalleryPhoto.removed_at.is_(None))
    found = db.session.scalars(rows.with_for_update(read=True, of=GalleryPhoto))
    held = {photo.uid: photo for photo in found}
    best = (next(((held[uid], score) for uid, score in entry.photos if uid in held), None) for entry in ranking)
    return sorted((one for one in best if one is not None), key=lambda one: -one[1])
