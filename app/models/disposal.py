"""A disposal: what is proposed, who approved it, how far its execution is, what it destroyed (RET-1 to RET-11)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.account import Account
from app.models.base import Model, Sealed, Stateful, UTCDateTime, one_of
from app.models.retention import CaseRecord, PersonFile

STATES = (
    "draft", "proposed", "once_approved", "approved", "executing", "disposed", "declined", "withdrawn",
)  # fmt: skip
ITEM_STATES = ("pending", "erasing", "erased", "spared")


class Disposal(Stateful, Sealed, Model):
    """One proposal to dispose of records, to its end. Sealed: reason, decline_reason, withdrawal_reason.

    Its own key keeps the certificate readable when everything it names is gone.
    """

    __tablename__ = "disposal"
    subject_type = "disposal"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    first_approver_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    second_approver_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    first_approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    second_approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    certificate_blob_id: Mapped[str | None] = mapped_column(String(40))
    certificate_sha256: Mapped[str | None] = mapped_column(String(64))
    certificate_pages: Mapped[int | None]

    proposed_by: Mapped[Account] = relationship(foreign_keys=[proposed_by_id])
    first_approver: Mapped[Account | None] = relationship(foreign_keys=[first_approver_id])
    second_approver: Mapped[Account | None] = relationship(foreign_keys=[second_approver_id])
    items: Mapped[list[DisposalItem]] = relationship(back_populates="disposal", order_by="DisposalItem.id")
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint("first_approver_id <> proposed_by_id", name="proposer_is_not_first_approver"),
        CheckConstraint("second_approver_id <> proposed_by_id", name="proposer_is_not_second_approver"),
        CheckConstraint("second_approver_id <> first_approver_id", name="approvers_differ"),
        CheckConstraint("second_approver_id IS NULL OR first_approver_id IS NOT NULL", name="first_before_second"),
        CheckConstraint(
            "state NOT IN ('approved', 'executing', 'disposed') OR second_approver_id IS NOT NULL",
            name="executed_is_approved_twice",
        ),
        CheckConstraint("(certificate_blob_id IS NULL) = (certificate_sha256 IS NULL)", name="certificate_has_digest"),
        CheckConstraint("state <> 'disposed' OR certificate_blob_id IS NOT NULL", name="disposed_is_certified"),
    )


class DisposalItem(Model):
    """One case record or person file of a disposal.

    `why` [{rule, clause, on}]: ids and days only. `erased` {keys, blobs, requests: ids; rows: {table: count}}: what was
    destroyed; written before the destruction begins, so that a run after a kill knows what was begun.
    `delivered` [{report, kind, path, sha256, code, manifest, at, recalled, replaced_by}]: copies in case folders, which
    are the department's records; their codes can still be checked.
    """

    __tablename__ = "disposal_item"
    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposal.id"), index=True)
    case_record_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    person_file_id: Mapped[int | None] = mapped_column(ForeignKey("person_file.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="pending", index=True)
    earliest_on: Mapped[date | None]
    why: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    spared_because: Mapped[str | None] = mapped_column(String(300))
    spared_by_rule: Mapped[str | None] = mapped_column(String(40))
    begun_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    delivered: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    disposal: Mapped[Disposal] = relationship(back_populates="items")
    case_record: Mapped[CaseRecord | None] = relationship()
    person_file: Mapped[PersonFile | None] = relationship()
    __table_args__ = (
        UniqueConstraint("disposal_id", "case_record_id"),
        UniqueConstraint("disposal_id", "person_file_id"),
        CheckConstraint(one_of("state", ITEM_STATES), name="known_state"),
        CheckConstraint("(case_record_id IS NULL) <> (person_file_id IS NULL)", name="one_thing"),
        CheckConstraint("(state = 'spared') = (spared_because IS NOT NULL)", name="spared_with_reason"),
        CheckConstraint("(state = 'erased') = (erased_at IS NOT NULL)", name="erased_has_moment"),
        CheckConstraint("state NOT IN ('erasing', 'erased') OR begun_at IS NOT NULL", name="begun_has_moment"),
    )

    @property
    def target(self) -> CaseRecord | PersonFile:
        """The case record or person file."""
        return self.case_record if self.case_record is not None else self.person_file
