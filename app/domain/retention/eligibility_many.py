"""The eligibility of many records, in as many statements for a hundred as for one.

For lists, counts and the nightly calculation.

Everything is read from the rows anew. A record of which something cannot be opened (a damaged key, say) is kept for
that: its day is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import selectinload

from app.domain.matters.numbers import of_matters
from app.domain.retention.eligibility import (
    case_facts,
    disclosures_at_work,
    linked_case,
    person_facts,
    requests_at_work,
)
from app.domain.retention.matter_days import filings_of_matters, last_filings
from app.extensions import db
from app.models.disclosures import Disclosure
from app.models.requests import FRRequest
from app.models.retention import CasePerson, CaseRecord, PersonFile
from app.policy import policy
from app.policy import retention as rules
from app.policy.retention.types import CaseFacts, LinkedCase, PersonFacts, Reason, Standing
from app.storage.errors import StorageError

#: as many as one statement may ask for
MOST = 500


def standings_of_cases(ids: Collection[int], day: date) -> dict[int, Standing]:
    """Map ids of case records not disposed of to their standing on a day."""
    found: dict[int, Standing] = {}
    for several in _parts(ids):
        asked = list(db.session.scalars(_records(CaseRecord.id.in_(several)).where(CaseRecord.disposed_at.is_(None))))
        matters = of_matters([record.case_number for record in asked])
        others = set().union(*matters.values()) - {record.case_number for record in asked}
        known = {record.case_number: record for record in asked}
        if others:
            known |= {one.case_number: one for one in db.session.scalars(_records(CaseRecord.case_number.in_(others)))}
        alone = _facts(known, matters)
        standings = {
            record.id: _calculated(partial(_of_case, alone[number], day))
            for number, record in known.items()
            if record.disposed_at is None and len(matters[number]) > 1
        }
        for record in asked:
            with_them = [known[number] for number in sorted(matters[record.case_number]) if number in known]
            matter = tuple(linked_case(other, standings) for other in with_them if other is not record)
            facts = partial(_in_matter, alone[record.case_number], matter)
            found[record.id] = _calculated(partial(_of_case, facts, day))
    return found


def _records(which: ColumnElement[bool]) -> Select[CaseRecord]:
    rows = select(CaseRecord).where(which)
    rows = rows.options(
        selectinload(CaseRecord.history),
        selectinload(CaseRecord.holds),
        selectinload(CaseRecord.people).selectinload(CasePerson.file),
    )
    return rows.execution_options(populate_existing=True)


def _facts(known: Mapping[str, CaseRecord], matters: dict[str, frozenset[str]]) -> dict[str, Callable[[], CaseFacts]]:
    """Map numbers to what gathers the facts of their records alone; what is at work counts for the whole matter.

    Adds to `matters` the numbers of the records that came by another.
    """
    for several in list(matters.values()):
        matters |= dict.fromkeys(several, several)
    numbers = list(matters)
    requests = _count(FRRequest.case_number, numbers, requests_at_work())
    disclosures = _count(Disclosure.case_number, numbers, disclosures_at_work())
    filings = last_filings(numbers)
    return {
        number: partial(
            case_facts,
            record,
            sum(requests.get(one, 0) for one in matters[number]),
            sum(disclosures.get(one, 0) for one in matters[number]),
            max((filings[one] for one in matters[number] if one in filings), default=None),
        )
        for number, record in known.items()
    }


def _in_matter(alone: Callable[[], CaseFacts], matter: tuple[LinkedCase, ...]) -> CaseFacts:
    return replace(alone(), matter=matter)


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
        filed = filings_of_matters({link.record.case_number for file in files for link in file.links})
        for file in files:
            found[file.id] = _calculated(partial(_of_person, partial(person_facts, file, cases, filed), day))
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
