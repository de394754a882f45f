"""The images that came after a request was sent back, and whether they were discussed (AUD-1, REQ-7). Only reads."""

from __future__ import annotations

from app.clauses import enforces
from app.domain.matters.photographs import of_same_photograph
from app.models.requests import FRRequest, ProbeImage


@enforces("AUD-1")
def not_discussed(request: FRRequest) -> list[ProbeImage]:
    """Return the images, new since the request came back, that are no copy of a photograph that was discussed."""
    fresh = [image for image in request.current_images if image.submission > request.submission]
    discussed = [image for image in request.images if image.submission <= request.submission]
    alike, digests = of_same_photograph([image.id for image in discussed]), {image.sha256 for image in discussed}
    return [image for image in fresh if image.id not in alike and image.sha256 not in digests]
