"""The tables of case records, personal information files, legal holds and disposals (RET-1 to RET-11).

Each case record and each person file has a data key of its own, so that one can go while the other stays.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.extensions import Table
from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, Stateful, UTCDateTime, filled, one_of
from app.models.gallery import GalleryPerson
from app.policy.names import CaseRecordVerb, DisposalVerb, HoldVerb
from app.policy.retention.types import Kind as HistoryKind
from app.policy.retention.types import PersonRole

RECORD_STATES = ("open", "closed", "classified", "disposed")
HOLD_STATES = ("placed", "released")
HISTORY = ("closed", "reopened", "disposition", "event")
ROLES = ("suspect", "victim", "relative", "witness")
STANDINGS = ("held", "open", "unclassified", "permanent", "unknown", "upcoming", "disposable")


class ScheduleReview(Judged, Model):
    """A records officer's review of the Schedule (RET-12): the edition looked at, what was found, and in what words."""

    __tablename__ = "schedule_review"
    edition: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(2000))
    reviewed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reviewed_by: Mapped[Account] = relationship()
    __table_args__ = (CheckConstraint("outcome IN ('in_force', 'new_edition')", name="known_outcome"),)


class CaseRecord(Stateful[CaseRecordVerb], Sealed, Model):
    """The record of one case; its requests join by the case number. Sealed: classification_reason.

    `classes` are those a records officer confirmed (empty before), when the history had `history_seen` lines.
    """

    __tablename__ = "case_record"
    subject_type = "case_record"
    lookup = "case_number"

    case_number: Mapped[str] = mapped_column(String(40), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    classes: Mapped[list[str]] = mapped_column(JSON, default=list)
    proposed: Mapped[list[str]] = mapped_column(JSON, default=list)
    classified_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    classified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    history_seen: Mapped[int] = mapped_column(default=0)
    disposed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    classified_by: Mapped[Account | None] = relationship()
    history: Mapped[list[CaseHistory]] = relationship(back_populates="record", order_by="CaseHistory.id")
    people: Mapped[list[CasePerson]] = relationship(back_populates="record", order_by="CasePerson.id")
    holds: Mapped[list[LegalHold]] = relationship(back_populates="case_record", order_by="LegalHold.id")
    __table_args__ = (
        CheckConstraint(one_of("state", RECORD_STATES), name="known_state"),
        CheckConstraint("(classified_at IS NULL) = (classified_by_id IS NULL)", name="classified_by_somebody"),
        CheckConstraint("state <> 'classified' OR classified_at IS NOT NULL", name="classified_is_confirmed"),
        CheckConstraint("(state = 'disposed') = (disposed_at IS NOT NULL)", name="disposed_has_day"),
    )

    @property
    def holds_in_force(self) -> list[LegalHold]:
        return [hold for hold in self.holds if hold.state == "placed"]


class CaseHistory(Sealed, Model):
    """One line of a case's history: closed, reopened, a final disposition, an event. Never changed. Sealed: note.

    `value` is the id of the closure reason, class or event in retention/rules.toml; empty for a reopening.
    """

    __tablename__ = "case_history"
    case_record_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), index=True)
    kind: Mapped[HistoryKind] = mapped_column(String(20))
    on: Mapped[date] = mapped_column("happened_on")
    value: Mapped[str] = mapped_column(String(40), default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    record: Mapped[CaseRecord] = relationship(back_populates="history")
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("kind", HISTORY), name="known_kind"),
        CheckConstraint("(kind = 'reopened') = (value = '')", name="value_but_for_reopening"),
    )

    @property
    def key_id(self) -> str:
        return self.record.key_id


class PersonFile(Sealed, Model):
    """A personal information file (RET-9, RET-10). Sealed: name, born_on, died_on, last_arrest_on, arrests_checked_on.

    `gallery_person_id`: the person of the repository whose arrest photographs belong to this file.
    """

    __tablename__ = "person_file"
    subject_type = "person_file"
    key_id: Mapped[str] = mapped_column(String(32))
    gallery_person_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_person.id"), unique=True)
    version: Mapped[int] = mapped_column()
    disposed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    gallery_person: Mapped[GalleryPerson | None] = relationship()
    links: Mapped[list[CasePerson]] = relationship(back_populates="file", order_by="CasePerson.id")
    holds: Mapped[list[LegalHold]] = relationship(back_populates="person_file", order_by="LegalHold.id")
    __mapper_args__ = {"version_id_col": version}

    @property
    def holds_in_force(self) -> list[LegalHold]:
        return [hold for hold in self.holds if hold.state == "placed"]


class CasePerson(Model):
    """A person's part in a case; it goes with the person's file, for the file says what it belonged to."""

    __tablename__ = "case_person"
    case_record_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), index=True)
    person_file_id: Mapped[int] = mapped_column(ForeignKey("person_file.id"), index=True)
    role: Mapped[PersonRole] = mapped_column(String(20))
    child_victim: Mapped[bool] = mapped_column(default=False)
    juvenile: Mapped[bool] = mapped_column(default=False)
    record: Mapped[CaseRecord] = relationship(back_populates="people")
    file: Mapped[PersonFile] = relationship(back_populates="links")
    __table_args__ = (
        UniqueConstraint("case_record_id", "person_file_id"),
        CheckConstraint(one_of("role", ROLES), name="known_role"),
        CheckConstraint("role <> 'suspect' OR NOT child_victim", name="suspect_is_no_child_victim"),
    )


class LegalHold(Stateful[HoldVerb], Sealed, Model):
    """A reason to keep a case record or a person file whatever its period. Sealed: reason, release_reason.

    Sealed under the key of what it holds: its words go with that.
    """

    __tablename__ = "legal_hold"
    subject_type = "hold"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    case_record_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    person_file_id: Mapped[int | None] = mapped_column(ForeignKey("person_file.id"), index=True)
    placed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    case_record: Mapped[CaseRecord | None] = relationship(back_populates="holds")
    person_file: Mapped[PersonFile | None] = relationship(back_populates="holds")
    placed_by: Mapped[Account] = relationship(foreign_keys=[placed_by_id])
    released_by: Mapped[Account | None] = relationship(foreign_keys=[released_by_id])
    __table_args__ = (
        CheckConstraint(one_of("state", HOLD_STATES), name="known_state"),
        CheckConstraint("(case_record_id IS NULL) <> (person_file_id IS NULL)", name="holds_one_thing"),
        CheckConstraint("released_by_id IS NULL OR released_by_id <> placed_by_id", name="placer_does_not_release"),
        CheckConstraint("(state = 'released') = (released_by_id IS NOT NULL)", name="released_by_somebody"),
        CheckConstraint("(released_by_id IS NULL) = (released_at IS NULL)", name="released_when_by_whom"),
    )

    @property
    def held(self) -> CaseRecord | PersonFile:
        """Return the case record or person file under the hold."""
        return self.case_record if self.case_record is not None else filled(self.person_file)

    @property
    def key_id(self) -> str:
        return self.held.key_id


class StoredStanding(Table):
    """The stored standing of a record not disposed of, as last calculated: for lists and counts only.

    Nothing is decided by it: a disposal asks the rules anew. `earliest` is there where a day is known; whether it has
    come, whoever reads asks of their own day. `rule` is the rule that decides. `policy_version` is empty before the
    first calculation. Sentences are not kept: they name days of people, which are sealed.
    """

    __tablename__ = "stored_standing"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_record_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"), unique=True)
    person_file_id: Mapped[int | None] = mapped_column(ForeignKey("person_file.id"), unique=True)
    status: Mapped[str] = mapped_column(String(20))
    earliest: Mapped[date | None]
    rule: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[str] = mapped_column(String(64), index=True)
    calculated_on: Mapped[date | None]

    case_record: Mapped[CaseRecord | None] = relationship()
    person_file: Mapped[PersonFile | None] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("status", STANDINGS), name="known_status"),
        CheckConstraint("(case_record_id IS NULL) <> (person_file_id IS NULL)", name="of_one_thing"),
        CheckConstraint(
            "(earliest IS NOT NULL) = (status IN ('upcoming', 'disposable'))", name="day_where_one_is_known"
        ),
        Index("ix_stored_standing_status", "status", "earliest"),
        Index("ix_stored_standing_earliest", "earliest"),
    )

    @property
    def target(self) -> CaseRecord | PersonFile:
        """The case record or person file."""
        return self.case_record if self.case_record is not None else filled(self.person_file)


STATES = (
    "draft",
    "proposed",
    "once_approved",
    "approved",
    "executing",
    "disposed",
    "declined",
    "withdrawn",
)
ITEM_STATES = ("pending", "erasing", "erased", "spared")


class Disposal(Stateful[DisposalVerb], Sealed, Model):
    """One proposal to dispose of records, to its end. Sealed: reason, decline_reason, withdrawal_reason,
    sources (of final dispositions, by record).

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

    `why` [{rule, clause, on}]: ids and days only. `known` {confirmed, suspected, days, contradictions}: what the portal
    knew of a case when its disposal was proposed, without any name; empty for files and for rows of before. `erased`
    {keys, blobs, requests: ids; rows: {table: count}; arrests: [[year, basis, in hand, count]]}: what was destroyed;
    written before the destruction begins, so that a run after a kill knows what was begun.
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
    known: Mapped[dict[str, Any] | None] = mapped_column(JSON)
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
        return self.case_record if self.case_record is not None else filled(self.person_file)
