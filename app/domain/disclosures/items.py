"""The disclosable items of a case: submitted originals and delivered reports, never a candidate (EXT-1, EXT-2).

A case is every request under one case number, and under the others of its matter. Only requests with a delivered
report count, and those that ended unexamined: what is still being examined is not a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select

from app.access.actor import Actor
from app.access.clearance import may_know
from app.clauses import enforces
from app.domain.matters.numbers import known
from app.extensions import db
from app.models.approval import Report
from app.models.base import filled
from app.models.matters import in_matter_of
from app.models.requests import BasisDecision, FRRequest, ProbeImage
from app.workflow.engine import refuse_if


@dataclass(frozen=True, slots=True)
class DisclosableItem:
    """An item of the case: `kind` is "original" or "report", `row` the image or report, `sha256` of its bytes."""

    kind: str
    uid: str
    sha256: str
    row: ProbeImage | Report

    @property
    def request(self) -> FRRequest:
        """Return the request the item belongs to."""
        return self.row.request


def available(case_number: str) -> list[DisclosableItem]:
    """Return the disclosable items of the case, request by request: originals, then reports."""
    delivered = exists().where(Report.request_id == FRRequest.id, Report.delivered_at.is_not(None))
    ended = delivered | (FRRequest.state == "unexamined")
    rows = select(FRRequest).where(_in_case(case_number), ended)
    found = []
    for request in db.session.scalars(rows.order_by(FRRequest.id)):
        submitted = [image for image in request.current_images if image.submission <= request.submission]
        found += [DisclosableItem("original", image.uid, image.sha256, image) for image in submitted]
        found += [
            DisclosableItem("report", report.uid, filled(report.sha256), report)
            for report in request.reports
            if report.delivered_at
        ]
    return found


def _in_case(case_number: str) -> ColumnElement[bool]:
    return in_matter_of(FRRequest.case_number, known(case_number))


@enforces("SRC-7", "EXT-2")
def inconclusive(case_number: str) -> int:
    """Count the requests of the case that have a finished search without a conclusion."""
    rows = select(func.count()).select_from(FRRequest).where(_in_case(case_number), FRRequest.is_inconclusive())
    return db.session.scalar(rows) or 0


@enforces("SRC-7", "EXT-2")
def ended_unexamined(case_number: str) -> list[FRRequest]:
    """Return the requests of the case whose search was ended unexamined, oldest first."""
    return list(
        db.session.scalars(
            select(FRRequest).where(_in_case(case_number), FRRequest.state == "unexamined").order_by(FRRequest.id)
        )
    )


def filed(case_number: str) -> list[FRRequest]:
    """Return the requests of the case that were ever filed, oldest first."""
    rows = select(FRRequest).where(_in_case(case_number), FRRequest.submission > 0)
    return list(db.session.scalars(rows.order_by(FRRequest.id)))


@enforces("EXT-1", "EXT-2")
def required(case_number: str) -> list[DisclosableItem]:
    """Return what the prosecutor's package must hold: every item, negative and recalled reports included."""
    return available(case_number)


@enforces("ACC-6", "ACC-11")
def check_own_case(case_number: str, actor: Actor) -> None:
    """Refuse a case in which the unit confirmed no request of the actor, unless the actor's duty covers every case.

    Whoever types a case number into a draft, or files on it, has not thereby a part in the case.
    """
    if "disclosure.any_case" in actor.capabilities:
        return
    confirmed = exists().where(BasisDecision.request_id == FRRequest.id, BasisDecision.decision == "confirmed")
    mine = (FRRequest.case_number == known(case_number)) & (FRRequest.requester_id == actor.id)
    own = db.session.scalars(select(FRRequest.id).where(mine, confirmed).limit(1)).first()
    reason = "You have no request of your own in this case whose basis the unit confirmed."
    refuse_if("disclosure.any_case", own is None, reason)


def available_items(case_number: str, actor: Actor) -> list[DisclosableItem]:
    """Return the items of the case that this person may ask to disclose. Raises Refused for a case not theirs."""
    check_own_case(case_number, actor)
    return offered_to(case_number, actor)


@enforces("LIM-7", "ACC-11")
def offered_to(case_number: str, actor: Actor) -> list[DisclosableItem]:
    """Return the items of the case without those of requests that are kept from this person.

    Under another number of the matter an investigator is offered items only where they filed a request of their own:
    that somebody linked the numbers opens nothing.
    """
    found = [item for item in available(case_number) if may_know(item.request, actor)]
    if "disclosure.any_case" in actor.capabilities:
        return found
    own = {known(case_number), *(item.request.case_number for item in found if item.request.requester_id == actor.id)}
    return [item for item in found if item.request.case_number in own]
