"""The supervisor's part: approve, do not approve, continue; recall a report (SRC-5, SRC-6, SRC-7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.audit.chain import canonical
from app.clauses import enforces
from app.domain.examination.conditions import nominee_left
from app.domain.notices.notifications import tell
from app.domain.peers.selection import withdraw_open
from app.extensions import db
from app.models import FinalReview, FRRequest, Report
from app.models.base import filled, now
from app.models.engine import AuditEvent, Job
from app.outbox import ask
from app.policy import policy
from app.policy.refused import Refused
from app.workflow import advance
from app.workflow.engine import check_separations

#: report kind -> the job that delivers it, the state in which it is due
DELIVERIES = {"possible_match": ("match_report", "approved"), "negative": ("negative_report", "negative")}


def file_is_open(request: FRRequest) -> bool:
    """Tell whether a supervisor may open the file: after peer review, or when nobody is left for peers to compare."""
    return request.has("file_open") or (request.state == "nominated" and nominee_left(request))


@enforces("SRC-4", "SRC-5", "ACC-6")
def check_may_read_file(request: FRRequest, actor: Actor) -> None:
    """Refuse anyone who holds another part in the request, and everyone while examiners and peers still work on it."""
    check_takes_no_other_part(request, actor)
    approval = _approval(request)
    if not file_is_open(request):
        title = request.stands.title
        raise Refused(approval.id, f"The request is now in the state “{title}”; its file opens after peer review.")


@enforces("SRC-5", "ACC-6")
def check_takes_no_other_part(request: FRRequest, actor: Actor) -> None:
    """Refuse anyone who holds another part in the request than its final review."""
    check_separations(_approval(request), request, actor)


def _approval(request: FRRequest) -> Any:
    return next(row for row in policy().workflow(request.subject_type).transitions if row.verb == "approve")


def _file(request: FRRequest, actor: Actor, decision: str, reason: str) -> None:
    row = FinalReview(
        round=request.current_round, supervisor_id=actor.id, decision=decision, policy_version=policy().version
    )
    row.seal(reason=reason)
    db.session.add(row)
    db.session.flush()


@enforces("SRC-5", "SRC-6", "FAIR-1")
def approve(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """Approve a possible match on which the round is unanimous. Raises Refused."""
    round_ = request.current_round
    advance(
        request,
        "approve",
        actor,
        round=round_.uid if round_ else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    _file(request, actor, "approved", reason)
    tell("approved", [filled(round_).examiner_id], request)


@enforces("SRC-5", "SRC-7")
def disapprove(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """Do not approve; the investigator gets a negative report. Raises Refused."""
    round_ = request.current_round
    advance(
        request,
        "disapprove",
        actor,
        round=round_.uid if round_ else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    _file(request, actor, "not_approved", reason)
    round_ = filled(round_)
    withdraw_open(round_, "decided", reason)
    round_.concluded_at = now()
    tell("not_approved", [round_.examiner_id], request)
    _ask_for_delivery(request, "negative")


@enforces("SRC-6")
def continue_investigation(request: FRRequest, actor: Actor, instructions: str, *, password_confirmed: bool) -> None:
    """Direct personnel to continue: a fresh round, earlier ones kept. Raises Refused."""
    round_ = request.current_round
    if round_ is None:
        raise Refused("round_was_approved", "There is no round to continue.")
    advance(
        request,
        "continue_investigation",
        actor,
        round=round_.uid,
        reason=instructions,
        password_confirmed=password_confirmed,
    )
    _file(request, actor, "continued", instructions)
    withdraw_open(round_, "decided", instructions)
    round_.concluded_at = now()
    tell("continued", [round_.examiner_id, request.requester_id], request)


@enforces("SRC-8")
def prepare_report(request: FRRequest, actor: Actor) -> Job:
    """The examiner prepares the possible match report: it is rendered and delivered by a job. Raises Refused."""
    round_ = request.current_round
    advance(request, "prepare_report", actor, round=round_.uid if round_ else None)
    return _ask_for_delivery(request, "possible_match")


@enforces("SRC-7", "SRC-8")
def retry_delivery(request: FRRequest, actor: Actor) -> Job:
    """Have a failed delivery tried again, at the word of the unit's examiners or supervisors. Raises Refused."""
    kind = due_kind(request)
    if not (actor.can("report.prepare") or actor.can("approval.decide")):
        raise Refused("report.prepare", "Only the unit delivers reports.")
    last = last_delivery(request)
    if kind is None or last is None or last.state != "failed":
        raise Refused("WF-report", "No delivery of a report of this request has failed.")
    audit.record("report.retried", request, actor=actor, kind=kind)
    return _ask_for_delivery(request, kind)


def due_kind(request: FRRequest) -> str | None:
    """Return the kind of report that the request's state makes due, or None."""
    return next((kind for kind, (_, state) in DELIVERIES.items() if state == request.state), None)


@enforces("SRC-7")
def result_of(request: FRRequest) -> str | None:
    """Return the kind of result that the unit's pages name: that of the report in force, due or recalled.

    Before there is any, it is the possible match under review. A search that ended unexamined has none.
    """
    if request.state == "unexamined":
        return None
    if request.state == "superseded" and request.current_report is not None:
        return request.current_report.kind
    return request.result or due_kind(request) or "possible_match"


def deliveries(request: FRRequest) -> list[Job]:
    """Return the delivery jobs of the request, oldest first."""
    kinds = [job for job, _ in DELIVERIES.values()]
    rows = select(Job).where(Job.kind.in_(kinds), Job.subject_id == request.number).order_by(Job.id)
    return list(db.session.scalars(rows))


def last_delivery(request: FRRequest) -> Job | None:
    """Return the newest delivery job of the report due now, or None when nobody asked for it yet."""
    return last_deliveries([request]).get(request.id)


def last_deliveries(requests: Iterable[FRRequest]) -> dict[int, Job]:
    """Map request ids to the newest delivery job of the report due now; requests without one are left out."""
    due = {request.number: request for request in requests if due_kind(request) is not None}
    kinds = [job for job, _ in DELIVERIES.values()]
    found: dict[int, Job] = {}
    for job in db.session.scalars(select(Job).where(Job.subject_id.in_(due), Job.kind.in_(kinds)).order_by(Job.id)):
        if job.created_at >= due[job.subject_id].state_since:
            found[due[job.subject_id].id] = job
    return found


def _ask_for_delivery(request: FRRequest, kind: str) -> Job:
    """Ask for one job per due report, and for another only after that one gave up."""
    last = last_delivery(request)
    if last is not None and last.state != "failed":
        return last
    job, _ = DELIVERIES[kind]
    return ask(job, request.number, f"{job}:{request.number}:{len(deliveries(request)) + 1}")


def recipients(report: Report) -> set[int | None]:
    """Return everybody who has the report: its requester, who prepared it, and whoever downloaded it."""
    rows = select(AuditEvent.actor_id).where(
        AuditEvent.event == "report.downloaded", AuditEvent.keys == canonical({"report": report.number})
    )
    return {report.request.requester_id, report.prepared_by_id, *db.session.scalars(rows)}


@enforces("SRC-5", "SRC-8")
def recall(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> Report:
    """Recall the delivered report; everybody who has it is told. Raises Refused."""
    report = request.current_report
    advance(
        request,
        "recall_report",
        actor,
        report=report.number if report else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    report = filled(report)
    report.recalled_at, report.recalled_by_id = now(), actor.id
    report.seal(recall_reason=reason)
    tell("report_recalled", recipients(report), request)
    return report


@enforces("SRC-5", "SRC-8")
def reissue(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """Direct that a corrected report replaces the recalled one. Raises Refused."""
    report = request.current_report
    advance(
        request,
        "reissue_report",
        actor,
        report=report.number if report else None,
        reason=reason,
        password_confirmed=password_confirmed,
    )
    tell("report_due", [request.examiner_id], request)
