"""The certificate of a disposal: what was destroyed under which rule, who approved it, what was spared and why."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from app.clauses import enforces
from app.documents import checks
from app.documents.errors import FactsError, RenderError
from app.documents.facts import Person
from app.documents.typeset import Frame, Rendered, environment, typeset

TITLE = "Certificate of disposal"


@dataclass(frozen=True, slots=True)
class RuleCited:
    """A rule that allowed the disposal, or that spared a record: its sentence and clause, and when its period ran."""

    text: str
    clause: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A report that was delivered to a case folder, which is the department's record and was not erased."""

    report: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One record. `what` names no person; `allowed_from` is the first day on which its disposal was allowed.

    Of a case, what the portal knew when its disposal was proposed: its classes, those its requests suspected, the days,
    and what contradicts what; the sources of its final dispositions. `rows` are (kind in words, number of rows
    deleted). A spared record has `spared_because` and nothing destroyed.
    """

    what: str
    allowed_from: date | None
    rules: tuple[RuleCited, ...]
    erased_at: datetime | None
    requests: tuple[str, ...] = ()
    keys: int = 0
    blobs: int = 0
    rows: tuple[tuple[str, int], ...] = ()
    copies: tuple[Copy, ...] = ()
    spared_because: str = ""
    confirmed: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    days: tuple[tuple[str, date], ...] = ()
    contradictions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.erased_at is None) != bool(self.spared_because):
            raise FactsError("A record on a certificate was either erased or spared with a reason.")

    @property
    def row_count(self) -> int:
        return sum(count for _, count in self.rows)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A whole disposal. Times carry their zone and are printed in it.

    ``checked_at``: when the portal looked whether every key and file of the records erased is gone.
    """

    department: str
    number: str
    demonstration: bool
    proposed_by: Person
    proposed_at: datetime
    first_approver: Person
    first_approved_at: datetime
    second_approver: Person
    second_approved_at: datetime
    started_at: datetime
    ended_at: datetime
    checked_at: datetime
    policy_version: str
    items: tuple[ItemFacts, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise FactsError("A certificate is about at least one record.")

    @property
    def erased(self) -> tuple[ItemFacts, ...]:
        return tuple(item for item in self.items if not item.spared_because)

    @property
    def spared(self) -> tuple[ItemFacts, ...]:
        return tuple(item for item in self.items if item.spared_because)

    @property
    def keys(self) -> int:
        return sum(item.keys for item in self.items)

    @property
    def blobs(self) -> int:
        return sum(item.blobs for item in self.items)

    @property
    def copies(self) -> tuple[Copy, ...]:
        return tuple(copy for item in self.items for copy in item.copies)


@enforces("RET-11")
def render_certificate(facts: CertificateFacts) -> Rendered:
    """The certificate as PDF; equal facts give equal bytes.

    The finished file is read back: RenderError unless it names every record and both approvers.
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
    html = environment().get_template("certificate.html").render(doc=frame, facts=facts)
    pdf = typeset(html, {}, f"certificate {facts.number}")
    texts = checks.page_texts(pdf)
    wanted = [words for item in facts.items for words in (item.what, *item.contradictions)]
    wanted += [facts.first_approver.name, facts.second_approver.name]
    missing = checks.missing_words(texts, wanted)
    if missing is not None:
        raise RenderError(f"The certificate does not say {missing!r}.")
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), len(texts))
