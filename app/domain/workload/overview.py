"""The overview of work: what waits for a person, what they wait for, what is overdue, by the rules of each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import joinedload, selectinload

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.accounts.training import needs_training
from app.domain.identification.lineage import last_asked
from app.extensions import db
from app.models.accounts import Account, SignInFailure, TrainingRecord
from app.models.base import now
from app.models.engine import AuditEvent, Job
from app.models.examination import Round
from app.models.oversight import MisuseReport
from app.models.requests import FRRequest
from app.models.sql_seconds import seconds
from app.policy import policy
from app.policy.types import Next, Part
from app.workflow.options import options

EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A request in a list. `task` is empty for somebody who waits; `own` marks a requester, who sees less."""

    request: FRRequest
    task: str
    own: bool
    due_at: datetime | None
    overdue: bool
    unassigned: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The requests of a person's day, by due time; what has none comes last."""

    mine: tuple[ListedRequest, ...]
    waited: tuple[ListedRequest, ...]
    unassigned: tuple[ListedRequest, ...]

    @property
    def next_due(self) -> ListedRequest | None:
        """Return the first of the person's own tasks whose time has not passed yet."""
        return next((line for line in self.mine if line.due_at is not None and not line.overdue), None)

    @property
    def overdue(self) -> int:
        """Count the different requests of the board that are overdue."""
        lines = (*self.mine, *self.waited, *self.unassigned)
        return len({line.request.id for line in lines if line.overdue})


def due_at(request: FRRequest) -> datetime | None:
    """Return when the answer is due: its priority's hours after submission; None before that and once answered."""
    if request.submitted_at is None or not request.has("due"):
        return None
    return deadline(request)


def deadline(request: FRRequest) -> datetime:
    """The priority's hours after submission, answered or not; of a draft, after it was begun."""
    hours = policy().request.priorities[request.priority].due_hours
    return (request.submitted_at or request.created_at) + timedelta(hours=hours)


def deadline_in_sql() -> ColumnElement[float]:
    """Return `deadline` as SQL, in seconds since 1970, to order by and compare with."""
    due = {priority.id: priority.due_hours * 3600 for priority in policy().request.priorities.values()}
    begun = seconds(func.coalesce(FRRequest.submitted_at, FRRequest.created_at))
    return begun + case(due, value=FRRequest.priority)


def asked_of(request: FRRequest, actor: Actor) -> Next | None:
    """Return what this person is asked to do with the request now, or None. The step's rule says who may."""
    asked = [step for step in request.stands.next if _asked(request, step, actor)]
    able = options(request, actor)
    return next((step for step in asked if able.permits(step.verb)), None)


def task(request: FRRequest, actor: Actor) -> str:
    """Return the same in words; empty when nothing is asked."""
    step = asked_of(request, actor)
    return step.text if step is not None else ""


def due_of(request: FRRequest, part: Part) -> str:
    """Return what is due from a part in the request, in words; empty when nothing is."""
    return next((step.text for step in request.stands.next if step.by == part and _applies(request, step)), "")


def _asked(request: FRRequest, step: Next, actor: Actor) -> bool:
    """Tell whether a step is this person's to take, by their part in the request."""
    own = {
        "requester": request.requester_id == actor.id,
        "named_supervisor": request.discussing_supervisor_id == actor.id,
        "examiner": unassigned(request) or request.examiner_id == actor.id,
        "anyone": True,
    }
    return own[step.by] and _applies(request, step)


def _applies(request: FRRequest, step: Next) -> bool:
    """Tell whether a step due in the state applies to this request."""
    if step.verb == "confirm_discussion":
        return request.discussion_confirmed_at is None
    if step.verb == "accept":
        return request.discussion_confirmed_at is not None
    if step.verb == "assign":
        return request.examiner_id is None
    if step.verb == "agree_to_repeat":
        asked = last_asked(request.current_search) if request.current_search is not None else None
        return asked is not None and asked.decision is None
    if step.verb == "agree_to_answer":
        round_ = request.current_round
        return round_ is not None and any(check.awaits for check in round_.background_checks)
    if step.verb == "judge_evidence":
        return any(item.awaits_word for item in request.evidence)
    if step.verb == "record_corroboration":
        # a negative result is no lead: there is nothing that could corroborate it
        return request.current_report is not None and request.current_report.kind == "possible_match"
    return True


def unassigned(request: FRRequest) -> bool:
    """Tell whether work waits for an examiner and nobody has it: not taken yet, or in a continuation (SRC-6)."""
    waits = request.state in request.flow().awaiting("examiner")
    return waits and (request.examiner_id is None or not request.has("assigned"))


def without_examiner() -> ColumnElement[bool]:
    """Select the requests that are `unassigned`."""
    return FRRequest.awaiting("examiner") & (FRRequest.examiner_id.is_(None) | ~FRRequest.having("assigned"))


@enforces("ACC-2")
def board(actor: Actor, available: Callable[[Account], bool]) -> Board:
    """The lists of one person's home page.

    `available` says whether an examiner is still in the unit, enabled and trained; work of one who is not is
    unassigned and shown to the whole unit.
    """
    moment = now()
    mine, waited, unassigned = [], [], []
    for request in _open_requests(actor):
        due = due_at(request)
        own = request.requester_id == actor.id
        line = ListedRequest(request, task(request, actor), own, due, due is not None and moment > due)
        if _left_behind(request, available) and (actor.can("examination.work") or actor.can("approval.decide")):
            unassigned.append(ListedRequest(request, "Take it over", own, due, line.overdue, unassigned=True))
        elif line.task:
            mine.append(line)
        elif own or request.examiner_id == actor.id:
            waited.append(line)
    return Board(*(tuple(sorted(lines, key=_urgency)) for lines in (mine, waited, unassigned)))


def _open_requests(actor: Actor) -> list[FRRequest]:
    rows = (
        visible(FRRequest, actor)
        .where(~FRRequest.having("final"))
        .options(
            joinedload(FRRequest.requester),
            joinedload(FRRequest.examiner),
            selectinload(FRRequest.searches),
            selectinload(FRRequest.rounds).selectinload(Round.peer_reviews),
            selectinload(FRRequest.rounds).selectinload(Round.final_reviews),
            selectinload(FRRequest.rounds).selectinload(Round.background_checks),
            selectinload(FRRequest.reports),
        )
    )
    return list(db.session.scalars(rows).unique())


def _left_behind(request: FRRequest, available: Callable[[Account], bool]) -> bool:
    return request.takes("take_over") and request.examiner is not None and not available(request.examiner)


def _urgency(line: ListedRequest) -> tuple[bool, datetime]:
    return line.due_at is None, line.due_at or line.request.state_since


# Figures of other roles ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Training:
    """One examiner's mandatory training; `record` is the newest that is not revoked."""

    account: Account
    record: TrainingRecord | None
    standing: str

    @property
    def current(self) -> bool:
        return self.standing in ("current", "ending")


@enforces("ACC-4")
def training_of(account: Account, today: date) -> Training:
    """Return the status: current, ending (within thirty days), expired, ahead (dated later) or missing."""
    records = [record for record in account.training if record.revoked_at is None]
    if not records:
        return Training(account, None, "missing")
    newest = max(records, key=lambda record: record.expires_on)
    if newest.current(today):
        return Training(account, newest, "ending" if newest.expires_on - today <= EXPIRES_SOON else "current")
    return Training(account, newest, "ahead" if newest.completed_on > today else "expired")


def to_be_trained() -> list[Account]:
    """Return whoever's roles ask for training, as last seen in the directory, by name, with their records."""
    rows = select(Account).where(Account.enabled.is_(True)).options(selectinload(Account.training))
    people = [account for account in db.session.scalars(rows) if needs_training(account.roles)]
    return sorted(people, key=lambda account: account.display_name)


def unit_supervisors() -> list[Account]:
    """Return the supervisors who keep the training records, whom an untrained examiner asks."""
    people = db.session.scalars(select(Account).where(Account.enabled.is_(True)))
    return sorted((a for a in people if "fr_supervisor" in a.roles), key=lambda account: account.display_name)


def unread_misuse() -> int:
    """Count the reports of misuse that no integrity officer has opened."""
    return db.session.scalar(select(func.count(MisuseReport.id)).where(MisuseReport.read_at.is_(None))) or 0


def refusals_since(moment: datetime) -> int:
    """Count the refusals in the audit trail since then: of access, of an action, of sign-in."""
    # stored as ISO 8601 text in UTC with microseconds, which sorts as time does
    since = moment.isoformat(timespec="microseconds")
    wanted = ("access.refused", "workflow.refused", "session.refused", "training.absent")
    rows = select(func.count(AuditEvent.sequence)).where(AuditEvent.event.in_(wanted), AuditEvent.at >= since)
    return db.session.scalar(rows) or 0


def last_sequence() -> int:
    """The number of the newest audit event."""
    return db.session.scalar(select(func.max(AuditEvent.sequence))) or 0


def failed_jobs() -> int:
    """Count the jobs that failed in the last seven days."""
    rows = select(func.count(Job.id)).where(Job.state == "failed", Job.created_at > now() - timedelta(days=7))
    return db.session.scalar(rows) or 0


def waiting_jobs() -> int:
    """Count the jobs that are queued or running."""
    return db.session.scalar(select(func.count(Job.id)).where(Job.state.in_(("queued", "running")))) or 0


def sign_in_failures() -> int:
    """How many sign-ins failed in the last day and were not followed by a success of the same name."""
    rows = select(func.count(SignInFailure.id)).where(SignInFailure.created_at > now() - timedelta(days=1))
    return db.session.scalar(rows) or 0
