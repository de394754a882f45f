"""What a case holds that can be disclosed: submitted originals and delivered reports, never a candidate (EXT-1, EXT-2).

A case is every request under one case number. Only requests with a delivered report count: what is still being examined
is not a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select

from app.access.actor import Actor
from app.clauses import enforces
from app.extensions import db
from app.models.approval import Report
from app.models.base import filled
from app.models.requests import FRRequest, ProbeImage
from app.policy.facts import normal_case_number
from app.workflow.engine import refuse_if


@dataclass(frozen=True, slots=True)
class DisclosableItem:
    """One thing of the case: `kind` is "original" or "report", `row` the image or report, `sha256` of its bytes."""

    kind: str
    uid: str
    sha256: str
    row: ProbeImage | Report

    @property
    def request(self) -> FRRequest:
        """The request it belongs to."""
        return self.row.request


def available(case_number: str) -> list[DisclosableItem]:
    """Everything of the case that can be disclosed, request by request: its originals, then its reports."""
    delivered = exists().where(Report.request_id == FRRequest.id, Report.delivered_at.is_not(None))
    rows = select(FRRequest).where(FRRequest.case_number == normal_case_number(case_number), delivered)
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


@enforces("EXT-1", "EXT-2")
def required(case_number: str) -> list[DisclosableItem]:
    """What the prosecutor's package must hold: all of it, the negative and the recalled reports too."""
    return available(case_number)


@enforces("ACC-6", "ACC-11")
def check_own_case(case_number: str, actor: Actor) -> None:
    """Refused for a case in which the actor filed no request, unless their duty is with every case."""
    if "disclosure.any_case" in actor.capabilities:
        return
    number = normal_case_number(case_number)
    own = select(FRRequest.id).where(FRRequest.case_number == number, FRRequest.requester_id == actor.id)
    mine = db.session.scalars(own.limit(1)).first() is not None
    refuse_if("disclosure.any_case", not mine, "You have no request of your own in this case.")


def available_items(case_number: str, actor: Actor) -> list[DisclosableItem]:
    """What this person may ask to be disclosed from the case. Raises Refused for a case that is not theirs."""
    check_own_case(case_number, actor)
    return available(case_number)
