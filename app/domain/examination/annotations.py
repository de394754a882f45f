"""Marks on the two photographs of a comparison: numbered alike, with a note (SRC-2).

Coordinates are pixels of the ORIGINAL probe and of the repository photograph, x to the right, y down; a prepared image
is never marked, for nothing is compared on it. Marks stand beside the worksheet: their author alone adds, changes and
takes them back, while the examination is open; with the nomination they are fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.examination.verbs import open_round
from app.extensions import db
from app.models import Annotation, Candidate, FRRequest, GalleryPhoto, Round
from app.models.base import now
from app.policy import policy
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.workflow.engine import refuse_if

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: a kind of the rules, its points on the probe and on the photograph, what it shows.

    One side may be empty: what only one of the photographs shows is worth a mark too.
    """

    kind: str
    probe: Points
    photo: Points
    note: str


@enforces("SRC-2", "ACC-7")
def add(request: FRRequest, actor: Actor, candidate: Candidate, photo: GalleryPhoto, drawn: Drawn) -> Annotation:
    """Mark the probe and a photograph of a candidate. Raises Refused with what is wrong."""
    round_ = open_round(request, actor)
    _comparable(round_, candidate, photo)
    own = select(func.max(Annotation.number), func.count(Annotation.id).filter(Annotation.removed_at.is_(None))).where(
        Annotation.round_id == round_.id, Annotation.candidate_id == candidate.id, Annotation.author_id == actor.id
    )
    last, standing = db.session.execute(own).one()
    rule = policy().review.marks
    refuse_if(rule.id, standing >= rule.max_count, f"A candidate has at most {rule.max_count} marks.")
    row = Annotation(round=round_, candidate=candidate, photo=photo, author_id=actor.id, number=(last or 0) + 1)
    row.seal(**_checked(round_, photo, drawn))
    db.session.add(row)
    db.session.flush()
    audit.record(
        "comparison.marked", request, round=round_.uid, candidate=candidate.uid, photo=photo.uid, mark=row.number
    )
    return row


@enforces("SRC-2", "ACC-7")
def change(request: FRRequest, actor: Actor, row: Annotation, photo: GalleryPhoto, drawn: Drawn) -> Annotation:
    """Draw a mark anew, or note something else. Raises Refused."""
    round_ = _own(request, actor, row)
    _comparable(round_, row.candidate, photo)
    checked = _checked(round_, photo, drawn)
    if dict(row.private) == checked and row.photo_id == photo.id:
        return row
    row.photo = photo
    row.seal(**checked)
    db.session.flush()
    audit.record(
        "comparison.mark_changed",
        request,
        round=round_.uid,
        candidate=row.candidate.uid,
        photo=photo.uid,
        mark=row.number,
    )
    return row


@enforces("SRC-2", "ACC-7")
def remove(request: FRRequest, actor: Actor, row: Annotation) -> None:
    """Take a mark back; its number is not given again. Raises Refused."""
    round_ = _own(request, actor, row)
    row.removed_at = now()
    db.session.flush()
    audit.record("comparison.mark_removed", request, round=round_.uid, candidate=row.candidate.uid, mark=row.number)


@enforces("SRC-4", "ACC-1")
def marks_on(round_: Round, actor: Actor, candidate: Candidate | None = None) -> list[Annotation]:
    """The standing marks of a round that this person may know of, by number; of one candidate, or of all."""
    rows = visible(Annotation, actor).where(Annotation.round_id == round_.id, Annotation.removed_at.is_(None))
    if candidate is not None:
        rows = rows.where(Annotation.candidate_id == candidate.id)
    return list(db.session.scalars(rows.order_by(Annotation.candidate_id, Annotation.number)))


def _own(request: FRRequest, actor: Actor, row: Annotation) -> Round:
    round_ = open_round(request, actor)
    refuse_if("WF-examine", row.round_id != round_.id, "The mark belongs to an earlier round, which stays as it is.")
    refuse_if("actor_is_examiner", row.author_id != actor.id, "Another examiner made this mark.")
    refuse_if(policy().review.marks.id, row.removed_at is not None, "The mark was taken back.")
    return round_


def _comparable(round_: Round, candidate: Candidate, photo: GalleryPhoto) -> None:
    rule = policy().review.marks.id
    refuse_if(rule, candidate.search_id != round_.search_id, "Mark a candidate of this search.")
    refuse_if(rule, photo.person_id != candidate.person_id, "Mark a photograph of this candidate.")
    refuse_if("nominee_retained", photo.removed_at is not None, "The photograph left the repository.")


def _checked(round_: Round, photo: GalleryPhoto, drawn: Drawn) -> dict[str, object]:
    """The sealed fields of a mark. Raises Refused with every fault, each at the field it is about."""
    rule, image = policy().review.marks, round_.search.image
    kind = next((one for one in rule.kinds if one.value == drawn.kind), None)
    if kind is None:
        raise Refused(rule.id, "Choose what to draw.", faults=[Fault("kind", "Choose what to draw.", rule.id)])
    faults = []
    for name, points, size, what in (
        ("probe", drawn.probe, (image.width, image.height), "the probe"),
        ("photo", drawn.photo, (photo.width, photo.height), "the photograph"),
    ):
        fault = _misplaced(points, kind.points, size, what) if points else None
        faults += [Fault(name, fault, rule.id)] if fault else []
    if not drawn.probe and not drawn.photo:
        faults.append(Fault("probe", "Say where the mark is, on the probe, the photograph or both.", rule.id))
    note = drawn.note.strip()
    if not note:
        faults.append(Fault("note", "Write what the mark shows.", rule.id))
    elif len(note) > rule.max_note:
        faults.append(Fault("note", f"A note has at most {rule.max_note} characters.", rule.id))
    if faults:
        raise Refused(rule.id, faults[0].message, faults=faults)
    return {"kind": kind.value, "probe": _rounded(drawn.probe), "photo": _rounded(drawn.photo), "note": note}


def _misplaced(points: Points, needed: int, size: tuple[int, int], what: str) -> str | None:
    if len(points) != needed:
        return f"This mark has {needed} {'point' if needed == 1 else 'points'} on {what}."
    if any(not (0 <= x <= size[0] and 0 <= y <= size[1]) for x, y in points):
        return f"The place lies outside {what}, which is {size[0]} × {size[1]} pixels."
    if len(set(_pairs(points))) < needed:
        return f"The two points on {what} are the same."
    return None


def _pairs(points: Points) -> list[tuple[float, float]]:
    return [(round(float(x), 1), round(float(y), 1)) for x, y in points]


def _rounded(points: Points) -> list[list[float]]:
    return [[x, y] for x, y in _pairs(points)]
