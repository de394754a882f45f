"""Legal holds: placed on a case record or a person file, released by another person (RET-11).

Both verbs need an open unit of work and raise Refused; neither commits.
"""

from __future__ import annotations

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.numbers import draw
from app.domain.retention.eligibility import Target, being_erased, locked
from app.extensions import db
from app.models.base import now
from app.models.retention import CaseRecord, LegalHold
from app.policy import policy
from app.policy.reasons import gives_reason
from app.workflow.engine import advance, explain, refuse_if


@enforces("RET-11")
def place(target: Target, actor: Actor, kind: str, reason: str) -> LegalHold:
    """Hold a record whatever its period.

    Refused for a kind the rules do not have, without a reason, and for what is disposed of or being erased: that
    cannot be held any more.
    """
    check_capability(actor, "hold.place")
    target = locked(target)
    refuse_if("hold_wins", kind not in policy().retention.holds, "Choose the kind of hold.")
    refuse_if("reason_given", not gives_reason(policy(), reason), "Write the reason.")
    gone = target.disposed_at is not None or being_erased(target)
    refuse_if("hold_wins", gone, "The record was disposed of; nothing remains to be held.")
    hold = LegalHold(number=draw("H"), kind=kind, placed_by_id=actor.id)
    if isinstance(target, CaseRecord):
        hold.case_record = target
    else:
        hold.person_file = target
    hold.seal(reason=reason.strip())
    db.session.add(hold)
    db.session.flush()
    audit.record("hold.placed", hold, actor=actor, kind=kind, on=key_of(target))
    return hold


@enforces("RET-11")
def release(hold: LegalHold, actor: Actor, reason: str) -> None:
    """End a hold that another person placed. Raises Refused."""
    target = locked(hold.held)
    facts = {"reason": reason, "on": key_of(target)}
    refused = explain(hold, "release", actor, **facts)
    if refused is not None:
        raise refused
    # set before the step: a released hold without its releaser would break the table's own check
    hold.released_by_id, hold.released_at = actor.id, now()
    hold.seal(release_reason=reason.strip())
    with db.session.no_autoflush:
        advance(hold, "release", actor, **facts)


def key_of(target: Target) -> str:
    """Return a held record as events name it: its kind and public id."""
    return f"{target.subject_type}:{getattr(target, target.lookup)}"
