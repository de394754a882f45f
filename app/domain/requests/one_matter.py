"""What counts as one matter for the words that stand against a person, and what of it another request may tell.

Numbers are one thing that makes requests one matter; the same photograph is another, and the portal sees that one
itself: whoever files it again under another number leaves no verdict behind (SRC-6). What counted as one matter once
keeps counting for what was recorded until the link was ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.matters.numbers import of_matters
from app.domain.matters.parted import parted_matters
from app.domain.requests.earlier_refusals import with_images
from app.extensions import db
from app.models.requests import FRRequest, ProbeImage
from app.unit_of_work import of_this_reading


@enforces("SRC-6", "SRC-3")
def together(request: FRRequest) -> set[int]:
    """Return the ids of the filed requests that are of one matter with this one by number or by photograph, and it."""
    known = of_this_reading()
    ids: set[int] | None = known.get(("together", request.id))
    if ids is None:
        ids = known["together", request.id] = _together(request)
    return ids


def _together(request: FRRequest) -> set[int]:
    ids, before = {request.id}, set[int]()
    while ids != before:
        before = ids
        known = db.session.scalars(select(FRRequest.case_number).where(FRRequest.id.in_(ids))).all()
        numbers = frozenset[str]().union(*of_matters(set(known)).values())
        images = db.session.scalars(select(ProbeImage).where(ProbeImage.request_id.in_(ids))).all()
        related = or_(FRRequest.case_number.in_(numbers), with_images(images))
        # a draft is its investigator's alone: what is typed into one brings nothing together
        rows = select(FRRequest.id).where(FRRequest.submission > 0, FRRequest.state != "draft", related)
        ids = {request.id, *db.session.scalars(rows)}
    return ids


@enforces("SRC-6", "SRC-3", "EXT-2")
def counts_with(request: FRRequest, recorded: Any) -> ColumnElement[bool]:
    """Return the condition for rows of requests that count as one matter with this one.

    recorded: the column that says when a row was recorded; of a matter parted since, what was recorded until then
    counts.
    """
    known = of_this_reading()
    once: dict[datetime, set[str]] | None = known.get(("parted", request.id))
    ids = together(request)
    if once is None:
        numbers = db.session.scalars(select(FRRequest.case_number).where(FRRequest.id.in_(ids))).all()
        once = known["parted", request.id] = {}
        for number, until in parted_matters(set(numbers)).items():
            once.setdefault(until, set()).add(number)
    parted = (FRRequest.case_number.in_(names) & (recorded <= until) for until, names in once.items())
    return or_(FRRequest.id.in_(ids), *parted)


@enforces("LIM-7")
def kept_apart(request: FRRequest, other: FRRequest) -> bool:
    """Tell whether nothing of the other may stand in this one's record and documents: it is reserved, and another."""
    return other.reserved and other.id != request.id


@enforces("LIM-7", "ACC-11")
def may_be_told(request: FRRequest, others: Iterable[FRRequest], reader: Actor | None) -> set[int]:
    """Return the ids of the others of which this person may read on a page of the request.

    Without a reader, for a document of the request, which others read.
    """
    known = {one.id: one for one in others}
    if reader is None:
        return {key for key, one in known.items() if not kept_apart(request, one)}
    seen = visible(FRRequest, reader).where(FRRequest.id.in_(known)).with_only_columns(FRRequest.id)
    return {*db.session.scalars(seen), *(known.keys() & {request.id})}
