"""Numbers that were of one matter once: what was recorded until a link ended keeps counting (SRC-6). Only reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from app.clauses import enforces
from app.extensions import db
from app.models.base import filled
from app.models.matters import CaseNumber, MatterLink


@enforces("SRC-6", "SRC-3")
def parted_matters(known: Collection[str]) -> dict[str, datetime]:
    """Return the numbers that were of one matter with one of these once and are not now, with until when they were."""
    edges: dict[int, MatterLink] = {}
    reached, ahead = set[str](), set(known)
    while ahead:
        reached |= ahead
        ends = CaseNumber.number.in_(ahead)
        rows = select(MatterLink).where(
            MatterLink.linked_at.is_not(None), or_(MatterLink.first.has(ends), MatterLink.second.has(ends))
        )
        edges |= {row.id: row for row in db.session.scalars(rows)}
        ahead = {end.number for row in edges.values() for end in (row.first, row.second)} - reached
    found: dict[str, datetime] = {}
    endings = {row.ended_at for row in edges.values() if row.ended_at is not None}
    for moment in sorted(endings, reverse=True):
        held = [row for row in edges.values() if _held_at(row, moment)]
        for number in _connected(known, held) - found.keys() - set(known):
            found[number] = moment
    return found


def _held_at(row: MatterLink, moment: datetime) -> bool:
    return filled(row.linked_at) <= moment and (row.ended_at is None or row.ended_at >= moment)


def _connected(known: Collection[str], rows: Sequence[MatterLink]) -> set[str]:
    found, before = set(known), set[str]()
    while found != before:
        before = set(found)
        for row in rows:
            pair = {row.first.number, row.second.number}
            found |= pair if pair & found else set()
    return found
