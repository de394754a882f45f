"""The certificate of a sealing: what left the repository, how it was destroyed, where it had been shown (CAP-3)."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from app.clauses import enforces
from app.documents import checks
from app.documents.errors import FactsError, RenderError
from app.documents.retention.certificate import Copy
from app.documents.typeset import Frame, Rendered, environment, typeset

TITLE = "Certificate of sealing"


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One record. outcome: "removed", "left_before" or "not_held"; sha256 of the file that was destroyed."""

    record_number: str
    outcome: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One showing of the look-back: heading of its kind, day and time as text in the department's zone, subject."""

    heading: str
    at: str
    subject: str
    case_number: str
    report: str
    detail: str
    direct: bool


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notice and whether it was sent when the certificate was made."""

    to: str
    about: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class SealingFacts:
    """A whole order. Times carry their zone and are printed in it; keys, blobs and templates are counts."""

    department: str
    number: str
    demonstration: bool
    kind: str
    order_number: str
    authority: str
    dated: date
    received_by: str
    received_at: datetime
    removed_at: datetime
    ended_at: datetime
    checked_at: datetime
    generation: int
    policy_version: str
    keys: int
    blobs: int
    templates: int
    index: str
    records: tuple[RecordFacts, ...]
    requests: tuple[str, ...]
    lines: tuple[LineFacts, ...]
    copies: tuple[Copy, ...]
    notices: tuple[NoticeFacts, ...]

    def __post_init__(self) -> None:
        if not self.order_number or not self.authority:
            raise FactsError("A certificate of sealing names the order and the authority it comes from.")

    def of(self, outcome: str) -> tuple[RecordFacts, ...]:
        """The records of one outcome."""
        return tuple(record for record in self.records if record.outcome == outcome)


@enforces("CAP-3")
def render_sealing(facts: SealingFacts) -> Rendered:
    """The certificate as PDF; equal facts give equal bytes.

    The finished file is read back: RenderError unless it names the order and every record.
    """
    frame = Frame(
        title=TITLE,
        number=facts.number,
        kind=TITLE,
        css="certificate",
        department=facts.department,
        unit=None,
        case_number=None,
        dated=facts.ended_at,
        demonstration=facts.demonstration,
        notice=None,
    )
    html = environment().get_template("sealing.html").render(doc=frame, facts=facts)
    pdf = typeset(html, {}, f"sealing {facts.number}")
    texts = checks.page_texts(pdf)
    wanted = [facts.number, facts.order_number, *(record.record_number for record in facts.records)]
    missing = checks.missing_words(texts, wanted)
    if missing is not None:
        raise RenderError(f"The certificate does not say {missing!r}.")
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), len(texts))
