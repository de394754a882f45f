"""Subjects of every workflow put straight into a state, as rows: for tests of the engine alone.

`MAKERS` has an entry for each subject type of the policy; a new workflow adds its own. A maker knows the states that
the table's own CHECK accepts, writes a row that any state accepts, and gives every part to a different person.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app import audit
from app.calendar import today
from app.extensions import db, stores
from app.models import (
    AlgorithmChange,
    CaseRecord,
    Disclosure,
    DisclosureDecision,
    Disposal,
    FinalReview,
    FRRequest,
    Incident,
    LegalHold,
    PeerReview,
    Round,
    SealingOrder,
)
from app.models import disclosures as disclosure_model
from app.models import disclosures as incident_model
from app.models import requests as request_model
from app.models import retention as disposal_model
from app.models import retention as retention_model
from app.models import sealing as sealing_model
from app.models.algorithms import CHANGE_STATES
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work


@dataclass(frozen=True)
class Maker:
    """How a test makes a subject: the states of its table, a row in its initial state, its parts."""

    states: tuple[str, ...]
    new: Callable[[Any], Any]
    #: gives every part to a different person in memory; returns separation -> account id
    with_parts: Callable[[Any, Any], dict[str, int]]
    #: what the table wants beside the state, as (column, value); nothing for most
    beside: Callable[[str, Any], dict[str, Any]] = lambda state, people: {}

    def in_state(self, people: Any, state: str) -> Any:
        """A row put straight into a state, past the engine."""
        subject, beside = self.new(people), self.beside(state, people)
        with unit_of_work() as rows:
            rows.add(subject)
            rows.flush()
            audit.record("request.saved", subject, fields=[])
            table = type(subject).__tablename__
            values = {"state": state, **beside}
            columns = ", ".join(f"{column} = :{column}" for column in values)
            rows.execute(text(f"UPDATE {table} SET {columns} WHERE id = :id"), {**values, "id": subject.id})
        db.session.expire_all()
        return subject


_numbers = itertools.count(1)


def _number(series: str) -> str:
    return f"{series}-T-{next(_numbers)}"


def _request(people: Any) -> FRRequest:
    return FRRequest(
        number=_number("FR"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        requester_id=people.account("d.lark").id,
        command="",
        case_number="DB-2026-1",
        use_id="USE-1",
        submission=1,
        examiner_id=people.account("k.rowan").id,
        discussing_supervisor_id=people.account("s.alder").id,
    )


def _request_parts(request: FRRequest, people: Any) -> dict[str, int]:
    parts = {
        "requester": "d.lark",
        "examiner": "k.rowan",
        "peer": "j.maple",
        "supervisor": "c.hawthorn",
        "discussing_supervisor": "s.alder",
    }
    ids = {part: people.account(name).id for part, name in parts.items()}
    round_ = Round(request_id=request.id, search_id=0, number=1, examiner_id=ids["examiner"])
    round_.peer_reviews = [PeerReview(peer_id=ids["peer"], opinion="p2")]
    round_.final_reviews = [FinalReview(supervisor_id=ids["supervisor"], decision="continued", policy_version="")]
    with db.session.no_autoflush:
        request.rounds = [round_]
        db.session.expunge(round_)
    return ids


def _disclosure(people: Any) -> Disclosure:
    asker = people.account("d.lark").id
    return Disclosure(
        number=_number("D"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        asked_by_id=asker,
        case_number="DB-2026-1",
        recipient_kind="prosecutor",
        basis="D6",
        purpose="criminal_prosecution",
        immigration=False,
        submission=1,
        submitted_at=now(),
        release_by=today() + timedelta(days=9),
        received_on=today(),
        acknowledged_by_id=asker,
    )


def _disclosure_parts(disclosure: Disclosure, people: Any) -> dict[str, int]:
    ids = {"disclosure_asker": disclosure.asked_by_id, "disclosure_decider": people.account("y.hazel").id}
    decision = DisclosureDecision(
        submission=1,
        asked_by_id=ids["disclosure_asker"],
        decided_by_id=ids["disclosure_decider"],
        kind="approved",
        policy_version="",
        release_by=disclosure.release_by,
    )
    with db.session.no_autoflush:
        disclosure.decisions = [decision]
        db.session.expunge(decision)
    return ids


def _incident(people: Any) -> Incident:
    moment = now()
    return Incident(
        number=_number("I"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        aware_at=moment,
        recorded_by_id=people.account("y.hazel").id,
        reported_at=moment,
        harm="none",
        notice="give",
        required_by_law=False,
        consulted=True,
        closed_at=moment,
    )


def _case_record(people: Any) -> CaseRecord:
    return CaseRecord(
        case_number=_number("DB"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        classified_by_id=people.account("b.juniper").id,
        classified_at=now(),
    )


def _hold(people: Any) -> LegalHold:
    return LegalHold(
        number=_number("H"),
        kind="litigation",
        case_record=_case_record(people),
        placed_by_id=people.account("b.juniper").id,
    )


def _released(state: str, people: Any) -> dict[str, Any]:
    released = state == "released"
    return {"released_by_id": people.account("y.hazel").id, "released_at": _text(now())} if released else {}


def _disposal(people: Any) -> Disposal:
    return Disposal(
        number=_number("DP"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        proposed_by_id=people.account("b.juniper").id,
        first_approver_id=people.account("p.aspen").id,
        second_approver_id=people.account("y.hazel").id,
        certificate_blob_id="0" * 32,
        certificate_sha256="0" * 64,
    )


def _disposal_parts(disposal: Disposal, people: Any) -> dict[str, int]:
    return {"disposal_proposer": disposal.proposed_by_id, "disposal_first_approver": disposal.first_approver_id}


def _sealing(people: Any) -> SealingOrder:
    number = _number("SO")
    return SealingOrder(
        number=number,
        key_id=stores().keys.create(),
        policy_version=policy().version,
        kind="sealed",
        dated=today(),
        order_digest=number,
        way="command",
        removed_at=now(),
        generation=1,
        destroyed={},
        certificate_blob_id="0" * 32,
        certificate_sha256="0" * 64,
    )


def _text(moment: datetime) -> str:
    """Return a time as text in the database's format."""
    return moment.isoformat(sep=" ")


def _algorithm_change(people: Any) -> AlgorithmChange:
    return AlgorithmChange(
        number=_number("AC"),
        source_model="one",
        source_digest="1" * 64,
        target_model="two",
        target_digest="2" * 64,
        begun_by_id=people.account("f.spruce").id,
        evaluated_on="3" * 64,
        evaluated_at=now(),
    )


MAKERS: dict[str, Maker] = {
    "algorithm_change": Maker(CHANGE_STATES, _algorithm_change, lambda change, people: {}, lambda state, people: {}),
    "case_record": Maker(
        retention_model.RECORD_STATES,
        _case_record,
        lambda record, people: {},
        lambda state, people: {"disposed_at": _text(now())} if state == "disposed" else {},
    ),
    "hold": Maker(
        retention_model.HOLD_STATES, _hold, lambda hold, people: {"hold_placer": hold.placed_by_id}, _released
    ),
    "disposal": Maker(disposal_model.STATES, _disposal, _disposal_parts),
    "request": Maker(request_model.STATES, _request, _request_parts),
    "disclosure": Maker(disclosure_model.STATES, _disclosure, _disclosure_parts),
    "sealing": Maker(sealing_model.STATES, _sealing, lambda order, people: {}),
    "incident": Maker(incident_model.INCIDENT_STATES, _incident, lambda incident, people: {}),
}
