"""What a probe image's file says of itself, and what its source is asked because of it (LIM-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select

from app.clauses import enforces
from app.domain.matters.photographs import with_copies
from app.extensions import db
from app.models.matters import CaseNumber
from app.models.requests import FRRequest, ProbeImage
from app.policy import policy
from app.policy.facts import source_asked
from app.policy.forms import Source
from app.storage import StorageError

#: the metadata that may name the device
_METADATA = ("camera_make", "camera_model", "software")


@enforces("LIM-1")
def said_by(image: ProbeImage) -> tuple[str, ...]:
    """Return what the file says of itself: its names, and what its metadata names as its device.

    Its name is every one under which anybody uploaded the same bytes or the same photograph in the matter, removed or
    not: another name makes it no other file. The metadata is known once the worker has read the file.
    """
    told: dict[str | None, None] = {}
    for private in (image.private, *_elsewhere(image)):
        metadata = private.get("exif") or {}
        told[private.get("file_name")] = None
        told |= dict.fromkeys(metadata.get(name) for name in _METADATA)
    return tuple(text for text in told if text)


def _elsewhere(image: ProbeImage) -> Iterator[Mapping[str, Any]]:
    """Yield what is known of the same photograph as it was uploaded elsewhere in the matter, the earliest first."""
    # one statement: pages ask this of every image
    number = image.request.case_number
    linked = select(CaseNumber.matter).where(CaseNumber.number == number)
    others = (
        select(ProbeImage)
        .join(FRRequest, ProbeImage.request_id == FRRequest.id)
        .where(
            ProbeImage.id != image.id,
            or_(ProbeImage.sha256 == image.sha256, ProbeImage.id.in_(with_copies([image.id]))),
            or_(
                FRRequest.case_number == number,
                FRRequest.case_number.in_(select(CaseNumber.number).where(CaseNumber.matter.in_(linked))),
            ),
        )
        .order_by(ProbeImage.id)
    )
    for other in db.session.scalars(others):
        try:
            yield other.private
        except StorageError:
            continue  # what was erased says nothing any more


def source_of(image: ProbeImage, source_id: str | None = None) -> Source | None:
    """Return an image's source (or another that was chosen for it) with every fact that it is asked for."""
    return source_asked(policy(), image.source if source_id is None else source_id, said_by(image))
