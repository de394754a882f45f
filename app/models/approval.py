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
    """USE-8: further evidence, or the outcome of the case. Sealed: evidence, note."""

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
