"""The check that the stored standings are those the rules give."""

from __future__ import annotations

from datetime import date

from app.calendar import today
from app.domain.retention.eligibility import label, standing_of
from app.domain.retention.stored_eligibility import deciding
from app.extensions import db
from app.models import CaseRecord, PersonFile, StoredStanding
from app.policy import policy


def kept() -> dict[tuple[str, int], tuple]:
    """(table, id) -> status, earliest day, rule and policy version that are kept."""
    rows = db.session.query(StoredStanding)
    return {
        ("case_record", row.case_record_id) if row.case_record_id else ("person_file", row.person_file_id): (
            row.status,
            row.earliest,
            row.rule,
            row.policy_version,
        )
        for row in rows
    }


def given(day: date | None = None) -> dict[tuple[str, int], tuple]:
    """Calculate the same as a decision would, one record at a time."""
    found = {}
    for model in (CaseRecord, PersonFile):
        for target in db.session.query(model).filter(model.disposed_at.is_(None)):
            standing = standing_of(target, day or today())
            values = (standing.status, standing.earliest, deciding(standing).rule_id, policy().version)
            found[target.__tablename__, target.id] = values
    return found


def check_kept() -> None:
    """Fail with every record that stands otherwise in the lists than the rules give."""
    db.session.rollback()
    have, wanted = kept(), given()
    names = {
        (model.__tablename__, row.id): label(row)
        for model in (CaseRecord, PersonFile)
        for row in db.session.query(model)
    }
    wrong = [
        f"{names.get(key, key)}: kept {have.get(key)}, the rules give {wanted.get(key)}"
        for key in sorted({*have, *wanted})
        if have.get(key) != wanted.get(key)
    ]
    assert wrong == []
