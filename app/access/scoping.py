"""The scopes of subjects (ACC-6, ACC-11): what is out of a person's scope does not exist for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, false, literal, or_, select

from app.access.actor import Actor
from app.access.clearance import cleared_rows, is_member
from app.clauses import enforces
from app.extensions import Base, db
from app.models import (
    Account,
    AlgorithmChange,
    Annotation,
    CaseNumber,
    CaseRecord,
    DerivedImage,
    Disclosure,
    Disposal,
    FinalReview,
    FRRequest,
    GalleryImport,
    GalleryPerson,
    Incident,
    Job,
    LeftCopy,
    LegalHold,
    LineUp,
    MisuseReport,
    PersonFile,
    ProbeImage,
    ProficiencyItem,
    Report,
    Round,
    RoutineDesignation,
    SealedCopy,
    SealingNotice,
    SealingOrder,
    Search,
    StoredStanding,
)
from app.models.base import Model

Scope = Callable[[Select[Any], Actor], Select[Any]]
SCOPES: dict[type[Base], Scope] = {}
#: the jobs that write a file for a person (app/domain/oversight/exports.py)
EXPORTS = "export"


def scope(model: type[Base]) -> Callable[[Scope], Scope]:
    """Register the scope of a table: who may see which of its rows."""

    def keep(function: Scope) -> Scope:
        SCOPES[model] = function
        return function

    return keep


def visible(model: type[Base], actor: Actor) -> Select[Any]:
    """Select the rows of `model` that this person may see."""
    return SCOPES[model](select(model), actor)


def find(model: type[Model], key: str, actor: Actor) -> Any | None:
    """Find a row by its public id, if this person may see it.

    The row is looked up by its id, then its scope is asked of it alone: no scope lists rows of other tables (`_on`).
    """
    return db.session.scalars(visible(model, actor).where(getattr(model, model.lookup) == key)).one_or_none()


@scope(FRRequest)
@enforces("ACC-1", "ACC-7", "ACC-11", "LIM-7")
def requests_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Investigators see their own; a named supervisor those they were named in; the unit what was submitted to it.

    Of a request that involves political activity only who is cleared for it knows, whatever else they may do (LIM-7).
    Of a disposed request nobody sees a page: what its pages would show no longer exists (RET-11).
    """
    parts: list[ColumnElement[bool]] = []
    if "request.file" in actor.capabilities:
        # what was withdrawn before it was filed is still its author's
        own = FRRequest.requester_id == actor.id
        parts.append(own & (cleared_rows(actor) | ((FRRequest.state == "withdrawn") & (FRRequest.submission == 0))))
    if "discussion.confirm" in actor.capabilities:
        named = FRRequest.discussing_supervisor_id == actor.id
        parts.append(named & (FRRequest.state != "draft") & cleared_rows(actor))
    if actor.can("basis.confirm"):
        # a colleague's own request stays invisible to the unit's work on it only where separation says so
        unit = cleared_rows(actor)
        parts.append(FRRequest.having("filed") & (FRRequest.state != "nominated") & unit)
        # while peers review it, a request is known to its examiner: the others meet it as a line-up alone (SRC-4)
        parts.append((FRRequest.state == "nominated") & (FRRequest.examiner_id == actor.id) & unit)
    if actor.can("approval.decide"):
        parts.append(FRRequest.having("filed") & cleared_rows(actor))
    if "clearance.name" in actor.capabilities and is_member(actor):
        parts.append(FRRequest.is_reserved() & FRRequest.having("filed"))
    return rows.where(FRRequest.state != "disposed", or_(*parts) if parts else false())


def _on(column: Any, *rules: ColumnElement[bool]) -> ColumnElement[bool]:
    """Test row by row whether the row that a column refers to meets the conditions.

    Never `IN (SELECT …)`: a database makes that list first, of every request there is, though one row is asked about.
    """
    key = next(iter(column.property.columns[0].foreign_keys)).column
    asked = select(literal(1)).where(key == column, *rules).correlate(column.class_)
    return asked.exists()


def _within_visible_requests(rows: Select[Any], column: Any, actor: Actor) -> Select[Any]:
    seen = requests_in_scope(select(literal(1)).select_from(FRRequest).where(FRRequest.id == column), actor)
    return rows.where(seen.correlate(column.class_).exists())


@scope(ProbeImage)
def images_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return _within_visible_requests(rows, ProbeImage.request_id, actor)


@scope(DerivedImage)
@enforces("ACC-1", "SRC-4")
def derived_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Prepared images are known to whoever made them, to the examiner of the request now, and to a supervisor.

    They name an examiner, so to every other examiner, who may become a peer, they do not exist.
    """
    parts: list[ColumnElement[bool]] = []
    if actor.can("probe.select"):
        mine = _on(DerivedImage.request_id, FRRequest.examiner_id == actor.id)
        parts.append((DerivedImage.made_by_id == actor.id) | mine)
    if actor.can("approval.decide"):
        parts.append(DerivedImage.id.is_not(None))
    rows = rows.where(_on(DerivedImage.request_id, cleared_rows(actor)))
    return rows.where(or_(*parts) if parts else false())


@scope(Report)
@enforces("ACC-1", "ACC-11", "SRC-4")
def reports_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Reports of visible requests, to whoever filed or examined them and to the supervisors of the unit by their duty.

    To every other examiner, who may become a peer on the same photograph, they do not exist; to the named supervisor
    of a precinct a report is not addressed.
    """
    if "report.read" not in actor.capabilities:
        return rows.where(false())
    parts: list[ColumnElement[bool]] = []
    if "request.file" in actor.capabilities:
        parts.append(_on(Report.request_id, FRRequest.requester_id == actor.id))
    if actor.can("examination.work"):
        examined = select(literal(1)).where(Round.request_id == Report.request_id, Round.examiner_id == actor.id)
        parts.append(_on(Report.request_id, FRRequest.examiner_id == actor.id))
        parts.append(examined.correlate(Report).exists())
    if actor.can("approval.decide"):
        parts.append(Report.id.is_not(None))
    return _within_visible_requests(rows.where(or_(*parts) if parts else false()), Report.request_id, actor)


@scope(Round)
@enforces("ACC-1", "SRC-4")
def rounds_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """A round is known to its examiner, to whoever examines the request now, and to a supervisor.

    To every other examiner it does not exist, for they may become its peers: a peer sees the nominee through the blind
    review page alone, before and after the verdict.
    """
    parts: list[ColumnElement[bool]] = []
    if actor.can("examination.work"):
        mine = _on(Round.request_id, FRRequest.examiner_id == actor.id)
        parts.append((Round.examiner_id == actor.id) | mine)
    if actor.can("approval.decide"):
        parts.append(Round.id.is_not(None))
    kept = _on(Round.request_id, FRRequest.state != "disposed", cleared_rows(actor))
    return rows.where(kept, or_(*parts) if parts else false())


@scope(Annotation)
@enforces("ACC-1", "SRC-4")
def annotations_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Marks are their author's until the round is open to all: its peers have spoken, or it ended without a nominee.

    Then they are read by whoever may know of the round; to a peer they never exist.
    """
    known = rounds_in_scope(select(literal(1)).select_from(Round).where(Round.id == Annotation.round_id), actor)
    judged = (
        select(literal(1)).select_from(FinalReview).where(FinalReview.round_id == Round.id).correlate(Round).exists()
    )
    opened = known.where(judged | ~_on(Round.request_id, FRRequest.having("round_open")))
    mine = (Annotation.author_id == actor.id) if actor.can("examination.work") else false()
    known, opened = known.correlate(Annotation), opened.correlate(Annotation)
    return rows.where(known.exists(), mine | opened.exists())


@scope(LineUp)
@enforces("SRC-4")
def line_ups_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """A peer's own assignments, ended ones included; to everybody else a line-up does not exist."""
    if not actor.can("peer.review"):
        return rows.where(false())
    kept = _on(LineUp.round_id, _on(Round.request_id, FRRequest.state != "disposed", cleared_rows(actor)))
    return rows.where(LineUp.peer_id == actor.id, or_(LineUp.round_id.is_(None), kept))


@scope(GalleryImport)
@enforces("CAP-3", "ACC-7")
def imports_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Imports are known to whoever may sign for their samples, and to no one else by an address."""
    return rows if actor.can("gallery.sample") else rows.where(false())


@scope(GalleryPerson)
def gallery_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return rows if actor.can("gallery.browse") else rows.where(false())


@scope(MisuseReport)
def misuse_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return rows if "misuse.read" in actor.capabilities else rows.where(false())


@scope(Account)
def accounts_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return rows if "training.keep" in actor.capabilities else rows.where(false())


@scope(AlgorithmChange)
def changes_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return rows if actor.can("algorithm.change") else rows.where(false())


@scope(Search)
@enforces("ACC-7", "AUD-2", "AUD-5")
def searches_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Searches as records to be replayed: finished ones, without a face or a name, to whoever watches over the unit."""
    if not actor.can("search.replay"):
        return rows.where(false())
    return rows.where(
        Search.state == "finished", _on(Search.request_id, FRRequest.state != "disposed", cleared_rows(actor))
    )


@scope(Job)
@enforces("ACC-11")
def files_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Of all work only the files of long lists have pages, each for the person who asked for it."""
    return rows.where(Job.kind == EXPORTS, Job.subject_id == str(actor.id))


@scope(ProficiencyItem)
@enforces("FAIR-1", "SRC-4")
def proficiency_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Known to the supervisors who keep them; nobody who may be given one knows of it."""
    able = actor.can("proficiency.keep") and "peer.review" not in actor.capabilities
    return rows if able else rows.where(false())


@scope(Disclosure)
@enforces("ACC-7", "ACC-11", "EXT-7")
def disclosures_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Whoever asked sees their own; whoever may decide on it or hand it out sees what was submitted."""
    if "disclosure.read" not in actor.capabilities:
        return rows.where(false())
    # of one that went with the record of its case only the line of the register remains
    rows = rows.where(Disclosure.erased_at.is_(None))
    parts: list[ColumnElement[bool]] = []
    if "disclosure.file" in actor.capabilities:
        parts.append(Disclosure.asked_by_id == actor.id)
    if actor.capabilities & {"disclosure.decide", "disclosure.determine", "disclosure.custody"}:
        parts.append(Disclosure.submitted_at.is_not(None))
    return rows.where(or_(*parts) if parts else false())


@scope(RoutineDesignation)
def designations_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Designations name no person; whoever reads disclosures may know what is routine."""
    able = actor.capabilities & {"disclosure.read", "disclosure.register", "designation.keep"}
    return rows if able else rows.where(false())


@scope(Incident)
@enforces("EXT-10")
def incidents_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    return rows if "incident.keep" in actor.capabilities else rows.where(false())


@scope(CaseNumber)
@enforces("ACC-11", "LIM-7")
def numbers_in_scope(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Every number for those who keep case records; for the unit those under which it may know of a request."""
    if "matter.link" not in actor.capabilities:
        return rows.where(false())
    if "retention.read" in actor.capabilities:
        return rows
    mine = requests_in_scope(select(literal(1)).where(FRRequest.case_number == CaseNumber.number), actor)
    return rows.where(mine.correlate(CaseNumber).exists())


@enforces("RET-11", "ACC-6", "ACC-11")
def _for_retention(rows: Select[Any], actor: Actor) -> Select[Any]:
    """Case records, person files, holds and disposals are known to those who keep or approve, and to nobody else."""
    return rows if "retention.read" in actor.capabilities else rows.where(false())


for _model in (
    CaseRecord,
    PersonFile,
    LegalHold,
    Disposal,
    SealingOrder,
    SealedCopy,
    LeftCopy,
    SealingNotice,
    StoredStanding,
):
    scope(_model)(_for_retention)
