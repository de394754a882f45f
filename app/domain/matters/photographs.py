"""Copies of one photograph, as recorded when a probe image was checked: the same photograph, never the same person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, case, or_, select

from app.extensions import db
from app.models.identification import ProbeResemblance
from app.models.requests import ProbeImage


def with_copies(image_ids: Collection[int] | Select[int]) -> Select[int]:
    """Return the ids of these probe images and of all that are the photograph of one of them, edited; to be read.

    A copy of a copy is one of the original too, however little it has left of it.
    """
    pair = ProbeResemblance
    reached = select(ProbeImage.id).where(ProbeImage.id.in_(image_ids)).cte("reached", recursive=True)
    other = case((pair.image_id == reached.c.id, pair.earlier_id), else_=pair.image_id)
    step = select(other).join(reached, or_(pair.image_id == reached.c.id, pair.earlier_id == reached.c.id))
    found = reached.union(step)  # what was reached already is not followed again
    return select(found.c.id)


def of_same_photograph(image_ids: Collection[int]) -> set[int]:
    """Return the ids of the other probe images that are the photograph of one of these, edited."""
    return set(db.session.scalars(with_copies(image_ids))) - set(image_ids)
