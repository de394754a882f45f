"""The numbers of cases as people type them, and under which number each stands in the rows (REQ-2).

Everything that takes a number from a person asks here: `take` where it is kept, `known` where it is only looked for.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from app.clauses import enforces
from app.extensions import db
from app.models.matters import CaseNumber
from app.policy import policy
from app.policy.case_numbers import plain_number, read_number

#: as many as a column for what was typed holds
LONGEST = 40


def _standing(text: str) -> CaseNumber | None:
    """Return the row of a number: as typed, where rows of before stand so, else by the canonical form."""
    plain, canonical = plain_number(text), read_number(policy(), text).canonical
    rows = (
        select(CaseNumber)
        .where(or_(CaseNumber.number == plain, CaseNumber.canonical == canonical))
        .order_by((CaseNumber.number == plain).desc(), (CaseNumber.number == canonical).desc(), CaseNumber.id)
    )
    return db.session.scalars(rows.limit(1)).one_or_none()


@enforces("REQ-2")
def known(text: str) -> str:
    """Return the number under which what a person typed stands, or would stand. Changes nothing."""
    row = _standing(text)
    return row.number if row is not None else read_number(policy(), text).canonical


def stands(text: str) -> bool:
    """Tell whether what a person typed stands in the rows already, whatever its form."""
    return _standing(text) is not None


@enforces("REQ-2", "RET-11")
def take(text: str) -> str:
    """Return the number under which what a person typed stands, begun when it is new. Needs an open unit of work."""
    row = _standing(text)
    return row.number if row is not None else begin(read_number(policy(), text).canonical).number


def begin(number: str) -> CaseNumber:
    """Return the row of a number as it stands, begun when there is none. Needs an open unit of work."""
    rows = select(CaseNumber).where(CaseNumber.number == number)
    row = db.session.scalars(rows).one_or_none()
    if row is not None:
        return row
    read = read_number(policy(), number)
    try:
        with db.session.begin_nested():
            row = CaseNumber(number=number, canonical=read.canonical, scheme=read.scheme)
            db.session.add(row)
    except IntegrityError:
        # another began it at this moment
        return db.session.scalars(rows).one()
    return row


def as_typed(text: str, number: str) -> str:
    """Return what stands beside a number: the text as it was typed, empty where that is the number."""
    typed = text.strip()[:LONGEST]
    return "" if typed == number else typed


def of_matters(numbers: Collection[str]) -> dict[str, frozenset[str]]:
    """Map each number to all numbers of its matter, itself included."""
    matters = select(CaseNumber.matter).where(CaseNumber.number.in_(numbers))
    together: dict[str, set[str]] = {}
    for number, matter in db.session.execute(
        select(CaseNumber.number, CaseNumber.matter).where(CaseNumber.matter.in_(matters))
    ):
        together.setdefault(matter, set()).add(number)
    found = {number: frozenset(several) for several in together.values() for number in several}
    return {number: found.get(number, frozenset({number})) for number in numbers}


def of_matter(number: str) -> frozenset[str]:
    """Return all numbers of the matter of this one, itself included."""
    return of_matters([number])[number]
