"""The check whether the loaded extractor may be used for casework (FAIR-2)."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.clauses import enforces
from app.matching.catalogue import Extractor, NistEvaluation


@dataclass(frozen=True, slots=True)
class NistStatus:
    """ok: the loaded file has a current NIST evaluation record; reason: one sentence either way."""

    ok: bool
    reason: str


@enforces("FAIR-3")
def review_due(record: NistEvaluation, longest: int) -> date:
    """Return the last day of a record: that on which its review is due, ``longest`` days after the last at most."""
    return min(record.next_review_due, record.reviewed_on + timedelta(days=longest))


@enforces("FAIR-2", "FAIR-3")
def nist_status(model: Extractor, loaded_digest: str, today: date, longest: int) -> NistStatus:
    """Whether the file with ``loaded_digest`` (hex SHA-256) has a current NIST evaluation record.

    FAIR-2: only algorithms that NIST evaluated, across demographics too (the record cannot be written without
    that part). FAIR-3: a record whose review is overdue has lapsed, ``longest`` days after the last review whatever
    the record says. Fails closed on every doubt.
    """
    record = model.nist
    if record is None:
        return NistStatus(False, f"{model.name} has no NIST evaluation record.")
    if record.artefact_sha256 != loaded_digest:
        return NistStatus(
            False,
            f"The NIST evaluation record of {model.name} is for the file {record.artefact_sha256}, "
            f"but the loaded file is {loaded_digest}.",
        )
    if not record.equals_evaluated_version or record.artefact_version != model.version:
        return NistStatus(False, f"{model.name} {model.version} is not the version that NIST evaluated.")
    if today < record.reviewed_on:
        return NistStatus(False, f"The NIST evaluation record of {model.name} is dated in the future.")
    if record.reviewed_on < record.report_edition_date:
        return NistStatus(False, f"The NIST evaluation record of {model.name} was reviewed before its report came out.")
    due = review_due(record, longest)
    if today > due:
        return NistStatus(
            False,
            f"The NIST evaluation record of {model.name} lapsed: its review was due {due:%Y-%m-%d}.",
        )
    return NistStatus(
        True,
        f"{model.name}: {record.track} “{record.algorithm_id}”, report of "
        f"{record.report_edition_date:%Y-%m-%d}, review due {due:%Y-%m-%d}.",
    )
