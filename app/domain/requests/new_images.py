"""The images that came after a request was sent back, and whether they were discussed (AUD-1, REQ-7). Only reads."""

from __future__ import annotations

from sqlalchemy import select

from app.clauses import enforces
from app.extensions import db
from app.models.identification import ProbeResemblance
from app.models.requests import FRRequest, ProbeImage


@enforces("AUD-1")
def not_discussed(request: FRRequest) -> list[ProbeImage]:
    """Return the images, new since the request came back, that are no copy of a photograph that was discussed."""
    fresh = [image for image in request.current_images if image.submission > request.submission]
    discussed = [image for image in request.images if image.submission <= request.submission]
    pairs = select(ProbeResemblance.image_id).where(
        ProbeResemblance.image_id.in_([image.id for image in fresh]),
        ProbeResemblance.earlier_id.in_([image.id for image in discussed]),
    )
    alike, digests = set(db.session.scalars(pairs)), {image.sha256 for image in discussed}
    return [image for image in fresh if image.id not in alike and image.sha256 not in digests]
