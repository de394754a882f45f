"""Everything a report states, as frozen values that are checked when they are made.

``None`` means "not recorded" and is printed as such; nothing is left out silently. There is deliberately no
field for a score, a threshold or a place in the candidate list: those never reach an investigator (CAP-6,
ACC-1). Times carry their zone and are printed in it.
"""

import enum
import io
from dataclasses import dataclass
from datetime import date, datetime

from PIL import Image, UnidentifiedImageError

from app.clauses import enforces
from app.documents.errors import FactsError

#: SRC-2 lists eleven: eyes, ears, nose, mouth, chin, lips, eyebrows, hair or hairline, scars, marks, tattoos.
FEATURES_COMPARED = 11

_SHA256_DIGITS = 64


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
class Person:
    """Somebody who took part: ``role`` is what they were in this request, e.g. "peer reviewer"."""

    name: str
    rank: str | None = None
    role: str | None = None
    command: str | None = None


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
class Algorithm:
    """The face algorithm as run; ``nist_status`` is a whole sentence (FAIR-2), never invented here."""

    id: str
    developer: str | None
    version: str | None
    file_sha256: str
    nist_status: str

    def __post_init__(self) -> None:
        check_digest(self.file_sha256, "the algorithm file")


@dataclass(frozen=True, slots=True)
class Gallery:
    """What was searched: the generation's name and how many photographs of how many people it held."""

    generation: str
    photographs: int | None
    people: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG or PNG shown in the document, upright and without EXIF; ``sha256`` is the *stored original's*
    digest.

    Raises FactsError when the bytes are neither, or still carry EXIF (a place or a device must not leak).
    """

    data: bytes
    sha256: str

    def __post_init__(self) -> None:
        check_digest(self.sha256, "a photograph")
        try:
            with Image.open(io.BytesIO(self.data)) as image:
                kind, has_exif = image.format, bool(image.getexif())
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
            raise FactsError("A photograph for the report could not be read.") from error
        if kind not in ("JPEG", "PNG"):
            raise FactsError(f"A photograph for the report is {kind}; only JPEG and PNG are embedded.")
        if has_exif:
            raise FactsError("A photograph for the report still carries EXIF data; give the stripped rendition.")

    @property
    def media_type(self) -> str:
        """``image/jpeg`` or ``image/png``."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        with Image.open(io.BytesIO(self.data)) as image:
            return image.size


@dataclass(frozen=True, slots=True)
class FaceBox:
    """The face that was searched, in pixels of the shown picture (CAP-5: exactly one)."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Probe:
    """The one probe image (CAP-5) with where it came from and how it was lawfully obtained (LIM-4)."""

    picture: Picture
    face: FaceBox | None
    source: str | None
    obtained: str | None
    taken_at: datetime | None

    def __post_init__(self) -> None:
        check_aware(self.taken_at, "the probe image")


@dataclass(frozen=True, slots=True)
class GalleryPhotograph:
    """One arrest or parole photograph of the candidate."""

    picture: Picture
    arrest_date: date | None


@dataclass(frozen=True, slots=True)
class FeatureComparison:
    """One row of the examiner's worksheet (SRC-2) in words."""

    feature: str
    verdict: str | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A supervisor's word on an answer; ``of`` is the answer where another one stands by now."""

    who: Person
    at: datetime | None
    agreed: bool
    words: str
    of: str | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, "a judgment")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A contradiction: what the portal computed, the examiner found and answered, a supervisor said of it (SRC-3)."""

    title: str
    computed: str | None
    finding: str | None
    earlier: tuple[str, ...]
    standing: bool
    answer: str | None
    ground: str | None
    source: str | None
    answered_by: Person
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class PeerVerdict:
    """A peer's verdict on the same person in the matter (SRC-6); ``said`` is the level in words.

    Of one in a request that is kept apart, only that it was below the bar: nobody, no time, no reason.
    """

    where: str
    who: Person | None
    at: datetime | None
    said: str
    against: bool
    reason: str | None

    def __post_init__(self) -> None:
        check_aware(self.at, "a verdict")


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Everything on record that speaks against the candidate's being the person, and what nobody knows.

    ``checked``: whether a background check is recorded at all. ``verdicts``: of peers in other rounds of the matter;
    ``new_since``: what was recorded as new after them. ``unexplained``: components of the face that differ and nobody
    has explained why, with the examiner's ``justification``.
    """

    checked: bool
    found: tuple[Contradiction, ...]
    not_known: tuple[str, ...]
    verdicts: tuple[PeerVerdict, ...] = ()
    new_since: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    justification: str | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        """Return what page 1 of a report names, each in a few words: contradictions, then unexplained differences."""
        return (*(one.title for one in self.found), *self.unexplained)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return every sentence that a document about the candidate must hold."""
        said: list[str | None] = []
        for one in self.found:
            said += [one.title, one.computed, one.finding, *one.earlier, one.ground, one.source, one.answer]
            said += [text for judged in one.judged for text in (judged.words, judged.of)]
        said += [text for verdict in self.verdicts for text in (verdict.where, verdict.said, verdict.reason)]
        said += [*self.new_since, *self.unexplained, self.justification]
        return tuple(text for text in said if text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The approved possible match candidate; the first photograph is the one set beside the probe."""

    record_number: str
    name: str | None
    birth_date: date | None
    photographs: tuple[GalleryPhotograph, ...]
    comparison: tuple[FeatureComparison, ...]
    background: str | None
    contradictions: Contradictions

    def __post_init__(self) -> None:
        if not self.photographs:
            raise FactsError("The candidate has no photograph to set beside the probe image.")
        if len({row.feature for row in self.comparison}) < FEATURES_COMPARED:
            raise FactsError(f"The comparison states each of the {FEATURES_COMPARED} features of SRC-2.")


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

    ``incomparable``: how many candidates could not be compared, and so were neither excluded nor identified.
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
    incomparable: int = 0
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


def check_aware(moment: datetime | None, of_what: str) -> None:
    """Raise FactsError for a moment without its time zone."""
    if moment is not None and moment.utcoffset() is None:
        raise FactsError(f"The time of {of_what} has no time zone.")


def check_digest(sha256: str | None, of_what: str) -> None:
    """Raise FactsError for anything but a SHA-256 as 64 lower-case hexadecimal digits."""
    if sha256 is not None and (len(sha256) != _SHA256_DIGITS or set(sha256) - set("0123456789abcdef")):
        raise FactsError(f"The digest of {of_what} is not a SHA-256 in lower-case hexadecimal digits.")
