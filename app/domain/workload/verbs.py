"""The verbs of assignment: a request is taken, assigned, handed over (SRC-2, SRC-4, AUD-2).

A round is one examiner's work from its first candidate to its nomination. Work that passes on while a round is open
ends that round as it stands, with what was recorded in it, and begins a fresh one for whoever receives it
(docs/decisions/0018-hand-over.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import joinedload

from app.access.actor import Actor, actor_last_seen, actor_of
from app.access.clearance import cleared_account
from app.access.directory import lookup
from app.access.scoping import visible
from app.calendar import today
from app.clauses import enforces
from app.domain.notices.notifications import tell
from app.domain.workload.conditions import parts_of
from app.domain.workload.overview import deadline_in_sql
from app.extensions import db
from app.models import Account, Assignment, FRRequest, Round
from app.models.base import filled
from app.policy.names import RequestVerb
from app.workflow import advance


@enforces("SRC-2")
def pass_on(request: FRRequest, kind: str, *, to: int, by: int, notes: str = "") -> Assignment:
    """Give the request to an examiner and keep the history; needs the step that allows it to have been taken.

    `kind`: "taken", "assigned", "handed_over" or "taken_over". An open round ends and a fresh one begins.
    """
    open_round = request.current_round if request.state == "under_examination" else None
    row = Assignment(
        request=request,
        round=open_round,
        kind=kind,
        state=request.state,
        from_id=request.examiner_id,
        to_id=to,
        by_id=by,
    )
    if notes:
        row.seal(notes=notes)
    db.session.add(row)
    request.examiner_id = to
    if open_round is not None:
        number = open_round.number + 1
        db.session.add(Round(request=request, search=open_round.search, number=number, examiner_id=to))
    db.session.flush()
    return row


@enforces("REQ-4", "ACC-6")
def take(request: FRRequest, actor: Actor) -> None:
    """An examiner takes a submitted request that nobody has. Raises Refused."""
    advance(request, "take", actor, to=actor.id)
    pass_on(request, "taken", to=filled(actor.id), by=filled(actor.id))


@enforces("AUD-2", "SRC-4")
def assign(request: FRRequest, actor: Actor, receiver: Actor | None, notes: str) -> None:
    """A supervisor gives the request to an examiner; work that another has passes with notes. Raises Refused.

    `receiver`: see `receiver_of`.
    """
    previous = request.examiner_id
    to = _advance(request, "assign", actor, receiver, notes)
    pass_on(request, "assigned", to=to, by=filled(actor.id), notes=notes.strip())
    tell("work_assigned" if previous is None else "work_received", [to], request)
    tell("work_reassigned", [previous], request)


@enforces("SRC-2", "SRC-4")
def hand_over(request: FRRequest, actor: Actor, receiver: Actor | None, notes: str) -> None:
    """The examiner who has the request passes it to another, with notes. Raises Refused. `receiver`: `receiver_of`."""
    to = _advance(request, "hand_over", actor, receiver, notes)
    pass_on(request, "handed_over", to=to, by=filled(actor.id), notes=notes.strip())
    tell("work_received", [to], request)


def _advance(request: FRRequest, verb: RequestVerb, actor: Actor, receiver: Actor | None, notes: str) -> int:
    """Take the step; returns the account that has the request now."""
    open_round = request.current_round if request.state == "under_examination" else None
    advance(
        request,
        verb,
        actor,
        receiver=receiver,
        notes=notes,
        previous=request.examiner_id,
        to=receiver.id if receiver else None,
        round=open_round.uid if open_round else None,
    )
    return filled(filled(receiver).id)


# Who may have it -------------------------------------------------------------------------------------------


@enforces("ACC-2", "ACC-4")
def receiver_of(account: Account | None) -> Actor | None:
    """Return the person as the directory and the training register have them now; None when gone or disabled.

    Raises DirectoryUnavailable. Ask before opening a unit of work.
    """
    entry = lookup(account.name) if account is not None else None
    if account is None or entry is None or not entry.enabled:
        return None
    return actor_of(account, entry.roles, today())


def receivers(request: FRRequest) -> list[Account]:
    """Trained examiners without another part in the request, by name, as last seen in the directory; for a list."""
    apart = parts_of(request) | {request.examiner_id or 0}
    people = db.session.scalars(select(Account).where(Account.enabled.is_(True), Account.id.not_in(apart)))
    able = [one for one in people if actor_last_seen(one).can("examination.work")]
    able = [one for one in able if cleared_account(request, one)]
    return sorted(able, key=lambda one: one.display_name)


# What there is ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amount:
    """The counts of the unit's requests: open, unassigned, past their time."""

    open: int
    unassigned: int
    overdue: int


def open_work(
    actor: Actor, gone: Collection[int], moment: datetime, *, show: str = "", priority: str = ""
) -> Select[FRRequest]:
    """The open requests of the unit that this person may know of, what is due first first.

    show: "unassigned" or "overdue", else all. gone: examiners who are no longer available.
    """
    rows = visible(FRRequest, actor).where(FRRequest.having("due"))
    if show == "unassigned":
        rows = rows.where(_unassigned(gone))
    elif show == "overdue":
        rows = rows.where(_overdue(moment))
    if priority:
        rows = rows.where(FRRequest.priority == priority)
    return rows.options(joinedload(FRRequest.examiner)).order_by(deadline_in_sql(), FRRequest.id)


def count_open_work(actor: Actor, gone: Collection[int], moment: datetime) -> Amount:
    """Count the open requests."""
    rows = (
        visible(FRRequest, actor)
        .where(FRRequest.having("due"))
        .with_only_columns(
            func.count(), *(func.sum(case((one, 1), else_=0)) for one in (_unassigned(gone), _overdue(moment)))
        )
    )
    return Amount(*(count or 0 for count in db.session.execute(rows).one()))


def _unassigned(gone: Collection[int]) -> ColumnElement[bool]:
    nobody = FRRequest.examiner_id.is_(None) | (FRRequest.state == "continued")
    return nobody | FRRequest.examiner_id.in_(gone)


def _overdue(moment: datetime) -> ColumnElement[bool]:
    return deadline_in_sql() < moment.timestamp()


# What passed -----------------------------------------------------------------------------------------------


def history(request: FRRequest) -> list[Assignment]:
    """Return every assignment of the request, oldest first, with the people."""
    return list(db.session.scalars(_with_people().where(Assignment.request_id == request.id).order_by(Assignment.id)))


def passed_since(actor: Actor, moment: datetime) -> list[Assignment]:
    """Return what this person gave or received since then, newest first; not what they took themselves."""
    between = Assignment.kind.in_(("assigned", "handed_over"))
    theirs = or_(Assignment.from_id == actor.id, Assignment.to_id == actor.id)
    rows = _with_people().where(between, theirs, Assignment.created_at >= moment).order_by(Assignment.id.desc())
    return [row for row in db.session.scalars(rows) if row.request.state != "disposed"]


def endings(request: FRRequest) -> dict[int, Assignment]:
    """Map ids of rounds ended by an assignment to that assignment."""
    rows = _with_people().where(Assignment.request_id == request.id, Assignment.round_id.is_not(None))
    return {filled(row.round_id): row for row in db.session.scalars(rows)}


def _with_people() -> Select[Assignment]:
    return select(Assignment).options(
        joinedload(Assignment.request),
        joinedload(Assignment.giver),
        joinedload(Assignment.receiver),
        joinedload(Assignment.by),
        joinedload(Assignment.round),
    )
