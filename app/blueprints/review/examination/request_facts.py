"""The rows of a page on what the investigator stated and what the repository has on record."""

from __future__ import annotations

from typing import Any

from app.access.actor import current_actor
from app.access.clearance import narrative_for
from app.domain.matters import case_system
from app.domain.requests.provenance import told_of
from app.domain.requests.purposes import answered_purposes
from app.domain.requests.seriousness import basis_answers
from app.models import FRRequest, GalleryPerson, ProbeImage
from app.policy import policy
from app.policy.examination.background import age_on
from app.policy.facts import answered

Rows = list[tuple[str, Any]]


def basis_rows(request: FRRequest) -> Rows:
    """The use and the facts stated for it, and the narrative."""
    use = policy().uses[request.use_id] if request.use_id else None
    rows: Rows = [("Use", f"{use.id}: {use.title}"), *basis_answers(request)] if use else []
    return [*rows, ("Narrative", narrative_for(request, current_actor()) or None)]


def number_rows(request: FRRequest) -> Rows:
    """Return what the case management system answered for the number at the filing; nothing where none was asked."""
    kept = request.private.get("looked_up")
    return [("Case number", kept["said"])] if kept and not number_warning(request) else []


def number_warning(request: FRRequest) -> str | None:
    """Return the answer for a number that the case management system did not know, where the rules warn of it."""
    kept = request.private.get("looked_up")
    return kept["said"] if kept and case_system.warns_of(kept["standing"]) else None


def purpose_rows(request: FRRequest) -> Rows:
    """The questions on prohibited purposes with their answers."""
    return [(rule.question, answer) for rule, answer in answered_purposes(request)]


def description_rows(request: FRRequest) -> Rows:
    return answered(policy().request.description.facts, request.private.get("description"))


def circumstance_rows(request: FRRequest) -> Rows:
    return answered(policy().request.circumstances.facts, request.private.get("circumstances"))


def image_rows(image: ProbeImage) -> Rows:
    """Return where an image comes from, how and when it was obtained."""
    return told_of(image)


def recorded_rows(person: GalleryPerson, request: FRRequest) -> Rows:
    """Return what the repository has on record of a person, to be compared with the request."""
    private = person.private
    day = request.private.get("circumstances", {}).get("date")
    age = age_on(private.get("born_on"), day)
    return [
        ("Name on record", private.get("name")),
        ("Record numbers", ", ".join(photo.record_number for photo in person.photos if photo.removed_at is None)),
        ("Height in inches", private.get("height_in")),
        ("Weight in pounds", private.get("weight_lb")),
        ("Date of birth", private.get("born_on")),
        ("Age on the date of the matter", None if age is None else f"{age} years"),
        ("Scars, marks, tattoos", private.get("marks")),
    ]
