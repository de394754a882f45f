"""The tables of reports to the investigator and of the outcomes recorded afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, UTCDateTime, one_of
from app.models.examination import Round
from app.models.requests import FRRequest

KINDS = ("possible_match", "negative")
TIMINGS = ("before_lead", "after_lead")
BASES = ("no_lead", "before_lead", "on_lead")


class Report(Judged, Sealed, Model):
    """SRC-7, SRC-8: a rendered, delivered document. Sealed: recall_reason, facts (the manifest as rendered)."""

    judged_in = ("blob_id",)
    __tablename__ = "report"
    subject_type = "report"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("examination_round.id"))
    kind: Mapped[str] = mapped_column(String(20))
    prepared_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    blob_id: Mapped[str | None] = mapped_column(String(40))
    sha256: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[int | None]
    manifest_digest: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    receipt: Mapped[dict[str, str] | None] = mapped_column(JSON)
    recalled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    recalled_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))

    request: Mapped[FRRequest] = relationship(back_populates="reports")
    round: Mapped[Round | None] = relationship()
    prepared_by: Mapped[Account | None] = relationship(foreign_keys=[prepared_by_id])
    recalled_by: Mapped[Account | None] = relationship(foreign_keys=[recalled_by_id])
    replaces: Mapped[Report | None] = relationship(remote_side="Report.id")
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="known_kind"),
        CheckConstraint("(blob_id IS NULL) = (sha256 IS NULL)", name="rendered_has_digest"),
        CheckConstraint(
            "delivered_at IS NULL OR (blob_id IS NOT NULL AND receipt IS NOT NULL)", name="delivered_has_receipt"
        ),
        CheckConstraint("(recalled_at IS NULL) = (recalled_by_id IS NULL)", name="recalled_by_somebody"),
        CheckConstraint("kind <> 'possible_match' OR round_id IS NOT NULL", name="possible_match_has_round"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id


class Outcome(Judged, Sealed, Model):
    """The outcome of the case (USE-8). Sealed: facts.

    `has_evidence`: it rests on evidence that stands without the result, or, of an arrest, not on the result at all.

    Rows of the kind "corroboration" are further evidence as it was written before there was a ledger.
    """

    __tablename__ = "outcome"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(40))
    has_evidence: Mapped[bool]
    request: Mapped[FRRequest] = relationship(back_populates="outcomes")
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (CheckConstraint("kind <> 'arrest' OR has_evidence", name="arrest_is_corroborated"),)

    @property
    def key_id(self) -> str:
        return self.request.key_id


class EvidenceItem(Sealed, Model):
    """An item of evidence besides the result (USE-8); never changed.

    Sealed: facts, as the ledger asks for them; dated (whether it is dated before the result, and cites what shows it).
    `timing` and `depends` are what the portal found when it was recorded, under the policy of that version.
    """

    __tablename__ = "evidence_item"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    timing: Mapped[str] = mapped_column(String(20))
    depends: Mapped[bool]
    request: Mapped[FRRequest] = relationship(back_populates="evidence")
    recorded_by: Mapped[Account] = relationship()
    judgment: Mapped[EvidenceJudgment | None] = relationship(back_populates="item")
    __table_args__ = (CheckConstraint(one_of("timing", TIMINGS), name="known_timing"),)

    @property
    def awaits_word(self) -> bool:
        """Tell whether a supervisor's word is missing; what depends on the result and speaks for it needs none."""
        asked = not self.depends or self.private["facts"].get("speaks") != "for"
        return asked and self.judgment is None

    @property
    def key_id(self) -> str:
        return self.request.key_id


class EvidenceJudgment(Sealed, Model):
    """The word of the supervisor named in the request on an item of evidence (USE-8); one each.

    Never changed. Sealed: words.
    """

    __tablename__ = "evidence_judgment"
    item_id: Mapped[int] = mapped_column(ForeignKey("evidence_item.id"), unique=True)
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    agreed: Mapped[bool]
    item: Mapped[EvidenceItem] = relationship(back_populates="judgment")
    supervisor: Mapped[Account] = relationship()

    @property
    def key_id(self) -> str:
        return self.item.request.key_id


class Arrest(Sealed, Model):
    """An arrest that was reported (USE-8, AUD-7). Sealed: facts (number, day, time, ground).

    `basis`: made before or after a possible match of the matter was received, or without one. `in_hand`: how many items
    of evidence that stand without the result had been obtained by then, as far as is on record.
    """

    __tablename__ = "arrest"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    year: Mapped[int] = mapped_column(index=True)
    basis: Mapped[str] = mapped_column(String(20))
    in_hand: Mapped[int]
    request: Mapped[FRRequest] = relationship(back_populates="arrests")
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("basis", BASES), name="known_basis"),
        CheckConstraint("in_hand >= 0", name="counted"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id
