"""The tables of a round: one examiner, each candidate compared by hand, peers, a supervisor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from app.models.accounts import Account
from app.models.base import Judged, Model, Sealed, UTCDateTime, one_of
from app.models.gallery import GalleryPhoto
from app.models.identification import Candidate, Search
from app.models.requests import FRRequest

DISPOSITIONS = ("excluded", "retained", "incomparable")
#: the levels of the scale in examination/opinions.toml, repeated where no code can forget them
OPINIONS = ("p3", "p2", "p1", "0", "m1", "m2", "m3", "ns")
REVIEWS = ("approved", "not_approved", "continued")


class Round(Sealed, Model):
    """One examination round. A continuation opens another; nothing of an earlier one is overwritten (SRC-6).

    Sealed: instructions (of the supervisor who directed it), nomination_note, conclusion, retained_reason (both
    of the examiner who identified nobody).
    """

    __tablename__ = "examination_round"
    request_id: Mapped[int] = mapped_column(ForeignKey("fr_request.id"), index=True)
    search_id: Mapped[int] = mapped_column(ForeignKey("search.id"))
    number: Mapped[int]
    examiner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    nominee_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    nominated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # the examiner's own opinion of the nominee: a level of the scale
    opinion: Mapped[str | None] = mapped_column(String(20))
    concluded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    request: Mapped[FRRequest] = relationship(back_populates="rounds")
    search: Mapped[Search] = relationship()
    examiner: Mapped[Account] = relationship()
    nominee: Mapped[Candidate | None] = relationship(foreign_keys=[nominee_id])
    dispositions: Mapped[list[Disposition]] = relationship(back_populates="round", order_by="Disposition.id")
    background_checks: Mapped[list[BackgroundCheck]] = relationship(back_populates="round")
    peer_reviews: Mapped[list[PeerReview]] = relationship(back_populates="round", order_by="PeerReview.id")
    final_reviews: Mapped[list[FinalReview]] = relationship(back_populates="round", order_by="FinalReview.id")
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint(
            "(nominee_id IS NULL) = (nominated_at IS NULL) AND (nominee_id IS NULL) = (opinion IS NULL)",
            name="nominated_when_nominee",
        ),
        CheckConstraint(f"opinion IS NULL OR {one_of('opinion', OPINIONS)}", name="known_opinion"),
    )

    @property
    def key_id(self) -> str:
        return self.request.key_id

    def disposition_of(self, candidate: Candidate) -> Disposition | None:
        return next((d for d in self.dispositions if d.candidate_id == candidate.id), None)

    def background_of(self, candidate: Candidate) -> BackgroundCheck | None:
        return next((b for b in self.background_checks if b.candidate_id == candidate.id), None)


class Disposition(Judged, Sealed, Model):
    """SRC-2: the examiner's comparison of one candidate by hand.

    Excluded names a difference that lasts, or a reason; retained carries the worksheet over the eleven; incomparable
    says of each lasting feature that it cannot be compared.
    Sealed: features {component: {verdict, note, parts {part: verdict}}}, note, justification.
    """

    judged_in = ("verdict", "sealed")
    __tablename__ = "disposition"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()
    round: Mapped[Round] = relationship(back_populates="dispositions")
    candidate: Mapped[Candidate] = relationship(back_populates="dispositions")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("round_id", "candidate_id"),
        CheckConstraint(one_of("verdict", DISPOSITIONS), name="known_verdict"),
    )

    @property
    def key_id(self) -> str:
        return self.round.request.key_id


class BackgroundCheck(Judged, Sealed, Model):
    """SRC-3: the detailed background check of a retained candidate.

    Sealed: items {fact: answer}, answers {id of an inconsistency, alone or with _ground or _source: text}, compared
    [{rule, status, text}], contradictions [{rule, title, computed, finding, standing, holds, earlier}]: whatever was
    ever found of the person, kept although the check was recorded anew. `awaits`: a supervisor's agreement is asked.
    """

    judged_in = ("sealed",)
    __tablename__ = "background_check"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    awaits: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    round: Mapped[Round] = relationship(back_populates="background_checks")
    candidate: Mapped[Candidate] = relationship()
    judgments: Mapped[list[AnswerJudgment]] = relationship(back_populates="check", order_by="AnswerJudgment.id")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (UniqueConstraint("round_id", "candidate_id"),)

    @property
    def key_id(self) -> str:
        return self.round.request.key_id


class AnswerJudgment(Sealed, Model):
    """A supervisor's word on the answer to one contradiction (SRC-3, SRC-5); never changed once given.

    Sealed: words (the supervisor's), about {computed, finding, earlier, text, ground, source} as it was judged.
    """

    __tablename__ = "answer_judgment"
    check_id: Mapped[int] = mapped_column(ForeignKey("background_check.id"), index=True)
    rule: Mapped[str] = mapped_column(String(60))
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    agreed: Mapped[bool]
    policy_version: Mapped[str] = mapped_column(String(64))
    check: Mapped[BackgroundCheck] = relationship(back_populates="judgments")
    supervisor: Mapped[Account] = relationship()

    @property
    def key_id(self) -> str:
        return self.check.round.request.key_id


class PeerReview(Judged, Sealed, Model):
    """SRC-4: another examiner's verdict on the nominee, made blind; never changed once given.

    Sealed: features {component: {verdict, note, parts {part: verdict}}}, reason.
    """

    __tablename__ = "peer_review"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    peer_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    opinion: Mapped[str] = mapped_column(String(20))
    round: Mapped[Round] = relationship(back_populates="peer_reviews")
    peer: Mapped[Account] = relationship()
    __table_args__ = (
        UniqueConstraint("round_id", "peer_id"),
        CheckConstraint(one_of("opinion", OPINIONS), name="known_opinion"),
    )

    @property
    def key_id(self) -> str:
        return self.round.request.key_id


class FinalReview(Sealed, Model):
    """SRC-5, SRC-6: the supervisor's decision on a round. Sealed: reason."""

    __tablename__ = "final_review"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str] = mapped_column(String(20))
    policy_version: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    round: Mapped[Round] = relationship(back_populates="final_reviews")
    supervisor: Mapped[Account] = relationship()
    __table_args__ = (CheckConstraint(one_of("decision", REVIEWS), name="known_decision"),)

    @property
    def key_id(self) -> str:
        return self.round.request.key_id


class Annotation(Sealed, Model):
    """One numbered mark on both photographs; numbers count from 1 within the comparison of a candidate.

    Sealed: kind, probe and photo (each a list of [x, y] in pixels of the original, or empty), note. A mark taken back
    keeps its row and its number, so that no number ever means two places.
    """

    __tablename__ = "annotation"
    round_id: Mapped[int] = mapped_column(ForeignKey("examination_round.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("gallery_photo.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number: Mapped[int]
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column()

    round: Mapped[Round] = relationship()
    candidate: Mapped[Candidate] = relationship()
    photo: Mapped[GalleryPhoto] = relationship()
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("round_id", "candidate_id", "author_id", "number"),
        CheckConstraint("number > 0", name="counted_from_one"),
    )

    @property
    def key_id(self) -> str:
        return self.round.request.key_id
