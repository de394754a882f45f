"""The tables of disclosures outside the department (EXT-7): requests, items, decisions, packages, incidents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.clauses import enforces
from app.models.accounts import Account
from app.models.approval import Report
from app.models.base import Model, Sealed, Stateful, UTCDateTime, one_of
from app.models.requests import FRRequest, ProbeImage
from app.policy.names import DisclosureVerb, IncidentVerb

STATES = (
    "draft",
    "submitted",
    "returned",
    "approved",
    "refused",
    "releasing",
    "released",
    "acknowledged",
    "expired",
    "withdrawn",
)
RECIPIENTS = (
    "prosecutor",
    "law_enforcement",
    "city_agency",
    "court",
    "foil",
    "individual",
    "community",
    "media",
)
BASES = ("D1", "D2", "D3", "D4", "D5", "D6", "D7")
ITEM_KINDS = ("original", "report")
#: the decisions that let something out
GRANTS = ("approved", "determined")
DECISIONS = (*GRANTS, "refused", "returned")
UNSUBMITTED = "state IN ('draft', 'withdrawn')"


class RoutineDesignation(Model):
    """A routine designation by the Agency Privacy Officer: for whom, for what, and until when (EXT-7, basis 5).

    It is about kinds of disclosure and never about a person, so its words are plain columns.
    """

    __tablename__ = "routine_designation"
    subject_type = "designation"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(Text)
    recipient_kinds: Mapped[list[str]] = mapped_column(JSON)
    purposes: Mapped[list[str]] = mapped_column(JSON)
    item_kinds: Mapped[list[str]] = mapped_column(JSON)
    effective_on: Mapped[date]
    # the last day on which it is in force
    expires_on: Mapped[date]
    designated_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    policy_version: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoked_because: Mapped[str | None] = mapped_column(Text)
    designated_by: Mapped[Account] = relationship(foreign_keys=[designated_by_id])
    revoked_by: Mapped[Account | None] = relationship(foreign_keys=[revoked_by_id])
    __table_args__ = (
        CheckConstraint("expires_on > effective_on", name="expires_after_effect"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_by_somebody"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revoked_for_a_reason"),
    )


@enforces("EXT-5", "EXT-7")
class Disclosure(Stateful[DisclosureVerb], Sealed, Model):
    """One disclosure request. The table itself refuses a submitted one without basis, or for immigration enforcement.

    Sealed: recipient {name, affiliation, address}, recipient_facts, facts (of the basis), person, purpose_text,
    necessity, identity {how, affiliation_how, by, on}, agreement, changed_because,
    prohibited_answers [{name, question, answer, by, at}], withdrawal_reason, release_failure, reissue_reason,
    receipt {received_by, how}.
    """

    __tablename__ = "disclosure"
    subject_type = "disclosure"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    # the case it belonged to before is known when it changes: both stand otherwise then
    case_number: Mapped[str] = mapped_column(String(40), index=True, active_history=True)
    # what was typed, where that is another way of writing the same number
    typed_number: Mapped[str] = mapped_column(String(40), server_default="", default="")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    recipient_kind: Mapped[str | None] = mapped_column(String(20))
    basis: Mapped[str | None] = mapped_column(String(4))
    purpose: Mapped[str | None] = mapped_column(String(40))
    # EXT-5: the answer to the question on immigration enforcement; nothing but "no" can be submitted
    immigration: Mapped[bool | None]
    designation_id: Mapped[int | None] = mapped_column(ForeignKey("routine_designation.id"))
    agreement_reference: Mapped[str | None] = mapped_column(String(80))
    # a keyed digest of the person's normalized name: found again without the name standing in a column
    person_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    # counts submissions: what was decided before the last one decides nothing any more
    submission: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # the last day on which the decision in force lets the package out
    release_by: Mapped[date | None]
    received_on: Mapped[date | None]
    # RET: set when it went with the record of its case; only a line of the register remains
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    designation: Mapped[RoutineDesignation | None] = relationship()
    items: Mapped[list[DisclosureItem]] = relationship(
        back_populates="disclosure", order_by="DisclosureItem.id", cascade="all, delete-orphan"
    )
    documents: Mapped[list[DisclosureDocument]] = relationship(
        back_populates="disclosure", order_by="DisclosureDocument.id", cascade="all, delete-orphan"
    )
    decisions: Mapped[list[DisclosureDecision]] = relationship(
        back_populates="disclosure", order_by="DisclosureDecision.id"
    )
    packages: Mapped[list[DisclosurePackage]] = relationship(
        back_populates="disclosure", order_by="DisclosurePackage.number"
    )
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="known_state"),
        CheckConstraint(f"recipient_kind IS NULL OR {one_of('recipient_kind', RECIPIENTS)}", name="known_recipient"),
        CheckConstraint(f"basis IS NULL OR {one_of('basis', BASES)}", name="known_basis"),
        CheckConstraint(
            f"{UNSUBMITTED} OR (recipient_kind IS NOT NULL AND basis IS NOT NULL AND purpose IS NOT NULL)",
            name="submitted_has_basis",
        ),
        CheckConstraint(f"{UNSUBMITTED} OR immigration IS FALSE", name="never_for_immigration"),
        CheckConstraint(f"{UNSUBMITTED} OR (submitted_at IS NOT NULL AND submission > 0)", name="submitted_is_counted"),
        CheckConstraint(f"{UNSUBMITTED} OR basis <> 'D5' OR designation_id IS NOT NULL", name="routine_is_designated"),
        CheckConstraint(
            "state NOT IN ('approved', 'releasing', 'released', 'acknowledged') OR release_by IS NOT NULL",
            name="granted_until_a_day",
        ),
        CheckConstraint(
            "state <> 'acknowledged' OR (received_on IS NOT NULL AND acknowledged_by_id IS NOT NULL)",
            name="acknowledged_has_receipt",
        ),
        Index("ix_disclosure_submitted_at", "submitted_at"),
    )

    @property
    def current_decision(self) -> DisclosureDecision | None:
        """Return the last decision on the present submission, whatever it was."""
        last = self.decisions[-1] if self.decisions else None
        return last if last is not None and last.submission == self.submission else None

    @property
    def current_package(self) -> DisclosurePackage | None:
        return self.packages[-1] if self.packages else None

    @property
    def included_items(self) -> list[DisclosureItem]:
        """Return the items that the decision lets out."""
        return [item for item in self.items if item.included]


class DisclosureItem(Model):
    """An item asked for: a submitted original or a delivered report; decided item by item (`included`)."""

    __tablename__ = "disclosure_item"
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    image_id: Mapped[int | None] = mapped_column(ForeignKey("probe_image.id"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    included: Mapped[bool | None]
    disclosure: Mapped[Disclosure] = relationship(back_populates="items")
    image: Mapped[ProbeImage | None] = relationship()
    report: Mapped[Report | None] = relationship()
    __table_args__ = (
        UniqueConstraint("disclosure_id", "image_id"),
        UniqueConstraint("disclosure_id", "report_id"),
        CheckConstraint(
            "(kind = 'original' AND image_id IS NOT NULL AND report_id IS NULL) OR "
            "(kind = 'report' AND report_id IS NOT NULL AND image_id IS NULL)",
            name="exactly_one_thing",
        ),
    )

    @property
    def thing(self) -> ProbeImage | Report:
        """Return the original or the report itself."""
        thing = self.image if self.kind == "original" else self.report
        assert thing is not None
        return thing

    @property
    def request(self) -> FRRequest:
        """Return the request the item belongs to."""
        return self.thing.request


class DisclosureDocument(Sealed, Model):
    """A supporting document: the written authorization, the subpoena, the Chief Privacy Officer's letter.

    Sealed: file_name.
    """

    __tablename__ = "disclosure_document"
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    blob_id: Mapped[str] = mapped_column(String(40))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    disclosure: Mapped[Disclosure] = relationship(back_populates="documents")

    @property
    def key_id(self) -> str:
        return self.disclosure.key_id


class DisclosureDecision(Sealed, Model):
    """One decision on one submission; whoever asked cannot be the one who decides, in the table too.

    Sealed: text, reason, conditions, contradictions [{said, reason, answer}].
    """

    __tablename__ = "disclosure_decision"
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id"), index=True)
    submission: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(20))
    policy_version: Mapped[str] = mapped_column(String(64))
    release_by: Mapped[date | None]
    document_blob_id: Mapped[str | None] = mapped_column(String(40))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    disclosure: Mapped[Disclosure] = relationship(back_populates="decisions")
    decided_by: Mapped[Account] = relationship(foreign_keys=[decided_by_id])
    __table_args__ = (
        CheckConstraint(one_of("kind", DECISIONS), name="known_kind"),
        CheckConstraint("decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("kind IN ('refused', 'returned') OR release_by IS NOT NULL", name="granted_until_a_day"),
        CheckConstraint("(document_blob_id IS NULL) = (document_sha256 IS NULL)", name="document_has_digest"),
    )

    @property
    def key_id(self) -> str:
        return self.disclosure.key_id


class DisclosurePackage(Model):
    """A built package; its download is single-use, so a second one is another package with another number."""

    __tablename__ = "disclosure_package"
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosure.id"), index=True)
    number: Mapped[int]
    released_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    blob_id: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sums_sha256: Mapped[str] = mapped_column(String(64))
    # uids of the items of which it holds a line instead of the file, for what they show had left the repository
    withheld: Mapped[list[str]] = mapped_column(JSON, default=list)
    built_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fetched_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    disclosure: Mapped[Disclosure] = relationship(back_populates="packages")
    released_by: Mapped[Account] = relationship(foreign_keys=[released_by_id])
    fetched_by: Mapped[Account | None] = relationship(foreign_keys=[fetched_by_id])
    __table_args__ = (
        UniqueConstraint("disclosure_id", "number"),
        CheckConstraint("(fetched_at IS NULL) = (fetched_by_id IS NULL)", name="fetched_by_somebody"),
        CheckConstraint("expires_at > built_at", name="expires_after_building"),
    )


INCIDENT_STATES = ("open", "reported", "assessed", "closed")
HARMS = ("none", "potential")
NOTICES = ("give", "not_give")


@enforces("EXT-10")
class Incident(Stateful[IncidentVerb], Sealed, Model):
    """One incident. The table itself refuses to decline notice where there is potential harm or the law requires it.

    Sealed: what, report_reference, assessments, notices, efforts; of earlier versions harm_reason, notice_reason,
    notice_text.
    """

    __tablename__ = "incident"
    subject_type = "incident"
    lookup = "number"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_id: Mapped[str] = mapped_column(String(32))
    policy_version: Mapped[str] = mapped_column(String(64))
    # empty when what left the department left it outside any disclosure of the portal
    disclosure_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"), index=True)
    # the moment of awareness, from which "as soon as practicable" runs
    aware_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reported_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    harm: Mapped[str | None] = mapped_column(String(20))
    notice: Mapped[str | None] = mapped_column(String(20))
    required_by_law: Mapped[bool | None]
    consulted: Mapped[bool | None]
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disclosure: Mapped[Disclosure | None] = relationship()
    recorded_by: Mapped[Account] = relationship()
    __table_args__ = (
        CheckConstraint(one_of("state", INCIDENT_STATES), name="known_state"),
        CheckConstraint(f"harm IS NULL OR {one_of('harm', HARMS)}", name="known_harm"),
        CheckConstraint(f"notice IS NULL OR {one_of('notice', NOTICES)}", name="known_notice"),
        CheckConstraint("reported_at IS NULL OR reported_at >= aware_at", name="reported_after_awareness"),
        CheckConstraint("state = 'open' OR reported_at IS NOT NULL", name="reported_first"),
        CheckConstraint("state NOT IN ('assessed', 'closed') OR harm IS NOT NULL", name="assessed_has_harm"),
        CheckConstraint(
            "state <> 'closed' OR (notice IS NOT NULL AND closed_at IS NOT NULL)", name="closed_has_decision"
        ),
        CheckConstraint(
            "notice IS NULL OR notice <> 'not_give' OR "
            "(harm = 'none' AND required_by_law IS FALSE AND consulted IS TRUE)",
            name="notice_not_declined_against_law",
        ),
    )
