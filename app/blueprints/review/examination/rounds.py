"""A round as its pages show it, loaded in a few statements however many candidates there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.access.actor import current_actor
from app.blueprints.review.identification.probe import ShownPhoto, shown_photos
from app.domain.workload.verbs import endings
from app.extensions import db
from app.models import BackgroundCheck, Candidate, Disposition, FRRequest, GalleryPerson, Round, Search
from app.policy import policy
from app.policy.examination.worksheet import differing_in


@dataclass(frozen=True, slots=True)
class RoundCandidate:
    """A candidate in its present state in the round."""

    candidate: Candidate
    place: int
    held: bool
    photos: list[ShownPhoto]
    disposition: Disposition | None
    background: BackgroundCheck | None
    differs: str

    @property
    def state(self) -> str:
        """Return "open", "excluded", "retained", "incomparable", or "left" when its photograph left the repository."""
        if not self.held:
            return "left"
        return self.disposition.verdict if self.disposition else "open"

    @property
    def shown(self) -> ShownPhoto | None:
        """Return the photograph by which the search listed the person."""
        return next((one for one in self.photos if one.photo.id == self.candidate.photo_id), None)


def loaded(round_: Round) -> Round:
    """Load the round with everything its pages show."""
    listed = selectinload(Search.candidates).options(
        joinedload(Candidate.person).selectinload(GalleryPerson.photos), joinedload(Candidate.photo)
    )
    rows = (
        select(Round)
        .where(Round.id == round_.id)
        .options(
            joinedload(Round.request),
            joinedload(Round.examiner),
            joinedload(Round.search).options(joinedload(Search.image), joinedload(Search.face), listed),
            selectinload(Round.dispositions),
            selectinload(Round.background_checks),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(rows).unique().one()


def differing_features(disposition: Disposition | None) -> str:
    """Return the features recorded as differing, in words."""
    if disposition is None:
        return ""
    return ", ".join(label for label, _ in differing_in(policy(), disposition.private.get("features", {})))


def listed(round_: Round, candidate: Candidate) -> RoundCandidate:
    """One candidate for a page."""
    held = candidate.photo.removed_at is None
    disposition = round_.disposition_of(candidate)
    return RoundCandidate(
        candidate,
        candidate.shown_order,
        held,
        shown_photos(candidate.person.photos) if held else [],
        disposition,
        round_.background_of(candidate),
        differing_features(disposition),
    )


def working(round_: Round) -> bool:
    """Tell whether this person examines the round now; else its pages are read-only."""
    current = round_.request.current_round
    return (
        round_.request.state == "under_examination"
        and current is not None
        and current.id == round_.id
        and round_.examiner_id == current_actor().id
    )


def listed_state(round_: Round, candidate: Candidate) -> tuple[int, str]:
    """Return (place, state) of one candidate for the strip of all."""
    disposition = round_.disposition_of(candidate)
    if candidate.photo.removed_at is not None:
        return candidate.shown_order, "left"
    return candidate.shown_order, disposition.verdict if disposition else "open"


def candidate_at(round_: Round, place: int) -> Candidate:
    found = next((c for c in round_.search.candidates if c.shown_order == place), None)
    if found is None or found.photo.removed_at is not None:
        abort(404)
    return found


def version_of(row: Disposition | BackgroundCheck | None) -> str:
    return str(row.version) if row else ""


def earlier_rounds(known: list[Round], subject: FRRequest) -> list[dict[str, Any]]:
    """Return the ended rounds as the next examiner reads them: dispositions, opinions, instructions or notes."""
    opinions = {level.value: level.label for level in policy().review.scale.levels}
    passed = endings(subject)
    continued = {r.id for r in known if any(review.decision == "continued" for review in r.final_reviews)}
    over = [round_ for round_ in known if round_.id in continued or round_.id in passed]
    return [
        {
            "round": round_,
            "retained": [d.candidate.shown_order for d in round_.dispositions if d.verdict == "retained"],
            "excluded": sum(1 for d in round_.dispositions if d.verdict == "excluded"),
            "nominee": round_.nominee.shown_order if round_.nominee else None,
            "opinions": [(opinions[review.opinion], review.private.get("reason")) for review in round_.peer_reviews],
            "instructions": [review.private.get("reason") for review in round_.final_reviews],
            "passed": passed.get(round_.id),
        }
        for round_ in over
    ]
