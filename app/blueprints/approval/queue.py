"""The final-review queue: what waits for a supervisor, and every result that is not yet with its investigator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.access.actor import Actor
from app.access.scoping import visible
from app.blueprints.approval.decisions import only_without_nominee
from app.domain.approvals import check_may_read_file, check_takes_no_other_part, file_is_open, last_delivery
from app.domain.overview import due_at
from app.extensions import db
from app.models import FRRequest
from app.models.base import now
from app.models.engine import Job
from app.policy import policy
from app.workflow import Refused
from app.workflow.conditions.examination import nominee_left
from app.workflow.conditions.line_up import composing, counting

#: a supervisor decides in the states that these steps lead on from, nobody being in the way
DECIDING = ("approve", "reissue_report")
#: the result is decided, and its report not with the investigator
DELIVERING = "deliver_report"
#: delivered reports listed below the queue, newest first
RECENT = 20


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A request in the queue; `refusal` says why this supervisor cannot decide on it."""

    request: FRRequest
    due_at: datetime | None
    overdue: bool
    delivery: Job | None
    refusal: Refused | None

    @property
    def failed(self) -> bool:
        return self.delivery is not None and self.delivery.state == "failed"


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, most urgent first; what is decided and not delivered; what was delivered last."""

    waiting: tuple[QueueRow, ...]
    undelivered: tuple[QueueRow, ...]
    delivered: tuple[QueueRow, ...]


@dataclass(frozen=True, slots=True)
class BeforePeers:
    """A request before its peers: how many are assigned, how many are missing, whether the line is being composed."""

    request: FRRequest
    assigned: int
    missing: int
    composing: bool
    refusal: Refused | None


def before_peers(actor: Actor) -> list[BeforePeers]:
    """The requests in peer review, oldest first."""
    rows = visible(FRRequest, actor).where(FRRequest.state == "nominated").order_by(FRRequest.state_since)
    return [_before_peers(request, actor) for request in db.session.scalars(rows).unique()]


def _before_peers(request: FRRequest, actor: Actor) -> BeforePeers:
    refusal, assigned = None, len(counting(request.current_round))
    try:
        check_takes_no_other_part(request, actor)
    except Refused as found:
        refusal = found
    missing = policy().review.peers.count - assigned
    return BeforePeers(request, assigned, missing, composing(request.current_round), refusal)


def queue_of(actor: Actor) -> Queue:
    """The queue of a supervisor of the unit."""
    wanted = FRRequest.taking(*DECIDING, DELIVERING) | (FRRequest.state == "nominated")
    open_ones = visible(FRRequest, actor).where(wanted)
    found = list(db.session.scalars(open_ones).unique())
    left = {request.id for request in found if only_without_nominee(request) and nominee_left(request)}
    rows = [_row(request, actor) for request in found if request.state != "nominated" or request.id in left]
    rows.sort(key=lambda row: (not row.failed, not row.overdue, row.due_at or row.request.state_since))
    done = (
        visible(FRRequest, actor).where(FRRequest.taking("recall_report"))
        .order_by(FRRequest.state_since.desc()).limit(RECENT)
    )  # fmt: skip
    return Queue(
        tuple(row for row in rows if row.request.takes(*DECIDING) or row.request.id in left),
        tuple(row for row in rows if row.request.takes(DELIVERING) and row.request.id not in left),
        tuple(_row(request, actor) for request in db.session.scalars(done).unique()),
    )


def _row(request: FRRequest, actor: Actor) -> QueueRow:
    due = due_at(request)
    refusal = None
    if file_is_open(request):
        try:
            check_may_read_file(request, actor)
        except Refused as found:
            refusal = found
    return QueueRow(request, due, due is not None and now() > due, last_delivery(request), refusal)
