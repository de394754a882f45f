"""The separations of holds and disposals: proposer and approvers are three people."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models import Disposal, LegalHold, Transition
from app.workflow.registry import separation


@separation("hold_placer", "RET-11")
def hold_placer(hold: LegalHold) -> set[int]:
    return {hold.placed_by_id}


@separation("disposal_proposer", "RET-11")
def disposal_proposer(disposal: Disposal) -> set[int]:
    return {disposal.proposed_by_id}


@separation("disposal_first_approver", "RET-11")
def disposal_first_approver(disposal: Disposal) -> set[int]:
    """Return whoever approved already, by the rows and by the steps taken."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == disposal.subject_type,
        Transition.subject_id == disposal.id,
        Transition.verb == "approve",
    )
    people = {disposal.first_approver_id, *db.session.scalars(steps)}
    return {person for person in people if person is not None}
