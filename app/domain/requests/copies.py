"""Copies of one photograph among the images of requests, set against what is stated of each (REQ-3, AUD-1).

An edited copy is found when an image is checked; whoever answers for the discussion or the basis is told of it then.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor
from app.access.clearance import may_know
from app.calendar import day_of
from app.clauses import enforces
from app.domain.matters.photographs import of_same_photograph, with_copies
from app.extensions import db
from app.models.requests import FRRequest, ProbeImage


@dataclass(frozen=True, slots=True)
class Copy:
    """An image of the request and another that is the same photograph. `edited`: not the same file."""

    number: int
    image: ProbeImage
    other: ProbeImage
    edited: bool

    def told(self, actor: Actor) -> str:
        """Return what the other image is, in words for this person (LIM-7)."""
        request, own = self.other.request, self.image.request
        what = "An edited copy of the same photograph" if self.edited else "The same file"
        if request is own and self.other.removed_at is not None:
            return f"{what} was added to this request and removed again."
        if request is own:
            return f"{what} is image {own.current_images.index(self.other) + 1} of this request."
        if not may_know(request, actor):
            return f"{what} is in a request that is reserved to the Intelligence Bureau."
        return f"{what} is in request {request.number}, case {request.case_number}."

    @property
    def against(self) -> list[str]:
        """Return what this says against the statements on both: attested as unaltered, taken on two days."""
        said = []
        if self.edited and self.image.attested_at and self.other.attested_at:
            said.append("Both are attested as unaltered photographs; at least one of them is edited.")
        elif self.edited and self.image.attested_at:
            said.append("This one is attested as an unaltered photograph; one of the two is edited.")
        taken, before = self.image.taken_at, self.other.taken_at
        if taken and before and taken != before:
            said.append(f"Stated as taken on {day_of(taken).isoformat()} here, on {day_of(before).isoformat()} there.")
        return said


@enforces("REQ-3", "AUD-1")
def copies_of(request: FRRequest) -> list[Copy]:
    """Return every other image that is the photograph of one of the request's, edited or not.

    A colleague's draft that was never filed is theirs.
    """
    images = request.current_images
    ids, digests = [image.id for image in images], {image.sha256 for image in images}
    same = or_(ProbeImage.sha256.in_(digests), ProbeImage.id.in_(with_copies(ids)))
    rows = select(ProbeImage).where(same).options(joinedload(ProbeImage.request)).order_by(ProbeImage.id)
    others = [other for other in db.session.scalars(rows) if _concerns(request, other)]
    found = []
    for number, image in enumerate(images, 1):
        # of a request with one image, whatever was found is its own
        alike = {other.id for other in others} if len(images) == 1 else of_same_photograph([image.id])
        for other in others:
            if other is not image and (other.id in alike or other.sha256 == image.sha256):
                found.append(Copy(number, image, other, other.sha256 != image.sha256))
    return found


def _concerns(request: FRRequest, other: ProbeImage) -> bool:
    if other.request_id == request.id or other.request.requester_id == request.requester_id:
        return True
    return other.request.submission > 0 and other.removed_at is None
