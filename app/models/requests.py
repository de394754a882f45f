"""The tables of requests and of what the investigator submits with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.matching.types import Face
from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, Stateful, UTCDateTime, one_of
from app.models.matters import in_matter_of
from app.policy.names import RequestVerb

if TYPE_CHECKING:
    from app.models.approval import Arrest, EvidenceItem, Outcome, Report
    from app.models.examination import Round
    from app.models.identification import Search


STATES = (
    "draft",
    "submitted",
    "awaiting_images",
    "accepted",
    "documented",
    "probe_selected",
    "searching",
    "search_failed",
    "searched",
    "under_examination",
    "nominated",
    "peer_reviewed",
    "continued",
    "approved",
    "negative",
    "reported",
    "superseded",
    "closed",
    "refused",
    "unexamined",
    "withdrawn",
    "disposed",
)
IMAGE_STATES = ("checking", "ready", "unreadable", "no_face", "too_many_faces", "not_checked")


class FRRequest(Stateful[RequestVerb], Sealed, Model):
    """One request (REQ-1). Sealed: facts, narrative, priority_reason, answers, description, circumstances,
    stated_crime.

    Of a disposed request there remain its number, case number (also as typed), use, state, dates and the accounts that
    took part.
    """

    __tablename__ = "fr_request"
    subject_type = "request"
    lookup = "number"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    requester_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    command: Mapped[str] = mapped_column(String(100))
    # the case it belonged to before is known when it changes: both stand otherwise then
    case_number: Mapped[str] = mapped_column(String(40), index=True, active_history=True)
    # what was typed, where that is another way of writing the same number
    typed_number: Mapped[str] = mapped_column(String(40), server_default="", default="")
    use_id: Mapped[str | None] = mapped_column(String(10))
    priority: Mapped[str] = mapped_column(String(40), default="other")
    political: Mapped[bool] = mapped_column(default=False)
    # of the offense chosen from the list, and of the crime a supervisor stated for what is none (CAP-9)
    offense_class: Mapped[str | None] = mapped_column(String(30))
    stated_class: Mapped[str | None] = mapped_column(String(30))
    discussing_supervisor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    discussion_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # counts submissions: new images after awaiting_images need a new confirmation (REQ-4)
    submission: Mapped[int] = mapped_column(default=0)
    examiner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)

    requester: Mapped[Account] = relationship(foreign_keys=[requester_id])
    discussing_supervisor: Mapped[Account | None] = relationship(foreign_keys=[discussing_supervisor_id])
    examiner: Mapped[Account | None] = relationship(foreign_keys=[examiner_id])
    clearances: Mapped[list[Clearance]] = relationship(back_populates="request", order_by="Clearance.id")
    images: Mapped[list[ProbeImage]] = relationship(back_populates="request", order_by="ProbeImage.id")
    basis_decisions: Mapped[list[BasisDecision]] = relationship(back_populates="request", order_by="BasisDecision.id")
    searches: Mapped[list[Search]] = relationship(back_populates="request", order_by="Search.id")
    rounds: Mapped[list[Round]] = relationship(back_populates="request", order_by="Round.number")
    reports: Mapped[list[Report]] = relationship(back_populates="request", order_by="Report.id")
    outcomes: Mapped[list[Outcome]] = relationship(back_populates="request", order_by="Outcome.id")
    evidence: Mapped[list[EvidenceItem]] = relationship(back_populates="request", order_by="EvidenceItem.id")
    arrests: Mapped[list[Arrest]] = relationship(back_populates="request", order_by="Arrest.id")

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint("state IN ('draft', 'withdrawn', 'disposed') OR use_id IS NOT NULL", name="submitted_has_use"),
        CheckConstraint("state IN ('draft', 'withdrawn', 'disposed') OR submission > 0", name="submitted_is_counted"),
        CheckConstraint(
            "state IN ('draft', 'submitted', 'awaiting_images', 'refused', 'withdrawn', 'disposed') "
            "OR examiner_id IS NOT NULL",
            name="accepted_has_examiner",
        ),
        CheckConstraint("examiner_id IS NULL OR examiner_id <> requester_id", name="requester_is_not_examiner"),
        CheckConstraint(
            "discussing_supervisor_id IS NULL OR discussing_supervisor_id <> requester_id",
            name="requester_is_not_supervisor",
        ),
        CheckConstraint(
            "use_id IS NULL OR use_id IN ('USE-1','USE-2','USE-3','USE-4','USE-5','USE-6')", name="authorized_use"
        ),
        Index("ix_fr_request_state_since", "state", "state_since"),
    )

    @property
    def reserved(self) -> bool:
        """Tell whether it is kept to the Intelligence Bureau and those named for it: once it is no draft (LIM-7)."""
        return self.political and self.state != "draft"

    def in_same_matter(self) -> ColumnElement[bool]:
        """Return the condition for requests of this one's matter, itself among them."""
        return in_matter_of(FRRequest.case_number, self.case_number)

    @property
    def inconclusive_since(self) -> datetime | None:
        """Return since when a finished search waits for its conclusion, or None (SRC-7).

        Counted from the first search, or from the last recall: neither another search nor a fresh round begins anew.
        """
        if self.has("answered") or self.has("final"):
            return None
        recalled = [report.recalled_at for report in self.reports if report.recalled_at is not None]
        finished = [one.finished_at for one in self.searches if one.state == "finished" and one.finished_at is not None]
        return max(recalled) if recalled and finished else min(finished, default=None)

    @classmethod
    def is_inconclusive(cls) -> ColumnElement[bool]:
        """Return the condition for requests that have an `inconclusive_since`."""
        return ~cls.having("answered") & ~cls.having("final") & cls.searches.any(state="finished")

    @classmethod
    def is_reserved(cls) -> ColumnElement[bool]:
        """Return the condition for requests that are `reserved`."""
        return cls.political & (cls.state != "draft")

    @property
    def current_images(self) -> list[ProbeImage]:
        return [image for image in self.images if image.removed_at is None]

    @property
    def current_search(self) -> Search | None:
        return self.searches[-1] if self.searches else None

    @property
    def current_round(self) -> Round | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def current_report(self) -> Report | None:
        return self.reports[-1] if self.reports else None

    @property
    def result(self) -> str | None:
        """Return the kind of result of the report in force; None before there is one and after a recall."""
        report = self.current_report
        stands = report is not None and report.delivered_at is not None and report.recalled_at is None
        return report.kind if report is not None and stands else None


class Clearance(Judged, Sealed, Model):
    """LIM-7: somebody of the unit, named for one request. Sealed: reason, withdrawn_because."""

    __tablename__ = "clearance"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    named_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    request: Mapped[FRRequest] = relationship(back_populates="clearances")
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    named_by: Mapped[Account] = relationship(foreign_keys=[named_by_id])
    __table_args__ = (
        CheckConstraint("account_id <> named_by_id", name="nobody_names_themselves"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_by_somebody"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id


class ProbeImage(Sealed, Model):
    """One submitted image of the unknown person (REQ-3). Original bytes are write-once; shown copies carry no metadata.

    Sealed: file_name, source_facts, obtained_facts, exif.
    """

    __tablename__ = "probe_image"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    submission: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="checking")
    problem: Mapped[str | None] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    phash: Mapped[str | None] = mapped_column(String(16), index=True)
    blob_id: Mapped[str] = mapped_column(String(40))
    shown_blob_id: Mapped[str | None] = mapped_column(String(40))
    shown_sha256: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(40))
    obtained: Mapped[str | None] = mapped_column(String(40))
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attested_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    request: Mapped[FRRequest] = relationship(back_populates="images")
    faces: Mapped[list[DetectedFace]] = relationship(back_populates="image", order_by="DetectedFace.position")
    __table_args__ = (
        CheckConstraint(one_of("state", IMAGE_STATES), name="known_state"),
        CheckConstraint("state <> 'ready' OR shown_blob_id IS NOT NULL", name="ready_has_shown_copy"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id


class DetectedFace(Model):
    """A face found in a probe image; pixels of the oriented image. Position counts from 1, left to right."""

    __tablename__ = "detected_face"
    image_id: Mapped[int] = mapped_column(ForeignKey("probe_image.id"), index=True)
    position: Mapped[int]
    box: Mapped[list[float]] = mapped_column(JSON)
    points: Mapped[list[list[float]]] = mapped_column(JSON)
    detector_score: Mapped[float]
    inter_eye: Mapped[float]
    # as app.domain.identification.image_quality describes it; rows of earlier versions hold measures alone
    quality: Mapped[dict[str, Any]] = mapped_column(JSON)
    # of the aligned face, under a mask (app.storage.masks); none of an image that was checked before it was kept
    face_hash: Mapped[str | None] = mapped_column(String(16))
    image: Mapped[ProbeImage] = relationship(back_populates="faces")
    __table_args__ = (UniqueConstraint("image_id", "position"),)

    @property
    def findings(self) -> tuple[Mapping[str, Any], ...]:
        """Return the quality findings made when the image was checked (REQ-7); empty for older rows."""
        return tuple(self.quality.get("findings") or ())

    @property
    def failing(self) -> tuple[Mapping[str, Any], ...]:
        """Return the findings that an examiner must override with a reason."""
        return tuple(finding for finding in self.findings if finding["band"] == "fail")

    def found(self) -> Face:
        """Return the face as the detector gave it."""
        left, top, right, bottom = self.box
        return Face((left, top, right, bottom), self.detector_score, np.asarray(self.points, np.float32))


class BasisDecision(Judged, Sealed, Model):
    """REQ-4: an examiner's decision on the basis of one submission; REQ-5: the requester's documentation of it.

    Sealed: note, entry_note. A refusal cites its rule.
    """

    __tablename__ = "basis_decision"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    submission: Mapped[int]
    examiner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str] = mapped_column(String(20))
    rule: Mapped[str | None] = mapped_column(String(40))
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    documented_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    documented_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    entry_reference: Mapped[str | None] = mapped_column(String(80))
    request: Mapped[FRRequest] = relationship(back_populates="basis_decisions")
    examiner: Mapped[Account] = relationship(foreign_keys=[examiner_id])
    __table_args__ = (
        CheckConstraint(one_of("decision", ["confirmed", "refused", "returned"]), name="known_decision"),
        CheckConstraint("decision <> 'refused' OR rule IS NOT NULL", name="refusal_cites_rule"),
        CheckConstraint("(documented_at IS NULL) = (entry_reference IS NULL)", name="documented_with_reference"),
        CheckConstraint("documented_at IS NULL OR decision = 'confirmed'", name="documents_a_confirmation"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id
