"""Everything a report states, as frozen values that are checked when they are made (SRC-7, SRC-8).

``None`` means "not recorded" and is printed as such; nothing is left out silently. Times carry their zone and are
printed in it.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.clauses import enforces
from app.documents.errors import FactsError
from app.documents.examination.facts import Candidate
from app.documents.examination.findings import Examined
from app.documents.facts import Person, check_aware, check_digest
from app.documents.identification.facts import Algorithm, Gallery, Probe


class ReportKind(enum.StrEnum):
    """Which of the two reports of SRC-7 and SRC-8 it is."""

    POSSIBLE_MATCH = "possible_match"
    NEGATIVE = "negative"


class NegativeReason(enum.StrEnum):
    """Why a report of negative results is given: the only two reasons the policy knows (SRC-7)."""

    NO_CANDIDATE = "no_candidate"
    NOT_APPROVED = "not_approved"

    @property
    def sentence(self) -> str:
        """The reason in the policy's own words."""
        if self is NegativeReason.NO_CANDIDATE:
            return "A possible match candidate was not identified."
        return "A possible match candidate was not approved by the supervisor."


@dataclass(frozen=True, slots=True)
class AuthorizedUse:
    """``id`` such as "USE-1", the use's text, and the facts stated for it as (label, value) pairs."""

    id: str
    text: str
    facts: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done for the request: when, what, under which clauses, by whom; `policy` is a mark of `policies`."""

    at: datetime | None
    what: str
    clauses: tuple[str, ...]
    who: Person | None
    policy: str | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, "a step")


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One event in the life of the probe image or of the report: ``sha256`` is the file's digest at that
    moment.
    """

    at: datetime | None
    what: str
    who: Person | None
    sha256: str | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, "a custody entry")
        check_digest(self.sha256, "a custody entry")


@dataclass(frozen=True, slots=True)
class Decision:
    """The supervisor's final review (SRC-5), taken in the portal after entering the password again."""

    who: Person
    at: datetime
    outcome: str

    def __post_init__(self) -> None:
        check_aware(self.at, "the decision")


@dataclass(frozen=True, slots=True)
class Concluded:
    """Who ended the examination without a result, and when: the examiner, or the supervisor who did not approve."""

    who: Person
    at: datetime

    def __post_init__(self) -> None:
        check_aware(self.at, "the conclusion")


@dataclass(frozen=True, slots=True)
class Replacement:
    """The other report when one was recalled and replaced, with the reason."""

    report_number: str
    reason: str
    at: datetime | None

    def __post_init__(self) -> None:
        check_aware(self.at, "a replacement")


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy version that the document names; ``mark`` stands beside what was judged under it.

    ``kept``: whether its texts can be shown; of others only the digest is known.
    """

    mark: str
    digest: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Judgment:
    """Something that was judged, with the mark of the policy version it was made under (None: not recorded)."""

    what: str
    at: datetime
    policy: str | None

    def __post_init__(self) -> None:
        check_aware(self.at, "a judgment")


@enforces("SRC-7", "SRC-8")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """The whole content of one report. Raises FactsError when the facts contradict the kind of report.

    ``examined``: what became of the candidates listed; only a report of before does without.
    A possible match report needs a candidate *and* the supervisor's decision (SRC-5, SRC-8); a report of
    negative results has a reason (SRC-7) and names no candidate (ACC-1). Whatever mark a step or a judgment carries,
    its policy version is among ``policies``.
    """

    kind: ReportKind
    department: str
    unit: str
    report_number: str
    request_number: str
    case_number: str
    issued_at: datetime
    prepared_by: Person | None
    requester: Person
    requested_at: datetime | None
    use: AuthorizedUse
    steps: tuple[Step, ...]
    custody: tuple[CustodyEntry, ...]
    policy_version: str
    policy_effective: date | None
    algorithm: Algorithm | None
    gallery: Gallery | None
    probe: Probe
    policies: tuple[PolicyVersion, ...] = ()
    judged: tuple[Judgment, ...] = ()
    decision: Decision | None = None
    candidate: Candidate | None = None
    negative_reason: NegativeReason | None = None
    concluded: Concluded | None = None
    examined: Examined | None = None
    demonstration: bool = False
    supersedes: Replacement | None = None
    superseded_by: Replacement | None = None

    def __post_init__(self) -> None:
        check_aware(self.issued_at, "the report")
        check_aware(self.requested_at, "the request")
        for name in (
            "department",
            "unit",
            "report_number",
            "request_number",
            "case_number",
            "policy_version",
        ):
            if not getattr(self, name).strip():
                raise FactsError(f"A report needs its {name.replace('_', ' ')}.")
        marks = {version.mark for version in self.policies}
        named = {step.policy for step in self.steps} | {judged.policy for judged in self.judged}
        if named - marks - {None}:
            raise FactsError("A report lists every policy version that its steps and judgments name.")
        if self.kind is ReportKind.POSSIBLE_MATCH:
            self._check_possible_match()
        else:
            self._check_negative()

    def _check_possible_match(self) -> None:
        if self.candidate is None:
            raise FactsError("A possible match report names its candidate.")
        if self.decision is None:
            raise FactsError("A possible match report needs the supervisor's approval (SRC-5, SRC-8).")
        if self.negative_reason is not None:
            raise FactsError("A possible match report has no reason for a negative result.")
        if self.algorithm is None or self.gallery is None:
            raise FactsError("A possible match report states the algorithm and the gallery that were searched.")

    def _check_negative(self) -> None:
        if self.negative_reason is None:
            raise FactsError("A report of negative results states its reason (SRC-7).")
        if self.candidate is not None:
            raise FactsError("A report of negative results names no candidate (ACC-1).")
        if self.negative_reason is NegativeReason.NOT_APPROVED and self.decision is None:
            raise FactsError("A candidate that was not approved needs the supervisor's decision (SRC-7).")
