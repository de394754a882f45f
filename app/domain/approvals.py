"""The supervisor's part: approve, do not approve, continue; recall a report (SRC-5, SRC-6, SRC-7)."""

from __future__ import annotations

from app.access.actor import Actor
from app.domain.notices import tell
from app.extensions import db
from app.jobs import ask
from app.models import FinalReview, FRRequest, Report
from app.models.base import now
from app.policy import policy
from app.policy.enforcement import enforces
from app.workflow import Refused, advance


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
        request, "approve", actor, round=round_.uid if round_ else None, reason=reason,
        password_confirmed=password_confirmed,
    )  # fmt: skip
    _file(request, actor, "approved", reason)
    tell("approved", [round_.examiner_id], request)


@enforces("SRC-5", "SRC-7")
def disapprove(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """Do not approve; the investigator gets a negative report. Raises Refused."""
    round_ = request.current_round
    advance(
        request, "disapprove", actor, round=round_.uid if round_ else None, reason=reason,
        password_confirmed=password_confirmed,
    )  # fmt: skip
    _file(request, actor, "not_approved", reason)
    round_.concluded_at = now()
    tell("not_approved", [round_.examiner_id], request)
    ask("negative_report", request.number, f"negative:{request.number}:{round_.number}")


@enforces("SRC-6")
def continue_investigation(request: FRRequest, actor: Actor, instructions: str, *, password_confirmed: bool) -> None:
    """Direct personnel to continue: a fresh round, earlier ones kept. Raises Refused."""
    round_ = request.current_round
    if round_ is None:
        raise Refused("round_was_approved", "There is no round to continue.")
    advance(
        request, "continue_investigation", actor, round=round_.uid, reason=instructions,
        password_confirmed=password_confirmed,
    )  # fmt: skip
    _file(request, actor, "continued", instructions)
    round_.concluded_at = now()
    tell("continued", [round_.examiner_id, request.requester_id], request)


@enforces("SRC-8")
def prepare_report(request: FRRequest, actor: Actor) -> None:
    """The examiner prepares the possible match report: it is rendered and delivered by a job. Raises Refused."""
    round_ = request.current_round
    advance(request, "prepare_report", actor, round=round_.uid if round_ else None)
    recalled = sum(1 for report in request.reports if report.recalled_at is not None)
    ask("match_report", request.number, f"report:{request.number}:{round_.number}:{recalled}")


@enforces("SRC-5", "SRC-8")
def recall(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> Report:
    """Recall the delivered report; whoever received it is told. Raises Refused."""
    report = request.current_report
    advance(
        request, "recall_report", actor, report=report.number if report else None, reason=reason,
        password_confirmed=password_confirmed,
    )  # fmt: skip
    report.recalled_at, report.recalled_by_id = now(), actor.id
    report.seal(recall_reason=reason)
    tell("report_recalled", {request.requester_id, report.prepared_by_id}, request)
    return report


@enforces("SRC-5", "SRC-8")
def reissue(request: FRRequest, actor: Actor, reason: str, *, password_confirmed: bool) -> None:
    """Direct that a corrected report replaces the recalled one. Raises Refused."""
    report = request.current_report
    advance(
        request, "reissue_report", actor, report=report.number if report else None, reason=reason,
        password_confirmed=password_confirmed,
    )  # fmt: skip
    tell("approved", [request.current_round.examiner_id], request)
