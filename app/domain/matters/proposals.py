"""What makes the portal propose that two numbers are of one matter: the same photograph was submitted under both.

The same photograph, never the same person: nothing here compares faces.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from app.clauses import enforces
from app.domain.matters import links, numbers
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db
from app.models.requests import FRRequest, ProbeImage

SAME, MOMENT = "photograph", "moment"


@enforces("REQ-2", "AUD-1")
def propose_for(request: FRRequest) -> None:
    """Propose links of a request's number with those under which its photographs were filed. Needs an open unit."""
    images = request.current_images
    digests, ids = [image.sha256 for image in images], [image.id for image in images]
    alike = of_same_photograph(ids)
    rows = (
        select(FRRequest.case_number, ProbeImage.sha256)
        .join(ProbeImage, ProbeImage.request_id == FRRequest.id)
        .where(
            or_(ProbeImage.sha256.in_(digests), ProbeImage.id.in_(alike)),
            # a draft is its investigator's alone, and of what was disposed of nothing is left to follow
            FRRequest.submission > 0,
            FRRequest.state != "disposed",
            FRRequest.case_number.not_in(numbers.of_matter(request.case_number)),
        )
    )
    found: dict[str, set[str]] = {}
    for number, digest in db.session.execute(rows):
        found.setdefault(number, set()).add(SAME if digest in digests else MOMENT)
    for number in sorted(found):
        because = [one for one in (SAME, MOMENT) if one in found[number]]
        links.propose(numbers.begin(request.case_number), numbers.begin(number), because)
