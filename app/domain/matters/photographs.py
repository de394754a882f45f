"""Copies of one photograph, as recorded when a probe image was checked: the same photograph, never the same person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from app.extensions import db
from app.models.identification import ProbeResemblance


def of_same_photograph(image_ids: Collection[int]) -> set[int]:
    """Return the ids of the other probe images that are the photograph of one of these, edited."""
    pairs = select(ProbeResemblance.image_id, ProbeResemblance.earlier_id).where(
        or_(ProbeResemblance.image_id.in_(image_ids), ProbeResemblance.earlier_id.in_(image_ids))
    )
    return {one for pair in db.session.execute(pairs) for one in pair} - set(image_ids)
