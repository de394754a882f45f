"""The erasure of everything that belongs to a request: keys and files first, then rows; what remains (RET-11).

An area that stores more about a request adds an eraser to `ERASERS`. Erasers run in order, so that rows go before the
rows they refer to; the requests' own is the last. A test walks the tables and fails when one that refers to a request
is in no eraser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from app.domain.retention.erasure_disclosures import DisclosureEraser
from app.domain.retention.erasure_plan import Eraser, ErasurePlan, run
from app.extensions import db
from app.models import (
    Annotation,
    AnswerJudgment,
    Arrest,
    Assignment,
    BackgroundCheck,
    BasisDecision,
    Candidate,
    Clearance,
    DerivedImage,
    DetectedFace,
    Disposition,
    Draft,
    EvidenceItem,
    EvidenceJudgment,
    FinalReview,
    FRRequest,
    GalleryHold,
    Job,
    LineUp,
    LineUpPlace,
    NewGround,
    Notification,
    Outcome,
    PeerReview,
    ProbeImage,
    ProbeResemblance,
    RepeatSearch,
    Report,
    Round,
    Search,
    SearchReplay,
)
from app.models.base import filled


class RequestEraser:
    """The request's own rows: images, decisions, searches, examination, reports, outcomes, jobs, notifications."""

    tables = (
        "form_draft",
        "search_replay",
        "repeat_search",
        "probe_resemblance",
        "final_review",
        "peer_review",
        "answer_judgment",
        "background_check",
        "disposition",
        "new_ground",
        "line_up_place",
        "line_up",
        "annotation",
        "report",
        "assignment",
        "examination_round",
        "candidate",
        "search",
        "derived_image",
        "detected_face",
        "gallery_hold",
        "probe_image",
        "basis_decision",
        "evidence_judgment",
        "evidence_item",
        "arrest",
        "clearance",
        "outcome",
        "fr_request",
    )

    def plan(self, requests: Sequence[FRRequest]) -> ErasurePlan:
        found = ErasurePlan()
        for request in requests:
            blobs = [blob for image in request.images for blob in (image.blob_id, image.shown_blob_id)]
            blobs += [report.blob_id for report in request.reports]
            blobs += db.session.scalars(select(DerivedImage.blob_id).where(DerivedImage.request_id == request.id))
            found.add(ErasurePlan([request.key_id], [blob for blob in blobs if blob], self._delivered(request)))
        return found

    def _delivered(self, request: FRRequest) -> list[dict[str, Any]]:
        return [
            {
                "report": report.number,
                "path": filled(report.receipt)["path"],
                "sha256": report.sha256,
                "code": report.code,
                "kind": report.kind,
                "at": report.delivered_at.isoformat(),
                "manifest": report.manifest_digest,
                "recalled": report.recalled_at.isoformat() if report.recalled_at else None,
                "replaced_by": self._replacement(request, report),
            }
            for report in request.reports
            if report.delivered_at is not None
        ]

    def _replacement(self, request: FRRequest, report: Report) -> str | None:
        later = (other for other in request.reports if other.replaces_id == report.id)
        return next((other.number for other in later if other.delivered_at is not None), None)

    def delete(self, requests: Sequence[FRRequest]) -> dict[str, int]:
        ids, numbers = [request.id for request in requests], [request.number for request in requests]
        rounds = select(Round.id).where(Round.request_id.in_(ids))
        searches = select(Search.id).where(Search.request_id.in_(ids))
        images = select(ProbeImage.id).where(ProbeImage.request_id.in_(ids))
        subjects = [*numbers, *(request.uid for request in requests)]
        subjects += db.session.scalars(select(ProbeImage.uid).where(ProbeImage.request_id.in_(ids)))
        subjects += db.session.scalars(select(Search.uid).where(Search.request_id.in_(ids)))
        subjects += db.session.scalars(select(Round.uid).where(Round.request_id.in_(ids)))
        line_ups = select(LineUp.id).where(LineUp.round_id.in_(rounds))
        assigned = list(db.session.scalars(select(LineUp.number).where(LineUp.round_id.in_(rounds))))
        notices = (Notification.subject_type == "request") & Notification.subject_key.in_(numbers)
        notices |= (Notification.subject_type == "line_up") & Notification.subject_key.in_(assigned)
        subjects += db.session.scalars(select(Notification.uid).where(notices))
        for request in requests:
            _blank(request)
        db.session.flush()
        run(update(GalleryHold).where(GalleryHold.probe_image_id.in_(images)).values(probe_image_id=None))
        replays = select(SearchReplay.uid).where(SearchReplay.search_id.in_(searches))
        subjects += db.session.scalars(replays)
        steps: list[tuple[Any, Any]] = [
            (Draft, Draft.request_id.in_(ids) | Draft.line_up_id.in_(line_ups)),
            (SearchReplay, SearchReplay.search_id.in_(searches)),
            (RepeatSearch, RepeatSearch.search_id.in_(searches)),
            (
                ProbeResemblance,
                ProbeResemblance.image_id.in_(images) | ProbeResemblance.earlier_id.in_(images),
            ),
            (FinalReview, FinalReview.round_id.in_(rounds)),
            (NewGround, NewGround.round_id.in_(rounds)),
            (LineUpPlace, LineUpPlace.line_up_id.in_(line_ups)),
            (LineUp, LineUp.round_id.in_(rounds)),
            (PeerReview, PeerReview.round_id.in_(rounds)),
            (
                AnswerJudgment,
                AnswerJudgment.check_id.in_(select(BackgroundCheck.id).where(BackgroundCheck.round_id.in_(rounds))),
            ),
            (BackgroundCheck, BackgroundCheck.round_id.in_(rounds)),
            (Annotation, Annotation.round_id.in_(rounds)),
            (Disposition, Disposition.round_id.in_(rounds)),
            (Report, Report.request_id.in_(ids)),
            (Assignment, Assignment.request_id.in_(ids)),
            (Round, Round.request_id.in_(ids)),
            (Candidate, Candidate.search_id.in_(searches)),
            (Search, Search.request_id.in_(ids)),
            (DerivedImage, DerivedImage.request_id.in_(ids)),
            (DetectedFace, DetectedFace.image_id.in_(images)),
            (ProbeImage, ProbeImage.request_id.in_(ids)),
            (BasisDecision, BasisDecision.request_id.in_(ids)),
            (
                EvidenceJudgment,
                EvidenceJudgment.item_id.in_(select(EvidenceItem.id).where(EvidenceItem.request_id.in_(ids))),
            ),
            (EvidenceItem, EvidenceItem.request_id.in_(ids)),
            (Arrest, Arrest.request_id.in_(ids)),
            (Clearance, Clearance.request_id.in_(ids)),
            (Outcome, Outcome.request_id.in_(ids)),
            (Notification, notices),
            (Job, Job.subject_id.in_(subjects)),
        ]
        counts = {model.__tablename__: run(delete(model).where(where)) for model, where in steps}
        db.session.expire_all()
        return {table: count for table, count in counts.items() if count}


def _blank(request: FRRequest) -> None:
    """Blank requests except number, case number, use, state, dates and accounts; nothing sealed remains."""
    request.sealed = None
    request.priority, request.political = "other", False
    request.offense_class = request.stated_class = None


ERASERS: list[Eraser] = [DisclosureEraser(), RequestEraser()]


def plan_of(requests: Sequence[FRRequest]) -> ErasurePlan:
    """Plan everything of these requests that is to be destroyed outside the database."""
    found = ErasurePlan()
    for eraser in ERASERS:
        found.add(eraser.plan(requests))
    return found


def delete_rows(requests: Sequence[FRRequest]) -> dict[str, int]:
    """Delete every row that belongs to these requests, and blank their own; returns row counts by table."""
    counts: dict[str, int] = {}
    for eraser in ERASERS:
        for table, count in eraser.delete(requests).items():
            counts[table] = counts.get(table, 0) + count
    return counts
