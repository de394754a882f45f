"""How long a request is kept: the eligibility of its case record, without names (RET-1 to RET-11)."""

from __future__ import annotations

from sqlalchemy import select

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.requests.blueprint import bp
from app.domain.retention.eligibility import is_disposed, standing_of
from app.extensions import db
from app.models.requests import FRRequest
from app.models.retention import CaseRecord
from app.policy import policy
from app.web.pages import page

#: levels of the reasons shown here; deeper ones tell days of birth and death of the people of the case
DEPTH = 2


@bp.get("/requests/<number>/retention")
@needs("request.read", "request.file", of=FRRequest)
def retention(subject: FRRequest) -> str:
    """Show why the request is kept and until when: holds and classes, but no people and no dates of theirs."""
    record = db.session.scalars(select(CaseRecord).where(CaseRecord.case_number == subject.case_number)).one_or_none()
    known = record if record is not None and not is_disposed(record) else None
    return page(
        "requests/retention.html",
        item=subject,
        own=subject.requester_id == current_actor().id,
        record=record,
        standing=standing_of(known) if known is not None else None,
        rules=policy().retention,
        depth=DEPTH,
    )
