"""How many photographs of each source stand in the repository, and how many more may (CAP-9)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.clauses import enforces
from app.domain.gallery.intake_sources import Refusal
from app.extensions import db
from app.models import GalleryPhoto
from app.policy import policy


@dataclass(frozen=True, slots=True)
class SourceFigure:
    """The photographs of one source under one court's jurisdiction that stand in the repository, and its bound."""

    title: str
    jurisdiction: str
    count: int
    most: int


def standing() -> dict[str, int]:
    """Return how many photographs of each source stand there now."""
    rows = select(GalleryPhoto.source, func.count().label("number")).where(GalleryPhoto.removed_at.is_(None))
    return {row.source: row.number for row in db.session.execute(rows.group_by(GalleryPhoto.source))}


@enforces("CAP-9")
class Room:
    """The room left for each source; each photograph that enters takes a place. Made under the repository's lock."""

    def __init__(self) -> None:
        self._there = standing()

    def take(self, source: str) -> Refusal | None:
        """Take a place, or return the refusal of a source that is unlisted, or that has as many as it may."""
        rule = policy().gallery.sources.get(source.lower())
        if rule is None:
            return Refusal(("gallery-source",), "No photographs from this source may enter.")
        taken = self._there.get(rule.source, 0)
        if taken >= rule.most:
            return Refusal((rule.id,), f"{rule.refusal} ({rule.most})")
        self._there[rule.source] = taken + 1
        return None


def figures() -> list[SourceFigure]:
    """Return the figures in the order of the rules; a source of which nothing stands there is told too."""
    rows = select(GalleryPhoto.source, GalleryPhoto.jurisdiction, func.count())
    rows = rows.where(GalleryPhoto.removed_at.is_(None)).group_by(GalleryPhoto.source, GalleryPhoto.jurisdiction)
    there = {(source, court): number for source, court, number in db.session.execute(rows)}
    courts = next(rule.allowed for rule in policy().gallery.eligibility if rule.field == "jurisdiction")
    return [
        SourceFigure(rule.title, court, there.get((rule.source, court), 0), rule.most)
        for rule in policy().gallery.sources.values()
        for court in courts
    ]
