"""Case records, person files, holds and disposals at any stage, made through the real domain verbs.

    keep = RetentionFactory(make, people)
    record = keep.record(state="classified", classes=["violation"], closed_on=date(2015, 3, 1))
    disposal = keep.disposal(state="approved", targets=[record])

People unless told otherwise: b.juniper keeps the records and proposes, p.aspen and y.hazel approve. `MAKERS` maps each
subject type to what makes a row of it in a state, for tests over every workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from app import audit
from app.domain.numbers import draw
from app.domain.retention import disposals, holds, people_files
from app.domain.retention import verbs as retention
from app.extensions import db, stores
from app.models import CaseRecord, Disposal, DisposalItem, FRRequest, LegalHold, PersonFile
from app.policy import policy
from app.unit_of_work import unit_of_work

KEEPER, FIRST, SECOND = "b.juniper", "p.aspen", "y.hazel"
LONG_AGO = date(2015, 3, 2)
CASE = "2026-075-01234"
SOURCE = "Docket 2015-000117, Example County Court."


class RetentionFactory:
    """Makes what retention is about; `make` is the requests' factory, None where no request is wanted."""

    def __init__(self, make: Any, people: Any) -> None:
        self.make, self.people = make, people

    # Case records ------------------------------------------------------------------------------------------

    def record(
        self,
        state: str = "classified",
        *,
        case_number: str = CASE,
        request: str | None = None,
        classes: Sequence[str] = ("violation",),
        closed_on: date = LONG_AGO,
        reason: str = "prosecution_concluded",
        keeper: str = KEEPER,
        **parts: Any,
    ) -> CaseRecord:
        """A case record in a state; `request`: the state of a request of the case, made first."""
        if request is not None:
            self.make.request(state=request, case_number=case_number, **parts)
            self.set_back(case_number)
        with unit_of_work():
            record = retention.case_record_for(case_number)
        if state in {"closed", "classified", "disposed"}:
            self.close(record, closed_on, reason, classes, keeper)
        if state in {"classified", "disposed"}:
            self.classify(record, classes, keeper)
        if state == "disposed":
            self.disposal("disposed", targets=[record])
        assert record.state == state
        return record

    def close(
        self,
        record: CaseRecord,
        on: date = LONG_AGO,
        reason: str = "prosecution_concluded",
        classes: Sequence[str] = ("violation",),
        keeper: str = KEEPER,
    ) -> None:
        """Record the final dispositions and the closing."""
        actor = self.people.actor(keeper)
        self.set_back(record.case_number)
        with unit_of_work():
            for name in classes:
                retention.record_disposition(record, actor, name, on, SOURCE)
            retention.close_case(record, actor, reason, on)

    def set_back(self, case_number: str) -> None:
        """Have the requests of a case filed before it was closed, as they are in a case whose period has run."""
        filed = datetime.combine(LONG_AGO - timedelta(days=30), time(12), UTC)
        with unit_of_work():
            for request in db.session.query(FRRequest).filter_by(case_number=case_number).all():
                if request.submitted_at is not None and request.submitted_at > filed:
                    request.submitted_at = filed
                    audit.record("request.saved", request, fields=["submitted_at"])

    def classify(self, record: CaseRecord, classes: Sequence[str] = ("violation",), keeper: str = KEEPER) -> None:
        actor = self.people.actor(keeper)
        with unit_of_work():
            retention.classify(record, actor, classes, "As the court has it.")

    # People and holds --------------------------------------------------------------------------------------

    def person(
        self, record: CaseRecord, name: str = "Robin Quill", role: str = "victim", *, keeper: str = KEEPER, **parts: Any
    ) -> PersonFile:
        """A person of a case; parts as people_files.open_file takes them, and days by their names."""
        actor = self.people.actor(keeper)
        days = {field: parts.pop(field) for field in people_files.DAYS if field in parts}
        with unit_of_work():
            return people_files.open_file(record, actor, name, role, days, **parts)

    def hold(
        self,
        target: Any,
        *,
        state: str = "placed",
        placer: str = KEEPER,
        releaser: str = SECOND,
        kind: str = "litigation",
    ) -> LegalHold:
        actor, other = self.people.actor(placer), self.people.actor(releaser)
        with unit_of_work():
            hold = holds.place(target, actor, kind, "A claim was announced.")
        if state == "released":
            with unit_of_work():
                holds.release(hold, other, "The claim was withdrawn.")
        return hold

    # Disposals ---------------------------------------------------------------------------------------------

    def disposal(
        self,
        state: str = "proposed",
        *,
        targets: Sequence[Any] | None = None,
        proposer: str = KEEPER,
        first: str = FIRST,
        second: str = SECOND,
    ) -> Disposal:
        """A disposal in a state; without targets a fresh case record that is due."""
        actors = {name: self.people.actor(name) for name in (proposer, first, second)}
        if targets is None:
            targets = [self.record(case_number=self.free_number())]
        if state == "draft":
            return self.draft(targets, actors[proposer])
        with unit_of_work():
            disposal = disposals.propose(actors[proposer], targets, "Their periods have run.")
        if state == "withdrawn":
            with unit_of_work():
                disposals.withdraw(disposal, actors[proposer], "Proposed by mistake.")
        if state == "declined":
            with unit_of_work():
                disposals.decline(disposal, actors[first], "The unit asked to wait.")
        if state in {"once_approved", "approved", "executing", "disposed"}:
            self.approve(disposal, first)
        if state in {"approved", "executing", "disposed"}:
            self.approve(disposal, second)
        if state == "executing":
            from app.domain.retention import erasure

            with unit_of_work():
                erasure.begin(disposal)
        if state == "disposed":
            self.execute()
        assert disposal.state == state, disposal.state
        return disposal

    def draft(self, targets: Sequence[Any], proposer: Any) -> Disposal:
        """A disposal before its proposal: the domain makes one and proposes it in one unit, so it is made by hand."""
        with unit_of_work() as rows:
            disposal = Disposal(
                number=draw("DP"),
                key_id=stores().keys.create(),
                policy_version=policy().version,
                proposed_by_id=proposer.id,
            )
            for target in targets:
                record = target if isinstance(target, CaseRecord) else None
                file = None if record is not None else target
                disposal.items.append(DisposalItem(case_record=record, person_file=file))
            rows.add(disposal)
            rows.flush()
            audit.record("disposal.drafted", disposal, actor=proposer, disposal=disposal.number)
        return disposal

    def approve(self, disposal: Disposal, approver: str) -> None:
        actor = self.people.actor(approver)
        with unit_of_work():
            disposals.approve(disposal, actor, password_confirmed=True)

    def execute(self) -> None:
        """Run the jobs that are due, as a worker would."""
        from tests.conftest import run_due_jobs

        run_due_jobs()

    def free_number(self) -> str:
        """A case number that no record and no request has yet."""
        taken = set(db.session.scalars(select(CaseRecord.case_number)))
        taken |= set(db.session.scalars(select(FRRequest.case_number)))
        return next(number for n in range(1, 99999) if (number := f"2026-075-{n:05d}") not in taken)


#: subject type -> (factory, state) -> a row in that state
MAKERS: dict[str, Callable[[RetentionFactory, str], Any]] = {
    "case_record": lambda keep, state: keep.record(state, case_number=keep.free_number()),
    "hold": lambda keep, state: keep.hold(keep.record(case_number=keep.free_number()), state=state),
    "disposal": lambda keep, state: keep.disposal(state),
}
