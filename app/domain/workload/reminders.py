"""Reminders, each given once (REQ-1, AUD-2, SRC-7).

A request is past its time, or lies unassigned too long; a finished search is without a conclusion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app import audit
from app.access.actor import system_actor
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.notices.notifications import tell
from app.domain.workload.conclusions import conclude_by, escalates_at
from app.domain.workload.overview import deadline, unassigned, without_examiner
from app.extensions import db
from app.models import FRRequest, Notification
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder: which notification, about which request, to which accounts."""

    kind: str
    number: str
    people: frozenset[int]


@enforces("AUD-2", "SRC-7")
def remind() -> int:
    """Give every reminder that is due and was not given yet; answers how many people were reminded.

    Each has a unit of work of its own and is looked at again in it: of two that run at once, one reminds.
    """
    due = [one.number for one in _open() if _reminders(one, now())]
    given = 0
    for number in due:
        with unit_of_work():
            locked = select(FRRequest).where(FRRequest.number == number).with_for_update()
            request = db.session.scalars(locked).one()
            for reminder in _reminders(request, now()):
                tell(reminder.kind, reminder.people, request)
                audit.record(
                    "request.reminded",
                    request,
                    actor=system_actor(),
                    reminder=reminder.kind,
                    people=sorted(reminder.people),
                )
                given += len(reminder.people)
    return given


def _open() -> list[FRRequest]:
    waits = FRRequest.having("assigned") | without_examiner() | FRRequest.is_inconclusive()
    return list(db.session.scalars(select(FRRequest).where(waits).order_by(FRRequest.id)))


def _reminders(request: FRRequest, moment: datetime) -> list[Reminder]:
    """Return the reminders due for this request and not yet given: at most one of each kind."""
    found = [*_of_work(request, moment), *_of_conclusion(request, moment)]
    return [reminder for reminder in found if reminder.people]


def _of_work(request: FRRequest, moment: datetime) -> list[Reminder]:
    free = unassigned(request)
    if not free and not request.has("assigned"):
        return []
    # in a continuation the examiner of the request is that of the round that ended
    holder = None if free else request.examiner_id
    responsible = [holder] if holder is not None else holders_of("work.assign")
    found = []
    if moment > deadline(request):
        found.append(_new_reminder("past_due", request, responsible))
    allowed = policy().request.priorities[request.priority].unassigned_minutes
    if holder is None and allowed is not None and moment > request.state_since + timedelta(minutes=allowed):
        found.append(_new_reminder("lies_unassigned", request, responsible))
    return found


def _of_conclusion(request: FRRequest, moment: datetime) -> list[Reminder]:
    """Return whom the wait for a search's conclusion is told: who has the work, who asked, then who watches over it."""
    due, escalates = conclude_by(request), escalates_at(request)
    if due is None or escalates is None or moment <= due:
        return []
    # before peers, in final review and after a recall it is not the examiner who concludes
    holder = request.examiner_id if request.has("assigned") else None
    responsible = [holder] if holder is not None else holders_of("work.assign")
    found = [
        _new_reminder("conclusion_due", request, responsible),
        _new_reminder("conclusion_late", request, [request.requester_id]),
    ]
    if moment > escalates:
        watching = {*holders_of("work.assign"), *holders_of("misuse.read")}
        found.append(_new_reminder("conclusion_overdue", request, watching))
    return found


def _new_reminder(kind: str, request: FRRequest, people: Iterable[int]) -> Reminder:
    reminded = select(Notification.account_id).where(
        Notification.kind == kind, Notification.subject_type == "request", Notification.subject_key == request.number
    )
    return Reminder(kind, request.number, frozenset(people) - set(db.session.scalars(reminded)))
