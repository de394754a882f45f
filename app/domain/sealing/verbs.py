"""Sealing orders: received, and carried out in the same transaction (CAP-3).

An order takes photographs, templates and what was rendered of them out of the repository in one commit; from then on no
search that starts sees them, and none that runs delivers them. Keys and files are destroyed right after the commit; the
job of app/jobs/sealing/completion.py makes sure of it after a kill, cleans what copies remain, and certifies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.calendar import today
from app.clauses import enforces
from app.domain.accounts.people import who_may
from app.domain.gallery import photo_keys
from app.domain.gallery import verbs as gallery
from app.domain.gallery.repository_index import lock_repository, next_generation
from app.domain.notices.notifications import tell
from app.domain.numbers import draw
from app.domain.sealing.notice_words import digests_of_names
from app.domain.sealing.notices import draft
from app.domain.sealing.order_statement import OrderStatement, faults, sentences
from app.extensions import db, stores
from app.models import (
    Candidate,
    FRRequest,
    GalleryHold,
    GalleryPerson,
    GalleryPhoto,
    Report,
    Round,
    SealedRecord,
    SealingOrder,
)
from app.models.base import filled, now
from app.models.engine import Job
from app.models.numbered import named_by
from app.models.sealing import OUTCOMES
from app.outbox import ask_once
from app.policy import policy
from app.unit_of_work import Conflict, after_commit, unit_of_work
from app.workflow.engine import advance, refuse_if

JOB = "sealing"
TRIES = 3
#: called inside the transaction with the photographs that leave: an area that shows photographs in its own rows (the
#: foils of a line-up) adds what takes them out
ON_REMOVAL: list[Callable[[Sequence[GalleryPhoto]], object]] = []


def existing(statement: OrderStatement) -> SealingOrder | None:
    """Return the same order from before, or None."""
    return db.session.scalars(select(SealingOrder).where(SealingOrder.order_digest == statement.digest)).one_or_none()


def chosen(statement: OrderStatement, *, locked: bool = False) -> list[GalleryPhoto]:
    """Return the photographs an order covers, held or not: the named records, and the person's until its date."""
    about: list[ColumnElement[bool]] = [GalleryPhoto.record_number.in_(statement.records)]
    if statement.person_number:
        person = select(GalleryPerson.id).where(GalleryPerson.person_number == statement.person_number)
        about.append(GalleryPhoto.person_id.in_(person) & (GalleryPhoto.taken_on <= statement.dated))
    rows = select(GalleryPhoto).where(or_(*about)).order_by(GalleryPhoto.id)
    found = list(db.session.scalars(rows.with_for_update() if locked else rows))
    numbers = named_by(statement.records, found)
    return sorted(found, key=lambda photo: numbers[photo])


def prepare(statement: OrderStatement) -> None:
    """What is slow, before the unit: photographs that share a key with what stays get one of their own.

    Raises Conflict and StorageError.
    """
    photo_keys.separate({photo.person.person_number for photo in chosen(statement) if photo.removed_at is None})
    db.session.rollback()


def execute(statement: OrderStatement, actor: Actor, way: str) -> tuple[SealingOrder, bool]:
    """Prepare and carry out an order in a unit of its own; says whether it is a new one.

    Raises Refused, StorageError, and Conflict when others kept changing the same records.
    """
    attempt = 0
    while (known := existing(statement)) is None:
        attempt += 1
        try:
            prepare(statement)
            with unit_of_work():
                return carry_out(statement, actor, way), True
        except (Conflict, IntegrityError):
            db.session.rollback()
            if attempt == TRIES:
                raise
    return known, False


@enforces("CAP-3", "ACC-10")
def carry_out(statement: OrderStatement, actor: Actor, way: str) -> SealingOrder:
    """Take what the order names out of the repository; the same order again answers the first one, and does nothing.

    Needs an open unit of work, and `prepare` before it. Raises Refused, and Conflict when a photograph shares its key
    with what stays.
    """
    check_capability(actor, "sealing.order" if way == "page" else "system.retention")
    wrong = faults(statement, today())
    refuse_if("order_stated", bool(wrong), sentences(wrong.values()))
    # held first, and by an import too before it looks for tombstones: neither overlooks the other
    lock_repository()
    known = existing(statement)
    if known is not None:
        return known
    generation = next_generation()
    order = _received(statement, actor, way)
    photos = chosen(statement, locked=True)
    held = [photo for photo in photos if photo.removed_at is None]
    # the names go with the photographs: a notice is held against them afterwards
    order.seal(names=digests_of_names(photos))
    _tombstones(order, statement, photos, held)
    templates = sum(len(photo.templates) for photo in held)
    for photo in held:
        generation = gallery.remove(photo, statement.kind)
    if any(photo.key_id not in gallery.unneeded_keys(photo) for photo in held):
        raise Conflict("a photograph was given the key of another meanwhile")
    _decide_holds(statement)
    for take_out in ON_REMOVAL:
        take_out(held)
    blobs = [photo.blob_id for photo in held] + unsent_reports(held)
    keys = list(dict.fromkeys(key_id for photo in held for key_id in gallery.unneeded_keys(photo)))
    order.destroyed = {"keys": keys, "blobs": blobs, "rows": {"template": templates}}
    # set before the step: an order that is carried out without its moment would break the table's own check
    order.removed_at, order.generation = now(), generation
    counts = {name: sum(row.outcome == name for row in order.records) for name in OUTCOMES}
    advance(order, "carry_out", system_actor(), generation=generation, **counts)
    for request in interrupted(held):
        tell("nominee_gone", who_may(request, "continue_investigation"), request)
    draft(order)
    after_commit(lambda: destroy(keys, blobs))
    ask_for_completion(order)
    return order


def _received(statement: OrderStatement, actor: Actor, way: str) -> SealingOrder:
    order = SealingOrder(
        number=draw("SO"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        kind=statement.kind,
        dated=statement.dated,
        order_digest=statement.digest,
        person_digest=statement.person_digest,
        way=way,
        received_by_id=actor.id,
    )
    order.seal(
        order_number=statement.order_number.strip(),
        authority=statement.authority.strip(),
        person_number=statement.person_number,
        note=statement.note.strip(),
    )
    db.session.add(order)
    db.session.flush()
    audit.record("sealing.received", order, actor=actor, kind=statement.kind, way=way, records=len(statement.records))
    return order


def _tombstones(
    order: SealingOrder, statement: OrderStatement, photos: Sequence[GalleryPhoto], held: Sequence[GalleryPhoto]
) -> None:
    numbers = named_by(statement.records, photos)
    leaving = {photo.id for photo in held}
    for photo in photos:
        # of one that left before, and that the order does not name, nobody knows the number any more; its own row keeps
        # it from coming back
        number = None if numbers[photo] == photo.stand_in else numbers[photo]
        outcome = "removed" if photo.id in leaving else "left_before"
        row = SealedRecord(order=order, record_number=number, sha256=photo.sha256, photo=photo, outcome=outcome)
        db.session.add(row)
    for number in statement.records:
        if number not in numbers.values():
            db.session.add(SealedRecord(order=order, record_number=number, outcome="not_held"))
    db.session.flush()


def _decide_holds(statement: OrderStatement) -> None:
    """Decide by the order on photographs that still wait for a decision (CAP-4); their files go with their keys."""
    for hold in db.session.scalars(select(GalleryHold).where(GalleryHold.decision.is_(None))):
        row = gallery.held_row(hold)
        of_person = bool(statement.person_number) and row["person_number"] == statement.person_number
        if hold.record_number in statement.records or (of_person and row["taken_on"] <= str(statement.dated)):
            gallery.decide(hold, False, "Sealed by order.")


def unsent_reports(photos: Sequence[GalleryPhoto]) -> list[str]:
    """Forget what was rendered of these nominees and not delivered; answers the files, which nobody received."""
    rows = (
        select(Report)
        .join(Round, Report.round_id == Round.id)
        .join(Candidate, Round.nominee_id == Candidate.id)
        .where(
            Report.kind == "possible_match",
            Report.delivered_at.is_(None),
            Report.blob_id.is_not(None),
            Candidate.person_id.in_({photo.person_id for photo in photos}),
        )
    )
    files = []
    for report in db.session.scalars(rows):
        files.append(filled(report.blob_id))
        report.blob_id = report.sha256 = report.pages = report.manifest_digest = report.code = None
    db.session.flush()
    return files


def interrupted(photos: Sequence[GalleryPhoto]) -> list[FRRequest]:
    """Return unreported requests whose nominee is one of these photographs; a supervisor decides on them."""
    rows = (
        select(Round)
        .join(Candidate, Round.nominee_id == Candidate.id)
        .join(FRRequest, Round.request_id == FRRequest.id)
        .where(Candidate.photo_id.in_({photo.id for photo in photos}), FRRequest.taking("disapprove"))
    )
    rounds = db.session.scalars(rows.order_by(Round.request_id))
    return [round_.request for round_ in rounds if round_.request.current_round is round_]


def ask_for_completion(order: SealingOrder) -> Job:
    """Have the destruction finished and certified by a worker; asked for again only after a run gave up."""
    return ask_once(JOB, order.number)


@enforces("CAP-3", "ACC-10")
def destroy(keys: Sequence[str], blobs: Sequence[str]) -> None:
    """Destroy what an order took out of the repository. May be repeated."""
    stores().erase(keys, blobs)


def order_by_number(number: str) -> SealingOrder:
    """Return an order by our own number. Raises NoResultFound."""
    return db.session.scalars(select(SealingOrder).where(SealingOrder.number == number)).one()
