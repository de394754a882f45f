"""How many photographs of each source stand in the repository, and how many more may (CAP-9)."""

from __future__ import annotations

from collections import Counter
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


def standing() -> Counter[tuple[str, str]]:
    """Return how many photographs of each source and court's jurisdiction stand there now."""
    rows = select(GalleryPhoto.source, GalleryPhoto.jurisdiction, func.count())
    rows = rows.where(GalleryPhoto.removed_at.is_(None)).group_by(GalleryPhoto.source, GalleryPhoto.jurisdiction)
    return Counter({(source, court): number for source, court, number in db.session.execute(rows)})


@enforces("CAP-9")
class Room:
    """The room left for each source; each photograph that enters takes a place. Made under the repository's lock."""

    def __init__(self) -> None:
        self._there: Counter[str] = Counter()
        for (source, _), number in standing().items():
            self._there[source] += number

    def take(self, source: str) -> Refusal | None:
        """Take a place, or return the refusal of a source that is unlisted, or that has as many as it may."""
        rule = policy().gallery.sources.get(source.lower())
        if rule is None:
            return Refusal(("gallery-source",), "No photographs from this source may enter.")
        if self._there[rule.source] >= rule.most:
            return Refusal((rule.id,), f"{rule.refusal} ({rule.most})")
        self._there[rule.source] += 1
        return None


def figures() -> list[SourceFigure]:
    """Return the figures in the order of the rules; a source of which nothing stands there is told too."""
    there = standing()
    courts = next(rule.allowed for rule in policy().gallery.eligibility if rule.field == "jurisdiction")
    return [
        SourceFigure(rule.title, court, there[rule.source, court], rule.most)
        for rule in policy().gallery.sources.values()
        for court in courts
    ]
