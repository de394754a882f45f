"""The eligibility of many records, in as many statements for a hundred as for one.

For lists, counts and the nightly calculation.

Everything is read from the rows anew. A record of which something cannot be opened (a damaged key, say) is kept for
that: its day is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.domain.retention.eligibility import (
    case_facts,
    disclosures_at_work,
    last_filings,
    person_facts,
    requests_at_work,
)
from app.extensions import db
from app.models.disclosures import Disclosure
from app.models.requests import FRRequest
from app.models.retention import CasePerson, CaseRecord, PersonFile
from app.policy import policy
from app.policy import retention as rules
from app.policy.retention.types import CaseFacts, PersonFacts, Reason, Standing
from app.storage.errors import StorageError

#: as many as one statement may ask for
MOST = 500


def standings_of_cases(ids: Collection[int], day: date) -> dict[int, Standing]:
    """Map ids of case records not disposed of to their standing on a day."""
    found: dict[int, Standing] = {}
    for several in _parts(ids):
        rows = (
            select(CaseRecord)
            .where(CaseRecord.id.in_(several), CaseRecord.disposed_at.is_(None))
            .options(
                selectinload(CaseRecord.history),
                selectinload(CaseRecord.holds),
                selectinload(CaseRecord.people).selectinload(CasePerson.file),
            )
        )
        records = list(db.session.scalars(rows.execution_options(populate_existing=True)))
        numbers = [record.case_number for record in records]
        requests = _count(FRRequest.case_number, numbers, requests_at_work())
        disclosures = _count(Disclosure.case_number, numbers, disclosures_at_work())
        filings = last_filings(numbers)
        for record in records:
            number = record.case_number
            facts = partial(
                case_facts, record, requests.get(number, 0), disclosures.get(number, 0), filings.get(number)
            )
            found[record.id] = _calculated(partial(_of_case, facts, day))
    return found


def standings_of_files(ids: Collection[int], day: date) -> dict[int, Standing]:
    """Map ids of person files not disposed of to their standing on a day."""
    found: dict[int, Standing] = {}
    for several in _parts(ids):
        rows = (
            select(PersonFile)
            .where(PersonFile.id.in_(several), PersonFile.disposed_at.is_(None))
            .options(selectinload(PersonFile.holds), selectinload(PersonFile.links).selectinload(CasePerson.record))
        )
        files = list(db.session.scalars(rows.execution_options(populate_existing=True)))
        cases = standings_of_cases({link.case_record_id for file in files for link in file.links}, day)
        for file in files:
            found[file.id] = _calculated(partial(_of_person, partial(person_facts, file, cases), day))
    return found


def _parts(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(set(ids))
    return (ordered[first : first + MOST] for first in range(0, len(ordered), MOST))


def _count(column: Any, numbers: Collection[str], at_work: Any) -> dict[str, int]:
    rows = select(column, func.count()).where(column.in_(numbers), at_work).group_by(column)
    return dict(db.session.execute(rows).all())


def _of_case(facts: Callable[[], CaseFacts], day: date) -> Standing:
    return rules.standing_of_case(policy().retention, facts(), day)


def _of_person(facts: Callable[[], PersonFacts], day: date) -> Standing:
    return rules.standing_of_person(policy().retention, facts(), day)


def _calculated(calculate: Callable[[], Standing]) -> Standing:
    try:
        return calculate()
    except StorageError:
        rule = policy().retention.principles["unknown_is_kept"]
        words = "Kept: what its period depends on cannot be read."
        return Standing("unknown", None, Reason(rule.id, rule.authority[0], words, decides=True))
