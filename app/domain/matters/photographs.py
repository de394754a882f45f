"""Copies of one photograph, as recorded when a probe image was checked: the same photograph, never the same person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from app.extensions import db
from app.models.identification import ProbeResemblance


def of_same_photograph(image_ids: Collection[int]) -> set[int]:
    """Return the ids of the other probe images that are the photograph of one of these, edited.

    A copy of a copy is one of the original too, however little it has left of it.
    """
    reached = fresh = set(image_ids)
    while fresh:
        pairs = select(ProbeResemblance.image_id, ProbeResemblance.earlier_id).where(
            or_(ProbeResemblance.image_id.in_(fresh), ProbeResemblance.earlier_id.in_(fresh))
        )
        fresh = {one for pair in db.session.execute(pairs) for one in pair} - reached
        reached = reached | fresh
    return reached - set(image_ids)
