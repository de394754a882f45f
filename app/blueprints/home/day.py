"""The rest of "My day": what waits for a person besides their requests, and what passed to or from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access.actor import Actor
from app.access.scoping import visible
from app.blueprints.first_rows import FirstRows, first_rows
from app.blueprints.home.links import address_for
from app.domain.disclosures.overview import waiting_for, words
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import Assignment, Disposal, Incident, LineUp
from app.workflow.options import options

#: how long what passed stays in sight
PASSED = timedelta(days=7)
NONE = FirstRows((), 0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A disclosure, an incident or a disposal that is this person's turn, since when."""

    number: str
    url: str | None
    task: str
    since: datetime


def peer_reviews(actor: Actor) -> list[LineUp]:
    """Return the line-ups assigned to this person as a peer, by due time."""
    rows = visible(LineUp, actor).where(LineUp.ended.is_(None)).order_by(LineUp.due_at, LineUp.number)
    return list(db.session.scalars(rows)) if actor.can("peer.review") else []


def passed(actor: Actor, moment: datetime) -> list[Assignment]:
    """Return what passed to or from this person in the last days, newest first."""
    return workload.passed_since(actor, moment - PASSED) if actor.can("examination.work") else []


def others(actor: Actor) -> FirstRows | None:
    """Return what else waits for this person, longest first; None where their roles never have such work."""
    if not any(actor.can(name) for name in ("disclosure.read", "incident.keep", "disposal.approve")):
        return None
    disclosures = first_rows(waiting_for(actor)) if actor.can("disclosure.read") else NONE
    found = [Waiting(row.number, address_for(row, actor), words(row), row.state_since) for row in disclosures.items]
    incidents = NONE
    if actor.can("incident.keep"):
        open_ones = visible(Incident, actor).where(Incident.awaiting()).order_by(Incident.state_since)
        incidents = first_rows(open_ones)
    found += [_waiting(row, actor) for row in incidents.items]
    if actor.can("disposal.approve"):
        rows = db.session.scalars(visible(Disposal, actor).where(Disposal.awaiting()))
        found += [
            _waiting(row, actor)
            for row in rows
            if options(row, actor).permits(*(step.verb for step in row.stands.next))
        ]
    shown = sorted(found, key=lambda line: line.since)
    return FirstRows(shown, len(shown) + disclosures.more + incidents.more)


def _waiting(subject: Incident | Disposal, actor: Actor) -> Waiting:
    return Waiting(subject.number, address_for(subject, actor), subject.stands.next[0].text, subject.state_since)
