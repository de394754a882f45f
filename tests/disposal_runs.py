"""Helpers for tests of disposals: running the handler as a worker does, and killing it at a chosen call."""

from __future__ import annotations

from sqlalchemy import select

from app import audit
from app.domain.oversight import trail_check
from app.domain.retention import verbs as retention
from app.extensions import db
from app.jobs.retention import disposals as disposal_job
from app.models import (
    AnswerJudgment,
    Arrest,
    CaseRecord,
    Clearance,
    Disposal,
    EvidenceItem,
    EvidenceJudgment,
    FRRequest,
    Job,
    NewGround,
)
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.retention_factory import RetentionFactory

CASE = "2026-075-07777"
KEPT = "2026-075-08888"


def request_of(record: CaseRecord) -> FRRequest:
    return retention.requests_of(record)[0]


def chain_faults() -> list:
    """Return the faults of the trail, with those of each step and its event."""
    db.session.rollback()
    with trail_check.one_moment() as session:
        return list(trail_check.faults(session))


class Killed(BaseException):
    """Raised in place of a kill: nothing in the program catches it, and open work is rolled back, as after a crash."""


def killing(monkeypatch, owner, name: str, *, after: bool, nth: int = 1) -> None:
    """Make the n-th call of a function the last thing that happens, done or not."""
    original, calls = getattr(owner, name), []

    def last(*args, **kwargs):
        calls.append(name)
        if len(calls) == nth and not after:
            raise Killed(name)
        answer = original(*args, **kwargs)
        if len(calls) == nth:
            raise Killed(name)
        return answer

    monkeypatch.setattr(owner, name, last)


def run(disposal: Disposal) -> None:
    """Run the handler as a worker does, in a session of its own."""
    db.session.rollback()
    job = db.session.scalars(select(Job).where(Job.kind == "disposal", Job.subject_id == disposal.number)).one()
    disposal_job.execute_disposal(job)


def add_rare_words(request: FRRequest, keep: RetentionFactory) -> None:
    """Add what few requests hold, past the verbs: words on an answer and on evidence, a mistake, an arrest, a name."""
    round_, version = request.current_round, policy().version
    named, by = (keep.people.account(name) for name in ("k.rowan", "r.falcon"))
    check, nominee = round_.background_checks[0], round_.nominee
    mistaken = {"person_id": nominee.person_id, "kind": "mistake", "recorded_by_id": by.id}
    arrested = {"year": 2015, "basis": "no_lead", "in_hand": 0, "recorded_by_id": by.id}
    with unit_of_work(), db.session.no_autoflush:
        judged = AnswerJudgment(check=check, rule="x", supervisor_id=by.id, agreed=True, policy_version=version)
        judged.seal(words="The Montevideo lamp was broken.", about={"text": "Said in Casablanca."})
        ground = NewGround(round=round_, policy_version=version, **mistaken)
        ground.seal(text="The peer looked at the Samarkand picture.")
        arrest = Arrest(request=request, policy_version=version, **arrested)
        arrest.seal(facts={"ground": "Seen at the Valparaiso gate."})
        clearance = Clearance(request=request, account=named, named_by_id=by.id)
        clearance.seal(reason="Knows the Trondheim matter.")
        item = EvidenceItem(
            request=request,
            recorded_by_id=by.id,
            policy_version=version,
            kind="records",
            timing="after_lead",
            depends=False,
        )
        item.seal(facts={"speaks": "for"}, dated="no")
        word = EvidenceJudgment(item=item, supervisor_id=by.id, agreed=True, policy_version=version)
        word.seal(words="I signed the sheet at Ouagadougou.")
        db.session.add_all((judged, ground, arrest, clearance, item, word))
        audit.record("request.saved", request, fields=["words"])
