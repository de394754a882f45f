"""The marks of a comparison as its page shows them, and their form (SRC-2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from app.access.actor import current_actor
from app.blueprints.choice_fields import SelectField
from app.blueprints.fact_fields import choice_field, stripped
from app.blueprints.limits import Length
from app.blueprints.review.examination.viewer import Mark, drawn_marks
from app.domain.examination import annotations as domain
from app.domain.examination.annotations import Drawn
from app.domain.gallery.verbs import held_of
from app.models import Candidate, GalleryPhoto, Round
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.steps import Why
from app.web.formats import day

POINT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,4})?)\s*[,; ]\s*(\d{1,6}(?:\.\d{1,4})?)\s*")
#: (field, label) of the four places a mark may have, by side
PLACES = {
    "probe": (("probe_first", "Probe, first point"), ("probe_second", "Probe, second point")),
    "photo": (("photo_first", "Photograph, first point"), ("photo_second", "Photograph, second point")),
}


@dataclass(frozen=True, slots=True)
class Marking:
    """The marks of a comparison and, while they may be changed, a form for each and one for the next."""

    round: Round
    place: int
    marks: tuple[Mark, ...]
    labels: dict[str, str]
    kinds: dict[str, str]
    rule: Any
    form: FlaskForm | None
    forms: dict[int, FlaskForm]
    opened: int | None
    refusal: Why


def mark_form(photos: Sequence[GalleryPhoto], number: int | None = None, **values: Any) -> FlaskForm:
    """A mark as typed or drawn: kind, photograph, places as "x, y" in pixels of the originals, note."""
    rule, dates = policy().review.marks, [(photo.uid, day(photo.taken_on)) for photo in photos]
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "photograph": SelectField("Photograph of", choices=dates, validate_choice=False),
        "kind": choice_field("Draw", [(kind.value, kind.label) for kind in rule.kinds]),
        "note": StringField("What it shows", [Length(max=rule.max_note)], filters=[stripped]),
    }
    for name, label in (place for side in PLACES.values() for place in side):
        fields[name] = StringField(label, [Length(max=30)], filters=[stripped])
    return type("MarkForm", (FlaskForm,), fields)(prefix=f"mark-{number or 'new'}-", **values)


def filled(row: Mark, photos: Sequence[GalleryPhoto]) -> FlaskForm:
    """Return the form of an existing mark."""
    places = {}
    for side in ("probe", "photo"):
        for (name, _), (x, y) in zip(PLACES[side], getattr(row, side), strict=False):
            places[name] = f"{x:g}, {y:g}"
    return mark_form(
        photos,
        row.number,
        formdata=None,
        version=row.version,
        photograph=row.photograph,
        kind=row.kind,
        note=row.note,
        **places,
    )


def read(form: FlaskForm) -> Drawn:
    """Read a mark from its form. Raises Refused for a point that is not two numbers."""
    rule, faults, sides = policy().review.marks.id, [], {}
    for side, fields in PLACES.items():
        typed = [(name, form[name].data) for name, _ in fields if form[name].data]
        found = [(name, POINT.fullmatch(text)) for name, text in typed]
        faults += [Fault(name, "Write two numbers, as in 120, 88.", rule) for name, point in found if point is None]
        sides[side] = [(float(point[1]), float(point[2])) for _, point in found if point is not None]
    if faults:
        raise Refused(rule, faults[0].message, faults=faults)
    return Drawn(form.kind.data or "", sides["probe"], sides["photo"], form.note.data or "")


def marking(
    round_: Round,
    candidate: Candidate,
    shown: str,
    open_now: bool,
    *,
    form: FlaskForm | None = None,
    number: int | None = None,
    refusal: Why = None,
) -> Marking:
    """Return the marks of one comparison; `form` is that of mark `number` (None: the next) as typed."""
    photos = held_of(candidate.person)
    marks = drawn_marks(domain.marks_on(round_, current_actor(), candidate))
    forms = {mark.number: filled(mark, photos) for mark in marks} if open_now else {}
    if form is not None and number is not None:
        forms[number] = form
    fresh = mark_form(photos, formdata=None, photograph=shown, kind=policy().review.marks.kinds[0].value)
    return Marking(
        round_,
        candidate.shown_order,
        marks,
        {p.uid: day(p.taken_on) for p in candidate.person.photos},
        {kind.value: kind.label for kind in policy().review.marks.kinds},
        policy().review.marks,
        (form if form is not None and number is None else fresh) if open_now else None,
        forms,
        number,
        refusal,
    )
